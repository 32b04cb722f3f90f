//! Every bound of the compile step in one place, with its unit and reason.

/// Deepest nesting of a document. The deepest legal one is 9; this leaves room and bounds recursion.
pub const DEPTH_MAX: usize = 32;
/// Largest document, in bytes of text plus [`NODE_BYTES`] for each value: what a person can still
/// call a configuration, and what a 128 MiB isolate can hold several times over.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What one value counts against [`DOCUMENT_BYTES_MAX`], in bytes.
pub const NODE_BYTES: usize = 16;
/// Most diagnostics that are kept; more are counted.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Longest piece of the document that a diagnostic repeats, in characters.
pub const EXCERPT_CHARS_MAX: usize = 60;
/// Most services of a document.
pub const SERVICES_MAX: usize = 4_096;
/// Most endpoints of one service.
pub const ENDPOINTS_MAX: usize = 4_096;
/// Most rules of a document.
pub const RULES_MAX: usize = 8_192;
/// Most combinations of host and match that one rule may spell out.
pub const RULE_MATCHES_MAX: usize = 256;
/// Most matches of a whole document. Bounds the search for conflicts too.
pub const MATCHES_MAX: usize = 32_768;
/// Longest name, host, header name or version, in bytes.
pub const TEXT_BYTES_MAX: usize = 255;
/// Longest header value, address, path or redirect target, in bytes.
pub const VALUE_BYTES_MAX: usize = 4_096;
/// Longest regular expression, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 1_024;
/// Deepest nesting of a regular expression.
pub const EXPRESSION_DEPTH_MAX: u32 = 64;
/// Most states of the intermediate automaton of one regular expression.
pub const EXPRESSION_NFA_STATES_MAX: usize = 8_192;
/// Most states of one compiled regular expression; what [`mesh_core`] accepts.
pub const EXPRESSION_STATES_MAX: usize = mesh_core::limits::AUTOMATON_STATES_MAX;
/// Largest transition table of one compiled regular expression, in bytes.
pub const EXPRESSION_TABLE_BYTES_MAX: usize = 64 * 1024;
/// Most elementary steps spent on compiling one regular expression: some tens of milliseconds.
pub const EXPRESSION_STEPS_MAX: usize = 10_000_000;
/// Most pairs of states looked at to tell whether one expression covers another path.
pub const COVER_PAIRS_MAX: usize = 65_536;
/// Most rows that the backends of all rules come to: themselves, and the header edits, mirrors and
/// faults that each of them has of its rule and of its own.
pub const BACKEND_ROWS_MAX: usize = 262_144;
/// Most matches for preflights that the compiler adds to one rule with a `cors` filter.
pub const RULE_PREFLIGHTS_MAX: usize = 256;
/// Most origins, methods or headers of one list of a `cors` filter: what the Gateway API takes.
pub const CORS_ITEMS_MAX: usize = 64;
/// Most copies of one request: they share six connections with the request itself.
pub const MIRRORS_MAX: usize = 8;
/// Most faults that one request may meet.
pub const FAULTS_MAX: usize = 8;
/// Longest delay of a fault, in microseconds: one hour.
pub const FAULT_DELAY_US_MAX: u64 = 3_600_000_000;
/// Most rate limits of one rule or service.
pub const RATE_LIMITS_MAX: usize = 8;
/// Longest name of a rate limit, in bytes; it stands in a response header.
pub const LIMIT_NAME_BYTES_MAX: usize = 64;
/// Shortest time that a rate limit counts over, in microseconds: one millisecond.
pub const LIMIT_PER_US_MIN: u64 = 1_000;
/// Largest bucket of a rate limit, in microseconds: 285 years, which is exact in an `f64`.
pub const LIMIT_BURST_US_MAX: u64 = (1 << 53) - 1;
/// Largest body of a direct response, in bytes: it stands in the Snapshot.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Most feature flags of a document.
pub const FLAGS_MAX: usize = 1_024;
/// Most variants of one flag, and most rules.
pub const FLAG_PARTS_MAX: usize = 64;
/// Longest name of a flag or a variant, in bytes.
pub const FLAG_NAME_BYTES_MAX: usize = 64;
/// Largest value of a flag, in bytes of JSON: it stands in the Snapshot.
pub const FLAG_VALUE_BYTES_MAX: usize = 16 * 1024;
/// Longest time span of a document, in microseconds: one day.
pub const DURATION_US_MAX: u64 = 86_400_000_000;
/// Most cases in one file of tests.
pub const CASES_MAX: usize = 4_096;
/// Failed cases of one file for which it is worked out why each rule did not take the request.
pub const CASES_REASONED_MAX: usize = 64;
/// Most requests that a comparison of two documents tries.
pub const DIFF_REQUESTS_MAX: usize = 16_384;
/// Most pairs of matches that it looks at for requests that both take.
pub const DIFF_PAIRS_MAX: usize = 1 << 20;
/// Most elementary steps that it spends on finding and deciding requests: some seconds of wasm.
pub const DIFF_STEPS_MAX: usize = 1 << 28;
/// Most differences that it keeps; more are counted.
pub const DIFFERENCES_MAX: usize = 1_000;
/// Requests that a difference names; more are counted.
pub const DIFF_EXAMPLES_MAX: usize = 5;
/// Rules that no tried request meets, most that are named; more are counted.
pub const DIFF_UNSEEN_MAX: usize = 100;
