/** The frames of a WebSocket as something to iterate over. A socket whose frames nobody takes is read no further. */
import type { WebSocket } from "ws";

export interface Frame {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

/** How many frames wait before the socket is paused. */
const WAITING_MAX = 16;

export class Inbox implements AsyncIterable<Frame> {
  private readonly waiting: Frame[] = [];
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(private readonly websocket: WebSocket) {
    websocket.on("message", (data, isBinary) => {
      this.waiting.push({ bytes: bytesOf(data), isBinary });
      if (this.waiting.length >= WAITING_MAX) websocket.pause();
      this.wake();
    });
    websocket.once("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    for (;;) {
      const frame = this.waiting.shift();
      if (frame !== undefined) {
        if (this.waiting.length === 0 && this.websocket.isPaused) this.websocket.resume();
        yield frame;
      } else if (this.closed) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
