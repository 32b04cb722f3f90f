// A mesh whose registry can be made to fail: the real object, the real client, KV between them, and load on all of it.
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { running, worker } from "./harness.mjs";
import { ADMIN, caller, discovering, registry, within } from "./registry.mjs";

/** How long Workers use what they read. The default is 30 s. */
export const FRESH_MS = 1_500;
/** How long no request may take, whatever the registry does: the mesh lets a cold one wait for a second. The rest is this machine's. */
export const REQUEST_MS = 2_000;
/** A change is published within a second, kept by a location for one (the least that its cache takes), and by a Worker for `FRESH_MS`. The rest is this machine's. */
export const CONVERGED_MS = 1_000 + 1_000 + FRESH_MS + 3_000;

/** From this date on the marks of errors cross to callers, as they do everywhere. */
const compatibilityDate = "2026-04-26";

const CLOCK = `
  const clock = { skipped: 0, frozen: false };
  for (const [owner, name] of [[Date, "now"], [performance, "now"]]) {
    const real = owner[name].bind(owner);
    let at;
    owner[name] = () => {
      at = clock.frozen ? (at ?? real()) : undefined;
      return (at ?? real()) + clock.skipped;
    };
  }`;

/**
 * The registry's Worker. `/faults` sets what fails, `/told` says what happened, `/abort` evicts the object.
 * Module state stays when the object is evicted, as both are in one isolate.
 */
const REGISTRY = `
  import { env } from "cloudflare:workers";
  import { adminApi, MeshRegistry as Base } from "diddy-mesh/registry";
  ${CLOCK}
  const faults = { object: "good", put: "good", statement: "", ...env.FAULTS };
  const told = { calls: {}, puts: [], alarms: 0 };

  async function act(name) {
    told.calls[name] = (told.calls[name] ?? 0) + 1;
    if (faults.object === "throws") throw new Error("the object is down");
    if (faults.object === "slow") await new Promise((resolve) => setTimeout(resolve, 3000));
    if (faults.object === "overloaded") throw Object.assign(new Error("the object is overloaded"), { overloaded: true });
  }

  async function put(kv, ctx, args) {
    const mode = faults.put;
    // But for these, a fault happens once.
    faults.put = ["throws", "good"].includes(mode) ? mode : "good";
    const { version } = args[2].metadata;
    told.puts.push({ version, mode, at: performance.now() });
    if (mode === "throws") throw new Error("KV PUT failed: 503 Service Unavailable");
    if (mode === "abort before") ctx.abort("evicted before the put");
    if (mode === "abort while") {
      setTimeout(() => ctx.abort("evicted while the put was under way"), 50);
      await new Promise((resolve) => setTimeout(resolve, 60000));
    }
    await kv.put(...args);
    if (mode === "abort after") ctx.abort("evicted before the put was noted");
    if (mode === "answer lost") throw new Error("KV PUT failed: the connection was lost");
  }

  export class MeshRegistry extends Base {
    constructor(ctx, env) {
      // A statement of SQL that fails once, as one does where the database is full.
      const sql = Object.getPrototypeOf(ctx.storage.sql);
      const exec = (sql.real ??= sql.exec);
      sql.exec = function (query, ...rest) {
        if (faults.statement !== "" && [query, ...rest].join(" ").includes(faults.statement)) {
          faults.statement = "";
          throw new Error("database or disk is full: SQLITE_FULL");
        }
        return exec.call(this, query, ...rest);
      };
      super(ctx, env);
    }
    settings() {
      return { kv: { put: (...args) => put(this.env.KV, this.ctx, args) } };
    }
    async alarm() {
      told.alarms += 1;
      if (faults.object === "throws") throw new Error("the object is down");
      return super.alarm();
    }
    async abort() {
      this.ctx.abort("evicted");
    }
  }
  for (const name of ["register", "heartbeat", "deregister", "status", "list", "config", "publish", "history", "diff", "rollback", "rollout", "snapshot", "report"]) {
    MeshRegistry.prototype[name] = async function (...args) {
      await act(name);
      return Base.prototype[name].apply(this, args);
    };
  }

  export default {
    async fetch(request, env, ctx) {
      const { pathname } = new URL(request.url);
      if (pathname === "/faults") {
        const { frozen = clock.frozen, ...more } = await request.json();
        clock.frozen = frozen;
        Object.assign(faults, more);
        return new Response();
      }
      if (pathname === "/told") return Response.json(told);
      if (pathname === "/abort") {
        await env.MESH_REGISTRY_OBJECT.getByName("default").abort().catch(() => undefined);
        return new Response();
      }
      return adminApi(request, env, ctx) ?? new Response("no such page", { status: 404 });
    },
  };`;

