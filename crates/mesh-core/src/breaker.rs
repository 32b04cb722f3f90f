//! One endpoint's circuit breaker: consecutive failures, windowed success ratio and slow calls.
//!
//! Closed lets traffic through, Open refuses it, `HalfOpen` admits a bounded number of probes. Each
//! attempt carries a [`BreakerTicket`]; a result whose ticket is from before the last transition
//! says nothing about the endpoint as it is now and is ignored. The breaker owns no clock: an Open
//! one whose time is up becomes `HalfOpen` when the next attempt starts.

mod backoff;
mod config;
mod report;
mod state;
mod window;

use core::mem;

pub use backoff::OpenBackoff;
pub use config::{BreakerConfig, BreakerMode};
pub use report::{Admission, Outcome, Report};
pub use state::{BreakerState, Transition, TransitionReason};
use window::Window;

use crate::{
    dice::Dice,
    time::{Micros, Timestamp},
};

/// Longest open time that a `Retry-After` hint can ask for; a hint must not take an endpoint away
/// for hours.
pub const RETRY_AFTER_MAX: Micros = Micros::from_secs(300);

/// Lease of a probe whose attempt has no timeout.
pub const PROBE_LEASE_DEFAULT: Micros = Micros::from_secs(30);

/// Proof that an attempt started; goes back with its result, or into [`Breaker::on_abandon`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "a started attempt must be reported or abandoned"]
pub struct BreakerTicket {
    generation: u16,
    probe: bool,
}

impl BreakerTicket {
    /// True where the attempt holds a probe slot.
    #[must_use]
    pub const fn is_probe(self) -> bool {
        self.probe
    }
}

/// The breaker of one endpoint; 96 bytes.
#[derive(Clone, Debug)]
pub struct Breaker {
    window: Window,
    state: BreakerState,
    consecutive: u16,
    /// Counts transitions and expired leases; a ticket of another generation is stale.
    generation: u16,
    /// Failed rounds of probing since the breaker was last Closed.
    level: u8,
    mode: BreakerMode,
}

const _: () = assert!(size_of::<Breaker>() <= 96, "thousands of endpoints per isolate");

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

