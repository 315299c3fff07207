/** The message of a REST request: from its body, its path, its query, and the headers that fill a field. */
import type { DescField, DescMessage, JsonObject, Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { invalid } from "../contract/errors.js";
import { malformed, parseJson, readJson } from "../contract/reading.js";
import type { Found } from "./routes.js";
import type { Header } from "./front.js";

type Fields = Record<string, unknown>;

/** Headers that fill a field which the message leaves empty, by the RPCs that know them. */
const FILLING: readonly { header: string; rpcs: readonly string[]; field: string; pattern?: RegExp }[] = [
  { header: "idempotency-key", rpcs: ["BridgeService.Submit", "BridgeService.Call"], field: "request.idempotency_key" },
  { header: "if-match", rpcs: ["BackendService.Update"], field: "expected_version", pattern: /^"?([0-9]{1,10})"?$/ },
  { header: "last-event-id", rpcs: ["BridgeService.Watch"], field: "after_sequence", pattern: /^([0-9]{1,10})$/ },
];
const UINT32_MAX = 2 ** 32 - 1;

/** The message; `body` is the name of the field that the body fills, as the contract binds it. */
export function messageOf(
  found: Found,
  body: string,
  bytes: Uint8Array,
  query: URLSearchParams,
  header: Header,
): Message {
  const { rpc, fields } = found;
  const message = body === "" ? fromQuery(rpc.input, query, fields) : fromBody(rpc.input, body, bytes, query);
  for (const [path, value] of fields) setPathField(message, rpc.input, path, value);
  for (const filling of FILLING) {
    const value = header(filling.header);
    if (value !== undefined && filling.rpcs.includes(rpc.name)) fill(message, rpc.input, filling, value);
  }
  return message;
}

function fromBody(input: DescMessage, body: string, bytes: Uint8Array, query: URLSearchParams): Message {
  const [stray] = query.keys();
  if (stray !== undefined) throw malformed(`The query parameter ${stray} is unknown.`);
  const json = parseJson(bytes);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw malformed("The body is no JSON object.");
  if (body === "*") return readJson(input, json);
  const field = fieldOf(input, body);
  const message = create(input);
  (message as unknown as Fields)[field.localName] = readJson(messageType(field), json);
  return message;
}

function fromQuery(input: DescMessage, query: URLSearchParams, bound: ReadonlyMap<string, string>): Message {
  const json: JsonObject = {};
  for (const [name, value] of query) {
    const field = input.fields.find((one) => one.name === name || one.jsonName === name);
    if (field === undefined || bound.has(field.name)) throw malformed(`The query parameter ${name} is unknown.`);
    if (field.jsonName in json) throw malformed(`The query parameter ${name} is there twice.`);
    json[field.jsonName] = value;
  }
  return readJson(input, json);
}

/** A path decides: a body that says otherwise contradicts itself. */
function setPathField(message: Message, input: DescMessage, path: string, value: string): void {
  const { holder, field } = reach(message, input, path);
  const there = holder[field.localName];
  if (there !== "" && there !== undefined && there !== value) {
    throw invalid(path, "path.contradicted", "the path and the body name different ones");
  }
  holder[field.localName] = value;
}

function fill(message: Message, input: DescMessage, filling: (typeof FILLING)[number], text: string): void {
  const { holder, field } = reach(message, input, filling.field);
  if (holder[field.localName]) return;
  if (filling.pattern === undefined) {
    holder[field.localName] = text;
    return;
  }
  const number = Number(filling.pattern.exec(text.trim())?.[1] ?? NaN);
  if (!(number <= UINT32_MAX))
    throw invalid(filling.field, `header.${filling.header}`, `the header ${filling.header} is no number of it`);
  holder[field.localName] = number;
}

/** The message that holds the last field of a path. */
function reach(message: Message, input: DescMessage, path: string): { holder: Fields; field: DescField } {
  let holder = message as unknown as Fields;
  let type = input;
  const names = path.split(".");
  for (const name of names.slice(0, -1)) {
    const field = fieldOf(type, name);
    type = messageType(field);
    holder = (holder[field.localName] ??= create(type)) as Fields;
  }
  return { holder, field: fieldOf(type, names.at(-1) ?? "") };
}

function fieldOf(type: DescMessage, name: string): DescField {
  const field = type.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`${type.name} has no field ${name}`);
  return field;
}

function messageType(field: DescField): DescMessage {
  if (field.fieldKind !== "message") throw new Error(`${field.name} is no message`);
  return field.message;
}
