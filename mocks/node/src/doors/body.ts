/** The body of a REST request, as bytes. */
import type { IncomingMessage } from "node:http";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "../contract/errors.js";
import { LIBRARY_BYTES_MAX, MESSAGE_BYTES_MAX } from "../contract/limits.js";
import { checkSize, malformed } from "../contract/reading.js";

/** The bytes of a JSON body; what an RPC without one is sent is thrown away. */
export async function readBody(request: IncomingMessage, isWanted: boolean): Promise<Uint8Array> {
  if (!isWanted) {
    request.resume();
    return new Uint8Array();
  }
  const media = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (media !== "application/json") {
    discard(request);
    const message = `The body is application/json, not ${media || "unnamed"}.`;
    throw new Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message);
  }
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > MESSAGE_BYTES_MAX) {
    discard(request);
    checkSize(declared);
  }
  return collect(request);
}

async function collect(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MESSAGE_BYTES_MAX) chunks.push(chunk);
      else {
        request.removeAllListeners("data");
        discard(request);
        resolve();
      }
    });
    request.once("end", resolve);
    request.once("error", () => reject(malformed("The body broke off.")));
    request.once("close", () => reject(malformed("The body broke off.")));
  });
  checkSize(size);
  return Buffer.concat(chunks);
}

/**
 * Reads on without keeping anything: many clients look for the answer only once their body is sent.
 * Who sends without end is cut off.
 */
function discard(request: IncomingMessage): void {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LIBRARY_BYTES_MAX) request.destroy();
  });
}
