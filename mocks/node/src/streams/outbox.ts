/**
 * What waits to leave on a session. Whatever queued while the last frame was being written shares the next one:
 * acceptances before results, and no frame larger than half of the largest message.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import type { SessionResponse } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { SessionResponseSchema } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import type { Accepted, Result } from "../../gen/qbridge_contract/v1/request_pb.js";
import { ResultSchema } from "../../gen/qbridge_contract/v1/request_pb.js";
import { MESSAGE_BYTES_MAX, SESSION_ITEMS_MAX } from "../contract/limits.js";

const FRAME_BYTES_MAX = MESSAGE_BYTES_MAX / 2;
const FRAME_RESULTS_MAX = 256;

export class Outbox {
  private accepted: Accepted[] = [];
  private readonly results: Result[] = [];
  private writing: Promise<void> | undefined;

  constructor(private readonly send: (frame: SessionResponse) => Promise<void>) {}

  accept(accepted: Accepted): void {
    this.accepted.push(accepted);
    this.write();
  }

  answer(result: Result): void {
    this.results.push(result);
    this.write();
  }

  /** Resolves once a caller that does not read has taken some of its results. */
  async room(): Promise<void> {
    while (this.results.length > SESSION_ITEMS_MAX) await this.writing;
  }

  /** Resolves once everything has left. */
  async empty(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  private write(): void {
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  private async writeAll(): Promise<void> {
    // The rest of this turn may add to the frame.
    await Promise.resolve();
    while (this.accepted.length > 0 || this.results.length > 0) {
      const { accepted } = this;
      this.accepted = [];
      await this.send(create(SessionResponseSchema, { accepted, results: this.results.splice(0, this.fitting()) }));
    }
  }

  /** How many results the next frame takes: at least one. */
  private fitting(): number {
    let bytes = 0;
    const most = Math.min(this.results.length, FRAME_RESULTS_MAX);
    for (const [index, result] of this.results.slice(0, most).entries()) {
      bytes += toBinary(ResultSchema, result).length;
      if (bytes > FRAME_BYTES_MAX) return Math.max(1, index);
    }
    return most;
  }
}
