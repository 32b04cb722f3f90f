//! Timeouts and retries of a rule.

use mesh_core::time::Micros;

use super::{
    route_objects::{RouteRetry, RouteTimeouts},
    translation::Translation,
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{
        Backoff, BackoffSettings, Budget, Count, Off, Retries, RetryCondition, RetryConditionName,
        RetryCount, RetryMethod, RetrySettings, TimeSpan, Timeout, TimeoutSettings,
    },
    node::excerpt,
};

const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("ms", 1), ("m", 60_000), ("s", 1_000)];
/// Most parts of a duration, and most digits of a part.
const PARTS_MAX: usize = 4;
const DIGITS_MAX: usize = 5;
/// Most retries that our document knows.
const RETRIES_MAX: u8 = 10;

/// A duration as the Gateway API writes it (GEP-2257): `1h30m`, `500ms`, `0s`.
pub(super) fn duration(text: &str) -> Option<TimeSpan> {
    let mut rest = text;
    let (mut parts, mut ms) = (0usize, 0u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = rest.split_at_checked(digits)?;
        // `ms` stands before `m` in the list of what a text may begin with
        let (unit_text, unit_ms) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
        let number = number.parse::<u64>().ok().filter(|_| digits <= DIGITS_MAX)?;
        ms = ms.checked_add(number.checked_mul(*unit_ms)?)?;
        rest = unit.strip_prefix(unit_text)?;
        parts = parts.checked_add(1)?;
    }
    TimeSpan::new(Micros::from_millis(ms)).filter(|_| (1..=PARTS_MAX).contains(&parts))
}

/// Translates timeouts. `0s` is no limit, here as there.
pub(super) fn timeout(
    from: Option<&RouteTimeouts>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<Timeout> {
    let from = from?;
    let request = at.at_field("request", |at| span(from.request.as_deref(), out, at));
    let attempt =
        at.at_field("backendRequest", |at| span(from.backend_request.as_deref(), out, at));
    if let (Some(request), Some(attempt)) = (request, attempt)
        && attempt > request
        && request.micros() > Micros::ZERO
    {
        let expected = "at most the request's timeout";
        at.warning(Code::TimeoutOrder, "a longer timeout of a backend's request", expected);
        out.broken("backendRequest is longer than request".to_owned());
    }
    let said = request.is_some() || attempt.is_some();
    // what our own default would cut short was allowed by the route
    let default = Micros::from_millis(defaults::REQUEST_TIMEOUT_MS);
    let longer = attempt.is_some_and(|attempt| attempt.micros() > default);
    let request = request.or_else(|| longer.then(TimeSpan::default));
    said.then_some(Timeout::Settings(TimeoutSettings { request, attempt, idle: None }))
}

fn span(text: Option<&str>, out: &mut Translation, at: &mut Cursor) -> Option<TimeSpan> {
    let text = text?;
    let span = duration(text);
    if span.is_none() {
        let found = format!("the duration {}", excerpt(text));
        at.warning(Code::Unsupported, &found, "a duration like 1h30m, 10s, 500ms, at most a day");
        out.broken(format!("{found} is none"));
    }
    span
}

/// Translates retries: the statuses that are named, and what fails without a status.
///
/// The Gateway API bounds them by `attempts` alone: not by method, and not by a budget.
pub(super) fn retries(
    from: Option<&RouteRetry>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<Retries> {
    use RetryConditionName::{ConnectFailure, GatewayError, Reset, Timeout};

    let from = from?;
    let mut on: Vec<RetryCondition> =
        [ConnectFailure, Reset, Timeout].map(RetryCondition::Named).to_vec();
    match from.codes.as_deref() {
        Some(codes) => on.extend(codes.iter().map(|code| RetryCondition::Status(*code))),
        // left to the implementation
        None => on.push(RetryCondition::Named(GatewayError)),
    }
    let attempts = from.attempts.map(Count::value).map(|wished| {
        let number = u8::try_from(wished).unwrap_or(u8::MAX);
        if number > RETRIES_MAX {
            let found = format!("{wished} retries, of which 10 are made");
            at.at_field("attempts", |at| at.warning(Code::Unsupported, &found, "at most 10"));
        }
        number.min(RETRIES_MAX)
    });
    let backoff = at.at_field("backoff", |at| {
        let span = span(from.backoff.as_deref(), out, at);
        if span.is_some_and(|span| span.micros() > Micros::ZERO) {
            let found = "a shortest wait; waits here are random, the first at most that long";
            at.warning(Code::Unsupported, found, "");
        }
        span
    });
    Some(Retries::Settings(RetrySettings {
        attempts: attempts.and_then(RetryCount::new),
        on: Some(on),
        methods: Some(vec![RetryMethod::Any]),
        backoff: backoff
            .map(|base| Backoff::Settings(BackoffSettings { base: Some(base), max: None })),
        budget: Some(Budget::Off(Off)),
        ..RetrySettings::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_gep_2257() {
        for (text, expected) in [
            ("1h", Some(3_600_000)),
            ("1h30m", Some(5_400_000)),
            ("10s500ms", Some(10_500)),
            ("2h20m10s500ms", Some(8_410_500)),
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("100000s", None),
            ("1h1m1s1ms1ms", None),
            ("1.5h", None),
            ("1", None),
            ("s", None),
            ("1d", None),
            ("99999h", None),
            ("-1s", None),
            ("", None),
        ] {
            let found = duration(text).map(|span| span.micros().0 / 1_000);
            assert_eq!(found, expected, "{text}");
        }
    }
}
