/** Balancers given in code: the engine proposes an endpoint, the code may take another one that takes traffic. */
import type { Call } from "../call.js";
import type { Brain } from "../engine.js";
import { ASK, OUT } from "../generated/abi.js";
import { readStats } from "../stats.js";
import type { BalancerCandidate } from "../types.js";

/**
 * Asks the code of the policy's balancer, where it has one: the number of the endpoint that takes the attempt. What the code
 * throws, or takes that takes no traffic, leaves the engine's choice.
 */
export function choose(call: Call, brain: Brain): number {
  const { options, request, slot } = call;
  const { balancers, serviceEndpoints, services, versions } = slot.known;
  const proposed = brain.slot(OUT.ENDPOINT);
  const ticket = brain.slot(OUT.TICKET);
  const name = balancers?.[brain.slot(OUT.POLICY)];
  if (name === undefined) {
    return proposed;
  }
  try {
    const balancer = options.balancers?.[name];
    if (balancer === undefined) {
      throw new TypeError("no balancer of that name is among the options of the mesh");
    }
    const service = serviceEndpoints.reduce((found, first, i) => (first >= 0 && first <= proposed ? i : found), 0);
    const first = serviceEndpoints[service] as number;
    const end = serviceEndpoints.find((other) => other > first) ?? slot.endpoints.length;
    const candidates: BalancerCandidate[] = slot.endpoints.slice(first, end).map(({ address, reachable }, i) => ({ address, version: versions[first + i] as string, reachable }));
    const serviceName = services[service] as string;
    const chosen: unknown = balancer(candidates, {
      request,
      service: serviceName,
      proposed: proposed - first,
      stats: () => readStats(slot)[serviceName]?.endpoints ?? [],
    });
    if (chosen === undefined) {
      return proposed;
    }
    if (!Number.isInteger(chosen) || candidates[chosen as number] === undefined) {
      throw new TypeError(`undefined or a number from 0 to ${candidates.length - 1} was expected, not ${String(chosen)}`);
    }
    const taken = first + (chosen as number);
    const slots = brain.slots();
    slots[OUT.TICKET] = ticket;
    slots[OUT.ENDPOINT] = taken;
    if (slot.lost(brain) || brain.ask(ASK.MOVE, performance.now()) === 0) {
      throw new RangeError(`${candidates[chosen as number]?.address} takes no traffic now`);
    }
    return taken;
  } catch (cause) {
    slot.notice({ type: "balancer_failed", at: performance.now(), detail: name, cause });
    return proposed;
  }
}
