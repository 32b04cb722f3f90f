//! The numbers of the boundary, written once: `examples/abi.rs` prints them as TypeScript.

use mesh_core::{machine::Wants, snapshot::host_text};

/// Numbers that cross with a call.
pub const SLOTS: usize = 87;

/// Largest input in bytes: a request's head, or a Snapshot.
pub const INPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// 32-bit words of one event.
pub const EVENT_WORDS: usize = 8;

/// Events kept between two drains; more are dropped and counted.
pub const EVENTS_MAX: usize = 256;

macro_rules! numbers {
    ($(#[$meta:meta])* $module:ident: $kind:ty { $($(#[$doc:meta])* $name:ident = $value:expr,)* }) => {
        $(#[$meta])*
        pub mod $module {
            #[expect(unused_imports, reason = "not every list has numbers of the brain's")]
            use super::{Wants, host_text};

            $($(#[$doc])* pub const $name: $kind = $value;)*
            /// Names and numbers, for the generated TypeScript.
            pub const ALL: &[(&str, $kind)] = &[$((stringify!($name), $name)),*];
        }
    };
}

numbers! {
    /// Kinds of steps.
    step: u32 {
        /// The response just told is the answer.
        DELIVER = 0,
        /// Make an attempt: `ENDPOINT`, `TICKET`, `TIMEOUT_MS`, `FLAGS`, …
        SEND = 1,
        /// Wait `DELAY_MS`, then resume `TICKET` with `WAITED`. After a begin the text is the path to
        /// send, empty where it is the request's own.
        WAIT = 2,
        /// Answer with `STATUS` and `REASON`; text = `Location`, or `Allow` for 405.
        RESPOND = 3,
        /// Call handler `HANDLER`; `PARAMS` spans from `PARAM_FIRST` over the text, its path.
        LOCAL = 4,
        /// Drop what was told: another attempt of the request is under way, with its own ticket.
        PENDING = 5,
        /// A flag's variant: `BACKEND`, by rule `RULE` of the flag, for `REASON`, a `FLAG_REASONS` number.
        FLAG = 6,
    }
}

numbers! {
    /// Slots that a host sets before a call; `IN` in TypeScript.
    given: usize {
        /// `engine_begin`: a handler table, which goes before the rules; -1 = the rules alone; -2
        /// and below = a call to service `-2 - target`; `MIRROR_TARGET` and below = a copy for mirror
        /// `MIRROR_TARGET - target`; `FLAG_TARGET` and below = the variant of flag `FLAG_TARGET -
        /// target`.
        TARGET = 56,
        /// Number of a `METHODS`, or one past them.
        METHOD = 57,
        /// Bytes of the host, which come first in the input area.
        HOST = 58,
        /// Bytes of the path, which come next.
        PATH = 59,
        /// Bytes of the query; after them the needed headers, each behind its length in two bytes.
        QUERY = 60,
        /// Length of the body, or one of `BODY`.
        BODY = 61,
        /// `CALLER` bits.
        CALLER = 62,
        /// What the caller says is left of its time, in ms; below 0 where it says nothing.
        REMAINING_MS = 63,
        /// `engine_resume`: the ticket.
        TICKET = 64,
        /// What came of it, an `OUTCOME`.
        OUTCOME = 65,
        /// Status of a response.
        STATUS = 66,
        /// Its gRPC status; below 0 where there is none.
        GRPC = 67,
        /// Its `Retry-After` in ms; -1 where there is none, -2 where a mesh below says that this is its
        /// last word.
        RETRY_AFTER_MS = 68,
        /// Bytes of its load report in the input area; 0 = none.
        LOAD = 69,
        /// Connections of the same invocation that wait for headers.
        WAITING = 70,
        /// 1 where a predicate of the policy holds for the response.
        AGAIN = 71,
        /// `engine_begin` with a handler table: the service that this Worker is, whose limits hold for
        /// its handlers; -1 = none that the Snapshot knows.
        SELF = 85,
    }
}

numbers! {
    /// Slots that a step fills.
    out: usize {
        /// Ticket of the request.
        TICKET = 0,
        /// Endpoint of the attempt.
        ENDPOINT = 1,
        /// Which attempt, from 1.
        ATTEMPT = 2,
        /// Longest time to headers in ms; 0 = none.
        TIMEOUT_MS = 3,
        /// What is left of the request's time in ms, for the callee; 0 = no bound.
        REMAINING_MS = 4,
        /// `FLAG` bits.
        FLAGS = 5,
        /// Status of an answer of the mesh's own.
        STATUS = 6,
        /// Its `REASONS` number.
        REASON = 7,
        /// Pause in ms.
        DELAY_MS = 8,
        /// Rule, or -1.
        RULE = 9,
        /// Backend, which names header edits and the body of a direct response, or -1. After FLAG the
        /// variant, or -1.
        BACKEND = 10,
        /// Address of the step's text.
        TEXT_PTR = 11,
        /// Its bytes.
        TEXT_LEN = 12,
        /// Handler's number: its line in the table.
        HANDLER = 13,
        /// Number of parameters.
        PARAMS = 14,
        /// Longest silence between two chunks of the response's body in ms; 0 = none.
        IDLE_MS = 15,
        /// Start and length of each parameter in the text.
        PARAM_FIRST = 16,
        /// Time in ms after which an attempt that is still silent is told as `HEDGE`; 0 = never.
        HEDGE_MS = 72,
        /// After DELIVER and RESPOND: 1 where the answer is the last word, which no caller is to try
        /// again.
        LAST_WORD = 84,
        /// Policy, whose predicates are asked.
        POLICY = 73,
        /// After a begin: `NOTE` bits, which say which of the next slots hold something.
        NOTES = 74,
        /// Row of the cross-origin table.
        CORS = 75,
        /// Row of the limits table.
        LIMIT = 76,
        /// Requests that the limit lets through at once.
        LIMIT_REMAINING = 77,
        /// Seconds until the limit is whole again, or until a request fits.
        LIMIT_RESET = 78,
        /// What the limit guaranteed: 0 = in this isolate, 1 = in this location, 2 = everywhere.
        LIMIT_GUARANTEE = 86,
        /// Bits of the mirrors that get a copy.
        MIRRORS = 79,
        /// The first of them, in the mirrors table.
        MIRROR_FIRST = 80,
        /// High half of a sticky cookie's value.
        COOKIE_HIGH = 81,
        /// Its low half.
        COOKIE_LOW = 82,
        /// The rule, which names the cookie.
        COOKIE_RULE = 83,
    }
}

numbers! {
    /// What a host does to an attempt, as bits.
    flag: u32 {
        /// Hand in the `Retry-After` of a 429 or 503.
        WANT_RETRY_AFTER = super::wants(Wants::RETRY_AFTER),
        /// Hand in `endpoint-load-metrics`.
        WANT_LOAD = super::wants(Wants::LOAD),
        /// Hand in `grpc-status`.
        WANT_GRPC = super::wants(Wants::GRPC),
        /// The text is the path to send, without the query.
        TARGET = 8,
        /// A later attempt may need the body: keep it.
        BUFFER_BODY = 16,
        /// It goes to the fallback: keep the answer that is here.
        FALLBACK = 32,
        /// Ask the predicates of `POLICY`.
        WANT_PREDICATES = super::wants(Wants::PREDICATES),
    }
}

numbers! {
    /// What a begin found besides its step, as bits.
    note: u32 {
        /// An allowed origin: `CORS`.
        CORS = 1,
        /// The step answers a preflight.
        PREFLIGHT = 2,
        /// A rate limit: `LIMIT`, `LIMIT_REMAINING`, `LIMIT_RESET`.
        LIMIT = 4,
        /// A sticky cookie to set: `COOKIE_HIGH`, `COOKIE_LOW`.
        COOKIE = 8,
        /// Copies to send: `MIRRORS`, `MIRROR_FIRST`.
        MIRRORS = 16,
    }
}

/// See `IN.RETRY_AFTER_MS`.
pub const NEVER: i32 = -2;

/// See `IN.TARGET`.
pub const MIRROR_TARGET: i32 = -(1 << 25);

/// See `IN.TARGET`.
pub const FLAG_TARGET: i32 = -(1 << 26);

#[cfg(feature = "traffic")]
/// The flag of an `IN.TARGET`, where it names one.
pub(super) fn flag_of(target: i32) -> Option<u32> {
    u32::try_from(FLAG_TARGET.saturating_sub(target)).ok()
}

#[cfg(feature = "traffic")]
/// The mirror of an `IN.TARGET`, where it names one.
pub(super) fn mirror_of(target: i32) -> Option<u32> {
    u32::try_from(MIRROR_TARGET.saturating_sub(target)).ok()
}

/// The bits of `FLAG` that say what the outcome is to tell.
pub(super) const fn wants(wants: Wants) -> u32 {
    wants.0 as u32
}

numbers! {
    /// What came of a step.
    outcome: u32 {
        /// Response headers came.
        RESPONSE = 0,
        /// The attempt's time ran out.
        TIMEOUT = 1,
        /// No connection was made.
        CONNECT_FAILURE = 2,
        /// The connection broke.
        RESET = 3,
        /// The callee threw.
        EXCEPTION = 4,
        /// The pause is over.
        WAITED = 5,
        /// The caller went away.
        CANCELLED = 6,
        /// The attempt is silent for `HEDGE_MS`; it goes on.
        HEDGE = 7,
    }
}

numbers! {
    /// Bits of `IN.CALLER`; the low byte is the number of mesh hops so far.
    caller: u32 {
        /// The number of hops.
        DEPTH_MASK = 255,
        /// The request came over TLS.
        HTTPS = 256,
        /// It carries an `Idempotency-Key`.
        IDEMPOTENCY_KEY = 512,
    }
}

numbers! {
    /// Values of `IN.BODY` below 0; from 0 on it is the length in bytes.
    body: i32 {
        /// No body.
        NONE = -1,
        /// A stream of unknown length.
        STREAM = -2,
    }
}

numbers! {
    /// What `engine_ask` answers.
    ask: u32 {
        /// Puts what a host keeps of the Snapshot at `TEXT_PTR`, as JSON: names, addresses, header
        /// edits. Its length; 0 before the first load.
        TABLES = 0,
        /// Puts the counters at `WORDS_AT`, as of `at_ms`: rows of `SERVICE_COLUMNS`, then of
        /// `ENDPOINT_COLUMNS`. The number of words.
        STATS = 1,
        /// Moves the kept events to `WORDS_AT`, `EVENT_WORDS` each. Their number.
        EVENTS = 2,
        /// Events that did not fit since the engine began.
        EVENTS_DROPPED = 3,
        /// Address of counters or drained events, until the next call.
        WORDS_AT = 4,
        /// Number of endpoints.
        ENDPOINTS = 5,
        /// Puts what leased limits saw since the last time at `WORDS_AT`, as of `at_ms`: rows of
        /// `DEMAND_COLUMNS`. The number of words.
        DEMAND = 6,
        /// Moves the attempt of `OUT.TICKET` to the endpoint that the host wrote to `OUT.ENDPOINT`: 1 where
        /// that takes it; else 0, and all stays as it was.
        MOVE = 7,
    }
}

numbers! {
    /// What `engine_tell` takes note of, with its two arguments.
    tell: u32 {
        /// Random bits for routing, once, on first use inside a request: two words of 32 bits.
        SEED = 0,
        /// Whether this Worker can reach an endpoint: its number, 1 or 0.
        REACHABLE = 1,
        /// Whether events are kept: 1 or 0.
        LISTEN = 2,
        /// Where the caller of the next request is: latitude and longitude in degrees.
        LOCATION = 3,
        /// A request ended without an answer: its ticket, and the time in ms.
        ABANDON = 4,
        /// A source says that an endpoint is healthy: its number, and the time in ms.
        HEALTHY = 5,
        /// The same for unhealthy.
        UNHEALTHY = 6,
        /// The same for one that takes no more.
        DRAINING = 7,
        /// The key that `LEASE` is about: its two halves, the high one first.
        LEASE_KEY = 8,
        /// A lease: one request in so many microseconds passes, none where that is 0, until that time
        /// in ms.
        LEASE = 9,
        /// The share of a retry budget's floor that this isolate holds: a service's number, and
        /// millionths.
        SHARE = 10,
        /// Where a concurrency limit begins that this isolate has not learned itself: a service's
        /// number, and requests in flight.
        LIMIT = 11,
    }
}

/// The service of an `IN.TARGET`, where it names one.
pub(super) fn service_of(target: i32) -> Option<u32> {
    u32::try_from((-2i32).saturating_sub(target)).ok()
}

numbers! {
    /// Bits of `needs`: what the Snapshot needs of every request.
    need: u32 {
        /// The query.
        QUERY = host_text::NEEDS_QUERY,
        /// Where the caller is.
        LOCATION = host_text::NEEDS_LOCATION,
    }
}

numbers! {
    /// Words of one event.
    event: usize {
        /// `EVENTS` number.
        KIND = 0,
        /// `REASONS`, `DENIALS`, `TRANSITIONS` or `SNAPSHOT_ERRORS` number, by kind.
        CODE = 1,
        /// Service, or -1.
        SERVICE = 2,
        /// Endpoint, or -1.
        ENDPOINT = 3,
        /// Attempt.
        ATTEMPT = 4,
        /// Value in µs, at most 2^32 - 1.
        VALUE = 5,
        /// Low word of the time in ms.
        AT_LOW = 6,
        /// High word of the time in ms.
        AT_HIGH = 7,
    }
}

/// Columns of a service's counters. `concurrency` is the limit that was learned, 0 = none.
pub const SERVICE_COLUMNS: [&str; 6] =
    ["requests", "successes", "failures", "retries", "retriesDenied", "concurrency"];

/// Columns of a row of `ASK.DEMAND`; wide numbers in two halves.
pub const DEMAND_COLUMNS: [&str; 9] = [
    "limit",
    "keyHigh",
    "keyLow",
    "seen",
    "taken",
    "intervalHigh",
    "intervalLow",
    "burstHigh",
    "burstLow",
];

/// Columns of an endpoint's counters. `breaker` is a `BREAKERS` number, `latencyUs` the estimate.
pub const ENDPOINT_COLUMNS: [&str; 9] = [
    "attempts",
    "failures",
    "breakerOpened",
    "inFlight",
    "breaker",
    "latencyUs",
    "health",
    "reachable",
    "service",
];

/// Names of breaker states, by number.
pub const BREAKERS: [&str; 3] = ["closed", "open", "half_open"];
