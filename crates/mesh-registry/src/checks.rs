//! Active health checks: when to probe an endpoint, and what its answers say.
//!
//! As in Envoy, an endpoint becomes unhealthy after some failures in a row and healthy after some
//! successes in a row, and the very first answer decides alone, as nothing else is known.

use alloc::{collections::BTreeMap, vec::Vec};

use mesh_core::{
    dice::Dice,
    time::{Micros, Timestamp},
};

use crate::{limits::CHECK_INTERVAL_MIN, record::Identity};

/// How an endpoint is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "settings of a document")]
pub struct CheckConfig {
    /// Time between two checks; default 10 s, at least 1 s.
    pub interval: Micros,
    /// Random time on top of it, in permille of it, so that checks do not all come at once;
    /// default 100, up to 1000.
    pub jitter_permille: u16,
    /// Failures in a row that make it unhealthy; default 3, 0 counts as 1.
    pub unhealthy_threshold: u8,
    /// Successes in a row that make it healthy again; default 2, 0 counts as 1.
    pub healthy_threshold: u8,
}

impl CheckConfig {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        interval: Micros::from_secs(10),
        jitter_permille: 100,
        unhealthy_threshold: 3,
        healthy_threshold: 2,
    };

    /// When the check after one at `now` is due.
    fn after(&self, now: Timestamp, dice: &mut impl Dice) -> Timestamp {
        let interval = self.interval.max(CHECK_INTERVAL_MIN);
        let jitter = interval.saturating_mul(u64::from(self.jitter_permille.min(1_000))).0 / 1_000;
        let jitter = Micros(dice.below_u64(jitter.saturating_add(1)));
        now.saturating_add(interval).saturating_add(jitter)
    }
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What checks say of an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "nothing, good or bad")]
pub enum Verdict {
    /// It was not checked yet.
    Unknown,
    /// It answers as it should.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// What is known of a checked endpoint: what a writer stores, so that it goes on where it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever stores it stores all of it")]
pub struct CheckState {
    /// What its answers say.
    pub verdict: Verdict,
    /// Answers in a row that speak against the verdict.
    pub against: u8,
    /// When it is probed next.
    pub next: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    config: CheckConfig,
    state: CheckState,
}

/// The endpoints that are checked.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    watched: BTreeMap<Identity, Watched>,
}

impl Checks {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { watched: BTreeMap::new() }
    }

    /// Begins to check an endpoint, at once; or goes on with other settings, and what is known of it
    /// stays.
    pub fn watch(&mut self, endpoint: Identity, config: CheckConfig, now: Timestamp) {
        let state = CheckState { verdict: Verdict::Unknown, against: 0, next: now };
        self.watched.entry(endpoint).or_insert(Watched { config, state }).config = config;
    }

    /// Goes on where it was before whoever keeps the checks was started anew. Nothing for an endpoint
    /// that is not checked.
    pub fn restore(&mut self, endpoint: Identity, state: CheckState) {
        if let Some(watched) = self.watched.get_mut(&endpoint) {
            watched.state = state;
        }
    }

    /// What is known of each checked endpoint.
    pub fn states(&self) -> impl Iterator<Item = (Identity, CheckState)> {
        self.watched.iter().map(|(endpoint, watched)| (*endpoint, watched.state))
    }

    /// Ends checking an endpoint.
    pub fn forget(&mut self, endpoint: Identity) {
        self.watched.remove(&endpoint);
    }

    /// Ends checking those for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(Identity) -> bool) {
        self.watched.retain(|endpoint, _| keep(*endpoint));
    }

    /// Takes the endpoints whose check is due, at most `most`, those that wait longest first. Each is
    /// due again an interval later, whether its answer is told or not: a probe that is lost ends
    /// nothing.
    pub fn due(&mut self, most: usize, now: Timestamp, dice: &mut impl Dice) -> Vec<Identity> {
        let due = self.states().filter(|(_, state)| state.next <= now);
        let mut due: Vec<(Timestamp, Identity)> =
            due.map(|(endpoint, state)| (state.next, endpoint)).collect();
        due.sort_unstable();
        due.truncate(most);
        for (_, endpoint) in &due {
            if let Some(watched) = self.watched.get_mut(endpoint) {
                watched.state.next = watched.config.after(now, dice);
            }
        }
        due.into_iter().map(|(_, endpoint)| endpoint).collect()
    }

    /// When the next check is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.states().map(|(_, state)| state.next).min()
    }

    /// Tells what a probe came to; the new verdict, where it is another one.
    pub fn tell(&mut self, endpoint: Identity, passed: bool) -> Option<Verdict> {
        let watched = self.watched.get_mut(&endpoint)?;
        let CheckConfig { healthy_threshold, unhealthy_threshold, .. } = watched.config;
        let (said, threshold) = if passed {
            (Verdict::Healthy, healthy_threshold)
        } else {
            (Verdict::Unhealthy, unhealthy_threshold)
        };
        let state = &mut watched.state;
        if said == state.verdict {
            state.against = 0;
            return None;
        }
        state.against = state.against.saturating_add(1);
        if state.verdict != Verdict::Unknown && state.against < threshold.max(1) {
            return None;
        }
        state.verdict = said;
        state.against = 0;
        Some(said)
    }

    /// What is known of an endpoint; `None` where it is not checked.
    #[must_use]
    pub fn state(&self, endpoint: Identity) -> Option<CheckState> {
        self.watched.get(&endpoint).map(|watched| watched.state)
    }

    /// What checks say of an endpoint.
    #[must_use]
    pub fn verdict(&self, endpoint: Identity) -> Verdict {
        self.state(endpoint).map_or(Verdict::Unknown, |state| state.verdict)
    }
}

