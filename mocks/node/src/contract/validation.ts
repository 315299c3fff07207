/** The rules that the protos carry as options, judged by protovalidate; each breach becomes a FieldViolation. */
import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { ErrorCode, FieldViolationSchema } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { FieldViolation } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "./errors.js";

/** A violation and the path to its field, for who must know which item of a frame it is in. */
export interface Found {
  readonly path: Path;
  readonly violation: FieldViolation;
}

const VALIDATOR = createValidator();

/** What a message breaks. */
export function violations<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Found[] {
  const result = VALIDATOR.validate(schema, message as MessageShape<Desc> & Message);
  if (result.kind === "error") throw result.error;
  return (result.violations ?? []).map(({ field, ruleId, message: text }) => ({
    path: field,
    violation: create(FieldViolationSchema, { field: pathToString(field), rule: ruleId, message: text }),
  }));
}

/** Refuses a message that breaks a rule. */
export function validate<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
  const found = violations(schema, message);
  if (found.length > 0) throw refusalOf(found.map(({ violation }) => violation));
}

/** INVALID_ARGUMENT with its violations. */
export function refusalOf(found: FieldViolation[]): Refusal {
  const text = found.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new Refusal(ErrorCode.INVALID_ARGUMENT, text, { violations: found });
}
