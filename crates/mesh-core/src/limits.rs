//! Every bound of the brain in one place, with its unit and reason.
//!
//! Growth past a bound is a typed error at load or a documented refusal at run time; nothing in
//! this crate grows with the number of requests.

/// Longest request path in bytes that is matched; Workers refuse URLs above 16 KB themselves.
pub const PATH_BYTES_MAX: usize = 16_384;
/// Most segments of a path that are walked; deeper paths match by prefix up to this depth.
/// Bounds the recursion of the route walk, whose frames live on a 64 KiB wasm stack.
pub const PATH_SEGMENTS_MAX: usize = 64;
/// Largest Snapshot in bytes; KV holds 25 MiB, an isolate 128 MiB.
pub const SNAPSHOT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most rows of any one Snapshot table; keeps every index in 24 bits.
pub const TABLE_ROWS_MAX: u32 = 1 << 24;
/// Most header names that one Snapshot may ask hosts to read per request.
pub const NEEDED_HEADERS_MAX: usize = 64;
/// Most requests in flight that one engine tracks; an isolate has 128 MiB, a slot about 160 bytes.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 4_096;
/// Most attempts of one request, the first included.
pub const ATTEMPTS_MAX: u8 = 11;
/// Endpoints of one service that the "another endpoint first" memory of a request can hold.
/// Endpoints past it may be tried twice in a row.
pub const TRIED_ENDPOINTS_MAX: u32 = 64;
/// Connections that may wait for response headers per invocation: the platform's own number.
pub const CONNECTIONS_PER_SCOPE: u8 = 6;
/// Mesh hops before a request is taken for a loop; the platform ends it at 32 invocations.
pub const DEPTH_MAX: u8 = 16;
/// Longest time an in-flight lease is held where no timeout bounds the attempt.
pub const LEASE_SECONDS_MAX: u64 = 300;
/// Rounds of the weighted scheduler per pick before it gives up and takes the heaviest endpoint.
pub const STRIDE_ROUNDS_MAX: u32 = 1_024;
/// Rows that a swap looks at to find what became of them, so that two large Snapshots with nothing in
/// common do not cost a second; of two alike it looks at each row once.
pub const SWAP_LOOKS_MAX: usize = 1 << 22;
/// Path parameters that one pattern may name.
pub const PARAMS_MAX: usize = 16;
/// States of one compiled regular expression.
pub const AUTOMATON_STATES_MAX: usize = 4_096;
/// Sets of rate-limit buckets in an isolate; with [`BUCKET_WAYS`] of 24 bytes each that is 96 KiB.
pub const BUCKET_SETS: usize = 1_024;
/// Buckets without a key after which those that are full again are forgotten; there is one for each
/// limit without a key.
pub const SHARED_BUCKETS_MAX: usize = 256;
/// Keys that share a set of buckets.
pub const BUCKET_WAYS: usize = 4;
/// Keys of limits that are counted for all isolates, in one of them; those beyond are counted in the
/// isolate alone. They are searched one by one.
pub const LEASED_KEYS_MAX: usize = 256;
/// Copies of one request that go to other services.
pub const MIRRORS_MAX: u32 = 8;
