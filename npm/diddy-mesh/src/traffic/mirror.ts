/** Copies of a request that go to other services. Nobody waits for their answers, and no failure of theirs is the request's. */
import { hold, order, run } from "../attempt.js";
import { begin, type Call } from "../call.js";
import type { Brain } from "../engine.js";
import { keepAlive } from "../env.js";
import { BODY, MIRROR_TARGET, STEP } from "../generated/abi.js";
import { guarded } from "../recovery.js";
import { drop } from "../send.js";

/** Largest body that is held so that a copy can have it too. */
const BODY_BYTES_MAX = 65_536;
/** The request itself and its retry come first. */
const CONNECTIONS_LEFT_TO_OTHERS = 4;

/** Carries the request, and its copies beside it. A body that is too large to hold, or of unknown length, is not copied. */
export async function mirrored(call: Call, mirrors: readonly number[], carry: () => Promise<Response>): Promise<Response> {
  if (call.body === BODY.STREAM || call.body > BODY_BYTES_MAX) {
    skipped(call, "the body is a stream or larger than 64 KiB");
    return carry();
  }
  // Without a body no turn is lost.
  if (call.body !== BODY.NONE && !(await hold(call))) {
    return carry();
  }
  const answer = carry();
  for (const mirror of mirrors) {
    if ((call.root ?? call).waiting > CONNECTIONS_LEFT_TO_OTHERS) {
      skipped(call, "no connection is left for it");
    } else {
      keepAlive(call.ctx, copy(call, mirror));
    }
  }
  return answer;
}

async function copy(call: Call, mirror: number): Promise<void> {
  const { slot } = call;
  const one: Call = { ...call, root: call.root ?? call, notes: undefined, own: undefined, path: undefined, now: performance.now() };
  let brain: Brain | undefined;
  const sending = guarded(slot, () => {
    brain = slot.brain();
    return begin(brain, one, MIRROR_TARGET - mirror) === STEP.SEND ? order(one, brain) : undefined;
  });
  if (sending !== undefined) {
    await drop(await run(one, sending));
  }
}

function skipped(call: Call, detail: string): void {
  call.slot.notice({ type: "mirror_skipped", at: performance.now(), detail });
}
