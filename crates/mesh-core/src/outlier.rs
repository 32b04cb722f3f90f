//! Envoy's outlier detection: ejects the hosts that do worse than their peers.
//!
//! Only meaningful on aggregated data (a Durable Object that hears from many isolates): one
//! isolate sees too few results, and the success-rate test cannot name one bad host among fewer
//! than five. Sweeps happen on the first call after an interval; there is no timer.
//!
//! Left out: success-rate and failure-percentage tests of local-origin results alone. With
//! `split_local_origin` those are judged by their consecutive counter only.

mod config;
mod host;
mod success_rate;

use alloc::vec::Vec;

pub use config::OutlierConfig;
use host::Host;
pub use success_rate::{RateLimits, rate_limits};

use crate::{
    dice::Dice,
    time::{Micros, Timestamp},
};

/// Most hosts that one detector judges.
pub const HOSTS_MAX: usize = 1_024;

/// The result of one request, as outlier detection classes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the classes that have counters")]
pub enum Observed {
    /// Any answer below 500.
    Success,
    /// A 5xx that is none of the next.
    ServerError,
    /// 502, 503 or 504.
    GatewayError,
    /// No answer: no connection, a reset, a timeout.
    LocalOriginFailure,
}

/// Why a host was ejected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EjectionReason {
    /// Too many 5xx in a row.
    Consecutive5xx,
    /// Too many 502, 503 or 504 in a row.
    ConsecutiveGatewayFailure,
    /// Too many requests in a row without an answer.
    ConsecutiveLocalOriginFailure,
    /// A success rate far below its peers'.
    SuccessRate,
    /// Too large a share of failures.
    FailurePercentage,
}

/// What the detector did to a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OutlierEvent {
    /// The host gets no traffic for now.
    Ejected {
        /// Its index.
        host: usize,
        /// Why.
        reason: EjectionReason,
    },
    /// The host gets traffic again.
    Unejected {
        /// Its index.
        host: usize,
    },
}

/// A result was told of a host that the detector does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownHost;

impl core::fmt::Display for UnknownHost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no host of that index")
    }
}

impl core::error::Error for UnknownHost {}

/// Judges the hosts of one service; memory grows with hosts, about 100 bytes each.
#[derive(Clone, Debug)]
pub struct OutlierDetector {
    config: OutlierConfig,
    hosts: Vec<Host>,
    last_sweep: Timestamp,
}

impl OutlierDetector {
    /// A detector of `hosts` hosts (at most [`HOSTS_MAX`]), none ejected.
    #[must_use]
    pub fn new(config: OutlierConfig, hosts: usize, now: Timestamp) -> Self {
        let mut all = Vec::new();
        all.resize_with(hosts.min(HOSTS_MAX), Host::default);
        Self { config, hosts: all, last_sweep: now }
    }

    /// Learns the result of one request and sweeps if an interval has passed.
    ///
    /// # Errors
    ///
    /// [`UnknownHost`] where `host` is not an index of this detector.
    pub fn on_result(
        &mut self,
        host: usize,
        observed: Observed,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) -> Result<(), UnknownHost> {
        self.sweep(now, dice, sink);
        let config = self.config;
        let one = self.hosts.get_mut(host).ok_or(UnknownHost)?;
        if let Some(reason) = one.count(observed, &config)
            && !one.is_ejected()
        {
            self.eject(host, reason, now, dice, sink);
        }
        Ok(())
    }

    /// Un-ejects, decays, and ejects by the last interval's rates, once per interval.
    pub fn sweep(
        &mut self,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        if now.saturating_since(self.last_sweep) < self.config.interval {
            return;
        }
        self.last_sweep = now;
        for (index, host) in self.hosts.iter_mut().enumerate() {
            if host.sweep(&self.config, now) {
                sink(OutlierEvent::Unejected { host: index });
            }
        }
        self.eject_by_success_rate(now, dice, sink);
        self.eject_by_failure_percentage(now, dice, sink);
    }

    /// A health check of an ejected host passed: it comes back at once, if so configured.
    pub fn on_health_check_passed(
        &mut self,
        host: usize,
        now: Timestamp,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        if self.config.health_check_unejects
            && let Some(one) = self.hosts.get_mut(host)
            && one.is_ejected()
        {
            one.uneject(now);
            sink(OutlierEvent::Unejected { host });
        }
    }

    /// True while `host` is ejected; false for a host it does not have.
    #[must_use]
    pub fn is_ejected(&self, host: usize) -> bool {
        self.hosts.get(host).is_some_and(Host::is_ejected)
    }

    /// How many hosts are ejected.
    #[must_use]
    pub fn ejected(&self) -> usize {
        self.hosts.iter().filter(|host| host.is_ejected()).count()
    }

    fn eject_by_success_rate(
        &mut self,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        let volume = self.config.success_rate_volume;
        let rates: Vec<f64> = self.hosts.iter().filter_map(|h| h.success_rate(volume)).collect();
        if rates.len() < self.config.success_rate_hosts_min.max(1) {
            return;
        }
        let limits = rate_limits(&rates, self.config.stdev_factor_permille);
        self.eject_where(EjectionReason::SuccessRate, volume, now, dice, sink, |rate| {
            rate < limits.threshold
        });
    }

    fn eject_by_failure_percentage(
        &mut self,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        let volume = self.config.failure_percentage_volume;
        let judged = self.hosts.iter().filter_map(|h| h.success_rate(volume)).count();
        if judged < self.config.failure_percentage_hosts_min.max(1) {
            return;
        }
        let threshold = f64::from(self.config.failure_percentage_threshold);
        self.eject_where(EjectionReason::FailurePercentage, volume, now, dice, sink, |rate| {
            100.0 - rate >= threshold
        });
    }

    fn eject_where(
        &mut self,
        reason: EjectionReason,
        volume: u32,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
        is_outlier: impl Fn(f64) -> bool,
    ) {
        for index in 0..self.hosts.len() {
            let rate = self.hosts.get(index).and_then(|host| host.success_rate(volume));
            if rate.is_some_and(&is_outlier) {
                self.eject(index, reason, now, dice, sink);
            }
        }
    }

    /// Ejects, if the share of ejected hosts and the enforcement roll allow it.
    fn eject(
        &mut self,
        index: usize,
        reason: EjectionReason,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        let ejected = self.ejected();
        let share = ejected.saturating_add(1).saturating_mul(100);
        let allowed =
            usize::from(self.config.max_ejection_percent).saturating_mul(self.hosts.len());
        let first = self.config.always_eject_one && ejected == 0;
        if share > allowed && !first || dice.below(100) >= u32::from(self.config.enforcing(reason))
        {
            return;
        }
        let jitter = dice.below_u64(self.config.max_ejection_jitter.0.saturating_add(1));
        if let Some(host) = self.hosts.get_mut(index) {
            host.eject(&self.config, now, Micros(jitter));
            sink(OutlierEvent::Ejected { host: index, reason });
        }
    }
}

#[cfg(test)]
mod tests;
