/** The class that users hold. It keeps options only: everything costly lives in the slot of the isolate. */
import { bodyOf, givenBody, isReusable } from "./body.js";
import { DEPTH_HEADER, numberIn, TIMEOUT_HEADER, type Call } from "./call.js";
import { answer } from "./enter.js";
import { envOf, keepAlive } from "./env.js";
import { MeshError } from "./errors.js";
import type { Features } from "./features.js";
import { runtime } from "./runtime.js";
import type { Slot } from "./slot.js";
import { slotFor } from "./source.js";
import type { ContextLike, HandlerMap, KvReader, MeshOptions, MeshRequestInit } from "./types.js";

/** Common to `diddy-mesh` and `diddy-mesh/core`, which differ in the features they hand in. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #features: Features;
  #slot: Slot | undefined;
  #kv: KvReader | undefined;

  constructor(options: MeshOptions, features: Features) {
    if (typeof options?.serviceName !== "string" || options.serviceName === "") {
      throw new MeshError("invalid_options", "serviceName is missing: the name of the service this Worker is");
    }
    if ((options.registry ?? options.onEvent ?? (options.observability || undefined)) !== undefined && features.observe === undefined) {
      throw new MeshError("feature_missing", 'registry, observability and onEvent need "diddy-mesh", not its core');
    }
    this.#options = options;
    this.#features = features;
    if (options.registry !== "kv") {
      this.#kv = options.registry;
      this.#slot = slotFor(options.config, options.registry, options.mesh ?? "default");
    }
  }

  /**
   * Answers a request: the handlers first, then the routing rules.
   * `env` and `ctx` are what the Worker's `fetch` got; without them those of `cloudflare:workers` are used.
   */
  async handle(request: Request, handlers?: HandlerMap, env?: object, ctx?: ContextLike): Promise<Response> {
    const bindings = envOf(env ?? this.#options.env);
    const slot = this.slot(bindings);
    const wait = this.#refresh(slot, ctx);
    if (wait !== undefined) {
      await wait;
    }
    const { headers, method, url } = request;
    const { observability, propagate } = this.#options;
    const now = performance.now();
    const depth = numberIn(headers, DEPTH_HEADER);
    const timeout = numberIn(headers, TIMEOUT_HEADER);
    const call: Call = {
      slot,
      env: bindings,
      ctx,
      local: this.#options.local,
      request,
      url,
      method,
      body: bodyOf(request, method),
      deadline: timeout === 0 ? 0 : now + timeout,
      depth,
      trace: observability === true ? this.#features.trace?.of(headers.get("traceparent")) : undefined,
      stamped: observability === true || propagate === true || depth > 0 || timeout > 0,
      owned: false,
      held: undefined,
      connections: { waiting: 0 },
      spent: false,
      path: undefined,
      error: undefined,
    };
    const made = await answer(call, this.#features, { handlers, fetch: (service, target, init) => this.#call(service, target, init, call) }, now);
    this.#tell(slot, ctx);
    return made;
  }

  /** Calls a service by its name. A path goes to the service; the origin of a URL is kept where the endpoint is a binding. */
  fetch(service: string, target: string | URL | Request, init?: MeshRequestInit): Promise<Response> {
    return this.#call(service, target, init, undefined);
  }

  /** How often the engine of this isolate crashed and was made anew. */
  get traps(): number {
    return runtime.traps;
  }

  /** The slot of this mesh, where the registry is the one that `env` has. */
  protected slot(env = envOf(this.#options.env)): Slot {
    if (this.#slot === undefined) {
      this.#kv = this.#features.registry?.find(env);
      this.#slot = slotFor(this.#options.config, this.#kv, this.#options.mesh ?? "default");
    }
    this.#slot.listening ||= this.#options.onEvent !== undefined;
    return this.#slot;
  }

  #refresh(slot: Slot, ctx: ContextLike | undefined): Promise<void> | undefined {
    return this.#kv === undefined ? undefined : this.#features.registry?.refresh(slot, this.#kv, this.#options.mesh ?? "default", ctx);
  }

  async #call(service: string, target: string | URL | Request, init: MeshRequestInit | undefined, parent: Call | undefined): Promise<Response> {
    const env = parent?.env ?? envOf(this.#options.env);
    const slot = this.slot(env);
    const wait = this.#refresh(slot, parent?.ctx);
    if (wait !== undefined) {
      await wait;
    }
    const now = performance.now();
    const own = init?.timeoutMs === undefined ? 0 : now + Math.max(0, init.timeoutMs);
    const theirs = parent?.deadline ?? 0;
    const request = target instanceof Request && init === undefined ? target : new Request(target instanceof Request ? target : urlOf(service, target), { ...init, redirect: "manual" });
    const { method, url } = request;
    const body = init?.body;
    const call: Call = {
      slot,
      env,
      ctx: parent?.ctx,
      local: this.#options.local,
      request,
      url,
      method,
      body: givenBody(request, method, body),
      held: isReusable(body) ? body : undefined,
      deadline: own === 0 || theirs === 0 ? own + theirs : Math.min(own, theirs),
      depth: parent?.depth ?? 0,
      trace: parent?.trace ?? (this.#options.observability === true ? this.#features.trace?.of(request.headers.get("traceparent")) : undefined),
      stamped: true,
      owned: request !== target,
      connections: parent?.connections ?? { waiting: 0 },
      spent: false,
      path: undefined,
      error: undefined,
    };
    const made = await answer(call, this.#features, { service }, now);
    this.#tell(slot, parent?.ctx);
    if (call.error instanceof MeshError && made.headers.has("mesh-reason")) {
      throw call.error;
    }
    return made;
  }

  /** Hands over what happened, after the answer. */
  #tell(slot: Slot, ctx: ContextLike | undefined): void {
    const { onEvent } = this.#options;
    if (onEvent !== undefined && this.#features.observe !== undefined) {
      keepAlive(ctx, this.#features.observe.drain(slot, onEvent));
    }
  }
}

/** The URL of a call: a path belongs to the service's own origin. */
function urlOf(service: string, target: string | URL): string {
  const url = String(target);
  if (url.startsWith("/")) {
    return `https://${service}${url}`;
  }
  if (/^https?:\/\//.test(url)) {
    return url;
  }
  throw new MeshError("invalid_target", `mesh.fetch needs a path that begins with "/", an http(s) URL or a Request, not ${JSON.stringify(url)}`);
}
