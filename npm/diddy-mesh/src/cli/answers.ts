/** The shapes of what a registry answers: of each, what commands show or go by. */
import { anObject, flag, list, nullable, number, object, oneOf, optional, text } from "../shape.js";

const version = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const diagnostic = object({ severity: oneOf("error", "warning"), code: text, path: text, message: text });
const change = object({ message: text });
const counts = object({ requests: number, failures: number });
const rollout = object({ version, stable: version, percent: number, since: number, counts: object({ stable: counts, candidate: counts }) });
const endpointName = { id: text, service: text, address: text, version: text };
const entry = object({ version, at: number, author: text, message: text, rollbackOf: nullable(version), hash: text, bytes: number, state: oneOf("current", "candidate", "stopped", "past") });

const difference = object({
  same: flag,
  sameSnapshot: flag,
  tried: number,
  requests: list(object({ requests: list(text), more: number, changes: list(change) })),
  services: list(object({ services: list(text), changes: list(change) })),
  settings: list(change),
  unseen: list(object({ message: text, path: text })),
  stopped: list(text),
});

const status = { mesh: text, config: version, latest: version, snapshot: version, publishedAt: nullable(number), publishError: nullable(text), rollout: nullable(rollout) };

const taken = object({ ok: oneOf(true), id: text, state: oneOf("new", "changed", "renewed"), expiresAt: optional(number), registration: object({ service: text, address: text, version: optional(text) }), diagnostics: list(diagnostic) });
const refusedOne = object({ ok: oneOf(false), diagnostics: list(diagnostic) });

export const SHAPES = {
  registered: object({ registered: list((value) => taken(value) || refusedOne(value)) }),
  deregistered: object({ deregistered: list(object(endpointName)) }),
  status: object(status),
  listing: object({ ...status, endpoints: list(object({ ...endpointName, health: text, source: text, expiresAt: optional(number) })) }),
  config: object({ version, document: anObject }),
  publishing: object({ ok: oneOf(true), version, changed: flag, diagnostics: list(diagnostic), summary: anObject, difference: optional(difference) }),
  history: object({ history: list(entry) }),
  difference: object({ ok: oneOf(true), difference }),
  rollout: object({ ok: oneOf(true), rollout: nullable(rollout) }),
  refusal: object({
    ok: oneOf(false),
    reason: oneOf("invalid", "conflict", "rollout", "no_rollout", "unknown_version", "invalid_request"),
    message: text,
    current: optional(version),
    diagnostics: optional(list(diagnostic)),
  }),
} as const;