/** A Worker of the mesh; only calls that say so with a header, as those of `gateway` do, are told of news. `/faults` sets what of KV and of its clock fails and forgets what the location keeps, `/told` says what it knows. */
const member = async (name, options, more = {}) =>
  worker(
    name,
    `
    import { env } from "cloudflare:workers";
    import { DiddyMesh } from "diddy-mesh";
    import { discovery } from "diddy-mesh/discovery";
    import config from "./mesh.snapshot";
    ${CLOCK}
    const faults = { kv: "good", ...env.FAULTS };
    const told = { reads: 0 };
    let known;
    let kv;
    const wrapped = (real) => ({
      async getWithMetadata(...args) {
        told.reads += 1;
        if (faults.kv === "throws") throw new Error("KV GET failed: 503 Service Unavailable");
        if (faults.kv === "hangs") await new Promise((resolve) => setTimeout(resolve, 60000));
        known = faults.kv === "stale" && known !== undefined ? known : await real.getWithMetadata(...args);
        return { ...known, value: known.value && known.value.slice(0) };
      },
      put: (...args) => real.put(...args),
      delete: (key) => real.delete(key),
      list: (options) => real.list(options),
    });
    const urls = new Set();
    const put = Cache.prototype.put;
    Cache.prototype.put = function (url, ...rest) {
      urls.add(url);
      return put.call(this, url, ...rest);
    };
    const events = [];
    let mesh;
    export default {
      async fetch(request, env, ctx) {
        const { pathname } = new URL(request.url);
        if (pathname === "/faults") {
          const { frozen = clock.frozen, skip = 0, forget = false, ...more } = await request.json();
          clock.frozen = frozen;
          clock.skipped += skip;
          if (forget) await Promise.all([...urls].map((url) => caches.default.delete(url)));
          Object.assign(faults, more);
          return new Response();
        }
        kv ??= env.KV && wrapped(env.KV);
        mesh ??= new DiddyMesh({ serviceName: "${name}", observability: ${name === "gateway"}, ...(config.byteLength > 0 && { config }), registry: discovery({ kv, cache: faults.place ?? "${name}", freshMs: ${FRESH_MS}, ...${options} }), onEvent: ({ type, detail }) => events.push([type, detail]) });
        return mesh.handle(request, {
          "/told": () => Response.json({ ...told, now: performance.now(), events: events.splice(0), services: Object.fromEntries(Object.entries(mesh.stats().services).map(([name, { endpoints }]) => [name, endpoints])) }),
          ...${name === "users" ? `{ "/users/{id}": () => new Response("users") }` : "{}"},
        }, env, ctx);
      },
    };`,
    { compatibilityDate, data: { "mesh.snapshot": new Uint8Array() }, ...discovering({ serviceBindings: { USERS: "users", EXTRA: "extra" } }), ...more },
  );

/** A configuration whose answers say which one it is. */
export const document = (mark, { filters = [], ...more } = {}) => ({
  services: { users: { endpoints: ["binding:USERS"] }, others: {}, ...more },
  routing: { rules: [{ path: "/users/*", service: "users", filters: [{ responseHeaders: { set: { "x-config": String(mark) } } }, ...filters] }] },
});

/** The Workers: `gateway` reads KV and the object, `kvonly` KV alone, `direct` the object alone. `users` is called by them, and reads both. */
export const GATEWAYS = ["gateway", "kvonly", "direct"];
export const MEMBERS = [...GATEWAYS, "users"];

