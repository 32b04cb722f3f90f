/** Hedges: when an attempt is slow, the engine may begin another one beside it. The first good answer counts. */
import { order, resume, type Sending } from "../attempt.js";
import type { Call } from "../call.js";
import { OUTCOME, STEP } from "../generated/abi.js";
import { guarded } from "../recovery.js";

/** Two attempts of one request. */
export interface Race {
  /** True once one of them has the answer: the other's is dropped unread. */
  over: boolean;
  /** `winner` has it: the other one is given up. */
  readonly end: (winner: Sending) => void;
}

/** Makes an attempt, and another when it is slow. An upgrade is not asked for twice: two connections would be open. */
export function hedged(call: Call, sending: Sending, once: (call: Call, sending: Sending) => Promise<Response>): Promise<Response> | undefined {
  if (call.request.headers.has("upgrade")) {
    return undefined;
  }
  const attempts: Sending[] = [];
  const race: Race = {
    over: false,
    end: (winner) => {
      race.over = true;
      attempts.forEach((one) => one !== winner && one.abort?.abort());
    },
  };
  const enter = (one: Sending): Promise<Response> => {
    // Only a URL's attempt is worth an abort: a binding's late answer is dropped.
    const abort = one.endpoint.transport.aborts ? new AbortController() : undefined;
    const racing: Sending = { ...one, hedge: 0, race, abort };
    attempts.push(racing);
    return once(call, racing);
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (!race.over && resume(call, sending.brain, sending.ticket, OUTCOME.HEDGE) === STEP.SEND) {
        const second = guarded(call.slot, () => order(call, sending.brain));
        if (second !== undefined) {
          enter(second).then(resolve, reject);
        }
      }
    }, sending.hedge);
    const ended = (answer: Response): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    enter(sending).then(ended, reject);
  });
}
