//! What a setting is where nothing is said, with the reason. The schema shows these values too.

/// Whole request over all attempts, ms: what Envoy's routes give, half of what people wait for.
pub const REQUEST_TIMEOUT_MS: u64 = 15_000;
/// Retries after the first attempt.
pub const RETRIES: u8 = 1;
/// First backoff window, ms.
pub const BACKOFF_BASE_MS: u64 = 25;
/// Longest backoff window, ms: ten times the first.
pub const BACKOFF_MAX_MS: u64 = 250;
/// Share of requests that retries may add, percent.
pub const BUDGET_PERCENT: f64 = 20.0;
/// Retries per second and isolate that the budget allows at least. Low, as there are many isolates.
pub const BUDGET_FLOOR_PER_SECOND: u16 = 1;
/// How long a request keeps paying into the budget, ms.
pub const BUDGET_TTL_MS: u64 = 10_000;
/// Longest `Retry-After` that is waited for, ms.
pub const RETRY_AFTER_MAX_MS: u64 = 300_000;
/// Largest request body kept for a retry, bytes; an isolate has 128 MiB for all its requests.
pub const RETRY_BODY_BYTES_MAX: u32 = 65_536;
/// Failures in a row that open a breaker.
pub const BREAKER_CONSECUTIVE_FAILURES: u32 = 7;
/// Share of successes below which a breaker opens.
pub const BREAKER_SUCCESS_RATIO: f64 = 0.8;
/// Width of the breaker's window, ms.
pub const BREAKER_WINDOW_MS: u64 = 10_000;
/// Answers in the window before the share says anything.
pub const BREAKER_MIN_REQUESTS: u32 = 5;
/// First time a breaker stays open, ms.
pub const BREAKER_OPEN_MIN_MS: u64 = 1_000;
/// Longest time a breaker stays open, ms.
pub const BREAKER_OPEN_MAX_MS: u64 = 60_000;
/// Share of the open time that is added at random at most.
pub const BREAKER_JITTER: f64 = 0.5;
/// Probes at a time while half-open.
pub const BREAKER_PROBES: u8 = 1;
/// Share of its weight that a recovered endpoint starts with, percent.
pub const SLOW_START_MIN_PERCENT: f64 = 10.0;
/// Time between two health checks, ms.
pub const HEALTH_INTERVAL_MS: u64 = 10_000;
/// Random time on top of that, percent of it.
pub const HEALTH_JITTER_PERCENT: f64 = 10.0;
/// Time for one health check, ms.
pub const HEALTH_TIMEOUT_MS: u64 = 2_000;
/// Good checks in a row that make an endpoint healthy.
pub const HEALTHY_THRESHOLD: u32 = 2;
/// Bad checks in a row that make it unhealthy.
pub const UNHEALTHY_THRESHOLD: u32 = 3;
/// Weight of an endpoint.
pub const WEIGHT: u16 = 1;
/// Weight of a backend.
pub const BACKEND_WEIGHT: u32 = 1;
/// Status of a redirect.
pub const REDIRECT_STATUS: u16 = 302;
/// Endpoints up to which breakers leave half of them in place of panic.
pub const SMALL_POOL_MAX: usize = 4;
/// Panic threshold of a larger pool, percent.
pub const PANIC_PERCENT: f64 = 50.0;
/// How long a browser keeps the answer to a preflight, ms: the Gateway API's own.
pub const CORS_MAX_AGE_MS: u64 = 5_000;
/// Requests that a fault may delay at a time, in each isolate.
pub const FAULT_ACTIVE_MAX: u16 = 100;
/// Time in which a rate limit lets its requests through, ms.
pub const LIMIT_PER_MS: u64 = 1_000;
/// Requests in flight that a concurrency limit starts with: what the algorithm's authors give.
pub const CONCURRENCY_INITIAL: u16 = 20;
/// Requests in flight that a concurrency limit never goes below.
pub const CONCURRENCY_MIN: u16 = 20;
/// Requests in flight that a concurrency limit never goes above.
pub const CONCURRENCY_MAX: u16 = 200;
/// Time whose results outlier detection judges together, ms: this and all of its below are Envoy's.
pub const OUTLIER_INTERVAL_MS: u64 = 10_000;
/// How long the first ejection lasts, ms.
pub const OUTLIER_EJECTION_MS: u64 = 30_000;
/// How long an ejection lasts at most, ms.
pub const OUTLIER_EJECTION_MAX_MS: u64 = 300_000;
/// Endpoints that may be ejected at once, percent.
pub const OUTLIER_EJECTION_PERCENT: f64 = 10.0;
/// Endpoints with enough attempts before any is judged.
pub const OUTLIER_HOSTS: u32 = 5;
/// Attempts in an interval that make a success rate count.
pub const OUTLIER_RATE_VOLUME: u32 = 100;
/// Standard deviations below the mean that make an outlier.
pub const OUTLIER_STDEV_FACTOR: f64 = 1.9;
/// Ejections by success rate that are carried out, percent.
pub const OUTLIER_ENFORCING_RATE: f64 = 100.0;
/// Percentage of failures that makes an outlier.
pub const OUTLIER_FAILURE_PERCENT: f64 = 85.0;
/// Attempts in an interval that make a percentage of failures count.
pub const OUTLIER_FAILURE_VOLUME: u32 = 50;
/// Ejections by percentage of failures that are carried out, percent.
pub const OUTLIER_ENFORCING_FAILURE: f64 = 0.0;
/// Isolates whose breaker must have opened, percent. Ours: half of those who see it say so.
pub const OUTLIER_OPEN_PERCENT: f64 = 50.0;
/// Name of a mesh that names itself not.
pub const MESH_NAME: &str = "default";
