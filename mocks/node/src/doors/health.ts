/** grpc.health.v1.Health, which load balancers ask: its two messages have one field each. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import type { Server, sendUnaryData, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { RPCS } from "../contract/rpcs.js";

const SERVICES = new Set(["", ...RPCS.map((rpc) => rpc.method.parent.typeName)]);
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Adds the service; `isServing` is asked each time. */
export function addHealth(server: Server, isServing: () => boolean): void {
  const state = (service: string): number => {
    if (!SERVICES.has(service)) return SERVICE_UNKNOWN;
    return isServing() ? SERVING : NOT_SERVING;
  };
  const codec = {
    requestSerialize: (service: string) =>
      Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).string(service).finish()),
    requestDeserialize: readService,
    responseSerialize: (value: number) => Buffer.from(new BinaryWriter().tag(1, WireType.Varint).int32(value).finish()),
    responseDeserialize: () => SERVING,
  };
  const path = "/grpc.health.v1.Health/";
  server.addService(
    {
      Check: { path: `${path}Check`, requestStream: false, responseStream: false, ...codec },
      Watch: { path: `${path}Watch`, requestStream: false, responseStream: true, ...codec },
    },
    {
      Check: (call: ServerUnaryCall<string, number>, callback: sendUnaryData<number>) => {
        const found = state(call.request);
        if (found === SERVICE_UNKNOWN)
          callback({ code: status.NOT_FOUND, details: `There is no service ${call.request}.` });
        else callback(null, found);
      },
      // The stream stays open: the state changes only when the deployment drains, which ends every connection.
      Watch: (call: ServerWritableStream<string, number>) => void call.write(state(call.request)),
    },
  );
}

function readService(bytes: Buffer): string {
  const reader = new BinaryReader(bytes);
  let service = "";
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) service = reader.string();
    else reader.skip(type);
  }
  return service;
}
