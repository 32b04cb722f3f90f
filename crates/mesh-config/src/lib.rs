//! The configuration document of Diddy-Mesh.

extern crate alloc;

pub mod defaults;
pub mod diagnostic;
pub mod document;
pub mod limits;
pub mod node;
#[cfg(feature = "schema")]
pub mod schema;

mod decode;
mod nearest;
mod read;
