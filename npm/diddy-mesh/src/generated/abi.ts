// Generated from crates/mesh-wasm by `cargo xtask wasm`; do not edit.

export const STEP = {
  DELIVER: 0,
  SEND: 1,
  WAIT: 2,
  RESPOND: 3,
  LOCAL: 4,
  PENDING: 5,
  FLAG: 6,
} as const;

export const IN = {
  TARGET: 56,
  METHOD: 57,
  HOST: 58,
  PATH: 59,
  QUERY: 60,
  BODY: 61,
  CALLER: 62,
  REMAINING_MS: 63,
  TICKET: 64,
  OUTCOME: 65,
  STATUS: 66,
  GRPC: 67,
  RETRY_AFTER_MS: 68,
  LOAD: 69,
  WAITING: 70,
  AGAIN: 71,
  SELF: 85,
} as const;

export const OUT = {
  TICKET: 0,
  ENDPOINT: 1,
  ATTEMPT: 2,
  TIMEOUT_MS: 3,
  REMAINING_MS: 4,
  FLAGS: 5,
  STATUS: 6,
  REASON: 7,
  DELAY_MS: 8,
  RULE: 9,
  BACKEND: 10,
  TEXT_PTR: 11,
  TEXT_LEN: 12,
  HANDLER: 13,
  PARAMS: 14,
  IDLE_MS: 15,
  PARAM_FIRST: 16,
  HEDGE_MS: 72,
  LAST_WORD: 84,
  POLICY: 73,
  NOTES: 74,
  CORS: 75,
  LIMIT: 76,
  LIMIT_REMAINING: 77,
  LIMIT_RESET: 78,
  LIMIT_GUARANTEE: 86,
  MIRRORS: 79,
  MIRROR_FIRST: 80,
  COOKIE_HIGH: 81,
  COOKIE_LOW: 82,
  COOKIE_RULE: 83,
} as const;

export const FLAG = {
  WANT_RETRY_AFTER: 1,
  WANT_LOAD: 2,
  WANT_GRPC: 4,
  TARGET: 8,
  BUFFER_BODY: 16,
  FALLBACK: 32,
  WANT_PREDICATES: 64,
} as const;

export const OUTCOME = {
  RESPONSE: 0,
  TIMEOUT: 1,
  CONNECT_FAILURE: 2,
  RESET: 3,
  EXCEPTION: 4,
  WAITED: 5,
  CANCELLED: 6,
  HEDGE: 7,
} as const;

export const CALLER = {
  DEPTH_MASK: 255,
  HTTPS: 256,
  IDEMPOTENCY_KEY: 512,
} as const;

export const BODY = {
  NONE: -1,
  STREAM: -2,
} as const;

export const ASK = {
  TABLES: 0,
  STATS: 1,
  EVENTS: 2,
  EVENTS_DROPPED: 3,
  WORDS_AT: 4,
  ENDPOINTS: 5,
  DEMAND: 6,
  MOVE: 7,
} as const;

export const TELL = {
  SEED: 0,
  REACHABLE: 1,
  LISTEN: 2,
  LOCATION: 3,
  ABANDON: 4,
  HEALTHY: 5,
  UNHEALTHY: 6,
  DRAINING: 7,
  LEASE_KEY: 8,
  LEASE: 9,
  SHARE: 10,
  LIMIT: 11,
} as const;

export const NOTE = {
  CORS: 1,
  PREFLIGHT: 2,
  LIMIT: 4,
  COOKIE: 8,
  MIRRORS: 16,
} as const;

export const NEED = {
  QUERY: 1,
  LOCATION: 2,
} as const;

export const EVENT = {
  KIND: 0,
  CODE: 1,
  SERVICE: 2,
  ENDPOINT: 3,
  ATTEMPT: 4,
  VALUE: 5,
  AT_LOW: 6,
  AT_HIGH: 7,
} as const;

