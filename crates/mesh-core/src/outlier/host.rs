//! What is known of one host: counters, the last interval's results, and its ejections.

use super::{EjectionReason, Observed, OutlierConfig};
use crate::time::{Micros, Timestamp};

/// Results of one interval.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    total: u32,
    successes: u32,
}

/// An ejection that lasts: what whoever keeps a detector stores, so that it goes on where it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever stores it stores all of it")]
pub struct Ejection {
    /// Why.
    pub reason: EjectionReason,
    /// Since when.
    pub at: Timestamp,
    /// How many base times it lasts, up to the longest.
    pub times: u32,
    /// Random time on top.
    pub jitter: Micros,
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
    /// Something else keeps it from taking traffic.
    pub(super) down: bool,
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

    pub(super) const fn tally(&mut self, successes: u32, failures: u32) {
        let Tally { total, successes: counted } = &mut self.current;
        let most = u32::MAX - *total;
        let successes = if successes < most { successes } else { most };
        *counted = counted.saturating_add(successes);
        *total = total.saturating_add(successes).saturating_add(failures);
    }

    pub(super) const fn ejection(&self) -> Option<Ejection> {
        self.ejection
    }

    pub(super) fn until(&self, config: &OutlierConfig) -> Option<Timestamp> {
        let ejection = self.ejection?;
        let lasts = config
            .base_ejection
            .saturating_mul(u64::from(ejection.times))
            .min(config.max_ejection_clamped())
            .saturating_add(ejection.jitter);
        Some(ejection.at.saturating_add(lasts))
    }

    /// Ends an ejection whose time is over; true where it was.
    pub(super) fn release(&mut self, config: &OutlierConfig, now: Timestamp) -> bool {
        let over = self.until(config).is_some_and(|until| until <= now);
        if over {
            self.uneject(now);
        }
        over
    }

    /// Intervals have passed: decays the backoff of a host that was not ejected in them, and makes
    /// this one's results the ones to judge by.
    pub(super) fn sweep(&mut self, config: &OutlierConfig, elapsed: Micros, now: Timestamp) {
        if !self.is_ejected() {
            let quiet = now.saturating_since(self.unejected_at).min(elapsed);
            let intervals = quiet.0 / config.interval.0.max(1);
            self.backoff =
                self.backoff.saturating_sub(u32::try_from(intervals).unwrap_or(u32::MAX));
        }
        self.previous = core::mem::take(&mut self.current);
    }

    pub(super) fn eject(
        &mut self,
        config: &OutlierConfig,
        reason: EjectionReason,
        now: Timestamp,
        jitter: Micros,
    ) {
        let lasted = config.base_ejection.saturating_mul(u64::from(self.backoff));
        if lasted < config.max_ejection_clamped().saturating_add(config.base_ejection) {
            self.backoff = self.backoff.saturating_add(1);
        }
        self.restore(Ejection { reason, at: now, times: self.backoff, jitter });
    }

    pub(super) const fn restore(&mut self, ejection: Ejection) {
        self.ejection = Some(ejection);
        self.backoff = ejection.times;
    }

    /// What was left of its traffic while it was ejected says nothing of it afterwards.
    pub(super) const fn uneject(&mut self, now: Timestamp) {
        self.ejection = None;
        self.current = Tally { total: 0, successes: 0 };
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