impl Breaker {
    /// A Closed breaker that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            window: Window::new(),
            state: BreakerState::Closed,
            consecutive: 0,
            generation: 0,
            level: 0,
            mode: BreakerMode::Automatic,
        }
    }

    /// Takes note that an attempt starts, and takes a probe slot where `admission` is
    /// [`Admission::Probe`].
    ///
    /// Pass what [`Breaker::admits`] said at the same `now`. A probe slot is a lease of `lease`
    /// (the attempt's timeout; zero = [`PROBE_LEASE_DEFAULT`]), because an isolate can be killed
    /// before it reports. Where no slot is left the ticket is no probe, and its result is ignored.
    #[inline(always)]
    pub fn on_start(
        &mut self,
        admission: Admission,
        lease: Micros,
        config: &BreakerConfig,
        now: Timestamp,
    ) -> (BreakerTicket, Option<Transition>) {
        let mut transition = None;
        let probe = admission == Admission::Probe && self.admits(config, now) == Admission::Probe;
        if probe {
            let lease = if lease.is_zero() { PROBE_LEASE_DEFAULT } else { lease };
            transition = self.take_probe_slot(now.saturating_add(lease), now);
        }
        (BreakerTicket { generation: self.generation, probe }, transition)
    }

    /// Learns from the result of an attempt; says how the breaker moved, if it did.
    ///
    /// A stale ticket changes nothing, whatever the result: neither a slow success from before
    /// the opening closes the breaker, nor a late failure re-opens it or lengthens the wait.
    #[inline(always)]
    pub fn on_result(
        &mut self,
        ticket: BreakerTicket,
        report: &Report,
        config: &BreakerConfig,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> Option<Transition> {
        if ticket.generation != self.generation || self.mode != BreakerMode::Automatic {
            return None;
        }
        match self.state {
            BreakerState::Closed => {
                let reason = self.count(report, config, now)?;
                if report.may_open {
                    return Some(self.open(reason, report.retry_after, config, now, dice));
                }
                None
            }
            BreakerState::HalfOpen { in_flight, succeeded, lease_until } if ticket.probe => {
                if report.outcome != Outcome::Success || config.is_slow(report.latency) {
                    self.level = self.level.saturating_add(1);
                    let reason = TransitionReason::ProbeFailed;
                    return Some(self.open(reason, report.retry_after, config, now, dice));
                }
                let succeeded = succeeded.saturating_add(1);
                if succeeded >= config.probes_needed() {
                    self.reset();
                    return Some(
                        self.move_to(BreakerState::Closed, TransitionReason::ProbeSucceeded),
                    );
                }
                let in_flight = in_flight.saturating_sub(1);
                self.state = BreakerState::HalfOpen { in_flight, succeeded, lease_until };
                None
            }
            BreakerState::Open { .. } | BreakerState::HalfOpen { .. } => None,
        }
    }

    /// Gives a probe slot back without a result, for an attempt that was cancelled by the caller.
    pub fn on_abandon(&mut self, ticket: BreakerTicket) {
        if let BreakerState::HalfOpen { in_flight, .. } = &mut self.state
            && ticket.probe
            && ticket.generation == self.generation
        {
            *in_flight = in_flight.saturating_sub(1);
        }
    }

    /// Puts the breaker under manual control, or back under its own.
    ///
    /// Every change starts from a clean slate: what was counted under another mode is forgotten.
    pub fn set_mode(&mut self, mode: BreakerMode) -> Option<Transition> {
        if mode == self.mode {
            return None;
        }
        self.mode = mode;
        self.reset();
        let to = match mode {
            BreakerMode::ForceOpen => {
                BreakerState::Open { until: Timestamp::from_micros(u64::MAX) }
            }
            BreakerMode::Automatic | BreakerMode::Disabled => BreakerState::Closed,
        };
        let transition = self.move_to(to, TransitionReason::Forced);
        (transition.from != transition.to).then_some(transition)
    }

    /// Whether the endpoint may be used at `now`. Changes nothing.
    #[must_use]
    #[inline(always)]
    pub fn admits(&self, config: &BreakerConfig, now: Timestamp) -> Admission {
        if self.is_ready() { Admission::Normal } else { self.admits_probe(config, now) }
    }

    #[cold]
    #[inline(never)]
    fn admits_probe(&self, config: &BreakerConfig, now: Timestamp) -> Admission {
        let admitted = match self.state {
            BreakerState::Closed => return Admission::Normal,
            BreakerState::Open { until } => now >= until && self.mode != BreakerMode::ForceOpen,
            BreakerState::HalfOpen { in_flight, succeeded, lease_until } => {
                now >= lease_until || in_flight.saturating_add(succeeded) < config.probes_needed()
            }
        };
        if admitted { Admission::Probe } else { Admission::Refused }
    }

    /// The state as last moved; an Open one whose time is up is still Open until a probe starts.
    #[must_use]
    pub const fn state(&self) -> BreakerState {
        self.state
    }

    /// Who decides.
    #[must_use]
    pub const fn mode(&self) -> BreakerMode {
        self.mode
    }

    /// True while Closed: what `minReady` counts.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, BreakerState::Closed)
    }

    /// Counts a result while Closed; says whether a limit is crossed, the consecutive one first.
    #[inline(always)]
    fn count(
        &mut self,
        report: &Report,
        config: &BreakerConfig,
        now: Timestamp,
    ) -> Option<TransitionReason> {
        match report.outcome {
            Outcome::Success => self.consecutive = 0,
            Outcome::Failure => self.consecutive = self.consecutive.saturating_add(1),
            Outcome::RateLimited => {}
        }
        let failed = report.outcome != Outcome::Success;
        self.window.record(failed, config.is_slow(report.latency), config.window, now);

        let limit = config.consecutive_failures.min(u32::from(u16::MAX));
        if limit > 0 && u32::from(self.consecutive) >= limit {
            return Some(TransitionReason::ConsecutiveFailures);
        }
        if self.window.is_clean() {
            return None;
        }
        let counts = self.window.counts();
        if counts.total < config.min_requests.max(1) {
            return None;
        }
        // a window holds at most 655 350 results, so the products fit 32 bits
        let succeeded = counts.total.saturating_sub(counts.failures).saturating_mul(1_000);
        if succeeded
            < counts.total.saturating_mul(u32::from(config.success_ratio_permille.min(1_000)))
        {
            return Some(TransitionReason::LowSuccessRate);
        }
        let slow_enough =
            counts.total.saturating_mul(u32::from(config.slow_call_ratio_permille.min(1_000)));
        (counts.slow > 0 && counts.slow.saturating_mul(1_000) >= slow_enough)
            .then_some(TransitionReason::SlowCalls)
    }

    fn take_probe_slot(&mut self, lease_until: Timestamp, now: Timestamp) -> Option<Transition> {
        match self.state {
            BreakerState::Open { .. } => {
                let to = BreakerState::HalfOpen { in_flight: 1, succeeded: 0, lease_until };
                Some(self.move_to(to, TransitionReason::OpenTimeOver))
            }
            BreakerState::HalfOpen { in_flight, succeeded, lease_until: lease_old } => {
                let expired = in_flight > 0 && now >= lease_old;
                if expired {
                    // the probes that never reported hold stale tickets from here on
                    self.generation = self.generation.wrapping_add(1);
                }
                self.state = BreakerState::HalfOpen {
                    in_flight: if expired { 1 } else { in_flight.saturating_add(1) },
                    succeeded,
                    lease_until: lease_until.max(lease_old),
                };
                None
            }
            BreakerState::Closed => None,
        }
    }

    fn open(
        &mut self,
        reason: TransitionReason,
        retry_after: Option<Micros>,
        config: &BreakerConfig,
        now: Timestamp,
        dice: &mut impl Dice,
    ) -> Transition {
        let backoff = OpenBackoff {
            min: config.open_min,
            max: config.open_max,
            jitter_permille: config.jitter_permille,
        };
        let hint = retry_after.unwrap_or(Micros::ZERO).min(RETRY_AFTER_MAX);
        let wait = backoff.delay(self.level, dice).max(hint);
        self.move_to(BreakerState::Open { until: now.saturating_add(wait) }, reason)
    }

    const fn move_to(&mut self, to: BreakerState, reason: TransitionReason) -> Transition {
        self.generation = self.generation.wrapping_add(1);
        Transition { from: mem::replace(&mut self.state, to), to, reason }
    }

    fn reset(&mut self) {
        self.window.clear();
        self.consecutive = 0;
        self.level = 0;
    }
}

#[cfg(test)]
mod tests;
