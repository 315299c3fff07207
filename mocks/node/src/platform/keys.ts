/** API keys: made, listed, revoked, and looked up by what a caller sends. Only their hashes are kept. */
import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { ApiKey, CreateKeyRequest } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { ApiKeySchema } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { ulid } from "../bridge/ids.js";
import { notFound, Refusal } from "../contract/errors.js";
import { ANYBODY } from "./callers.js";
import type { Caller } from "./callers.js";

interface Held {
  readonly key: ApiKey;
  readonly number: number;
  readonly expiresMs: number;
}

export class Keys {
  private readonly bySecret = new Map<string, Held>();

  /** `first` is the secret of a key with every scope; without it the deployment asks for no keys. */
  constructor(private readonly first: string | undefined) {
    if (first === undefined) return;
    const { tenant, scopes } = ANYBODY;
    this.keep(first, create(ApiKeySchema, { name: "first", tenant, scopes: [...scopes] }), Infinity);
  }

  get areAskedFor(): boolean {
    return this.first !== undefined;
  }

  /** The caller of an Authorization header. */
  caller(authorization: string | undefined): Caller {
    if (!this.areAskedFor) return ANYBODY;
    const secret = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? "")?.[1];
    if (secret === undefined) throw unauthenticated("There is no API key: send Authorization: Bearer KEY.");
    const held = this.bySecret.get(hash(secret));
    if (held === undefined) throw unauthenticated("The API key is unknown.");
    if (held.key.revoked) throw unauthenticated("The API key is revoked.");
    if (held.expiresMs <= Date.now()) throw unauthenticated("The API key has expired.");
    return { tenant: held.key.tenant, scopes: new Set(held.key.scopes) };
  }

  create({ name, tenant, scopes, ttlS }: CreateKeyRequest): { key: ApiKey; secret: string } {
    const secret = `qb_${randomBytes(32).toString("base64url")}`;
    const expiresMs = ttlS > 0 ? Date.now() + ttlS * 1000 : Infinity;
    return { key: this.keep(secret, create(ApiKeySchema, { name, tenant, scopes }), expiresMs), secret };
  }

  /** All keys, oldest first, with the number that a page ends on. */
  list(): { key: ApiKey; number: number }[] {
    return [...this.bySecret.values()];
  }

  revoke(keyId: string): void {
    const held = [...this.bySecret.values()].find(({ key }) => key.keyId === keyId);
    if (held === undefined) throw notFound("key", keyId);
    held.key.revoked = true;
  }

  private keep(secret: string, key: ApiKey, expiresMs: number): ApiKey {
    key.keyId = `key_${ulid()}`;
    key.createdAt = timestampFromMs(Date.now());
    if (expiresMs !== Infinity) key.expiresAt = timestampFromMs(Math.round(expiresMs));
    this.bySecret.set(hash(secret), { key, number: this.bySecret.size + 1, expiresMs });
    return key;
  }
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function unauthenticated(message: string): Refusal {
  return new Refusal(ErrorCode.UNAUTHENTICATED, message);
}
