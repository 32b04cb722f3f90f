//! The `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date in any of the three HTTP forms.
//!
//! Reads at most [`VALUE_BYTES_MAX`] bytes and never waits longer than [`RETRY_AFTER_CAP`].

use crate::time::{Micros, Timestamp};

/// Longest wait a server can ask for; beyond it a retry has outlived its request anyway.
pub const RETRY_AFTER_CAP: Micros = Micros::from_secs(300);

/// Longest value that is read: the longest date has 33 bytes.
pub const VALUE_BYTES_MAX: usize = 64;

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS: [&[u8]; 7] =
    [b"Sunday", b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday"];

/// The wait that a `Retry-After` value asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryAfter(pub Micros);

impl RetryAfter {
    /// No wait is long enough: the answer is the last word on the request, see
    /// [`crate::machine::Machine::is_last_word`]. No header says so by [`RetryAfter::parse`].
    pub const NEVER: Micros = Micros::MAX;

    /// Reads a value; `None` where it is neither whole seconds nor an HTTP date.
    ///
    /// `unix_now` is the time since 1970-01-01T00:00Z. A date that has passed is a wait of zero;
    /// any wait is capped at [`RETRY_AFTER_CAP`]. The name of the day is not checked against the
    /// date.
    #[must_use]
    pub fn parse(value: &[u8], unix_now: Timestamp) -> Option<Micros> {
        let value = value.trim_ascii();
        if value.is_empty() || value.len() > VALUE_BYTES_MAX {
            return None;
        }
        let wait = if value.iter().all(u8::is_ascii_digit) {
            Micros::from_secs(number(value))
        } else {
            let date = Micros::from_secs(unix_seconds(value)?);
            Timestamp::ZERO.saturating_add(date).saturating_since(unix_now)
        };
        Some(wait.min(RETRY_AFTER_CAP))
    }
}

/// The value of ASCII digits; saturates.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum: u64, digit| {
        sum.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// Seconds since 1970 of an HTTP date; a date before 1970 is 0.
fn unix_seconds(value: &[u8]) -> Option<u64> {
    let (day_name, rest) =
        value.split_at_checked(value.iter().position(|b| !b.is_ascii_alphabetic())?)?;
    let mut cursor = Cursor { rest };
    let long = DAYS.contains(&day_name);
    let short = DAYS.iter().any(|day| day.get(..3) == Some(day_name));
    let (day, month, year, clock) = if long {
        // Sunday, 06-Nov-94 08:49:37 GMT
        cursor.literal(b", ")?;
        let day = cursor.digits(2)?;
        cursor.literal(b"-")?;
        let month = cursor.month()?;
        cursor.literal(b"-")?;
        let year = cursor.digits(2)?;
        cursor.literal(b" ")?;
        let clock = cursor.clock()?;
        cursor.literal(b" GMT")?;
        (day, month, full_year(year), clock)
    } else if short && cursor.literal(b", ").is_some() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let day = cursor.digits(2)?;
        cursor.literal(b" ")?;
        let month = cursor.month()?;
        cursor.literal(b" ")?;
        let year = cursor.digits(4)?;
        cursor.literal(b" ")?;
        let clock = cursor.clock()?;
        cursor.literal(b" GMT")?;
        (day, month, year, clock)
    } else if short {
        // Sun Nov  6 08:49:37 1994
        cursor.literal(b" ")?;
        let month = cursor.month()?;
        cursor.literal(b" ")?;
        let day =
            if cursor.literal(b" ").is_some() { cursor.digits(1)? } else { cursor.digits(2)? };
        cursor.literal(b" ")?;
        let clock = cursor.clock()?;
        cursor.literal(b" ")?;
        (day, month, cursor.digits(4)?, clock)
    } else {
        return None;
    };
    if !cursor.rest.is_empty() || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_since_1970(year, month, day);
    Some(days.saturating_mul(86_400).saturating_add(clock).saturating_mul(u64::from(year >= 1970)))
}

/// Two digits of a year: 1970 to 2069, the century in which a wait can make sense.
const fn full_year(two_digits: u64) -> u64 {
    if two_digits < 70 {
        two_digits.saturating_add(2_000)
    } else {
        two_digits.saturating_add(1_900)
    }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of a month counted from 1.
const fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date; meaningless before.
///
/// Counts in years that begin on 1 March, so that the leap day comes last: the months then start
/// every 153 days per five.
const fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month_from_march) = if month > 2 {
        (year, month.saturating_sub(3))
    } else {
        (year.saturating_sub(1), month.saturating_add(9))
    };
    let leap_days = (year / 4).saturating_sub(year / 100).saturating_add(year / 400);
    let day_of_year = month_from_march.saturating_mul(153).saturating_add(2) / 5;
    // 719 469 days lie between 0000-03-01 as day 1 and 1970-01-01 as day 0
    year.saturating_mul(365)
        .saturating_add(leap_days)
        .saturating_add(day_of_year)
        .saturating_add(day)
        .saturating_sub(719_469)
}

