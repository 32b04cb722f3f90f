//! Tests of the crate from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly; clippy sees only the test functions themselves"
)]

mod cases;
mod corpus;
mod diff;
mod diff_traffic;
mod documents;
mod explain;
mod explain_traffic;
mod findings;
mod flags;
mod gateway_api;
mod gateway_api_grpc;
mod gateway_api_hostile;
mod hostile;
mod meaning;
mod policies;
mod schema;
mod shared;
mod snapshot;
mod test_cases;
mod test_traffic;
mod traffic;
