/** Page tokens: where a page ended, signed, so that a token from elsewhere is known for one. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { invalid } from "../contract/errors.js";

const SECRET = randomBytes(32);
const PAGE_SIZE_DEFAULT = 50;
const MAC_BYTES = 16;

/** A page of things that have an order and a cursor, and the token of the next one. */
export function page<T>(
  all: readonly T[],
  options: {
    list: string;
    size: number;
    token: string;
    cursorOf: (item: T) => string;
    isBehind: (item: T, cursor: string) => boolean;
  },
): { items: T[]; nextPageToken: string } {
  const { list, token, cursorOf, isBehind } = options;
  const size = options.size || PAGE_SIZE_DEFAULT;
  const cursor = token ? readToken(list, token) : undefined;
  const rest = cursor === undefined ? all : all.filter((item) => isBehind(item, cursor));
  const items = rest.slice(0, size);
  const last = items.at(-1);
  return { items, nextPageToken: last !== undefined && rest.length > size ? writeToken(list, cursorOf(last)) : "" };
}

/** `list` says what is listed and for whom: a token is good for nothing else. */
function writeToken(list: string, cursor: string): string {
  return Buffer.concat([mac(list, cursor), Buffer.from(cursor)]).toString("base64url");
}

function readToken(list: string, token: string): string {
  const bytes = Buffer.from(token, "base64url");
  const cursor = bytes.subarray(MAC_BYTES).toString();
  const signature = bytes.subarray(0, MAC_BYTES);
  if (signature.length === MAC_BYTES && timingSafeEqual(signature, mac(list, cursor))) return cursor;
  throw invalid("page_token", "page_token.unknown", "This deployment did not make the token for this list.");
}

function mac(list: string, cursor: string): Buffer {
  return createHmac("sha256", SECRET)
    .update(JSON.stringify([list, cursor]))
    .digest()
    .subarray(0, MAC_BYTES);
}
