//! Tests of the crate from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly; clippy sees only the test functions themselves"
)]

mod cases;
mod corpus;
mod diff;
mod documents;
mod explain;
mod gateway_api;
mod gateway_api_hostile;
mod hostile;
mod meaning;
mod schema;
mod snapshot;
mod test_cases;
