//! One request from begin to end, by concept.

mod begin;
mod breaker;
mod cors;
mod deadline;
mod last_word;
mod limits;
mod mesh;
mod notes;
mod retries;
mod select;
mod slots;
mod swap;
