/** Copies of a request that go to other services. Nobody waits for their answers, and no failure of theirs is the request's. */
import { goOn, hold, order, respond, resume, run, type Sending } from "../attempt.js";
import { begin as enter, type Call } from "../call.js";
import type { Brain } from "../engine.js";
import { keepAlive } from "../env.js";
import { BODY, MIRROR_TARGET, OUT, OUTCOME, STEP } from "../generated/abi.js";
import { guarded } from "../recovery.js";
import { drop, sleep } from "../send.js";

/** Largest body that is held so that a copy can have it too. */
const BODY_BYTES_MAX = 65_536;
/** The request itself and its retry come first. */
const CONNECTIONS_LEFT_TO_OTHERS = 4;

/** Carries a request that waits first, or has copies: both begin with something else than an attempt. */
export function carry(call: Call, brain: Brain, entered: Sending | number): Response | Promise<Response> {
  const mirrors = call.notes?.mirrors ?? [];
  if (typeof entered === "object") {
    return mirrored(call, mirrors, () => run(call, entered));
  }
  if (entered !== STEP.WAIT) {
    return respond(call, brain);
  }
  // Read before anything is awaited: other requests write there.
  const ticket = brain.slot(OUT.TICKET);
  const delay = brain.slot(OUT.DELAY_MS);
  return mirrored(call, mirrors, async () => {
    await sleep(delay);
    return goOn(call, { brain } as Sending, resume(call, brain, ticket, OUTCOME.WAITED));
  });
}

/** Carries the request, and its copies beside it. A body that is too large to hold, or of unknown length, is not copied. */
async function mirrored(call: Call, mirrors: readonly number[], begin: () => Promise<Response>): Promise<Response> {
  // A copy of an upgrade would be a second connection.
  if (mirrors.length === 0 || call.request.headers.has("upgrade")) {
    return begin();
  }
  const { bytes } = call.slot;
  if (call.body === BODY.STREAM || call.body > BODY_BYTES_MAX) {
    skipped(call, "the body is a stream or larger than 64 KiB");
    return begin();
  }
  // Without a body no turn is lost.
  if (call.body !== BODY.NONE && !(await hold(call))) {
    return begin();
  }
  const answer = begin();
  if (call.slot.bytes !== bytes) {
    // Another Snapshot came while the body did: its mirrors are other ones.
    skipped(call, "another Snapshot was loaded");
    return answer;
  }
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
    return enter(brain, one, MIRROR_TARGET - mirror) === STEP.SEND ? order(one, brain) : undefined;
  });
  if (sending !== undefined) {
    await drop(await run(one, sending));
  }
}

function skipped(call: Call, detail: string): void {
  call.slot.notice({ type: "mirror_skipped", at: performance.now(), detail });
}
