/**
 * The error table, read from the contract, and the one exception that every room throws.
 * Doors turn a `Refusal` into what their transport says; nothing else decides a status.
 */
import { create, getOption } from "@bufbuild/protobuf";
import {
  ErrorCode,
  ErrorCodeSchema,
  ErrorSchema,
  FieldViolationSchema,
} from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Error as WireError, FieldViolation } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { error as errorOption } from "../../gen/qbridge_contract/v1/options_pb.js";

/** One row of the error table. */
export interface Row {
  readonly code: ErrorCode;
  readonly name: string;
  readonly httpStatus: number;
  readonly grpcStatus: string;
  readonly retryable: boolean;
  readonly title: string;
  readonly action: string;
}

const WAIT_S_MAX = 31_536_000;

const ROWS = new Map<ErrorCode, Row>(
  ErrorCodeSchema.values
    .filter((value) => value.number !== ErrorCode.UNSPECIFIED)
    .map((value) => {
      const { httpStatus, grpcStatus, retryable, title, action } = getOption(value, errorOption);
      const row = { code: value.number, name: value.localName, httpStatus, grpcStatus, retryable, title, action };
      return [value.number, row];
    }),
);

/** The row of a code; that of INTERNAL for a code that the table does not have. */
export function rowOf(code: ErrorCode): Row {
  const row = ROWS.get(code) ?? ROWS.get(ErrorCode.INTERNAL);
  if (row === undefined) throw new Error("the contract has no error table: run npm run build");
  return row;
}

/** Whether the table has the code. */
export function isListed(code: ErrorCode): boolean {
  return ROWS.has(code);
}

/** What a refusal may say beside its code and its sentence. */
export interface RefusalMembers {
  violations?: FieldViolation[];
  retryAfterS?: number;
  /** Only BACKEND_FAILED may differ from its row: its action is "send again only if it says so". */
  retryable?: boolean;
}

/** An error of the contract, on its way to a door. */
export class Refusal extends Error {
  readonly error: WireError;

  constructor(code: ErrorCode, message: string, members: RefusalMembers = {}) {
    super(message);
    const row = rowOf(code);
    this.error = create(ErrorSchema, {
      code: row.code,
      message: message || row.title,
      retryable: code === ErrorCode.BACKEND_FAILED ? (members.retryable ?? false) : row.retryable,
      retryAfterS: waitOf(members.retryAfterS ?? 0),
      violations: members.violations ?? [],
    });
  }

  /** A refusal that says an error as it is: the result of a request, for one. */
  static of(error: WireError): Refusal {
    const { message, violations, retryAfterS, retryable } = error;
    const refusal = new Refusal(error.code, message, { violations, retryAfterS, retryable });
    refusal.error.traceId = error.traceId;
    return refusal;
  }

  /** Any thrown thing as a refusal; what is none becomes INTERNAL, without its internals. */
  static from(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    console.error("internal error:", thrown);
    return new Refusal(ErrorCode.INTERNAL, "Something in the bridge broke.");
  }
}

/** A wait that a header can say: a backend may have named any number. */
function waitOf(seconds: number): number {
  return seconds > 0 ? Math.min(seconds, WAIT_S_MAX) : 0;
}

/** INVALID_ARGUMENT for one field. */
export function invalid(field: string, rule: string, message: string): Refusal {
  const violation = create(FieldViolationSchema, { field, rule, message });
  return new Refusal(ErrorCode.INVALID_ARGUMENT, `${field}: ${message}`, { violations: [violation] });
}

/** NOT_FOUND for a named thing. */
export function notFound(kind: string, name: string): Refusal {
  return new Refusal(ErrorCode.NOT_FOUND, `There is no ${kind} ${JSON.stringify(name)}.`);
}
