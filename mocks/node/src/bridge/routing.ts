/** Which backend a request goes to that names none. */
import { create } from "@bufbuild/protobuf";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { InternalRequest, Operation } from "../../gen/qbridge_contract/v1/request_pb.js";
import { OperationSchema } from "../../gen/qbridge_contract/v1/request_pb.js";
import type { Registry } from "../backends/registry.js";
import { Refusal } from "../contract/errors.js";

/** Generic operations whose name matches go to the backend. */
export interface Route {
  readonly pattern: string;
  readonly backend: string;
}

/** The name under which a backend offers an operation: "query", "invoke:plan". */
export function operationName(operation: Operation): string {
  const { kind } = operation;
  if (kind.case === undefined) return "";
  if (kind.case === "invoke") return `invoke:${kind.value.name}`;
  return OperationSchema.field[kind.case].name;
}

/** The backend that a request names, or that is chosen: by a rule for a generic operation, by who offers a typed one. */
export function route(request: InternalRequest, routes: readonly Route[], registry: Registry): string {
  if (request.backend) return request.backend;
  const operation = request.operation ?? create(OperationSchema);
  const name = operationName(operation);
  const { kind } = operation;
  const chosen =
    kind.case === "invoke"
      ? routes.find(({ pattern }) => globRegExp(pattern).test(kind.value.name))?.backend
      : registry.all().find((backend) => backend.offersByName(name))?.name;
  if (chosen !== undefined) return chosen;
  throw new Refusal(ErrorCode.NOT_FOUND, `No rule sends ${name} anywhere: name a backend.`);
}

function globRegExp(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
