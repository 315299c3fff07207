/**
 * From bytes or JSON to a message that the contract allows, or a refusal: TOO_LARGE, MALFORMED, INVALID_ARGUMENT.
 * Every door reads through here, so that all of them refuse the same things with the same words.
 */
import type { DescMessage, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { fromBinary, fromJson } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "./errors.js";
import { DEPTH_MAX, MESSAGE_BYTES_MAX, VALUE_DEPTH_MAX } from "./limits.js";

/** The lists and objects of JSON values. */
const HOLDERS = new Set(["google.protobuf.Struct", "google.protobuf.ListValue"]);
const PATH_SHOWN = 120;
const YEAR_1_S = -62_135_596_800n;
const YEAR_10000_S = 253_402_300_800n;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The refusal of what cannot be read. */
export function malformed(message: string): Refusal {
  return new Refusal(ErrorCode.MALFORMED, message);
}

/** Refuses what is larger than the declared limit. */
export function checkSize(bytes: number): void {
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new Refusal(ErrorCode.TOO_LARGE, `The message has ${bytes} bytes; the limit is ${MESSAGE_BYTES_MAX}.`);
}

/** A message from protobuf. */
export function readBinary<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  checkSize(bytes.length);
  const message = reading(schema, () => fromBinary(schema, bytes));
  checkInside(reflect(schema, message), schema.name, 1);
  return message;
}

/** A message from JSON that is parsed already. */
export function readJson<Desc extends DescMessage>(schema: Desc, value: JsonValue): MessageShape<Desc> {
  checkText(value, 0);
  const message = reading(schema, () => fromJson(schema, value));
  checkInside(reflect(schema, message), schema.name, 1);
  return message;
}

/** JSON from the bytes of a body or of a text frame. */
export function parseJson(bytes: Uint8Array): JsonValue {
  checkSize(bytes.length);
  try {
    return JSON.parse(UTF8.decode(bytes)) as JsonValue;
  } catch (error) {
    throw malformed(`This is no JSON: ${reason(error)}.`);
  }
}

/** The libraries throw errors of many kinds, a stack that overflows among them; all mean "cannot be read". */
function reading<T>(schema: DescMessage, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw malformed(`This is no ${schema.name}: ${reason(error)}.`);
  }
}

/** What protobuf takes and the contract does not: unknown fields, bottomless nesting, values that JSON cannot say. */
function checkInside(message: ReflectMessage, path: string, depth: number, valueDepth = 0): void {
  const inner = HOLDERS.has(message.desc.typeName) ? valueDepth + 1 : valueDepth;
  if (depth > DEPTH_MAX || inner > VALUE_DEPTH_MAX) throw malformed(`${path.slice(0, PATH_SHOWN)} nests too deep.`);
  const unknown = message.getUnknown()?.[0];
  if (unknown !== undefined) throw malformed(`${path} has the unknown field ${unknown.no}.`);
  if (message.desc.typeName === "google.protobuf.Value") checkValue(message, path);
  if (message.desc.typeName === "google.protobuf.Timestamp") checkTimestamp(message.message as Timestamp, path);
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const place = `${path}.${field.name}`;
    if (field.fieldKind === "message") {
      checkInside(message.get(field), place, depth + 1, inner);
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of message.get(field)) checkInside(item as ReflectMessage, place, depth + 1, inner);
    } else if (field.fieldKind === "map" && field.mapKind === "message") {
      // The entry of a map is a message on the wire too.
      for (const [, item] of message.get(field)) checkInside(item as ReflectMessage, place, depth + 2, inner);
    }
  }
}

/** A google.protobuf.Value must be one that JSON has, or no REST caller could ever be told of it. */
function checkValue(value: ReflectMessage, path: string): void {
  const set = value.fields.find((field) => value.isSet(field));
  if (set === undefined) throw malformed(`${path} is a value without a kind.`);
  if (set.name === "number_value" && !Number.isFinite(value.get(set))) throw malformed(`${path} is no JSON number.`);
}

/** So must a time: JSON has the years 1 to 9999. */
function checkTimestamp({ seconds, nanos }: Timestamp, path: string): void {
  if (seconds >= YEAR_1_S && seconds < YEAR_10000_S && nanos >= 0 && nanos < 1e9) return;
  throw malformed(`${path} is no time between the years 1 and 9999.`);
}

/** Half a surrogate pair is a JSON string, but no UTF-8. */
function checkText(value: JsonValue, depth: number): void {
  if (depth > DEPTH_MAX) throw malformed(`The JSON nests deeper than ${DEPTH_MAX} levels.`);
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw malformed("A text has half a surrogate pair, which is no Unicode.");
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkText(key, depth);
      checkText(item, depth + 1);
    }
  }
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "").slice(0, 300);
}
