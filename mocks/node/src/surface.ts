/**
 * What each RPC does, by its name; the doors know how it is called. The types of a message are the contract's, so a
 * handler and its RPC cannot drift apart unseen: `unary` and its sisters take them from the service's descriptor.
 */
import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { BackendService } from "../gen/qbridge_contract/v1/backend_pb.js";
import { BridgeService } from "../gen/qbridge_contract/v1/bridge_pb.js";
import { PlatformService } from "../gen/qbridge_contract/v1/platform_pb.js";
import { Durability } from "../gen/qbridge_contract/v1/request_pb.js";
import { BackendState } from "../gen/qbridge_contract/v1/backend_pb.js";
import { Registry } from "./backends/registry.js";
import { Bridge } from "./bridge/bridge.js";
import { explain } from "./bridge/explain.js";
import { page } from "./bridge/pages.js";
import type { Route } from "./bridge/routing.js";
import type { Call } from "./platform/callers.js";
import { capabilities, health } from "./platform/capabilities.js";
import { Keys } from "./platform/keys.js";
import { Quotas } from "./platform/quotas.js";
import { serveExecute } from "./streams/execute.js";
import { serveSession } from "./streams/session.js";
import type { Stream } from "./streams/stream.js";
import { watch } from "./streams/watch.js";

export type Unary = (call: Call, request: Message) => Promise<object> | object;
/** Refuses at once, before the stream begins. */
export type ServerStream = (call: Call, request: Message, gone: AbortSignal) => AsyncGenerator<object>;
export type Duplex = (call: Call, stream: Stream<Message, Message>) => Promise<void>;

/** The rooms of one deployment, and what each RPC asks of them. */
export class Surface {
  readonly registry = new Registry();
  readonly quotas = new Quotas();
  readonly keys: Keys;
  readonly bridge: Bridge;
  readonly unary = new Map<string, Unary>();
  readonly serverStreams = new Map<string, ServerStream>();
  readonly duplexes = new Map<string, Duplex>();

  constructor(options: { key: string | undefined; routes: readonly Route[] }) {
    this.keys = new Keys(options.key);
    this.bridge = new Bridge(this.registry, this.quotas, options.routes);
    this.addBridge();
    this.addBackends();
    this.addPlatform();
  }

  private addBridge(): void {
    const { bridge, registry } = this;
    const { submit, call, session, get, watch: follow, list, cancel, explain: why } = BridgeService.method;
    this.onUnary(submit, (from, { request }) => {
      const { job, replayed } = bridge.submit(from, present(request));
      return { accepted: { requestId: job.id, durability: Durability.MEMORY, replayed, traceId: job.traceId } };
    });
    this.onUnary(call, async (from, { request }) => ({ result: await bridge.call(from, present(request)) }));
    this.onUnary(get, async ({ caller }, { requestId, waitS }) => {
      return { record: (await bridge.getWaiting(caller, requestId, waitS)).record() };
    });
    this.onUnary(list, ({ caller }, asked) => {
      const { items, nextPageToken } = bridge.list(caller, asked);
      return { records: items.map((job) => job.record(false)), nextPageToken };
    });
    this.onUnary(cancel, ({ caller }, { requestId }) => ({ record: bridge.cancel(caller, requestId).record() }));
    this.onUnary(why, ({ caller }, { requestId }) => {
      const job = bridge.get(caller, requestId);
      return explain(job, registry.find(job.request.backend));
    });
    this.onServerStream(follow, ({ caller }, { requestId, afterSequence }, gone) => {
      return watch(bridge.get(caller, requestId), afterSequence, gone);
    });
    this.onDuplex(session, (from, stream) => serveSession(bridge, from, stream));
  }

  private addBackends(): void {
    const { registry } = this;
    const { register, get, list, update, delete: remove, probe, execute } = BackendService.method;
    this.onUnary(register, (_, request) => ({ backend: registry.register(request).wire() }));
    this.onUnary(get, (_, { name }) => ({ backend: registry.get(name).wire() }));
    this.onUnary(list, (_, { pageSize: size, pageToken: token }) => {
      const { items, nextPageToken } = page(registry.all(), {
        list: "backends",
        size,
        token,
        cursorOf: ({ name }) => name,
        isBehind: ({ name }, cursor) => name > cursor,
      });
      return { backends: items.map((backend) => backend.wire()), nextPageToken };
    });
    this.onUnary(update, (_, request) => ({ backend: registry.update(request).wire() }));
    this.onUnary(remove, (_, { name }) => {
      registry.delete(name);
      return {};
    });
    this.onUnary(probe, (_, { name }) => {
      const { state, workers } = registry.get(name);
      const detail = state === BackendState.READY ? `${workers.size} processes serve it.` : "No process serves it.";
      return { state, detail };
    });
    this.onDuplex(execute, (_, stream) => serveExecute(registry, stream));
  }

  private addPlatform(): void {
    const { keys, quotas, registry, bridge } = this;
    const { getCapabilities, getHealth, createKey, listKeys, revokeKey, getQuota, setQuota } = PlatformService.method;
    this.onUnary(getCapabilities, () => ({ capabilities: capabilities(keys.areAskedFor) }));
    this.onUnary(getHealth, () => ({ health: health(registry, bridge.draining) }));
    this.onUnary(createKey, (_, request) => keys.create(request));
    this.onUnary(listKeys, (_, { pageSize: size, pageToken: token }) => {
      const { items, nextPageToken } = page(keys.list(), {
        list: "keys",
        size,
        token,
        cursorOf: ({ number }) => String(number),
        isBehind: ({ number }, cursor) => number > Number(cursor),
      });
      return { keys: items.map(({ key }) => key), nextPageToken };
    });
    this.onUnary(revokeKey, (_, { keyId }) => {
      keys.revoke(keyId);
      return {};
    });
    this.onUnary(getQuota, (_, { tenant }) => ({ quota: quotas.get(tenant) }));
    this.onUnary(setQuota, (_, { quota }) => ({ quota: quotas.set(present(quota)) }));
  }

  private onUnary<M extends DescMethodUnary>(
    method: M,
    handler: (call: Call, request: MessageShape<M["input"]>) => Answer<M> | Promise<Answer<M>>,
  ): void {
    this.unary.set(nameOf(method), (call, request) => handler(call, request as MessageShape<M["input"]>) as object);
  }

  private onServerStream<M extends DescMethodServerStreaming>(
    method: M,
    handler: (call: Call, request: MessageShape<M["input"]>, gone: AbortSignal) => AsyncGenerator<Answer<M> & object>,
  ): void {
    this.serverStreams.set(nameOf(method), handler as ServerStream);
  }

  private onDuplex<M extends DescMethodBiDiStreaming>(
    method: M,
    handler: (call: Call, stream: Stream<MessageShape<M["input"]>, MessageShape<M["output"]>>) => Promise<void>,
  ): void {
    this.duplexes.set(nameOf(method), handler as Duplex);
  }
}

type Answer<M extends { output: DescMethodUnary["output"] }> = MessageInitShape<M["output"]>;

function nameOf(method: { parent: { name: string }; name: string }): string {
  return `${method.parent.name}.${method.name}`;
}

/** A field that the contract requires: validation has seen to it before. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a required field is missing after validation");
  return value;
}
