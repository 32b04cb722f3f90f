//! Limits on the requests that a service gets at a time.

use super::PlannedConcurrency;
use crate::{
    decode::Cursor,
    defaults::{CONCURRENCY_INITIAL, CONCURRENCY_MAX, CONCURRENCY_MIN},
    diagnostic::Code,
    document::{Concurrency, InFlight},
};

/// Resolves a limit: what is written bounds the defaults of the rest.
pub(super) fn plan(said: Option<&Concurrency>, at: &mut Cursor) -> Option<PlannedConcurrency> {
    let settings = said?.settings()?;
    let [initial, min, max] =
        [settings.initial, settings.min, settings.max].map(|value| value.map(InFlight::value));
    let least = min.unwrap_or(CONCURRENCY_MIN);
    let planned = PlannedConcurrency {
        initial: initial
            .unwrap_or_else(|| CONCURRENCY_INITIAL.max(least).min(max.unwrap_or(u16::MAX))),
        min: least,
        max: max.unwrap_or(CONCURRENCY_MAX),
    };
    // only a bound that was written limits
    let planned = PlannedConcurrency {
        min: min.unwrap_or_else(|| CONCURRENCY_MIN.min(planned.initial)),
        max: max.unwrap_or_else(|| CONCURRENCY_MAX.max(planned.initial)),
        ..planned
    };
    let PlannedConcurrency { initial, min, max } = planned;
    if !(min <= initial && initial <= max) {
        let found = format!("`initial` {initial}, `min` {min}, `max` {max}");
        at.at_field("concurrency", |at| {
            at.error(Code::OutOfRange, &found, "`min` at most `initial`, `initial` at most `max`");
        });
    }
    Some(planned)
}
