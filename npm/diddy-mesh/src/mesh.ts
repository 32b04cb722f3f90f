/** The class that users hold. It keeps options only: everything costly lives in the slot of the isolate. */
import { bodyOf, isReusable } from "./body.js";
import { DEPTH_HEADER, numberIn, TIMEOUT_HEADER, type Call } from "./call.js";
import { answer, type Goal } from "./enter.js";
import { envOf, keepAlive } from "./env.js";
import { MeshError } from "./errors.js";
import type { Features } from "./features.js";
import { runtime } from "./runtime.js";
import type { Slot } from "./slot.js";
import { slotFor } from "./source.js";
import type { ContextLike, HandlerMap, KvReader, MeshOptions, MeshRequestInit, SnapshotSource } from "./types.js";

/** Common to `diddy-mesh` and `diddy-mesh/core`, which differ in the features they hand in. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #features: Features;
  #slot: Slot | undefined;
  #registry: KvReader | SnapshotSource | undefined;

  /** @internal */
  constructor(options: MeshOptions, features: Features) {
    if (!options?.serviceName) {
      throw new MeshError("invalid_options", "serviceName is missing: the name of the service this Worker is");
    }
    if (features.observe === undefined && (options.registry ?? options.onEvent ?? (options.observability || undefined)) !== undefined) {
      throw new MeshError("feature_missing", 'registry, observability and onEvent need "diddy-mesh", not its core');
    }
    this.#options = options;
    this.#features = features;
    if (options.registry !== "kv") {
      this.#settle(options.registry);
    }
  }

  /**
   * Answers a request: the handlers first, then the routing rules.
   * `env` and `ctx` are what the Worker's `fetch` got; without them those of `cloudflare:workers` are used.
   */
  handle(request: Request, handlers?: HandlerMap, env?: object, ctx?: ContextLike): Promise<Response> {
    try {
      // Not an async function: that would be one more promise per request.
      return Promise.resolve(this.#carry(request, handlers, envOf(env ?? this.#options.env), ctx));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Calls a service by its name. A path goes to the service; the origin of a URL is kept where the endpoint is a binding. */
  fetch(service: string, target: string | URL | Request, init?: MeshRequestInit): Promise<Response> {
    return this.#call(undefined, service, target, init);
  }

  /** How often an engine of this isolate crashed and was made anew. */
  get traps(): number {
    return runtime.traps;
  }

  /**
   * The slot of this mesh, where the registry is the one that `env` has.
   * @internal
   */
  protected slot(env = envOf(this.#options.env)): Slot {
    return this.#slot ?? this.#settle(this.#features.registry?.find(env));
  }

  #settle(registry: KvReader | SnapshotSource | undefined): Slot {
    const slot = slotFor(this.#options, registry, this.#options.mesh ?? "default");
    slot.fits = this.#features.traffic?.isTraffic ?? slot.fits;
    slot.listening ||= this.#options.onEvent !== undefined;
    this.#registry = registry;
    this.#slot = slot;
    return slot;
  }

  async #call(parent: Call | undefined, service: string, target: string | URL | Request, init: MeshRequestInit | undefined): Promise<Response> {
    const made = !(target instanceof Request) || init !== undefined;
    const request = made ? new Request(target instanceof Request ? target : urlOf(service, target), { ...init, redirect: "manual" }) : target;
    return this.#carry(request, service, parent?.env ?? envOf(this.#options.env), parent?.ctx, parent, made ? (init ?? {}) : undefined);
  }

  /** `init` belongs to a request that was made here. */
  #carry(request: Request, goal: Goal, env: object, ctx: ContextLike | undefined, parent?: Call, init?: MeshRequestInit): Response | Promise<Response> {
    const { callers, local, observability, propagate } = this.#options;
    const { registry, trace, traffic } = this.#features;
    const toService = typeof goal === "string";
    const slot = this.slot(env);
    const now = performance.now();
    const { headers, method, url } = request;
    const saidTime = numberIn(headers, TIMEOUT_HEADER);
    const saidDepth = numberIn(headers, DEPTH_HEADER) || Math.min(saidTime, 1);
    // A stranger's too: it travels to the service anyway, and only ends the stranger's own request.
    const grpcTime = (method === "POST" && traffic?.grpcTimeout(headers)) || Infinity;
    const believed = callers === "mesh" || toService;
    const deadline = Math.min(now + ((believed && saidTime) || Infinity), now + (init?.timeoutMs ?? Infinity), now + grpcTime, parent?.deadline ?? Infinity);
    const call: Call = {
      slot,
      features: this.#features,
      options: this.#options,
      env,
      ctx,
      local,
      request,
      root: parent?.root ?? parent,
      url,
      method,
      body: bodyOf(request, method, init?.body),
      now,
      deadline,
      // Believed of anyone: a stranger can only have its own request refused, and a loop must end.
      depth: Math.max(parent?.depth ?? 0, saidDepth),
      trace: parent?.trace ?? (observability ? trace?.of(headers.get("traceparent")) : undefined),
      stamped: toService || observability === true || propagate === true || saidDepth > 0 || deadline < Infinity,
      owned: init !== undefined,
      waiting: 0,
      table: undefined,
      held: isReusable(init?.body) ? init.body : undefined,
      spent: false,
      path: undefined,
      notes: undefined,
      own: undefined,
      error: undefined,
    };
    // Undefined unless there is no Snapshot yet: no turn is lost then.
    const cold = this.#registry && registry?.refresh(call, this.#registry);
    if (cold === undefined) {
      return this.#answer(call, goal);
    }
    return cold.then(() => {
      call.now = performance.now();
      return this.#answer(call, goal);
    });
  }

  #answer(call: Call, goal: Goal): Response | Promise<Response> {
    let made = answer(call, goal, (service, target, init) => this.#call(call, service, target, init));
    if (this.#registry !== undefined && call.depth > 0 && typeof goal !== "string") {
      made = this.#features.registry?.spread(call, made) ?? made;
    }
    return typeof goal === "string" || this.#options.onEvent !== undefined ? this.#after(call, goal, made) : made;
  }

  /** What somebody wants to know of an answer that was made. */
  async #after(call: Call, goal: Goal, answering: Response | Promise<Response>): Promise<Response> {
    const made = await answering;
    const { onEvent } = this.#options;
    const { observe } = this.#features;
    if (onEvent !== undefined && observe !== undefined) {
      keepAlive(call.ctx, observe.drain(call.slot, onEvent));
    }
    if (typeof goal === "string" && call.error instanceof MeshError && made.headers.has("mesh-reason")) {
      throw call.error;
    }
    return made;
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
