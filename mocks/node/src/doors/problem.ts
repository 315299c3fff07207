/** An error over REST and WebSocket: the members of RFC 9457 and of the error table. */
import type { JsonObject } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { FieldViolationSchema } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Refusal } from "../contract/errors.js";
import { rowOf } from "../contract/errors.js";

export const PROBLEM_JSON = "application/problem+json";

/** The problem document. */
export function problemOf({ error }: Refusal): JsonObject {
  const row = rowOf(error.code);
  const problem: JsonObject = {
    type: `urn:qbridge:error:${row.name}`,
    title: row.title,
    status: row.httpStatus,
    detail: error.message,
    code: row.name,
    retryable: error.retryable,
    action: row.action,
  };
  if (error.retryAfterS > 0) problem.retryAfterS = error.retryAfterS;
  if (error.violations.length > 0) {
    problem.violations = error.violations.map((violation) => toJson(FieldViolationSchema, violation));
  }
  if (error.traceId) problem.traceId = error.traceId;
  return problem;
}

/** The headers that go with it. */
export function problemHeaders({ error }: Refusal): Record<string, string> {
  const headers: Record<string, string> = { "content-type": PROBLEM_JSON };
  if (error.retryAfterS > 0) headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterS)));
  if (rowOf(error.code).httpStatus === 401) headers["www-authenticate"] = "Bearer";
  return headers;
}

/** The whole response, for a socket that Node does not answer by itself. */
export function rawProblem(refusal: Refusal): string {
  const { httpStatus, title } = rowOf(refusal.error.code);
  const body = JSON.stringify(problemOf(refusal));
  const headers = { ...problemHeaders(refusal), "content-length": Buffer.byteLength(body), connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${httpStatus} ${title}`, ...lines, "", body].join("\r\n");
}
