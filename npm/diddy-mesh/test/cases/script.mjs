// Scripts of requests over time.
import { requestOf } from "./requests.mjs";

/** Plays one step; what was seen of it. */
export function play(host, step) {
  const { at = 0 } = step;
  if (step.begin !== undefined) {
    return host.begin(step.begin, requestOf(step), at, { service: step.service, script: true });
  }
  if (step.mirror !== undefined) {
    return host.begin(step.mirror, requestOf(step), at, { of: step.of });
  }
  if (step.hedge !== undefined) {
    return host.hedge(step.hedge, step.as, step.waiting ?? 0, at);
  }
  if (step.resume !== undefined) {
    return host.resume(step.resume, step, at);
  }
  if (step.run !== undefined) {
    return many(host, step, at);
  }
  if (step.stats !== undefined) {
    return host.stats(at);
  }
  if (step.abandon !== undefined) {
    host.abandon(step.abandon, at);
  } else if (step.tell !== undefined) {
    host.tell(step.tell, step.endpoint, at);
  } else {
    host.load(step.load, at);
  }
  return {};
}

/** Many requests of one kind, each ended before the next unless they are held: who got them. */
function many(host, step, at) {
  const picks = [];
  const shares = {};
  const answers = {};
  const copies = {};
  for (let i = 0; i < step.run; i++) {
    const start = at + (step.every ?? 0) * i;
    const name = `run ${i}`;
    let seen = host.begin(name, requestOf(step, i), start, { service: step.service, script: true });
    seen.notes?.mirrors?.forEach((mirror) => (copies[mirror] = (copies[mirror] ?? 0) + 1));
    while (seen.endpoint !== undefined) {
      const { endpoint } = seen;
      picks.push(endpoint.split(/[/:]/).at(-1));
      shares[endpoint] = (shares[endpoint] ?? 0) + 1;
      if (step.hold) {
        break;
      }
      const ended = { status: step.statuses?.[endpoint] ?? step.status, load: step.loads?.[endpoint] };
      seen = host.resume(name, ended, start + (step.latencies?.[endpoint] ?? step.latency ?? 0));
    }
    if (seen.reason !== undefined) {
      const answer = `${seen.status} ${seen.reason}`;
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  }
  return { picks: picks.join(" "), distinct: Object.keys(shares).length, shares, answers, copies };
}
