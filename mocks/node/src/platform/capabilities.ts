/** What the deployment says of itself: what it can do, and how it is. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CapabilitiesSchema, HealthSchema } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { HealthState } from "../../gen/qbridge_contract/v1/platform_pb.js";
import { Durability } from "../../gen/qbridge_contract/v1/request_pb.js";
import type { Registry } from "../backends/registry.js";
import * as limits from "../contract/limits.js";

/** It claims the core profile, in memory. */
export function capabilities(authentication: boolean): MessageInitShape<typeof CapabilitiesSchema> {
  return {
    contractVersion: "v1",
    product: "qbridge-node-mock/0",
    profiles: ["core"],
    transports: ["grpc", "rest", "sse", "websocket"],
    durabilities: [Durability.MEMORY],
    limits: {
      messageBytesMax: limits.MESSAGE_BYTES_MAX,
      frameItemsMax: limits.FRAME_ITEMS_MAX,
      sessionItemsMax: limits.SESSION_ITEMS_MAX,
      laneItemsMax: limits.LANE_ITEMS_MAX,
      batchItemsMax: limits.BATCH_ITEMS_MAX,
      topKMax: limits.TOP_K_MAX,
      timeoutSDefault: limits.TIMEOUT_S_DEFAULT,
      resultTtlS: limits.RESULT_TTL_S,
    },
    authentication,
  };
}

/** It works; a remote backend that nobody serves is its owner's matter, not the deployment's. */
export function health(registry: Registry, draining: boolean): MessageInitShape<typeof HealthSchema> {
  const builtIn = registry.all().filter((backend) => backend.isBuiltIn);
  const dependencies = builtIn.map(({ name }) => ({
    name: `backend:${name}`,
    state: HealthState.SERVING,
    detail: "It is built in.",
  }));
  return { state: draining ? HealthState.DRAINING : HealthState.SERVING, dependencies, uptimeS: process.uptime() };
}