#[cfg(test)]
mod tests {
    use mesh_core::dice::SeededDice;
    use proptest::prelude::*;

    use super::*;
    use crate::record::tests::record;

    fn endpoint() -> Identity {
        record("a", "binding:A").identity()
    }

    fn watching(config: CheckConfig) -> Checks {
        let mut checks = Checks::new();
        checks.watch(endpoint(), config, Timestamp::ZERO);
        checks
    }

    fn told(answers: &str) -> Vec<Option<Verdict>> {
        let mut checks = watching(CheckConfig::DEFAULT);
        answers.chars().map(|answer| checks.tell(endpoint(), answer == '+')).collect()
    }

    #[test]
    fn the_first_answer_decides_alone_and_later_ones_in_a_row() {
        let (healthy, unhealthy) = (Some(Verdict::Healthy), Some(Verdict::Unhealthy));
        assert_eq!(told("+--+---"), [healthy, None, None, None, None, None, unhealthy]);
        assert_eq!(told("-+-++"), [unhealthy, None, None, None, healthy]);
    }

    #[test]
    fn other_settings_keep_what_is_known() {
        let mut checks = watching(CheckConfig::DEFAULT);
        checks.tell(endpoint(), true);
        let config = CheckConfig { unhealthy_threshold: 0, ..CheckConfig::DEFAULT };
        checks.watch(endpoint(), config, Timestamp::ZERO);
        assert_eq!(checks.verdict(endpoint()), Verdict::Healthy);
        assert_eq!(checks.tell(endpoint(), false), Some(Verdict::Unhealthy));
        checks.forget(endpoint());
        assert_eq!(checks.tell(endpoint(), true), None);
        assert_eq!(checks.verdict(endpoint()), Verdict::Unknown);
    }

    #[test]
    fn those_that_wait_longest_are_checked_first_and_no_more_than_asked_for() {
        let (mut checks, mut dice) = (Checks::new(), SeededDice::new(1));
        let endpoints: Vec<Identity> =
            (0..10).map(|n| record("a", &alloc::format!("binding:A{n}")).identity()).collect();
        for (second, endpoint) in (0u64..).zip(&endpoints) {
            let now = Timestamp::from_millis(1_000 * second);
            checks.watch(*endpoint, CheckConfig::DEFAULT, now);
        }
        let now = Timestamp::from_millis(5_000);
        assert_eq!(checks.due(3, now, &mut dice), &endpoints[..3]);
        assert_eq!(checks.due(9, now, &mut dice), &endpoints[3..6]);
        assert_eq!(checks.due(9, now, &mut dice), []);
        assert_eq!(checks.next_due(), Some(Timestamp::from_millis(6_000)));
    }

    proptest! {
        #[test]
        fn a_check_comes_an_interval_later_and_its_jitter(
            seconds in 0..100u64, jitter_permille in 0..2_000u16, seed: u64,
        ) {
            let interval = Micros::from_secs(seconds);
            let config = CheckConfig { interval, jitter_permille, ..CheckConfig::DEFAULT };
            let (mut checks, mut dice) = (watching(config), SeededDice::new(seed));
            let now = Timestamp::from_millis(7_000);
            prop_assert_eq!(checks.due(1, now, &mut dice).len(), 1);
            let wait = checks.next_due().unwrap().saturating_since(now);
            let least = Micros::from_secs(seconds.max(1));
            let most = least.0 + least.0 * u64::from(jitter_permille.min(1_000)) / 1_000;
            prop_assert!(wait >= least && wait.0 <= most, "{:?}", wait);
        }

        /// Against the answers as text: a verdict turns exactly where its threshold's run ends.
        #[test]
        fn a_verdict_turns_after_its_run_and_only_then(
            answers in prop::collection::vec(any::<bool>(), 1..60), rise in 1..5u8, fall in 1..5u8,
        ) {
            let config = CheckConfig {
                healthy_threshold: rise, unhealthy_threshold: fall, ..CheckConfig::DEFAULT
            };
            let mut checks = watching(config);
            let mut naive = answers[0];
            for at in 0..answers.len() {
                checks.tell(endpoint(), answers[at]);
                let run = answers[..=at].iter().rev().take_while(|&&one| one != naive).count();
                if run >= usize::from(if naive { fall } else { rise }) {
                    naive = !naive;
                }
                let expected = if naive { Verdict::Healthy } else { Verdict::Unhealthy };
                prop_assert_eq!(checks.verdict(endpoint()), expected);
            }
        }
    }
}
