// Generated from crates/mesh-wasm. Do not edit.
export const STEP = { DELIVER: 0, SEND: 1, WAIT: 2, RESPOND: 3, LOCAL: 4 } as const;
export const OUT = {
  TICKET: 0, ENDPOINT: 1, ATTEMPT: 2, TIMEOUT_MS: 3, FLAGS: 4, EDITS: 5, DELAY_MS: 6, STATUS: 7, REASON: 8,
  TEXT: 9, TEXT_LEN: 10, TEXT2: 11, TEXT2_LEN: 12, HANDLER: 13, PARAMS: 14, PARAM_0: 15, EVENTS: 31,
} as const;
export const OUT_LEN = 48;
export const FLAG = {
  TARGET: 1, HOST: 2, EDIT_REQUEST: 4, EDIT_RESPONSE: 8, BUFFER_BODY: 16, WANT_RETRY_AFTER: 32, WANT_LOAD: 64, CONNECTION: 128,
} as const;
export const OUTCOME = { RESPONSE: 0, CONNECT_FAILURE: 1, RESET: 2, TIMEOUT: 3, EXCEPTION: 4, OVERLOADED: 5, WAITED: 6 } as const;
export const BODY = { NONE: 0, REPLAYABLE: 1, NOT_REPLAYABLE: 2 } as const;
export const NEEDS = { QUERY: 1, LOCATION: 2 } as const;
export const DESCRIBE = { SERVICE: 0, ENDPOINT: 1, RULE: 2, HEADERS: 3, EDITS: 4 } as const;
export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] as const;
export const SNAPSHOT_ERRORS = ["truncated", "bad_magic", "newer_format", "bad_checksum", "too_large", "malformed"] as const;
export const REASONS = [
  "none", "no_route", "method_not_allowed", "bad_path", "path_too_long", "no_backend", "no_service", "no_endpoint", "no_healthy_endpoint",
  "breaker_open", "timeout", "deadline", "connect_failure", "reset", "upstream_exception", "upstream_status", "depth_exceeded", "overloaded",
  "cancelled", "handler_exception", "engine_trap", "internal",
] as const;
export type Reason = (typeof REASONS)[number];
export const EVENTS = [
  "attempt_end", "request_end", "retry", "retry_denied", "breaker_opened", "breaker_half_open", "breaker_closed", "panic", "lease_expired",
  "snapshot_loaded", "snapshot_refused",
] as const;
export const DENIALS = ["attempts", "method", "body_not_replayable", "budget", "deadline", "retry_after", "connections", "no_endpoint"] as const;
export const EVENT = { KIND: 0, SERVICE: 1, ENDPOINT: 2, ATTEMPT: 3, CODE: 4, VALUE: 5, LEN: 6 } as const;
export const STATS = ["endpoint", "attempts", "successes", "failures"] as const;
