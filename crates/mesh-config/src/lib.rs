//! The configuration document of Diddy-Mesh.

extern crate alloc;

pub mod defaults;
pub mod diagnostic;
pub mod document;
pub mod limits;
pub mod node;
#[cfg(feature = "schema")]
pub mod schema;

#[expect(dead_code, reason = "the compile step's first users follow")]
mod decode;
mod nearest;
mod read;
