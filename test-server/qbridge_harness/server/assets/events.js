// A run's server-sent events. Not EventSource: that cannot send a token. A broken connection resumes where it was.

import { send } from "./api.js";

const PAUSE_MS = [200, 500, 1000, 2000, 5000];

/** Calls onEvent(kind, data) for each event until `done` or the signal, onLost(true) while the harness is away. */
export async function follow(path, onEvent, { signal, onLost = () => {} }) {
  let last = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await send(path, {
        signal,
        headers: { accept: "text/event-stream", "last-event-id": String(last) },
      });
      if (answer.status === 204) return;
      onLost(false);
      for await (const event of events(answer.body)) {
        failures = 0;
        last = Number(event.id);
        onEvent(event.event, JSON.parse(event.data));
        if (event.event === "done") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status) throw error;
      onLost(true);
    }
    const pause = PAUSE_MS[Math.min(failures++, PAUSE_MS.length - 1)];
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = block
          .split("\n")
          .filter((line) => !line.startsWith(":"))
          .map((line) => line.split(/: (.*)/s));
        if (fields.length) yield Object.fromEntries(fields);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
