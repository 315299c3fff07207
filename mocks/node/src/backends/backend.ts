/** One backend: its description, its lane, the processes that serve it, and when which of them gets a batch. */
import { clone, create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Backend as WireBackend } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { BackendSchema, BackendState } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { WaitReason } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Operation } from "../../gen/qbridge_contract/v1/request_pb.js";
import { RequestState } from "../../gen/qbridge_contract/v1/request_pb.js";
import type { Job } from "../bridge/job.js";
import { Lane } from "../bridge/lane.js";
import { operationName } from "../bridge/routing.js";
import { Refusal } from "../contract/errors.js";
import { BATCH_ITEMS_DEFAULT, LANE_ITEMS_MAX } from "../contract/limits.js";
import { Worker } from "./worker.js";
import type { WorkerPort } from "./worker.js";

export class Backend {
  readonly lane = new Lane();
  readonly workers = new Set<Worker>();
  readonly createdMs = Date.now();
  /** True once it is deleted: what is lost now is not given again. */
  gone = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** As registered and since changed; the members that the server sets are filled by `wire`. */
    public described: WireBackend,
    readonly isBuiltIn: boolean,
    public version = 1,
  ) {}

  get name(): string {
    return this.described.name;
  }

  get state(): BackendState {
    return this.workers.size > 0 ? BackendState.READY : BackendState.DISCONNECTED;
  }

  /** The backend as callers see it. */
  wire(): WireBackend {
    const backend = clone(BackendSchema, this.described);
    backend.state = this.state;
    backend.connections = this.isBuiltIn ? 0 : this.workers.size;
    backend.version = this.version;
    backend.createdAt = timestampFromMs(this.createdMs);
    return backend;
  }

  /** Whether it lists the operation; a backend that lists none takes any generic one. */
  offers(operation: Operation): boolean {
    if (this.described.operations.length === 0) return operation.kind.case === "invoke";
    return this.offersByName(operationName(operation));
  }

  offersByName(name: string): boolean {
    return this.described.operations.some((offered) => offered.name === name);
  }

  /** Puts a request into the lane; `again` for one that has been there before, and so has a place. */
  put(job: Job, again = false): void {
    if (!again && this.lane.depth >= LANE_ITEMS_MAX) {
      throw new Refusal(ErrorCode.QUEUE_FULL, `The lane of ${this.name} is full.`, { retryAfterS: 1 });
    }
    job.move(RequestState.QUEUED);
    this.lane.put(job);
    this.dispatch();
  }

  /** A process that serves it from now on. */
  attach(port: WorkerPort, window: number): Worker {
    const worker = new Worker(this, port, window);
    this.workers.add(worker);
    return worker;
  }

  /** Gives batches while there is work, and a process with room. */
  dispatch(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { sizeMax, waitSMax } = this.described.batch ?? { sizeMax: 0, waitSMax: 0 };
    const size = sizeMax || BATCH_ITEMS_DEFAULT;
    while (this.lane.depth > 0) {
      const worker = this.roomiest();
      if (worker === undefined) return;
      const leftMs = waitSMax > 0 ? this.lane.oldestMs + waitSMax * 1000 - Date.now() : 0;
      if (this.lane.depth < size && leftMs > 0) {
        this.timer = setTimeout(() => this.dispatch(), leftMs);
        return;
      }
      const reason = this.lane.depth >= size ? "full" : waitSMax > 0 ? "timer" : "idle";
      worker.give(this.lane.take(size), reason);
    }
  }

  /** Why a request waits that is not final. */
  waitReason(job: Job): WaitReason {
    const ahead = this.lane.ahead(job);
    if (ahead < 0) return WaitReason.RUNNING;
    if (this.workers.size === 0) return WaitReason.NO_BACKEND;
    if (this.timer !== undefined) return WaitReason.BATCHING;
    return ahead > 0 ? WaitReason.BEHIND_OTHERS : WaitReason.BACKEND_BUSY;
  }

  /** Takes it away: what waits ends, the processes are told, and finish what they have. */
  remove(): void {
    this.gone = true;
    clearTimeout(this.timer);
    for (const job of this.lane.take(this.lane.depth)) job.finish(RequestState.DEAD, { refusal: this.lost() });
    for (const worker of [...this.workers]) worker.dismiss(this.lost());
  }

  /** The error of a request whose backend went away for good. */
  lost(): Refusal {
    return new Refusal(ErrorCode.BACKEND_LOST, `The backend ${this.name} went away, and the crash budget is spent.`);
  }

  private roomiest(): Worker | undefined {
    const workers = [...this.workers];
    const inFlight = workers.reduce((sum, worker) => sum + worker.inFlight, 0);
    const inFlightMax = this.described.batch?.inFlightMax || Infinity;
    if (inFlight >= inFlightMax) return undefined;
    const free = workers.filter((worker) => worker.room > 0);
    return free.reduce<Worker | undefined>((best, one) => (best && best.room >= one.room ? best : one), undefined);
  }
}

/** A description without the members that the server sets. */
export function describe(backend: WireBackend): WireBackend {
  const { name, kind, description, operations, batch, labels } = backend;
  return create(BackendSchema, {
    name,
    kind: kind || "remote",
    description,
    operations,
    ...(batch && { batch }),
    labels,
  });
}