/** `bundled` = the configuration that Workers bring; `faults` = those of Workers from the beginning, by name. */
export async function workersOf({ bundled, faults = {} } = {}) {
  const given = (name) => ({ ...(bundled !== undefined && { config: bundled, data: {} }), bindings: { FAULTS: faults[name] ?? {} } });
  const object = await registry({ source: REGISTRY, compatibilityDate });
  return [
    await worker("entry", `export default { fetch: (request, env) => env[request.headers.get("x-to")].fetch(request) };`, { serviceBindings: Object.fromEntries([...MEMBERS, "registry"].map((name) => [name, name])) }),
    await member("gateway", "{}", given("gateway")),
    await member("kvonly", "{ object: false }", given("kvonly")),
    await member("direct", "{ register: false }", { ...given("direct"), kvNamespaces: [] }),
    await member("users", "{}", given("users")),
    await worker("extra", `export default { fetch: () => new Response("extra") };`),
    { ...object, bindings: { ...object.bindings, FAULTS: faults.registry ?? {} } },
  ];
}

/** Runs the mesh. What `use` gets is all that a test needs of it. */
export async function faulty(use, options) {
  await running(await workersOf(options), async (fetch, { mf }) => {
    const to = (name) => (path, init = {}) => fetch(path, { ...init, headers: { ...init.headers, "x-to": name } });
    const api = caller(to("registry"), ADMIN);
    const told = async (name) => (await to(name)("/told")).json();
    /** The configuration that a Worker answers by. */
    const seen = async (name) => {
      const answer = await to(name)("/users/1");
      await answer.text();
      return answer.headers.get("x-config");
    };
    /** Asks Workers until all of them answer by a configuration; the longest that one took, in ms. */
    const converged = async (mark, ms = CONVERGED_MS, names = GATEWAYS) =>
      Math.max(...(await Promise.all(names.map(async (name) => (await within(ms, async () => (await seen(name)) === String(mark), `configuration ${mark} in ${name}`)).took))));
    await use({
      mf,
      api,
      to,
      told,
      seen,
      converged,
      faults: async (name, what) => void (await to(name)("/faults", { method: "POST", body: JSON.stringify(what) })),
      abort: async () => void (await to("registry")("/abort")),
      /** What the registry heard since. */
      watching: async () => watcher(await mf.dispatchFetch("http://mesh.test/_mesh/api/watch", { headers: { "x-to": "registry", upgrade: "websocket", authorization: `Bearer ${ADMIN}` } })),
      load: (work, names = GATEWAYS) => loaded(to, names, work),
    });
  }, options);
}

function watcher(answer) {
  assert.equal(answer.status, 101);
  const heard = [];
  answer.webSocket.accept();
  answer.webSocket.addEventListener("message", ({ data }) => heard.push(JSON.parse(data)));
  return { heard, close: () => answer.webSocket.close() };
}

/** Calls Workers all the time while `work` runs; none of it may fail or take long. Which configurations answered each, in their order, and figures. */
async function loaded(to, names, work) {
  const failures = [];
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  const count = { answers: 0, worst: 0 };
  let goes = true;
  const calling = names.map(async (name) => {
    // One more when the work is done: it is to show what came of it.
    for (let isLast = false; !isLast; ) {
      isLast = !goes && count.answers >= 50;
      const began = performance.now();
      const answer = await to(name)("/users/1");
      const text = await answer.text();
      const took = performance.now() - began;
      count.answers += 1;
      count.worst = Math.max(count.worst, took);
      const mark = answer.headers.get("x-config");
      if (seen[name].at(-1) !== mark) {
        seen[name].push(mark);
      }
      // Steady, and not all that the machine can do: other tests run too.
      await setTimeout(5);
      if (answer.status !== 200 || took > REQUEST_MS) {
        failures.push(`${name}: ${answer.status} ${answer.headers.get("mesh-reason")} ${text.slice(0, 80)} in ${Math.round(took)} ms`);
      }
    }
  });
  try {
    await work(count);
  } finally {
    goes = false;
    await Promise.all(calling);
  }
  assert.deepEqual(failures.slice(0, 5), []);
  return { ...count, worst: Math.round(count.worst), seen };
}

/** Numbers from 0 to 1 that a seed decides. */
export function diceOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
