//! Statuses, alone and in ranges.

use crate::{
    decode::{Cursor, Decode, ParseError, text, whole, wrong_type},
    diagnostic::Code,
    node::Node,
};

whole! {
    /// A status of a response.
    pub struct StatusCode(u16) from 100 to 599;
}

text! {
    /// Statuses as text: `"200"`, `"2xx"`, `"200-399"`.
    pub struct StatusPattern is "statuses: \"503\", \"5xx\" or \"502-504\"", checked by pattern,
        pattern "^([1-5][0-9]{2}(-[1-5][0-9]{2})?|[1-5]xx)$";
}

/// A closed range of statuses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct StatusRange {
    /// Lowest.
    pub from: u16,
    /// Highest.
    pub to: u16,
}

impl StatusRange {
    /// True for a status between its ends.
    #[must_use]
    pub const fn holds(self, status: u16) -> bool {
        self.from <= status && status <= self.to
    }
}

impl StatusCode {
    /// The range that holds only this status.
    #[must_use]
    pub const fn range(self) -> StatusRange {
        StatusRange { from: self.value(), to: self.value() }
    }
}

impl StatusPattern {
    /// The statuses it stands for.
    #[must_use]
    pub fn range(&self) -> StatusRange {
        range(self.as_str()).unwrap_or_default()
    }
}

fn pattern(text: &str) -> Result<String, ParseError> {
    if range(text).is_some() {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(
        Code::InvalidStatus,
        "statuses from 100 to 599: \"503\", \"5xx\" or \"502-504\"",
    ))
}

fn range(text: &str) -> Option<StatusRange> {
    let one = |text: &str| {
        let plain = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain).and_then(StatusCode::new).map(StatusCode::value)
    };
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        let from = class.saturating_mul(100);
        return (text.len() == 3).then_some(StatusRange { from, to: from.saturating_add(99) });
    }
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (one(from)?, one(to)?);
    (from <= to).then_some(StatusRange { from, to })
}

/// One or more statuses: a number, or text like `"2xx"` or `"200-399"`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "numbers and text are all a status can be")]
pub enum StatusEntry {
    /// One status.
    Code(StatusCode),
    /// Statuses as text.
    Pattern(StatusPattern),
}

impl StatusEntry {
    /// The statuses it stands for.
    #[must_use]
    pub fn range(&self) -> StatusRange {
        match self {
            Self::Code(code) => code.range(),
            Self::Pattern(pattern) => pattern.range(),
        }
    }
}

impl Decode for StatusEntry {
    fn expected() -> String {
        "a status, or text like \"2xx\" or \"200-399\"".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Number(_) => StatusCode::decode(node, at).map(Self::Code),
            Node::Text(_) => StatusPattern::decode(node, at).map(Self::Pattern),
            _ => wrong_type(node, at),
        }
    }
}

/// Statuses: one entry or a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum Statuses {
    /// One entry.
    One(StatusEntry),
    /// Several.
    Many(Vec<StatusEntry>),
}

impl Statuses {
    /// All of them.
    pub fn ranges(&self) -> impl Iterator<Item = StatusRange> {
        let entries = match self {
            Self::One(entry) => core::slice::from_ref(entry),
            Self::Many(entries) => entries,
        };
        entries.iter().map(StatusEntry::range)
    }
}

impl Decode for Statuses {
    fn expected() -> String {
        "a status, text like \"2xx\" or \"200-399\", or a list of these".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            Node::Number(_) | Node::Text(_) => StatusEntry::decode(node, at).map(Self::One),
            _ => wrong_type(node, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_codes_classes_and_ranges() {
        for (text, expected) in [
            ("200", Some((200, 200))),
            ("2xx", Some((200, 299))),
            ("502-504", Some((502, 504))),
            ("504-502", None),
            ("99", None),
            ("600", None),
            ("6xx", None),
            ("2x", None),
            ("+20", None),
            ("200-", None),
            ("", None),
        ] {
            assert_eq!(range(text).map(|r| (r.from, r.to)), expected, "{text}");
        }
    }
}
