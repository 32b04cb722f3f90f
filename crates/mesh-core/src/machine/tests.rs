//! One request from begin to end, by concept.

mod begin;
mod breaker;
mod deadline;
mod last_word;
mod mesh;
mod retries;
mod select;
mod slots;
mod swap;
