/** Who calls: a tenant and what its key allows; and what came with the call. */
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "../contract/errors.js";

/** Whoever holds a key; on a deployment without keys, everybody. */
export interface Caller {
  readonly tenant: string;
  readonly scopes: ReadonlySet<string>;
}

/** One call, as every room sees it. */
export interface Call {
  readonly caller: Caller;
  /** The trace context of the header or of the metadata; empty where there is none. */
  readonly traceparent: string;
}

/** The caller of a deployment that asks for no keys. */
export const ANYBODY: Caller = { tenant: "local", scopes: new Set(["call", "backend", "admin"]) };

/** Refuses a caller without the scope. */
export function checkScope(caller: Caller, scope: string): void {
  if (scope === "" || caller.scopes.has(scope)) return;
  throw new Refusal(ErrorCode.PERMISSION_DENIED, `The key does not hold the scope ${scope}.`);
}
