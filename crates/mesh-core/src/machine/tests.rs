//! One request from begin to end, by concept.

mod begin;
mod breaker;
#[cfg(feature = "balancers")]
mod choose;
mod concurrency;
mod cors;
mod deadline;
mod failover;
mod fallback;
mod faults;
mod hedge;
mod last_word;
mod limits;
mod mesh;
mod mirrors;
mod notes;
mod retries;
mod select;
#[cfg(feature = "traffic")]
mod shared;
mod slots;
mod splits;
mod swap;
