/** Hedges: when an attempt is slow, the engine may begin another one beside it. The first good answer counts. */
import { order, resume, type Sending } from "../attempt.js";
import type { Call } from "../call.js";
import { OUTCOME, STEP } from "../generated/abi.js";
import { guarded } from "../recovery.js";

/** Two attempts of one request. */
export interface Race {
  /** True once one of them has the answer: the other's is dropped unread. */
  over: boolean;
  /** One of them has it. */
  readonly end: () => void;
}

/** Makes an attempt, and another when it is slow. */
export function hedged(call: Call, sending: Sending, once: (call: Call, sending: Sending) => Promise<Response>): Promise<Response> {
  const race: Race = {
    over: false,
    end: () => {
      race.over = true;
    },
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (!race.over && resume(call, sending.brain, sending.ticket, OUTCOME.HEDGE) === STEP.SEND) {
        const second = guarded(call.slot, () => order(call, sending.brain));
        if (second !== undefined) {
          once(call, { ...second, hedge: 0, race }).then(resolve, reject);
        }
      }
    }, sending.hedge);
    const ended = (answer: Response): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    once(call, { ...sending, race }).then(ended, reject);
  });
}
