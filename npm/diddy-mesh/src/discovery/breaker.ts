/** A breaker of one level: what fails is left alone for a while, longer each time, and nobody waits for it long. */
import { within } from "./within.js";

/** After the first failure, in ms; doubled with each one that follows. */
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
/** What says that it has too much to do is left alone for so long at least. */
const OVERLOADED_MS = 10_000;
/** The random part on top, as a share: so that isolates that failed together do not come back together. */
const JITTER = 0.25;

/** See the head of this file. */
export class Breaker {
  #failures = 0;
  #failedAt = -Infinity;
  #until = 0;

  /** Whether it refuses at this time. */
  isOpen(now: number): boolean {
    return now < this.#until;
  }

  /** Does `work` within `ms`, or refuses to. */
  async run<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    if (this.isOpen(began)) {
      throw new Error("it failed before and is left alone for a while");
    }
    try {
      const result = await within(ms, work());
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#failed(began, error);
      throw error;
    }
  }

  #failed(began: number, error: unknown): void {
    // Requests that come together to a cold isolate fail together: that is one failure.
    if (began > this.#failedAt) {
      const pause = Math.min(PAUSE_MS * 2 ** this.#failures, PAUSE_MS_MAX);
      const least = says(error, "overloaded") ? OVERLOADED_MS : 0;
      this.#failures += 1;
      this.#failedAt = performance.now();
      this.#until = this.#failedAt + Math.max(pause, least) * (1 + JITTER * Math.random());
    }
  }
}

/** Whether the platform marked an error so: `overloaded` = do not try again, `retryable` = another try may go well. */
export function says(error: unknown, mark: "overloaded" | "retryable"): boolean {
  return error instanceof Error && (error as Error & { overloaded?: boolean; retryable?: boolean })[mark] === true;
}
