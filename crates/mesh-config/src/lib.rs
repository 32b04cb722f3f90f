//! The configuration document of Diddy-Mesh: decode, validate, compile, explain,
//! test, compare.
//!
//! A document names services, their endpoints and policies, and the rules that lead requests to
//! them. This crate turns it into the Snapshot that [`mesh_core`] serves, or into the list of all
//! that is wrong with it: every finding in one pass, each with its place, what was found, what was
//! expected and, for a typo, the nearest known name. A document that compiles holds no surprises:
//! unknown fields are errors, regular expressions become bounded automata, and rules that conflict
//! or that no request reaches are named.
//!
//! The crate does no I/O and knows no clock. It is the control plane: the data plane needs only the
//! compiled bytes.
//!
//! # A mesh in one program
//!
//! Compiles a document, then serves one request under a clock of its own: the first endpoint fails,
//! so the brain waits, tries the other and counts both.
//!
//! ```
//! use mesh_config::compile_json;
//! use mesh_core::{
//!     breaker::BreakerState,
//!     event::{Event, EventKind},
//!     machine::{Body, Caller, Machine, Outcome, Request, Step},
//!     method::Method,
//!     snapshot::Snapshot,
//!     time::{Micros, Timestamp},
//! };
//!
//! let compiled = compile_json(
//!     r#"{ "services": { "users": {
//!            "endpoints": ["https://one.example", "https://two.example"],
//!            "loadBalancer": "roundRobin", "timeout": "2s", "retries": 2,
//!            "breaker": { "consecutiveFailures": 1 }, "minReady": 1 } },
//!          "routing": { "rules": [{ "path": "/users/{id}", "service": "users" }] } }"#,
//! )?;
//! let mut machine = Machine::new(Snapshot::decode(&compiled.snapshot)?, 7);
//! let mut events: Vec<Event> = Vec::new();
//! let mut now = Timestamp::from_millis(0);
//!
//! let request = Request {
//!     host: b"shop.example", path: b"/users/42", query: b"", method: Method::Get,
//!     headers: &[], body: Body::None, caller: Caller::default(),
//! };
//! let mut step = machine.begin(&request, now, &mut events);
//! let mut tried = Vec::new();
//! let status = loop {
//!     now = now.saturating_add(Micros::from_millis(5)); // the clock is the program's
//!     step = match step {
//!         Step::Send(send) => {
//!             tried.push(send.endpoint);
//!             let status = if tried.len() == 1 { 503 } else { 200 };
//!             machine.resume(send.ticket, Outcome::status(status), 0, now, &mut events)
//!         }
//!         Step::Wait(wait) => {
//!             now = now.saturating_add(wait.delay);
//!             machine.resume(wait.ticket, Outcome::Waited, 0, now, &mut events)
//!         }
//!         Step::Deliver | Step::Pending => break 200,
//!         Step::Respond(answer) => break answer.status,
//!     };
//! };
//! assert_eq!((status, tried.len()), (200, 2));
//! assert_ne!(tried[0], tried[1]);
//! let failed = machine.endpoint_state(tried[0]).unwrap();
//! assert!(matches!(failed.breaker.state(), BreakerState::Open { .. }));
//! assert!(events.iter().any(|event| event.kind == EventKind::Retry));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is wrong, all at once
//!
//! ```
//! let found = mesh_config::compile_json(
//!     r#"{ "services": { "users": { "retires": 3, "timeout": "soon" } },
//!          "routing": { "rules": [{ "path": "/users", "service": "user" }] } }"#,
//! ).unwrap_err();
//! let places: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
//! assert_eq!(
//!     places,
//!     ["services.users.retires", "services.users.timeout", "routing.rules[0].service"],
//! );
//! assert_eq!(found.iter().next().and_then(|f| f.hint.as_deref()), Some("did you mean `retries`?"));
//! ```
//!
//! # Features
//!
//! None is on by default; each only adds. Without any, compiling and explaining JavaScript objects is
//! 190 kB of gzipped wasm (`opt-level = "z"`), a sixth of it the parser of regular expressions.
//!
//! | feature | adds | costs in gzipped wasm |
//! |---|---|---|
//! | `json` | `compile_json`, `Document::parse_json`, over `serde_json` | 10 kB |
//! | `schema` | the JSON Schema of the document, over `schemars` | not for wasm |
//! | `typescript` | TypeScript declarations, over `tsify` | no code |

extern crate alloc;

pub mod cases;
pub mod defaults;
pub mod diagnostic;
pub mod diff;
pub mod document;
pub mod explain;
pub mod expression;
pub mod gateway_api;
pub mod limits;
pub mod node;
pub mod overrides;
#[cfg(feature = "schema")]
pub mod schema;
pub mod shared;

mod compile;
mod decode;
mod facts;
mod migrate;
mod nearest;
mod plan;
mod read;

#[cfg(feature = "json")]
pub use self::compile::compile_json;
pub use self::{
    cases::{test_cases, test_cases_node},
    compile::{Compiled, Summary, compile, compile_node, compile_version},
    diff::{diff, diff_nodes},
    explain::{explain, explain_node},
};

/// The programs of the texts, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../../docs/rust.md")]
struct Texts;