export const SLOTS = 87;

export const INPUT_BYTES_MAX = 16777216;

export const NEVER = -2;

export const MIRROR_TARGET = -33554432;

export const FLAG_TARGET = -67108864;

export const EVENT_WORDS = 8;

export const DEPTH_MAX = 16;

export const SNAPSHOT_FORMAT = 1;

export const REASONS = [
  "none",
  "no_route",
  "method_not_allowed",
  "bad_path",
  "path_too_long",
  "no_backend",
  "no_service",
  "no_endpoint",
  "no_healthy_endpoint",
  "breaker_open",
  "timeout",
  "deadline",
  "connect_failure",
  "reset",
  "upstream_exception",
  "upstream_status",
  "depth_exceeded",
  "overloaded",
  "rate_limited",
  "concurrency_limit",
  "fault_injected",
  "cancelled",
  "handler_exception",
  "engine_trap",
  "internal",
] as const;
export type Reason = (typeof REASONS)[number];

export const FLAG_REASONS = [
  "STATIC",
  "DEFAULT",
  "TARGETING_MATCH",
  "SPLIT",
  "DISABLED",
] as const;
export type FlagReason = (typeof FLAG_REASONS)[number];

export const DENIALS = [
  "none",
  "attempts",
  "method",
  "body_not_replayable",
  "budget",
  "deadline",
  "retry_after",
  "connections",
  "no_endpoint",
  "last_word",
] as const;
export type Denial = (typeof DENIALS)[number];

export const EVENTS = [
  "attempt_end",
  "request_end",
  "retry",
  "retry_denied",
  "breaker_opened",
  "breaker_half_open",
  "breaker_closed",
  "panic",
  "lease_expired",
  "snapshot_loaded",
  "snapshot_refused",
  "mirror_end",
  "fallback",
  "fallback_failed",
  "hedge",
] as const;
export type EventKind = (typeof EVENTS)[number];

export const TRANSITIONS = [
  "consecutive_failures",
  "low_success_rate",
  "slow_calls",
  "open_time_over",
  "probe_failed",
  "probe_succeeded",
  "forced",
] as const;
export type TransitionReason = (typeof TRANSITIONS)[number];

export const SNAPSHOT_ERRORS = [
  "truncated",
  "not_a_snapshot",
  "newer_format",
  "checksum",
  "malformed",
  "too_large",
  "unsupported",
] as const;
export type SnapshotErrorCode = (typeof SNAPSHOT_ERRORS)[number];

export const BREAKERS = [
  "closed",
  "open",
  "half_open",
] as const;
export type BreakerState = (typeof BREAKERS)[number];

export const HEALTHS = [
  "healthy",
  "unhealthy",
  "draining",
] as const;
export type Health = (typeof HEALTHS)[number];

export const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
] as const;
export type Method = (typeof METHODS)[number];

export const SCHEMES = [
  "binding",
  "https",
  "do",
  "dispatch",
  "vpc",
  "mtls",
  "local",
] as const;
export type Scheme = (typeof SCHEMES)[number];

export const SERVICE_COLUMNS = [
  "requests",
  "successes",
  "failures",
  "retries",
  "retriesDenied",
  "concurrency",
] as const;
export type ServiceColumn = (typeof SERVICE_COLUMNS)[number];

export const ENDPOINT_COLUMNS = [
  "attempts",
  "failures",
  "breakerOpened",
  "inFlight",
  "breaker",
  "latencyUs",
  "health",
  "reachable",
  "service",
] as const;
export type EndpointColumn = (typeof ENDPOINT_COLUMNS)[number];

export const DEMAND_COLUMNS = [
  "limit",
  "keyHigh",
  "keyLow",
  "seen",
  "taken",
  "intervalHigh",
  "intervalLow",
  "burstHigh",
  "burstLow",
] as const;
export type DemandColumn = (typeof DEMAND_COLUMNS)[number];

