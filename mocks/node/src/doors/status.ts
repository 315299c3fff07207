/**
 * An error over gRPC: the table's status, and its details as google.rpc.Status in `grpc-status-details-bin`.
 * The messages of google.rpc are four small ones, so they are written here field by field.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Error as WireError } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { ErrorSchema } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Refusal } from "../contract/errors.js";
import { rowOf } from "../contract/errors.js";

/** Of the reasons in ErrorInfo. */
const DOMAIN = "qbridge.v1";

/** A refusal as grpc-js takes it. */
export function statusOf({ error }: Refusal): ServiceError {
  const row = rowOf(error.code);
  const code = status[row.grpcStatus as keyof typeof status];
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(rpcStatus(code, error)));
  return Object.assign(new Error(error.message), { code, details: error.message, metadata });
}

/** google.rpc.Status: code, message, details. */
function rpcStatus(code: number, error: WireError): Uint8Array {
  const details: [string, Uint8Array][] = [
    ["google.rpc.ErrorInfo", errorInfo(rowOf(error.code).name)],
    [ErrorSchema.typeName, toBinary(ErrorSchema, error)],
  ];
  if (error.retryAfterS > 0) details.push(["google.rpc.RetryInfo", retryInfo(error.retryAfterS)]);
  if (error.violations.length > 0) details.push(["google.rpc.BadRequest", badRequest(error)]);
  const writer = text(new BinaryWriter().tag(1, WireType.Varint).int32(code), 2, error.message);
  for (const [name, value] of details) {
    const any = create(AnySchema, { typeUrl: `type.googleapis.com/${name}`, value });
    bytes(writer, 3, toBinary(AnySchema, any));
  }
  return writer.finish();
}

/** google.rpc.ErrorInfo: reason, domain. */
function errorInfo(reason: string): Uint8Array {
  return text(text(new BinaryWriter(), 1, reason), 2, DOMAIN).finish();
}

/** google.rpc.RetryInfo: retry_delay. */
function retryInfo(retryAfterS: number): Uint8Array {
  const seconds = Math.floor(retryAfterS);
  const nanos = Math.floor((retryAfterS - seconds) * 1e9);
  const delay = create(DurationSchema, { seconds: BigInt(seconds), nanos });
  return bytes(new BinaryWriter(), 1, toBinary(DurationSchema, delay)).finish();
}

/** google.rpc.BadRequest: field_violations of field, description. */
function badRequest(error: WireError): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, message } of error.violations) {
    bytes(writer, 1, text(text(new BinaryWriter(), 1, field), 2, message).finish());
  }
  return writer.finish();
}

function text(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value);
}

function bytes(writer: BinaryWriter, field: number, value: Uint8Array): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).bytes(value);
}
