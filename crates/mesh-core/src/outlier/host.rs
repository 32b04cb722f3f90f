//! What is known of one host: counters, the last interval's results, and its ejections.

use super::{EjectionReason, Observed, OutlierConfig};
use crate::time::{Micros, Timestamp};

/// Results of one interval.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    total: u32,
    successes: u32,
}

/// An ejection that lasts.
#[derive(Clone, Copy, Debug)]
struct Ejection {
    at: Timestamp,
    jitter: Micros,
}

/// One judged host.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    current: Tally,
    previous: Tally,
    consecutive_5xx: u32,
    consecutive_gateway: u32,
    consecutive_local: u32,
    ejection: Option<Ejection>,
    /// How many base times the next or running ejection lasts.
    backoff: u32,
    unejected_at: Timestamp,
}

impl Host {
    pub(super) const fn is_ejected(&self) -> bool {
        self.ejection.is_some()
    }

    /// Success percentage of the last whole interval, if the host is judged at all.
    pub(super) fn success_rate(&self, volume: u32) -> Option<f64> {
        let judged = !self.is_ejected() && self.previous.total >= volume.max(1);
        judged.then(|| 100.0 * f64::from(self.previous.successes) / f64::from(self.previous.total))
    }

    /// Counts one result; says which consecutive limit it crosses.
    pub(super) fn count(
        &mut self,
        observed: Observed,
        config: &OutlierConfig,
    ) -> Option<EjectionReason> {
        let local = observed == Observed::LocalOriginFailure;
        if local && config.split_local_origin {
            let limit = config.consecutive_local_origin_failure;
            return bump(&mut self.consecutive_local, limit)
                .then_some(EjectionReason::ConsecutiveLocalOriginFailure);
        }
        let success = observed == Observed::Success;
        let gateway = local || observed == Observed::GatewayError;
        self.current.total = self.current.total.saturating_add(1);
        self.current.successes = self.current.successes.saturating_add(u32::from(success));
        self.consecutive_local = 0;
        if success {
            self.consecutive_5xx = 0;
        }
        if !gateway {
            self.consecutive_gateway = 0;
        }
        if gateway && bump(&mut self.consecutive_gateway, config.consecutive_gateway_failure) {
            // where nothing is enforced the 5xx counter still speaks for itself
            if config.enforcing_consecutive_gateway_failure > 0 {
                return Some(EjectionReason::ConsecutiveGatewayFailure);
            }
        }
        (!success && bump(&mut self.consecutive_5xx, config.consecutive_5xx))
            .then_some(EjectionReason::Consecutive5xx)
    }

    /// One interval has passed: ends an ejection that is over (true) or decays the backoff, and
    /// makes this interval's results the ones to judge by.
    pub(super) fn sweep(&mut self, config: &OutlierConfig, now: Timestamp) -> bool {
        let mut back = false;
        if let Some(ejection) = self.ejection {
            let lasts = config
                .base_ejection
                .saturating_mul(u64::from(self.backoff))
                .min(config.max_ejection_clamped())
                .saturating_add(ejection.jitter);
            if now.saturating_since(ejection.at) >= lasts {
                self.uneject(now);
                back = true;
            }
        } else if now.saturating_since(self.unejected_at) >= config.interval {
            self.backoff = self.backoff.saturating_sub(1);
        }
        self.previous = core::mem::take(&mut self.current);
        back
    }

    pub(super) fn eject(&mut self, config: &OutlierConfig, now: Timestamp, jitter: Micros) {
        self.ejection = Some(Ejection { at: now, jitter });
        let lasted = config.base_ejection.saturating_mul(u64::from(self.backoff));
        if lasted < config.max_ejection_clamped().saturating_add(config.base_ejection) {
            self.backoff = self.backoff.saturating_add(1);
        }
    }

    pub(super) const fn uneject(&mut self, now: Timestamp) {
        self.ejection = None;
        self.unejected_at = now;
        self.consecutive_5xx = 0;
        self.consecutive_gateway = 0;
        self.consecutive_local = 0;
    }
}

/// Counts one more in a row; true where `limit` is reached, and then the count starts over: each
/// run of failures gets one enforcement roll.
const fn bump(count: &mut u32, limit: u32) -> bool {
    *count = count.saturating_add(1);
    let reached = limit > 0 && *count >= limit;
    if reached {
        *count = 0;
    }
    reached
}
