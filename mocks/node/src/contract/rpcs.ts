/** The RPCs of the contract with what their options say: scope, HTTP binding, WebSocket path. */
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.js";
import { BackendService } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { BridgeService } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { rpc as rpcOption } from "../../gen/qbridge_contract/v1/options_pb.js";
import { PlatformService } from "../../gen/qbridge_contract/v1/platform_pb.js";

/** How REST calls an RPC. */
export interface Binding {
  readonly verb: string;
  readonly template: string;
  /** The field of the request that the body fills; "*" for the request itself, "" for none. */
  readonly body: string;
  /** The field of the answer that is sent; "" for the answer itself. */
  readonly responseBody: string;
  readonly successStatus: number;
}

/** One RPC. */
export interface Rpc {
  /** "BridgeService.Call". */
  readonly name: string;
  readonly method: DescMethod;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** The scope that its caller needs; empty where anybody may call. */
  readonly scope: string;
  /** The WebSocket path, where it has one. */
  readonly websocket: string;
  readonly binding: Binding | undefined;
}

/** All RPCs. */
export const RPCS: readonly Rpc[] = [BridgeService, BackendService, PlatformService].flatMap((service) =>
  service.methods.map((method: DescMethod) => rpcOf(method)),
);

function rpcOf(method: DescMethod): Rpc {
  const options = getOption(method, rpcOption);
  return {
    name: `${method.parent.name}.${method.name}`,
    method,
    input: method.input,
    output: method.output,
    scope: options.scope,
    websocket: options.websocket,
    binding: bindingOf(method, options.successStatus || 200),
  };
}

function bindingOf(method: DescMethod, successStatus: number): Binding | undefined {
  const rule = getOption(method, http);
  const { pattern, body, responseBody } = rule;
  if (pattern.case === undefined || pattern.case === "custom") return undefined;
  return { verb: pattern.case.toUpperCase(), template: pattern.value, body, responseBody, successStatus };
}
