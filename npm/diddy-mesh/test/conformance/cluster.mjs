// All worlds in one workerd: an entry that picks the gateway, the gateways, and the backends that they share.
import { Log, LogLevel, Miniflare } from "miniflare";
import { worker } from "../harness.mjs";
import { call, isGrpc, read } from "./grpc.mjs";

const WORLD = "x-conformance-world";
const TURN = "x-conformance-turn";
/** How often a backend is asked whether its copy came, and how long to wait in between. */
const TRIES = 50;
const PAUSE_MS = 20;

const entry = `
  export default {
    fetch(request, env) {
      const headers = new Headers(request.headers);
      const world = headers.get("${WORLD}");
      headers.delete("${WORLD}");
      return env["WORLD_" + world].fetch(new Request(request, { headers, redirect: "manual" }));
    },
  };`;

const gateway = `
  import { DiddyMesh } from "diddy-mesh";
  import config from "./mesh.snapshot";
  const mesh = new DiddyMesh({ serviceName: "gateway", config });
  export default { fetch: (request, env, ctx) => mesh.handle(request, undefined, env, ctx) };`;

const bindingOf = (service) => service.toUpperCase().replaceAll("-", "_");

/** The entry, which comes first, and a gateway for each world. */
export async function gateways(worlds) {
  const serviceBindings = Object.fromEntries(worlds.map((_, i) => [`WORLD_${i}`, `world-${i}`]));
  const made = worlds.map(({ document, services }, i) =>
    worker(`world-${i}`, gateway, { config: document, serviceBindings: Object.fromEntries(services.map((service) => [bindingOf(service), service])) }));
  return [await worker("entry", entry, { serviceBindings }), ...(await Promise.all(made))];
}

/** A backend for each service of any world. */
export function echoes(worlds) {
  const all = [...new Set(worlds.flatMap(({ services }) => services))];
  return Promise.all(all.map((service) => worker(service, `export { default } from "./conformance/backend.mjs";`, { bindings: { SERVICE: service } })));
}

/** Starts them. `use` gets a function that sends a request into a world, and tells what came. */
export async function running(workers, use) {
  const mf = new Miniflare({ workers, cf: false, host: "127.0.0.1", port: 0, log: new Log(LogLevel.NONE), handleRuntimeStdio: (out, err) => (out.resume(), err.resume()) });
  let turn = 0;
  const ask = async ({ world, url, method, headers, messages, watched }) => {
    turn += 1;
    const sent = new Headers({ ...headers, [WORLD]: String(world), [TURN]: String(turn) });
    const body = isGrpc({ headers: sent }) ? call("ping") : undefined;
    const answer = await mf.dispatchFetch(url, { method, redirect: "manual", headers: sent, body });
    if (answer.webSocket) {
      return { status: answer.status, echoed: await talk(answer.webSocket, messages ?? []) };
    }
    const found = { status: answer.status, reason: answer.headers.get("mesh-reason"), location: answer.headers.get("location"), headers: Object.fromEntries(answer.headers), mirrored: await copies(mf, watched, String(turn)) };
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (isGrpc(answer)) {
      const { message, status } = read(bytes);
      return { ...found, seen: message === undefined ? undefined : JSON.parse(message), grpc_status: status };
    }
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    return { ...found, seen: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : undefined };
  };
  try {
    await mf.ready;
    await use(ask);
  } finally {
    await mf.dispose();
  }
}

/** The services that got the request of a turn, each as often as it did. Copies may come after the answer. */
async function copies(mf, services, turn) {
  const count = async (service) => {
    const backend = await mf.getWorker(service);
    return (await backend.fetch("http://backend.example/", { headers: { [TURN]: turn, "x-conformance-count": "1" } })).json();
  };
  let counts = [];
  for (let tries = 0; tries < TRIES && !(counts.length > 0 && counts.every((one) => one > 0)); tries++) {
    counts = await Promise.all(services.map(count));
    if (services.length === 0) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return services.flatMap((service, i) => Array(counts[i]).fill(service));
}

/** Sends each message and waits for what comes back. */
async function talk(socket, messages) {
  socket.accept();
  const echoed = [];
  for (const { text, binary_hex: hex } of messages) {
    const came = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data), { once: true }));
    socket.send(text ?? new Uint8Array(Buffer.from(hex, "hex")));
    const data = await came;
    echoed.push(typeof data === "string" ? { text: data } : { binary_hex: Buffer.from(data).toString("hex") });
  }
  socket.close();
  return echoed;
}
