/** Ids and trace contexts. */
import { randomBytes } from "node:crypto";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A ULID: 48 bits of time, 80 of chance. */
export function ulid(nowMs: number = Date.now()): string {
  let number = (BigInt(nowMs) << 80n) | BigInt(`0x${randomBytes(10).toString("hex")}`);
  let text = "";
  for (let index = 0; index < 26; index++) {
    text = CROCKFORD.charAt(Number(number & 31n)) + text;
    number >>= 5n;
  }
  return text;
}

/** A new W3C trace context. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}

/** The trace context of a header or of metadata; one that is malformed is passed over, as W3C asks. */
export function headerTraceparent(header: string | undefined): string {
  const parts = TRACEPARENT.exec(header ?? "");
  if (parts === null || parts[1] === "ff" || /^0+$/.test(parts[2] ?? "") || /^0+$/.test(parts[3] ?? "")) return "";
  return parts[0];
}

/** The trace id of a trace context. */
export function traceIdOf(traceparent: string): string {
  return TRACEPARENT.exec(traceparent)?.[2] ?? "";
}
