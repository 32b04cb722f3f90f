// What the kernel says of processes (Linux /proc). CPU time from the scheduler does not count the moments when another
// process had the core, which is what makes figures usable on a shared machine.
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { spawnSync } from "node:child_process";

/** CPU time of a process's main thread, in ns. */
export function cpuMain(pid) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]);
}

/** CPU time of all live threads of a process, in ns. */
export function cpuAll(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // the thread ended between the listing and the read
    }
  }
  return sum;
}

/** Anonymous resident memory of a process, in KiB. */
export function anonKib(pid) {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
}

/**
 * Where to pin, or null where pinning is not possible: workerd has the second core to itself; the load generator
 * shares it for one connection (else each request pays two wake-ups of an idle core) and has the first core for more.
 */
export const pinning = (() => {
  const taskset = spawnSync("taskset", ["--version"], { stdio: "ignore" });
  return taskset.status === 0 && availableParallelism() >= 2 ? { server: 1, load: 0 } : null;
})();

/** argv, pinned to a core where the machine allows it. */
export const pinned = (core, argv) => (core == null || pinning === null ? argv : ["taskset", "-c", String(core), ...argv]);

/** [busy, total] ticks of the machine since boot. */
function machineTicks() {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  const [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
  const busy = user + nice + system + irq + softirq + steal;
  return [busy, busy + idle + iowait];
}

/** Ticks of a process; with `children`, of its ended children too. */
function processTicks(pid, { children = false } = {}) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
    return user + system + (children ? childUser + childSystem : 0);
  } catch {
    return 0; // ended: its ticks are with its parent's children now
  }
}

/**
 * Starts to watch; the function it returns says how many cores were used since then by anything but this process, its
 * ended children (the load generator) and the processes named.
 */
export function watchOthers(pids = []) {
  const [busy0, total0] = machineTicks();
  const own0 = processTicks("self", { children: true });
  const named0 = pids.map((pid) => processTicks(pid));
  return () => {
    const [busy, total] = machineTicks();
    const named = pids.reduce((sum, pid, i) => sum + Math.max(0, processTicks(pid) - named0[i]), 0);
    const own = processTicks("self", { children: true }) - own0 + named;
    const share = total > total0 ? (busy - busy0 - own) / (total - total0) : 0;
    return Math.max(0, share * availableParallelism());
  };
}

/**
 * A purse of patience: `quiet(pids)` waits until others use less than `coresMax` cores over 150 ms, or until the whole
 * run has waited `budgetMs`. It never blocks a run for good; rounds that ran in noise are told by `watchOthers`.
 */
export function patience({ budgetMs, coresMax = 0.15 }) {
  let spent = 0;
  return async function quiet(pids = []) {
    while (spent < budgetMs) {
      const watch = watchOthers(pids);
      await new Promise((resolve) => setTimeout(resolve, 150));
      if (watch() < coresMax) return;
      spent += 150;
    }
  };
}
