//! What the micro-benches decide about: the GitHub route table and Snapshots of two sizes.
//!
//! The workerd harness in `benches/workerd` measures the same tables through the package.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop and say why")]

mod github;
mod mesh;

pub use github::{Route, github_routes};
pub use mesh::{Sample, github_mesh, large_mesh, machine, request};
