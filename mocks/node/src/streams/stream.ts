/** A stream as the rooms see it, whatever carries it. */

/** Messages in, messages out. */
export interface Stream<In, Out> {
  /** Ends where the caller ends its side; throws a Refusal where a frame cannot be read. */
  readonly frames: AsyncIterable<In>;
  /** Resolves once there is room for the next one, or the caller is gone. */
  send(message: Out): Promise<void>;
  /** Aborted where the caller is gone: nothing can be sent any more. */
  readonly gone: AbortSignal;
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
