/** How a Worker calls services and is called: the same words whether the mesh is on or off. */

/** Calls a service by its name in `mesh.json`; `target` is a path with its query. */
export type Fetch = (service: string, target: string, init?: RequestInit) => Promise<Response>;

/** What a handler gets beside the request. */
export interface Context {
  /** The `{name}` segments of its pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  /** What the mesh of this Worker did so far; undefined when it is off. */
  readonly tallies: () => readonly Tally[] | undefined;
}

/** What happened at one version of a service, as this Worker saw it. */
export interface Tally {
  readonly service: string;
  readonly version: string;
  readonly attempts: number;
  readonly failures: number;
}

export type Handler = (request: Request, context: Context) => Response | Promise<Response>;

/** Handlers by `"METHOD /pattern"`. */
export type Handlers = Readonly<Record<string, Handler>>;

/** The variables every Worker of the shop has; its service bindings stand beside them. */
export interface ShopEnv {
  /** `off` = no mesh: see `plain.ts`. */
  readonly MESH?: string;
  /** Which version of its service this Worker is. */
  readonly VERSION: string;
  /** How this version misbehaves: see `fault.ts`. */
  readonly FAULT?: string;
  /** `on` = `/_control/*` answers. Only the demo sets it. */
  readonly CONTROL?: string;
}
