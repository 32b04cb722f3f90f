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
pub use host::Ejection;
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
    /// Whoever keeps the detector knows it from elsewhere: see [`OutlierDetector::eject_known`].
    Known,
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

    /// Learns the results of many requests, in no order: the consecutive counters stay as they are, and
    /// nobody is judged before the next sweep. More than fit count as the most that do.
    ///
    /// # Errors
    ///
    /// [`UnknownHost`] where `host` is not an index of this detector.
    pub fn tally(&mut self, host: usize, successes: u32, failures: u32) -> Result<(), UnknownHost> {
        self.hosts.get_mut(host).ok_or(UnknownHost)?.tally(successes, failures);
        Ok(())
    }

    /// Un-ejects, decays, and ejects by the last interval's rates, once per interval.
    pub fn sweep(
        &mut self,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        let elapsed = now.saturating_since(self.last_sweep);
        if elapsed < self.config.interval {
            return;
        }
        self.last_sweep = now;
        self.release(now, sink);
        for host in &mut self.hosts {
            host.sweep(&self.config, elapsed, now);
        }
        self.eject_by_success_rate(now, dice, sink);
        self.eject_by_failure_percentage(now, dice, sink);
    }

    /// Un-ejects those whose time is over, between two sweeps.
    pub fn release(&mut self, now: Timestamp, sink: &mut impl FnMut(OutlierEvent)) {
        for (index, host) in self.hosts.iter_mut().enumerate() {
            if host.release(&self.config, now) {
                sink(OutlierEvent::Unejected { host: index });
            }
        }
    }

    /// Ejects a host for a reason that the detector does not see, where the share of ejected hosts
    /// allows it; nothing for one that is ejected already.
    pub fn eject_known(
        &mut self,
        host: usize,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(OutlierEvent),
    ) {
        if self.hosts.get(host).is_some_and(|host| !host.is_ejected()) {
            self.eject(host, EjectionReason::Known, now, dice, sink);
        }
    }

    /// Goes on with an ejection that was stored; nothing for a host that it does not have.
    pub fn restore(&mut self, host: usize, ejection: Ejection) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.restore(ejection);
        }
    }

    /// Takes other settings. Ejections go on, and end by the new ones.
    pub const fn reconfigure(&mut self, config: OutlierConfig) {
        self.config = config;
    }

    /// Takes other hosts (at most [`HOSTS_MAX`]): for each the index that it had, `None` = it is new.
    /// What is known of a host goes with it; of two that name the same one, with the first.
    pub fn renumber(&mut self, had: impl Iterator<Item = Option<usize>>) {
        let mut old = core::mem::take(&mut self.hosts);
        let hosts = had
            .take(HOSTS_MAX)
            .map(|at| at.and_then(|at| old.get_mut(at)).map(core::mem::take).unwrap_or_default());
        self.hosts = hosts.collect();
    }

    /// Says whether something else keeps a host from taking traffic, such as a health check: with
    /// [`OutlierConfig::spare_last`] it is not what is left when another one is ejected.
    pub fn set_down(&mut self, host: usize, down: bool) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.down = down;
        }
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

    /// The ejection of `host`, where it is ejected.
    #[must_use]
    pub fn ejection(&self, host: usize) -> Option<Ejection> {
        self.hosts.get(host)?.ejection()
    }

    /// When an ejection that lasts is over by these settings.
    #[must_use]
    pub fn until(&self, host: usize) -> Option<Timestamp> {
        self.hosts.get(host)?.until(&self.config)
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
        if share > allowed && !first
            || self.config.spare_last && !self.has_other(index)
            || dice.below(100) >= u32::from(self.config.enforcing(reason))
        {
            return;
        }
        let jitter = dice.below_u64(self.config.max_ejection_jitter.0.saturating_add(1));
        if let Some(host) = self.hosts.get_mut(index) {
            host.eject(&self.config, reason, now, Micros(jitter));
            sink(OutlierEvent::Ejected { host: index, reason });
        }
    }

    /// Whether a host besides `index` takes traffic.
    fn has_other(&self, index: usize) -> bool {
        let mut others = self.hosts.iter().enumerate().filter(|(at, _)| *at != index);
        others.any(|(_, host)| !host.down && !host.is_ejected())
    }
}

#[cfg(test)]
mod tests;