/// Reads a value from left to right.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<u64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.rest = rest;
        Some(number(digits))
    }

    /// A month's name as its number from 1.
    fn month(&mut self) -> Option<u64> {
        let (name, rest) = self.rest.split_at_checked(3)?;
        let at = MONTHS.iter().position(|month| *month == name)?;
        self.rest = rest;
        u64::try_from(at).ok()?.checked_add(1)
    }

    /// `08:49:37` as seconds of the day; second 60 is a leap second.
    fn clock(&mut self) -> Option<u64> {
        let hours = self.digits(2)?;
        self.literal(b":")?;
        let minutes = self.digits(2)?;
        self.literal(b":")?;
        let seconds = self.digits(2)?;
        (hours < 24 && minutes < 60 && seconds <= 60).then(|| {
            hours
                .saturating_mul(3_600)
                .saturating_add(minutes.saturating_mul(60))
                .saturating_add(seconds)
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    /// 1994-11-06T08:49:37Z, the date of the RFC's examples.
    const RFC_EXAMPLE: u64 = 784_111_777;

    fn at(unix_s: u64) -> Timestamp {
        Timestamp::from_millis(unix_s * 1_000)
    }

    #[test]
    fn seconds() {
        let now = at(RFC_EXAMPLE);
        assert_eq!(RetryAfter::parse(b"0", now), Some(Micros::ZERO));
        assert_eq!(RetryAfter::parse(b" 120\t", now), Some(Micros::from_secs(120)));
        assert_eq!(RetryAfter::parse(b"301", now), Some(RETRY_AFTER_CAP));
        assert_eq!(RetryAfter::parse(&[b'9'; 64], now), Some(RETRY_AFTER_CAP));
    }

    #[test]
    fn the_three_forms_of_a_date() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            let wait = RetryAfter::parse(date.as_bytes(), at(RFC_EXAMPLE - 42));
            assert_eq!(wait, Some(Micros::from_secs(42)), "{date}");
            let past = RetryAfter::parse(date.as_bytes(), at(RFC_EXAMPLE + 1));
            assert_eq!(past, Some(Micros::ZERO), "{date}");
            let far = RetryAfter::parse(date.as_bytes(), at(RFC_EXAMPLE - 3_600));
            assert_eq!(far, Some(RETRY_AFTER_CAP), "{date}");
        }
        let two_digits = b"Thu Nov 16 08:49:37 1994";
        assert!(RetryAfter::parse(two_digits, at(RFC_EXAMPLE)).is_some());
    }

    #[test]
    fn leap_years_and_the_ends_of_the_calendar() {
        let table: [(&str, u64); 9] = [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Fri, 31 Dec 2027 23:59:59 GMT", 1_830_297_599),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 31 Dec 1900 00:00:00 GMT", 0),
        ];
        for (date, unix_s) in table {
            assert_eq!(unix_seconds(date.as_bytes()), Some(unix_s), "{date}");
        }
        for date in [
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Mon, 29 Feb 2023 00:00:00 GMT",
            "Mon, 31 Apr 2024 00:00:00 GMT",
            "Mon, 00 Apr 2024 00:00:00 GMT",
        ] {
            assert_eq!(RetryAfter::parse(date.as_bytes(), at(0)), None, "{date}");
        }
    }

    #[test]
    fn garbage_is_none() {
        let long = [b' '; 63];
        for value in [
            &b""[..],
            b"   ",
            b"-1",
            b"1.5",
            b"+3",
            b"soon",
            b"Sun",
            b"Sun, 06 Nov 1994",
            b"Sun, 06 Nov 1994 24:00:00 GMT",
            b"Sun, 06 Nov 1994 08:60:00 GMT",
            b"Sun, 06 Nov 1994 08:49:61 GMT",
            b"Sun, 06 Nov 1994 08:49:37 CET",
            b"Sun, 06 Nov 1994 08:49:37 GMT!",
            b"Sun, 06 nov 1994 08:49:37 GMT",
            b"Sonntag, 06-Nov-94 08:49:37 GMT",
            b"Sun Nov  6 08:49:37 94",
            b"\xff\xfe",
            &long,
        ] {
            assert_eq!(RetryAfter::parse(value, at(0)), None, "{value:?}");
        }
        let too_long = [b'1'; VALUE_BYTES_MAX + 1];
        assert_eq!(RetryAfter::parse(&too_long, at(0)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_bounded_wait_or_nothing(
            value in prop::collection::vec(any::<u8>(), 0..80),
            now: u64,
        ) {
            let wait = RetryAfter::parse(&value, Timestamp::from_micros(now));
            prop_assert!(wait.is_none_or(|wait| wait <= RETRY_AFTER_CAP));
        }

        /// Counts the days one by one.
        #[test]
        fn dates_agree_with_a_calendar_walked_day_by_day(
            year in 1970..2150u64, month in 1..13u64, day in 1..32u64, second in 0..86_400u64,
        ) {
            let mut days = 0;
            for y in 1970..year {
                days += if y % 4 == 0 && y % 100 != 0 || y % 400 == 0 { 366 } else { 365 };
            }
            for m in 1..month {
                days += days_in_month(year, m);
            }
            let name = core::str::from_utf8(MONTHS[month as usize - 1]).unwrap();
            let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
            let date = format!("Mon, {day:02} {name} {year} {h:02}:{m:02}:{s:02} GMT");
            let expected = (day <= days_in_month(year, month))
                .then(|| (days + day - 1) * 86_400 + second);
            prop_assert_eq!(unix_seconds(date.as_bytes()), expected);
        }
    }
}
