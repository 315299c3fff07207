/** Watch: the events of one request, behind the one that the caller names, up to the final one. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchResponseSchema } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import type { Job } from "../bridge/job.js";

type Answer = MessageInitShape<typeof WatchResponseSchema>;

/** Ends after the final event, or once the caller is gone. */
export async function* watch(job: Job, afterSequence: number, gone: AbortSignal): AsyncGenerator<Answer> {
  let wake: () => void = () => undefined;
  const onChange = (): void => wake();
  const stop = job.watch(onChange);
  gone.addEventListener("abort", onChange, { once: true });
  try {
    for (let next = afterSequence; !gone.aborted; ) {
      const event = job.events[next];
      if (event !== undefined) {
        next += 1;
        yield { event };
      } else if (job.isFinal) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    stop();
    gone.removeEventListener("abort", onChange);
  }
}
