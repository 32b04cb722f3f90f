//! Copies of requests.

use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Denominator, Fraction, Mirror, Percent},
    plan::{Context, PlannedMirror},
};

const MILLION: u32 = 1_000_000;

/// Resolves a copy; `None` where its service is unknown, which is noted.
pub(super) fn plan(
    mirror: &Mirror,
    context: Context<'_>,
    at: &mut Cursor,
) -> Option<PlannedMirror> {
    let service = at.at_field("service", |at| context.service(&mirror.service, at));
    let millionths = match (&mirror.percent, &mirror.fraction) {
        (Some(_), Some(_)) => {
            at.error(Code::ConflictingFields, "both `percent` and `fraction`", "one of them");
            MILLION
        }
        (_, Some(fraction)) => at.at_field("fraction", |at| of_fraction(fraction, at)),
        (percent, None) => millionths(*percent),
    };
    let settings = context.settings(&mirror.service).once();
    Some(PlannedMirror { service: service?, settings, millionths })
}

/// A percentage in millionths, rounded; all where there is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage is from 0 to 100"
)]
pub(in crate::plan) fn millionths(percent: Option<Percent>) -> u32 {
    percent.map_or(MILLION, |percent| (percent.value() * 10_000.0).round() as u32)
}

fn of_fraction(fraction: &Fraction, at: &mut Cursor) -> u32 {
    let numerator = fraction.numerator.value();
    let denominator = fraction.denominator.map_or(100, Denominator::value);
    if numerator > denominator {
        let found = format!("{numerator} of {denominator}");
        at.error(Code::OutOfRange, &found, "a fraction of at most 1");
    }
    let wide = u64::from(numerator) * u64::from(MILLION) / u64::from(denominator.max(1));
    u32::try_from(wide).unwrap_or(MILLION).min(MILLION)
}
