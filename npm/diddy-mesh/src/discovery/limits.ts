/** Asking for the parts of limits that isolates hold together. Keys are spread over several objects, as one could not hear all. */
import type { LimitDemand, LimitLease } from "../types.js";
import type { ObjectBinding } from "./bindings.js";
import { within } from "./within.js";

/** Objects that share the keys. */
const SHARDS = 16;
/** How long one may take. */
const LEASE_MS = 1_000;

interface LimitsStub {
  lease(isolate: number, demands: readonly LimitDemand[]): Promise<LimitLease[]>;
}

/** Asks each object that counts one of the keys. Those of an object that does not answer get no part, and the limit holds in the isolate alone. */
export async function leaseFrom(limits: ObjectBinding, mesh: string, isolate: number, demands: readonly LimitDemand[]): Promise<LimitLease[]> {
  const shards = new Map<number, LimitDemand[]>();
  for (const demand of demands) {
    const shard = Number.parseInt(demand.key.slice(0, 4), 16) % SHARDS;
    shards.set(shard, [...(shards.get(shard) ?? []), demand]);
  }
  const asked = [...shards].map(([shard, some]) => within(LEASE_MS, (limits.get(limits.idFromName(`${mesh}/${shard}`)) as LimitsStub).lease(isolate, some)));
  const answers = await Promise.allSettled(asked);
  const failed = answers.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  const leases = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (failed !== undefined && leases.length === 0) {
    throw failed.reason;
  }
  return leases;
}
