/** Quotas: a token bucket and a bound on open requests for each tenant that has one. */
import { create } from "@bufbuild/protobuf";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Quota } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { QuotaSchema } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { Refusal } from "../contract/errors.js";

interface Bucket {
  readonly quota: Quota;
  tokens: number;
  atMs: number;
}

export class Quotas {
  private readonly byTenant = new Map<string, Bucket>();

  get(tenant: string): Quota {
    return this.byTenant.get(tenant)?.quota ?? create(QuotaSchema, { tenant });
  }

  /** Sets a quota; its bucket begins full. */
  set(quota: Quota): Quota {
    this.byTenant.set(quota.tenant, { quota, tokens: capacity(quota), atMs: Date.now() });
    return quota;
  }

  /** Counts one request of a tenant, or refuses it. */
  spend(tenant: string): void {
    const bucket = this.byTenant.get(tenant);
    if (bucket === undefined || bucket.quota.requestsPerS === 0) return;
    const { quota } = bucket;
    const now = Date.now();
    bucket.tokens = Math.min(capacity(quota), bucket.tokens + ((now - bucket.atMs) / 1000) * quota.requestsPerS);
    bucket.atMs = now;
    if (bucket.tokens < 1) {
      const retryAfterS = (1 - bucket.tokens) / quota.requestsPerS;
      throw spent(`The tenant ${tenant} has ${quota.requestsPerS} requests a second.`, retryAfterS);
    }
    bucket.tokens -= 1;
  }

  /** Refuses a request where as many are open as the tenant may have. */
  checkOpen(tenant: string, open: number): void {
    const { inFlightMax } = this.get(tenant);
    if (inFlightMax === 0 || open < inFlightMax) return;
    throw spent(`The tenant ${tenant} may have ${inFlightMax} requests that are not final.`, 1);
  }
}

/** What may come at once: the burst, or one second's worth where none is named. */
function capacity({ burst, requestsPerS }: Quota): number {
  return burst || Math.max(1, requestsPerS);
}

function spent(message: string, retryAfterS: number): Refusal {
  return new Refusal(ErrorCode.QUOTA_EXCEEDED, message, { retryAfterS });
}
