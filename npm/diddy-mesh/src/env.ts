/** The bindings of this Worker: where they come from and of what kind they are. */
import { runtime } from "./runtime.js";
import type { ContextLike } from "./types.js";

const none = Object.freeze({});
const ignore = (): void => undefined;

/** The bindings: those passed, else those of the platform. */
export function envOf(passed: object | undefined): object {
  return passed ?? runtime.platform.env ?? none;
}

/** A binding by its name. */
export function bindingOf(env: object, name: string): unknown {
  return (env as Record<string, unknown>)[name];
}

/**
 * The class name of a binding. Properties are never probed: with RPC a service binding has every property.
 * A plain object that a test passes has the name `Object`.
 */
export function kindOf(binding: unknown): string {
  return typeof binding === "object" && binding !== null ? (binding.constructor?.name ?? "Object") : typeof binding;
}

/** Whether a binding is a Fetcher; any other object with `fetch` stands in for one, as tests pass them. */
export function isFetcher(binding: unknown): boolean {
  const kind = kindOf(binding);
  return kind === "Fetcher" || kind.endsWith("ServiceStub") || offers(binding, "fetch");
}

/** Whether a binding that is no Fetcher has a method. */
export function offers(binding: unknown, method: string): boolean {
  const kind = kindOf(binding);
  return typeof binding === "object" && binding !== null && kind !== "Fetcher" && typeof (binding as Record<string, unknown>)[method] === "function";
}

/** Keeps the Worker alive for `work`; where there is no context it just runs. Failures are swallowed: the caller told of them already. */
export function keepAlive(ctx: ContextLike | undefined, work: Promise<unknown>): void {
  const quiet = work.catch(ignore);
  if (ctx !== undefined) {
    ctx.waitUntil(quiet);
  } else {
    runtime.platform.waitUntil?.(quiet);
  }
}
