//! The last good answer of a source, and when to ask the source again.
//!
//! Each source stands behind a breaker of its own: one that fails is asked more and more seldom, and
//! what it said last stays in use. The host does the asking:
//!
//! ```
//! use mesh_core::{dice::SeededDice, time::{Micros, Timestamp}};
//! use mesh_registry::kept::{Freshness, Kept, KeptConfig};
//!
//! let mut dice = SeededDice::new(1);
//! let mut kept = Kept::new(KeptConfig { fresh_for: Micros::from_secs(30), ..KeptConfig::DEFAULT });
//! let now = Timestamp::from_millis(1_000);
//! let asking = kept.ask(now).expect("nothing is known yet");
//! kept.answered(asking, "users at A", now);
//! assert!(kept.ask(now).is_none(), "it is fresh");
//!
//! let later = now.saturating_add(Micros::from_secs(31));
//! let asking = kept.ask(later).expect("it is stale");
//! kept.failed(asking, None, later, &mut dice);
//! assert!(kept.ask(later).is_none(), "it failed just now");
//! assert_eq!((kept.value(), kept.freshness(later)), (Some(&"users at A"), Freshness::Stale));
//! ```

use mesh_core::{
    breaker::{Admission, Breaker, BreakerConfig, BreakerTicket, Outcome, Report},
    dice::Dice,
    time::{Micros, Timestamp},
};

/// When a source is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "settings, all with a default")]
pub struct KeptConfig {
    /// How long an answer is used before the source is asked again; default 30 s, zero = it is asked
    /// whenever nobody asks it already.
    pub fresh_for: Micros,
    /// How long an answer is waited for before somebody else may ask; default 10 s. Who asked may be
    /// gone without a word.
    pub patience: Micros,
    /// When it is left alone. Default: after each failure, for 1 s at first, then up to 60 s.
    pub breaker: BreakerConfig,
}

impl KeptConfig {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        fresh_for: Micros::from_secs(30),
        patience: Micros::from_secs(10),
        breaker: BreakerConfig {
            consecutive_failures: 1,
            success_ratio_permille: 0,
            ..BreakerConfig::DEFAULT
        },
    };
}

impl Default for KeptConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How old what is known is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is none, or it is fresh or not")]
pub enum Freshness {
    /// The source never answered.
    Never,
    /// It answered lately.
    Fresh,
    /// It did not, and what it said last is used on.
    Stale,
}

/// A question that is on its way.
#[derive(Debug)]
#[must_use = "whoever asks tells what came of it"]
pub struct Asking(BreakerTicket);

/// What one source said last.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    config: KeptConfig,
    breaker: Breaker,
    value: Option<T>,
    /// When it answered; `None` where it did not, or where its answer is in doubt.
    as_of: Option<Timestamp>,
    /// Until when somebody asks; zero = nobody does.
    asked_until: Timestamp,
}

impl<T> Kept<T> {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(config: KeptConfig) -> Self {
        Self::of(config, None)
    }

    /// With what was known when the host started, such as a bundled Snapshot. It is stale at once.
    #[must_use]
    pub const fn with(config: KeptConfig, value: T) -> Self {
        Self::of(config, Some(value))
    }

    const fn of(config: KeptConfig, value: Option<T>) -> Self {
        Self { config, breaker: Breaker::new(), value, as_of: None, asked_until: Timestamp::ZERO }
    }

    /// Whether to ask the source now: what is known is not fresh, nobody asks already, and it did not
    /// fail just now.
    pub fn ask(&mut self, now: Timestamp) -> Option<Asking> {
        let KeptConfig { patience, breaker: config, .. } = &self.config;
        if self.freshness(now) == Freshness::Fresh || now < self.asked_until {
            return None;
        }
        let admission = self.breaker.admits(config, now);
        if admission == Admission::Refused {
            return None;
        }
        let (ticket, _moved) = self.breaker.on_start(admission, *patience, config, now);
        self.asked_until = now.saturating_add(*patience);
        Some(Asking(ticket))
    }

    /// Takes an answer that came as of `now`.
    pub fn answered(&mut self, asking: Asking, value: T, now: Timestamp) {
        self.value = Some(value);
        self.as_of = Some(now);
        // it never opens on a success, and so needs no dice
        self.learn(asking, Outcome::Success, None, now, &mut Still);
    }

    /// Takes note that there was no answer, or none that could be used. What is known stays.
    pub fn failed(
        &mut self,
        asking: Asking,
        retry_after: Option<Micros>,
        now: Timestamp,
        dice: &mut impl Dice,
    ) {
        self.learn(asking, Outcome::Failure, retry_after, now, dice);
    }

