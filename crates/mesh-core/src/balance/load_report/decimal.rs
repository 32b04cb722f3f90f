//! A cursor over bytes that reads names, punctuation and non-negative decimals.
//!
//! Its own decimal parser, because the standard one carries tables for the last bit of precision
//! (about 10 kB of wasm); this one is good to 1e-13, which no load metric has.

/// The most decimal places either way; a number beyond is malformed.
const EXPONENT_MAX: i32 = 300;

/// The bytes not yet read.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte of `rest` that is no space.
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest: rest.trim_ascii_start() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// True where `byte` comes next.
    pub(super) fn is_next(&self, byte: u8) -> bool {
        self.rest.first() == Some(&byte)
    }

    /// Steps over `byte`, if it comes next, and over the space behind it.
    #[inline(never)]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let taken = self.step(byte);
        if taken {
            self.skip_space();
        }
        taken
    }

    /// The metric name that comes next; empty where none does.
    pub(super) fn name(&mut self) -> &'a [u8] {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./".contains(byte);
        let len = self.rest.iter().position(|byte| !part(byte)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        name
    }

    /// A non-negative decimal with an optional fraction and exponent, and the space behind it.
    pub(super) fn number(&mut self) -> Option<f64> {
        let mut mantissa = 0.0;
        let whole = self.digits(&mut mantissa)?;
        let mut places = 0;
        if self.step(b'.') {
            places = self.digits(&mut mantissa)?;
        }
        let mut exponent = 0;
        if self.step(b'e') || self.step(b'E') {
            let down = self.step(b'-');
            if !down {
                self.step(b'+');
            }
            let mut size = 0.0;
            if self.digits(&mut size)? > 4 {
                return None;
            }
            exponent = if down { -to_int(size) } else { to_int(size) };
        }
        let shift = exponent.saturating_sub(places);
        if whole > EXPONENT_MAX || !(-EXPONENT_MAX..=EXPONENT_MAX).contains(&shift) {
            return None;
        }
        let mut power = 1.0;
        for _ in 0..shift.unsigned_abs() {
            power *= 10.0;
        }
        let number = if shift < 0 { mantissa / power } else { mantissa * power };
        self.skip_space();
        number.is_finite().then_some(number)
    }

    /// Steps over `byte` alone, if it comes next.
    fn step(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Appends the digits that come next to `number`, and says how many; `None` for none.
    #[inline(never)]
    fn digits(&mut self, number: &mut f64) -> Option<i32> {
        let mut count = 0i32;
        while let Some((first, rest)) = self.rest.split_first() {
            if !first.is_ascii_digit() {
                break;
            }
            *number = *number * 10.0 + f64::from(first.wrapping_sub(b'0'));
            count = count.saturating_add(1);
            self.rest = rest;
        }
        (count > 0).then_some(count)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "four digits")]
const fn to_int(size: f64) -> i32 {
    size as i32
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Option<f64> {
        let mut cursor = Cursor::new(text.as_bytes());
        cursor.number().filter(|_| cursor.is_empty())
    }

    #[test]
    fn decimals() {
        for text in ["0", "7", "0.3", "12.5", "00.50", "1e3", "1E+3", "25e-2", "1.5e10"] {
            let exact: f64 = text.parse().unwrap();
            let ours = number(text).unwrap();
            assert!((ours - exact).abs() <= exact * 1e-15, "{text} {ours}");
        }
        for text in ["", ".", ".5", "5.", "e3", "1e", "1e+", "-1", "+1", "0x1", "1e99999", "1_0"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_flood_of_digits_ends() {
        assert_eq!(number(&"9".repeat(4_000)), None);
        assert_eq!(number(&format!("0.{}", "9".repeat(4_000))), None);
    }

    proptest! {
        #[test]
        fn close_to_the_exact_parse(exact in prop_oneof![0.0f64..10.0, 1e-20f64..1e20]) {
            let ours = number(&format!("{exact:e}")).unwrap();
            prop_assert!((ours - exact).abs() <= exact * 1e-13);
        }
    }
}
