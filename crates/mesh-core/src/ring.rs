//! The clock hand of a ring of time buckets, shared by every sliding window of the brain.
//!
//! A ring is only moved when somebody looks at it; there is no timer. Time that stands still or
//! runs backwards moves nothing.

use crate::time::{Micros, Timestamp};

/// Moves `anchor` to the start of the bucket that holds `now` and says how many buckets began
/// since, at most `buckets`.
///
/// The ring spans `span` in `buckets` equal parts of at least one microsecond. The usual case,
/// `now` in the same bucket, costs two comparisons and no division.
pub(crate) fn advance(anchor: &mut Timestamp, span: Micros, buckets: u8, now: Timestamp) -> u8 {
    let elapsed = now.saturating_since(*anchor).0;
    if elapsed < span.0 && elapsed.wrapping_mul(u64::from(buckets)) < span.0 {
        return 0;
    }
    let width = span.0.checked_div(u64::from(buckets)).unwrap_or(0).max(1);
    let into_bucket = elapsed.checked_rem(width).unwrap_or(0);
    let steps = elapsed.checked_div(width).unwrap_or(0);
    *anchor = anchor.saturating_add(Micros(elapsed.saturating_sub(into_bucket)));
    u8::try_from(steps).unwrap_or(u8::MAX).min(buckets)
}

/// The bucket after `head` in a ring of `buckets`.
pub(crate) const fn next(head: u8, buckets: u8) -> u8 {
    if head.saturating_add(1) < buckets { head.saturating_add(1) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Micros = Micros::from_secs(10);

    #[test]
    fn keeps_the_phase_of_its_anchor() {
        let mut anchor = Timestamp::ZERO;
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_millis(999)), 0);
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_millis(3_700)), 3);
        assert_eq!(anchor, Timestamp::from_millis(3_000));
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_millis(4_000)), 1);
    }

    #[test]
    fn clears_everything_after_a_whole_turn_and_nothing_when_time_runs_backwards() {
        let mut anchor = Timestamp::from_millis(50_000);
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_millis(49_000)), 0);
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_millis(60_000)), 10);
        assert_eq!(advance(&mut anchor, SPAN, 10, Timestamp::from_micros(u64::MAX)), 10);
    }

    #[test]
    fn a_span_of_nothing_still_has_buckets_of_a_microsecond() {
        let mut anchor = Timestamp::ZERO;
        assert_eq!(advance(&mut anchor, Micros::ZERO, 10, Timestamp::from_micros(3)), 3);
        assert_eq!(advance(&mut anchor, Micros::ZERO, 0, Timestamp::from_micros(9)), 0);
    }

    #[test]
    fn the_hand_wraps() {
        assert_eq!(next(8, 10), 9);
        assert_eq!(next(9, 10), 0);
        assert_eq!(next(u8::MAX, 10), 0);
    }
}
