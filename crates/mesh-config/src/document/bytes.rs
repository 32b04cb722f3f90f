//! Sizes as people write them.

use crate::{
    decode::{Cursor, Decode, ParseError, whole_number, wrong_type},
    diagnostic::Code,
    node::Node,
};

const EXPECTED: &str =
    "a size: bytes as a number, or text like \"64KiB\" or \"1MB\", at most 64MiB";
const UNITS: [(&str, u64); 5] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000)];
const MAX: u64 = 64 << 20;

/// A size in bytes: a number, or text with a unit (`B`, `kB`, `KB`, `MB`, `KiB`, `MiB`). At most
/// 64 MiB.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, serde::Serialize)]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(
        type = "number | `${number}B` | `${number}kB` | `${number}KB` | `${number}MB` | `${number}KiB` | `${number}MiB`"
    )
)]
#[serde(transparent)]
pub struct Bytes(u32);

impl Bytes {
    /// That many bytes, where it is at most 64 MiB.
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        u32::try_from(bytes).ok().filter(|_| bytes <= MAX).map(Self)
    }

    /// Reads text with a unit.
    ///
    /// # Errors
    /// [`ParseError`] where it is no size.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new(Code::InvalidSize, EXPECTED);
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(error)?;
        let (number, unit) = text.split_at_checked(unit_at).ok_or_else(error)?;
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let factor = factor.or_else(|| (unit == "B").then_some(1)).ok_or_else(error)?;
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| plain).ok_or_else(error)?;
        number.checked_mul(factor).and_then(Self::new).ok_or_else(error)
    }

    /// The size in bytes.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Bytes {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A size in bytes: a number, or text with a unit. At most 64 MiB.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 67_108_864 },
                { "type": "string", "pattern": "^[0-9]+(B|kB|KB|MB|KiB|MiB)$" }
            ],
            "examples": [65_536, "64KiB", "1MB"]
        })
    }
}

impl Decode for Bytes {
    fn expected() -> String {
        EXPECTED.to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let found = match node {
            Node::Number(bytes) => whole_number(*bytes).and_then(Self::new),
            Node::Text(text) => Self::parse(text).ok(),
            _ => return wrong_type(node, at),
        };
        if found.is_none() {
            at.error(Code::InvalidSize, &node.describe(), EXPECTED);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_ten_and_of_two() {
        for (text, expected) in [
            ("64KiB", Some(65_536)),
            ("1MB", Some(1_000_000)),
            ("1MiB", Some(1 << 20)),
            ("12B", Some(12)),
            ("5kB", Some(5_000)),
            ("65MiB", None),
            ("5kb", None),
            ("KiB", None),
            ("1.5MB", None),
        ] {
            assert_eq!(Bytes::parse(text).ok().map(Bytes::value), expected, "{text}");
        }
    }
}
