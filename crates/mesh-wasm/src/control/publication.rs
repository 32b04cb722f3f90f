//! What is to be published: the configuration with the endpoints that are there, compiled.

use alloc::vec::Vec;

use mesh_config::{Compiled, compile_version, diagnostic::Diagnostics, document::Document};
use mesh_registry::registry::Registry;

use super::{
    Bytes, list,
    outcome::{Made, Publication},
    records,
};

/// Compiles the configuration in use, and that of a rollout where there is one.
pub(super) fn of(
    registry: &Registry,
    document: &Document,
    candidate: Option<&Document>,
    version: u64,
) -> Made {
    let stable = compile_version(&records::join(document, registry.endpoints()), version);
    let candidate = candidate.map(|candidate| {
        let configured = records::of_document(candidate);
        let joined = records::join(candidate, registry.endpoints_with(&configured));
        compile_version(&joined, version)
    });
    match both(stable, candidate) {
        Ok((stable, candidate)) => made(stable, candidate, version),
        Err(found) => Made { publication: None, diagnostics: list(&found) },
    }
}

type Result<T> = core::result::Result<T, Diagnostics>;

fn both(
    stable: Result<Compiled>,
    candidate: Option<Result<Compiled>>,
) -> Result<(Compiled, Option<Compiled>)> {
    Ok((stable?, candidate.transpose()?))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 changes")]
fn made(stable: Compiled, candidate: Option<Compiled>, version: u64) -> Made {
    let hashes = [Some(&stable), candidate.as_ref()].into_iter().flatten();
    let hashes: Vec<&str> = hashes.map(|compiled| compiled.summary.hash.as_str()).collect();
    Made {
        diagnostics: list(&candidate.as_ref().unwrap_or(&stable).diagnostics),
        publication: Some(Publication {
            version: version as f64,
            hash: hashes.join("-"),
            snapshot: Bytes(stable.snapshot),
            candidate: candidate.map(|compiled| Bytes(compiled.snapshot)),
        }),
    }
}
