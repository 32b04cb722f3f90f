//! From a document to a machine, as a host has it.

use core::fmt;

use mesh_core::{
    machine::{Body, Caller, Machine, Request},
    method::Method,
    snapshot::Snapshot,
    time::Timestamp,
};

/// The first moment of every simulation. Not zero, which some state takes for "never".
pub const START: Timestamp = Timestamp::from_millis(1_000);

/// The only service of a simulated document.
pub const SERVICE: u32 = 0;

/// A document that does not compile, with its findings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentError {
    findings: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the simulated document does not compile: {}", self.findings)
    }
}

impl core::error::Error for DocumentError {}

/// A machine that serves one service `users` with these `settings` (the fields of a service without
/// `endpoints`, each followed by a comma) and that many endpoints.
///
/// # Errors
/// All findings, where the document does not compile.
pub fn machine(settings: &str, endpoints: usize, seed: u64) -> Result<Machine, DocumentError> {
    let names: Vec<String> = (0..endpoints).map(|n| format!("\"binding:E{n}\"")).collect();
    let names = names.join(",");
    let document = format!("{{\"services\":{{\"users\":{{{settings}\"endpoints\":[{names}]}}}}}}");
    let compiled = mesh_config::compile_json(&document)
        .map_err(|found| DocumentError { findings: found.to_string() })?;
    let snapshot = Snapshot::decode(&compiled.snapshot)
        .map_err(|error| DocumentError { findings: error.to_string() })?;
    Ok(Machine::new(snapshot, seed))
}

/// A GET without a body.
#[must_use]
pub const fn request(caller: Caller) -> Request<'static> {
    Request {
        host: b"users",
        path: b"/users/1",
        query: b"",
        method: Method::Get,
        headers: &[],
        body: Body::None,
        caller,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_does_not_compile_says_why() {
        let error = machine("\"retires\": 3,", 1, 1).unwrap_err();
        assert!(error.to_string().contains("retires"), "{error}");
    }
}
