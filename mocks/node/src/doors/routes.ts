/** From a method and a path to an RPC: the templates are those of the contract's google.api.http options. */
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "../contract/errors.js";
import { malformed } from "../contract/reading.js";
import type { Binding, Rpc } from "../contract/rpcs.js";
import { RPCS } from "../contract/rpcs.js";

/** A path that was found, with the fields that it fills: "request_id", "quota.tenant". */
export interface Found {
  readonly rpc: Rpc;
  readonly fields: ReadonlyMap<string, string>;
}

export type FoundRest = Found & { readonly binding: Binding };

interface Template {
  readonly rpc: Rpc;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const REST = RPCS.flatMap((rpc) =>
  rpc.binding ? [{ ...templateOf(rpc, rpc.binding.template), binding: rpc.binding }] : [],
);
const WEBSOCKET = RPCS.filter((rpc) => rpc.websocket !== "").map((rpc) => templateOf(rpc, rpc.websocket));

/** A method that the path does not have; `allow` goes into the header. */
export class MethodRefusal extends Refusal {
  constructor(
    method: string,
    path: string,
    readonly allow: string,
  ) {
    super(ErrorCode.METHOD_NOT_ALLOWED, `${path} has no ${method}; it has ${allow}.`);
  }
}

/** The RPC of a REST request. */
export function findRest(method: string, path: string): FoundRest {
  const matching = REST.flatMap((template) => {
    const fields = match(template, path);
    return fields ? [{ rpc: template.rpc, binding: template.binding, fields }] : [];
  });
  const found = matching.find(({ binding }) => binding.verb === method);
  if (found !== undefined) return found;
  if (matching.length === 0) throw new Refusal(ErrorCode.NOT_FOUND, `There is no path ${path}.`);
  throw new MethodRefusal(method, path, [...new Set(matching.map(({ binding }) => binding.verb))].join(", "));
}

/** The RPC of a WebSocket; undefined where the path has none. */
export function findWebsocket(path: string): Found | undefined {
  for (const template of WEBSOCKET) {
    const fields = match(template, path);
    if (fields) return { rpc: template.rpc, fields };
  }
  return undefined;
}

function templateOf(rpc: Rpc, template: string): Template {
  const names: string[] = [];
  const parts = template.split(/(\{[^}]*\})/).map((part) => {
    if (!part.startsWith("{")) return part.replace(/[.+?^$()|[\]\\]/g, "\\$&");
    names.push(part.slice(1, -1));
    // A verb like ":cancel" is no part of an id.
    return "([^/:]+)";
  });
  return { rpc, pattern: new RegExp(`^${parts.join("")}$`), names };
}

function match({ pattern, names }: Template, path: string): Map<string, string> | undefined {
  const groups = pattern.exec(path);
  return groups ? new Map(names.map((name, index) => [name, decode(groups[index + 1] ?? "")])) : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw malformed(`The path has a broken escape: ${segment}.`);
  }
}