    fn learn(
        &mut self,
        Asking(ticket): Asking,
        outcome: Outcome,
        retry_after: Option<Micros>,
        now: Timestamp,
        dice: &mut impl Dice,
    ) {
        self.asked_until = Timestamp::ZERO;
        let report = Report { outcome, latency: Micros::ZERO, retry_after, may_open: true };
        let _moved = self.breaker.on_result(ticket, &report, &self.config.breaker, now, dice);
    }

    /// What the source said last.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// How old that is.
    #[must_use]
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        let fresh_for = self.config.fresh_for;
        if self.value.is_none() {
            Freshness::Never
        } else if self.as_of.is_some_and(|as_of| now.saturating_since(as_of) < fresh_for) {
            Freshness::Fresh
        } else {
            Freshness::Stale
        }
    }

    /// Says that what is known may be old, whatever its age: a caller was told of a newer version.
    pub const fn doubt(&mut self) {
        self.as_of = None;
    }
}

/// Dice for what is not random.
struct Still;

impl Dice for Still {
    fn roll(&mut self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use mesh_core::dice::SeededDice;
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn one_asks_and_the_others_use_what_is_known() {
        let mut kept: Kept<u8> = Kept::new(KeptConfig::DEFAULT);
        let first = kept.ask(at(1_000));
        assert!(first.is_some() && kept.ask(at(1_000)).is_none() && kept.ask(at(10_999)).is_none());
        // whoever asked is gone
        let second = kept.ask(at(11_000)).unwrap();
        kept.answered(second, 7, at(11_100));
        assert_eq!((kept.value(), kept.freshness(at(11_100))), (Some(&7), Freshness::Fresh));
        assert_eq!(kept.freshness(at(41_100)), Freshness::Stale);
    }

    #[test]
    fn what_was_bundled_serves_until_the_source_answers() {
        let mut kept = Kept::with(KeptConfig::DEFAULT, 1);
        assert_eq!((kept.value(), kept.freshness(at(0))), (Some(&1), Freshness::Stale));
        let asking = kept.ask(at(5)).unwrap();
        kept.answered(asking, 2, at(6));
        assert_eq!((kept.value(), kept.freshness(at(6))), (Some(&2), Freshness::Fresh));
    }

    #[test]
    fn a_hint_of_a_newer_version_asks_at_once_and_a_failure_loses_nothing() {
        let (mut kept, mut dice) = (Kept::new(KeptConfig::DEFAULT), SeededDice::new(1));
        let asking = kept.ask(at(1_000)).unwrap();
        kept.answered(asking, 1, at(1_000));
        kept.doubt();
        let asking = kept.ask(at(1_001)).unwrap();
        kept.failed(asking, None, at(1_002), &mut dice);
        assert_eq!(kept.value(), Some(&1));
        assert!(kept.ask(at(1_003)).is_none());
    }

    #[test]
    fn a_source_that_says_when_to_come_back_is_left_alone_until_then() {
        let (mut kept, mut dice): (Kept<u8>, _) =
            (Kept::new(KeptConfig::DEFAULT), SeededDice::new(1));
        let asking = kept.ask(at(1_000)).unwrap();
        kept.failed(asking, Some(Micros::from_secs(20)), at(1_000), &mut dice);
        assert!(kept.ask(at(20_999)).is_none() && kept.ask(at(21_000)).is_some());
    }

    proptest! {
        /// Asked every 100 ms for ten minutes, a source that is down hears of a client about once a
        /// minute in the end, and is found again within a minute and a half after it is back.
        #[test]
        fn a_source_that_is_down_is_asked_seldom_and_found_again(seed: u64) {
            let (mut kept, mut dice): (Kept<u8>, _) =
                (Kept::new(KeptConfig::DEFAULT), SeededDice::new(seed));
            let mut asked = 0;
            for ms in (1_000..601_000).step_by(100) {
                if let Some(asking) = kept.ask(at(ms)) {
                    asked += 1;
                    kept.failed(asking, None, at(ms), &mut dice);
                }
            }
            prop_assert!((10..25).contains(&asked), "{}", asked);
            let mut ms = 601_000;
            while kept.value().is_none() {
                ms += 100;
                if let Some(asking) = kept.ask(at(ms)) {
                    kept.answered(asking, 1, at(ms));
                }
                prop_assert!(ms < 601_000 + 90_000 + 100);
            }
        }
    }
}
