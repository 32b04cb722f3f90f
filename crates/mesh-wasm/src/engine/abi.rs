//! The numbers of the boundary, written once: `examples/abi.rs` prints them as TypeScript.

/// Slots of the output area.
pub const OUT_LEN: usize = 64;

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
        /// Wait `DELAY_MS`, then resume `TICKET` with `WAITED`.
        WAIT = 2,
        /// Answer with `STATUS` and `REASON`; text = `Location`, or `Allow` for 405.
        RESPOND = 3,
        /// Call handler `HANDLER`; `PARAMS` spans from `PARAM_FIRST` over the text, its path.
        LOCAL = 4,
    }
}

numbers! {
    /// Slots of the output area.
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
        /// Backend, which names the header edits, or -1.
        BACKEND = 10,
        /// Address of the step's text.
        TEXT_PTR = 11,
        /// Its bytes.
        TEXT_LEN = 12,
        /// Handler's number: its line in the table.
        HANDLER = 13,
        /// Number of parameters.
        PARAMS = 14,
        /// Start and length of each parameter in the text.
        PARAM_FIRST = 16,
    }
}

numbers! {
    /// What a host does to an attempt, as bits.
    flag: u32 {
        /// The text is the path to send, without the query.
        TARGET = 1,
        /// The backend changes the host.
        HOST = 2,
        /// The backend edits request headers.
        EDIT_REQUEST = 4,
        /// The backend edits response headers.
        EDIT_RESPONSE = 8,
        /// A later attempt may need the body: keep it.
        BUFFER_BODY = 16,
        /// Hand in the `Retry-After` of a 429 or 503.
        WANT_RETRY_AFTER = 32,
        /// Hand in `endpoint-load-metrics`.
        WANT_LOAD = 64,
        /// The attempt takes one of the six connections.
        CONNECTION = 128,
        /// Hand in `grpc-status`.
        WANT_GRPC = 256,
    }
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
    }
}

numbers! {
    /// Bits of the `caller` argument; the low byte is the number of mesh hops so far.
    caller: u32 {
        /// The number of hops.
        DEPTH_MASK = 255,
        /// The request came over TLS.
        HTTPS = 256,
        /// It carries an `Idempotency-Key`.
        IDEMPOTENCY_KEY = 512,
        /// `remaining_ms` holds what the caller says is left of its time.
        REMAINING = 1024,
    }
}

numbers! {
    /// Values of the `body` argument below 0; from 0 on it is the length in bytes.
    body: i32 {
        /// No body.
        NONE = -1,
        /// A stream of unknown length.
        STREAM = -2,
    }
}

numbers! {
    /// What `engine_ask` answers. The first are texts: the answer is their length, and they stand
    /// at `TEXT_PTR`.
    ask: u32 {
        /// Name of a service.
        SERVICE = 0,
        /// Address of an endpoint.
        ENDPOINT = 1,
        /// Version of an endpoint.
        VERSION = 2,
        /// Name of a rule.
        RULE = 3,
        /// Names of the needed headers, one a line.
        HEADERS = 4,
        /// Header edits of a backend, one a line: `q` or `s` for request or response, then `=`,
        /// `+` or `-` for set, add or remove, the name, and after a tab the value.
        EDITS = 5,
        /// New host of a backend.
        HOST = 6,
        /// Name of the mesh.
        MESH = 7,
        /// Number of services.
        SERVICES = 16,
        /// Number of endpoints.
        ENDPOINTS = 17,
        /// `NEED` bits: what the Snapshot needs of every request.
        NEEDS = 18,
        /// Version of the Snapshot in use.
        VERSION_NUMBER = 19,
        /// Endpoint where the plain path of a rule goes after a trap, or -1.
        PLAIN_OF_RULE = 20,
        /// The same for a call to a service.
        PLAIN_OF_SERVICE = 21,
        /// Puts the counters at `WORDS_AT`, as of `index` in ms: rows of `SERVICE_COLUMNS`, then
        /// of `ENDPOINT_COLUMNS`. The number of words.
        STATS = 22,
        /// Moves the kept events to `WORDS_AT`, `EVENT_WORDS` each. Their number.
        EVENTS = 23,
        /// Events that did not fit since the engine began.
        EVENTS_DROPPED = 24,
        /// Address of counters or drained events, until the next call.
        WORDS_AT = 25,
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
    }
}

/// The service of a `target` of `engine_begin`, where it names one.
pub(super) fn service_of(target: i32) -> Option<u32> {
    u32::try_from((-2i32).saturating_sub(target)).ok()
}

numbers! {
    /// What the Snapshot needs of every request, as bits.
    need: u32 {
        /// The query.
        QUERY = 1,
        /// Where the caller is.
        LOCATION = 2,
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

/// Columns of a service's counters.
pub const SERVICE_COLUMNS: [&str; 5] =
    ["requests", "successes", "failures", "retries", "retriesDenied"];

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
