/** A registry by its HTTP admin API. */
import type { Difference, Document, EndpointName, HistoryEntry, Listing, Publishing, PublishOptions, Refusal, Registered, Registration, RegistryStatus, Rollout, RolloutStep, StoredConfig } from "../protocol.js";
import { API_PATH } from "../protocol.js";
import { SHAPES } from "./answers.js";
import { Failure } from "./io.js";
import { parsePlain } from "./plain.js";
import type { Registry } from "./registry.js";
import { request, type Answer, type Target } from "./request.js";
import type { Shape } from "../shape.js";

/** Registrations and identities that the API takes in one go. */
const BATCH_MAX = 1_000;

/** What is asked. */
interface Call {
  readonly query?: Readonly<Record<string, number | undefined>>;
  /** A request with a body is a POST. */
  readonly body?: object;
  readonly parse?: (json: string) => unknown;
}

/** See the head of this file. */
export class HttpRegistry implements Registry {
  readonly #target: Target;
  readonly #mesh: string;

  constructor(target: Target, mesh: string) {
    this.#target = target;
    this.#mesh = mesh;
  }

  async register(registrations: readonly Registration[]): Promise<Registered[]> {
    const done: Registered[] = [];
    for (const some of batches(registrations)) {
      const { registered } = await this.#demand<{ registered: Registered[] }>("register", SHAPES.registered, { body: { registrations: some } });
      if (registered.length !== some.length) {
        throw this.#unexpected("register", 200);
      }
      done.push(...registered);
    }
    return done;
  }

  async deregister(ids: readonly string[]): Promise<EndpointName[]> {
    const done: EndpointName[] = [];
    for (const some of batches(ids)) {
      done.push(...(await this.#demand<{ deregistered: EndpointName[] }>("deregister", SHAPES.deregistered, { body: { ids: some } })).deregistered);
    }
    return done;
  }

  list(): Promise<Listing> {
    return this.#demand("services", SHAPES.listing);
  }

  status(): Promise<RegistryStatus> {
    return this.#demand("status", SHAPES.status);
  }

  async config(version?: number): Promise<StoredConfig | undefined> {
    // A document is compared, not shown: its texts stay as they are.
    const found = await this.#ask<StoredConfig>("config", SHAPES.config, { query: { version }, parse: (json) => JSON.parse(json) as unknown });
    if ("reason" in found && found.reason !== "unknown_version") {
      throw this.#refused(found);
    }
    return "reason" in found ? undefined : found;
  }

  publish(document: Document, options: PublishOptions = {}): Promise<Publishing> {
    return this.#ask("config", SHAPES.publishing, { body: { document, ...options } });
  }

  async history(limit?: number, before?: number): Promise<HistoryEntry[]> {
    return (await this.#demand<{ history: HistoryEntry[] }>("history", SHAPES.history, { query: { limit, before } })).history;
  }

  diff(from: number, to: number): Promise<{ readonly ok: true; readonly difference: Difference } | Refusal> {
    return this.#ask("diff", SHAPES.difference, { query: { from, to } });
  }

  rollback(options: { readonly to?: number | undefined } & PublishOptions = {}): Promise<Publishing> {
    return this.#ask("rollback", SHAPES.publishing, { body: options });
  }

  rollout(step: RolloutStep): Promise<{ readonly ok: true; readonly rollout: Rollout | null } | Refusal> {
    return this.#ask("rollout", SHAPES.rollout, { body: step });
  }

  /** For what a registry has no reason to refuse. */
  async #demand<T extends object>(name: string, shape: Shape, call?: Call): Promise<T> {
    const answer = await this.#ask<T>(name, shape, call);
    if ("reason" in answer && SHAPES.refusal(answer)) {
      throw this.#refused(answer as Refusal);
    }
    return answer as T;
  }

  async #ask<T extends object>(name: string, shape: Shape, { query = {}, body, parse = parsePlain }: Call = {}): Promise<T | Refusal> {
    const url = new URL(`${API_PATH}${name}`, this.#target.origin);
    url.searchParams.set("mesh", this.#mesh);
    Object.entries(query).forEach(([key, value]) => value !== undefined && url.searchParams.set(key, String(value)));
    const answer = await request(this.#target, url, body);
    if (answer.status === 200) {
      const value = parsed(answer, parse);
      if (!shape(value)) {
        throw this.#unexpected(name, 200);
      }
      return value as T;
    }
    return this.#not200(name, answer);
  }

  #not200(name: string, answer: Answer): Refusal {
    const value = parsed(answer, parsePlain);
    const { message } = (value ?? {}) as { message?: unknown };
    const { host } = this.#target.origin;
    if (answer.status === 401) {
      throw new Failure(`${host} does not know the token in MESH_ADMIN_TOKEN`);
    }
    if (answer.status === 403) {
      throw new Failure(`the token in MESH_ADMIN_TOKEN may not do this at ${host}; changing the configuration needs the admin token`);
    }
    if (SHAPES.refusal(value)) {
      return value as Refusal;
    }
    if (typeof message !== "string") {
      throw this.#unexpected(name, answer.status);
    }
    throw new Failure(`${host} answers with status ${answer.status}: ${message}`);
  }

  #refused({ message }: Refusal): Failure {
    return new Failure(`${this.#target.origin.host} refuses: ${message}`);
  }

  #unexpected(name: string, status: number): Failure {
    return new Failure(`what ${this.#target.origin.host} answers to ${API_PATH}${name} (status ${status}) is not from an admin API; does the Worker call adminApi, and has it the secret MESH_ADMIN_TOKEN?`);
  }
}

function parsed({ body }: Answer, parse: (json: string) => unknown): unknown {
  try {
    return parse(body);
  } catch {
    return undefined;
  }
}

function batches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / BATCH_MAX) }, (_, i) => all.slice(i * BATCH_MAX, (i + 1) * BATCH_MAX));
}
