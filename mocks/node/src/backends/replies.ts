/** Which field of Reply answers which operation: the contract says it in the options of Operation. */
import { getOption } from "@bufbuild/protobuf";
import { operation as operationOption } from "../../gen/qbridge_contract/v1/options_pb.js";
import type { Operation, Reply } from "../../gen/qbridge_contract/v1/request_pb.js";
import { OperationSchema, ReplySchema } from "../../gen/qbridge_contract/v1/request_pb.js";

/** What is wrong with a backend's reply, in a sentence; empty where nothing is. */
export function replyProblem(operation: Operation | undefined, reply: Reply): string {
  if (operation?.kind.case === undefined) return "";
  const field = OperationSchema.field[operation.kind.case];
  const wanted = getOption(field, operationOption).reply;
  const given = reply.kind.case === undefined ? "nothing" : ReplySchema.field[reply.kind.case].name;
  return given === wanted ? "" : `The backend answered ${field.name} with ${given}, not with ${wanted}.`;
}
