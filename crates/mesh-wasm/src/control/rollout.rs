//! Whether a staged rollout goes on.

use mesh_registry::rollout;
use wasm_bindgen::prelude::wasm_bindgen;

/// Whether the candidate of a rollout does worse than what the others use, given requests and failures
/// of both.
#[wasm_bindgen(js_name = doesWorse)]
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, and a cast saturates"
)]
pub fn does_worse(requests: f64, failures: f64, of_candidate: f64, failed: f64) -> bool {
    let counts = |requests: f64, failures: f64| rollout::Counts {
        requests: requests as u64,
        failures: failures as u64,
    };
    rollout::does_worse(counts(requests, failures), counts(of_candidate, failed))
}
