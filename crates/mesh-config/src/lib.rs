//! The configuration document of Diddy-Mesh.

extern crate alloc;

pub mod defaults;
pub mod diagnostic;
pub mod document;
pub mod expression;
pub mod limits;
pub mod node;
#[cfg(feature = "schema")]
pub mod schema;

mod compile;
mod decode;
mod nearest;
mod plan;
mod read;

#[cfg(feature = "json")]
pub use self::compile::compile_json;
pub use self::compile::{Compiled, Summary, compile, compile_node};
