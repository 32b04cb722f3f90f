//! Spans of time as people write them.

use mesh_core::time::Micros;

use crate::{
    decode::{Cursor, Decode, ParseError, wrong_type},
    diagnostic::Code,
    limits::DURATION_US_MAX,
    node::Node,
};

const EXPECTED: &str =
    "a duration: milliseconds as a number, or text like \"250ms\", \"5s\", \"1.5m\", at most a day";
const UNITS: [(&str, u64); 5] =
    [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)];

/// A span of time: a number of milliseconds, or text with a unit (`us`, `ms`, `s`, `m`, `h`) and at
/// most one decimal. At most one day; whole microseconds.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(
        type = "number | `${number}us` | `${number}ms` | `${number}s` | `${number}m` | `${number}h`"
    )
)]
pub struct TimeSpan(Micros);

impl TimeSpan {
    /// What tells a serialised span from a plain number.
    pub(crate) const NAME: &'static str = "TimeSpan";

    /// The span, where it is at most a day.
    #[must_use]
    pub fn new(span: Micros) -> Option<Self> {
        (span.0 <= DURATION_US_MAX).then_some(Self(span))
    }

    /// `ms` milliseconds, where that is a whole number of microseconds and at most a day.
    #[must_use]
    pub fn from_millis(ms: f64) -> Option<Self> {
        let us = (ms * 1_000.0).round();
        // a decimal fraction is seldom exact in binary: what is nearer than a nanosecond is meant
        let exact = (ms * 1_000.0 - us).abs() < 1e-3;
        let whole = crate::decode::whole_number(us).filter(|_| exact)?;
        Self::new(Micros(whole))
    }

    /// Reads text with a unit.
    ///
    /// # Errors
    /// [`ParseError`] where it is no duration.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new(Code::InvalidDuration, EXPECTED);
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(error)?;
        let (number, unit) = text.split_at_checked(unit_at).ok_or_else(error)?;
        let (_, unit_us) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
        let (whole, tenths) = match number.split_once('.') {
            Some((whole, tenth)) if tenth.len() == 1 => (whole, tenth),
            Some(_) => return Err(error()),
            None => (number, "0"),
        };
        let digits = |text: &str| -> Option<u64> {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        let (whole, tenths) = digits(whole).zip(digits(tenths)).ok_or_else(error)?;
        let scaled = whole.checked_mul(10).and_then(|ten| ten.checked_add(tenths));
        let scaled = scaled.and_then(|scaled| scaled.checked_mul(*unit_us)).ok_or_else(error)?;
        let us = scaled.is_multiple_of(10).then_some(scaled / 10).ok_or_else(error)?;
        Self::new(Micros(us)).ok_or_else(error)
    }

    /// The span, or `default_ms` milliseconds where there is none.
    pub(crate) fn or_millis(span: Option<Self>, default_ms: u64) -> Micros {
        span.map_or_else(|| Micros::from_millis(default_ms), Self::micros)
    }

    /// The span.
    #[must_use]
    pub const fn micros(self) -> Micros {
        self.0
    }
}

impl serde::Serialize for TimeSpan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.0.is_multiple_of(1_000) {
            serializer.serialize_newtype_struct(Self::NAME, &(self.0.0 / 1_000))
        } else {
            serializer.serialize_newtype_struct(Self::NAME, &(self.0.as_secs_f64() * 1_000.0))
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TimeSpan {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "TimeSpan".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A span of time: a number of milliseconds, or text with a unit (`us`, \
                            `ms`, `s`, `m`, `h`) and at most one decimal. At most one day.",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 86_400_000 },
                { "type": "string", "pattern": "^[0-9]+(\\.[0-9])?(us|ms|s|m|h)$" }
            ],
            "examples": [250, "250ms", "5s", "1.5m"]
        })
    }
}

impl Decode for TimeSpan {
    fn expected() -> String {
        EXPECTED.to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let found = match node {
            Node::Number(ms) => Self::from_millis(*ms),
            Node::Text(text) => Self::parse(text).ok(),
            _ => return wrong_type(node, at),
        };
        if found.is_none() {
            at.error(Code::InvalidDuration, &node.describe(), EXPECTED);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_become_whole_microseconds() {
        for (text, expected) in [
            ("250ms", Some(250_000)),
            ("5s", Some(5_000_000)),
            ("1m", Some(60_000_000)),
            ("1.5s", Some(1_500_000)),
            ("24h", Some(86_400_000_000)),
            ("25h", None),
            ("0s", Some(0)),
            ("7us", Some(7)),
            ("0.5us", None),
            ("1.25s", None),
            ("-1s", None),
            ("5", None),
            ("s", None),
            ("", None),
            ("5 s", None),
            ("1e3ms", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(TimeSpan::parse(text).ok().map(|d| d.0.0), expected, "{text}");
        }
        for (ms, expected) in [
            (5_000.0, Some(5_000_000)),
            (0.1, Some(100)),
            (0.0001, None),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (86_400_001.0, None),
        ] {
            assert_eq!(TimeSpan::from_millis(ms).map(|d| d.0.0), expected, "{ms}");
        }
    }
}
