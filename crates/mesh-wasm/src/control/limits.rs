//! The brain of a limits object: the parts of limits that isolates hold together.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use mesh_core::{rate_limit::Rate, time::Micros};
use mesh_registry::allowance::{Allowance, Grant};
use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::{
    convert::{timestamp, whole},
    object,
};

/// Keys of one object; more are refused until others fall idle.
const KEYS_MAX: usize = 20_000;

/// What an isolate saw of one key since it asked last.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitDemand {
    /// The key, the same in all isolates.
    key: String,
    /// Time that one request takes from the limit's bucket, in microseconds.
    interval_us: f64,
    /// Size of the bucket, in microseconds.
    burst_us: f64,
    /// Requests that came.
    seen: u32,
    /// Requests that passed.
    taken: u32,
}

/// The part of a limit that an isolate gets.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitLease {
    /// The key that it is about.
    key: String,
    /// Time that one request takes, in microseconds.
    interval_us: f64,
    /// How long it holds, in ms.
    ttl_ms: f64,
    /// Whether there was enough for all: then who refuses a request should ask again at once.
    plenty: bool,
}

/// See the head of this file.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct LimitBrain {
    allowances: BTreeMap<String, Allowance>,
}

#[wasm_bindgen]
impl LimitBrain {
    /// Nobody asked yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what an isolate saw, and gives it its parts. A demand that cannot be read, or for which
    /// there is no room, gets none: the limit holds in that isolate alone then.
    #[wasm_bindgen(unchecked_return_type = "LimitLease[]")]
    pub fn lease(
        &mut self,
        isolate: f64,
        #[wasm_bindgen(unchecked_param_type = "readonly LimitDemand[]")] demands: JsValue,
        now: f64,
    ) -> JsValue {
        let demands: Vec<LimitDemand> = serde_wasm_bindgen::from_value(demands).unwrap_or_default();
        let at = timestamp(now);
        let mut leases = Vec::with_capacity(demands.len());
        for demand in demands {
            let rate = Rate {
                interval: Micros(whole(demand.interval_us).max(1)),
                burst: Micros(whole(demand.burst_us)),
            };
            if !self.allowances.contains_key(&demand.key) && self.allowances.len() >= KEYS_MAX {
                self.allowances.retain(|_, allowance| !allowance.is_idle(at));
                if self.allowances.len() >= KEYS_MAX {
                    break;
                }
            }
            let allowance =
                self.allowances.entry(demand.key.clone()).or_insert_with(|| Allowance::new(rate));
            let grant = allowance.ask(whole(isolate), rate, demand.seen, demand.taken, at);
            leases.push(lease(demand.key, grant));
        }
        object(&leases)
    }
}

fn lease(key: String, Grant { interval, ttl, plenty }: Grant) -> LimitLease {
    let micros = |span: Micros| span.as_secs_f64() * 1e6;
    LimitLease { key, interval_us: micros(interval), ttl_ms: micros(ttl) / 1e3, plenty }
}
