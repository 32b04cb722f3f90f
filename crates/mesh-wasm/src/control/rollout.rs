//! Whether a staged rollout goes on.

use mesh_registry::rollout;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::whole;

/// Whether the candidate of a rollout does worse than what the others use, given requests and failures
/// of both.
#[wasm_bindgen(js_name = doesWorse)]
#[must_use]
pub fn does_worse(requests: f64, failures: f64, of_candidate: f64, failed: f64) -> bool {
    let counts = |requests: f64, failures: f64| rollout::Counts {
        requests: whole(requests),
        failures: whole(failures),
    };
    rollout::does_worse(counts(requests, failures), counts(of_candidate, failed))
}
