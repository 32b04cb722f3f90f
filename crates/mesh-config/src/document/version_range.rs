//! Ranges of versions.

use semver::{Version, VersionReq};

use crate::{
    decode::{ParseError, text},
    diagnostic::Code,
    limits::TEXT_BYTES_MAX,
};

text! {
    /// A range of versions: `^1.2`, `~1.2.3`, `>=1, <2`, `1.x`, `1.2.3` for exactly that, or a word
    /// such as `blue` for exactly that version.
    pub struct VersionRange is "a range of versions: \"^1.2\", \">=1, <2\", \"1.x\" or a version",
        checked by range, pattern "^[ -~]{1,255}$";
}

impl VersionRange {
    /// True where an endpoint of that version is in the range.
    #[must_use]
    pub fn takes(&self, version: &str) -> bool {
        let range = requirement(self.as_str());
        version == self.as_str()
            || range.zip(lenient(version)).is_some_and(|(range, one)| range.matches(&one))
    }
}

fn range(text: &str) -> Result<String, ParseError> {
    let text = text.trim();
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let word = plain && !text.contains(['^', '~', '<', '>', '=', '*', ',', '|']);
    let sized = text.len() <= TEXT_BYTES_MAX && text.is_ascii();
    if sized && (requirement(text).is_some() || word) {
        return Ok(text.to_owned());
    }
    let error = ParseError::new(
        Code::InvalidVersion,
        "a range of versions: \"^1.2\", \"~1.2.3\", \">=1, <2\", \"1.x\", or a version",
    );
    let commas = text.split_whitespace().collect::<Vec<_>>().join(", ");
    let comma_is_missing = sized && !text.contains(',') && requirement(&commas).is_some();
    Err(if comma_is_missing {
        error.with_hint(format!("did you mean \"{commas}\"?"))
    } else {
        error
    })
}

/// The range; one without an operator takes exactly the versions that begin as it does.
fn requirement(text: &str) -> Option<VersionReq> {
    let parts: Vec<String> = text
        .split(',')
        .map(|part| {
            let part = part.trim();
            let bare = without_v(part);
            let digit = bare.starts_with(|c: char| c.is_ascii_digit());
            if digit { format!("={bare}") } else { part.to_owned() }
        })
        .collect();
    VersionReq::parse(&parts.join(",")).ok()
}

/// A version with or without a leading `v`, whose missing parts are 0.
fn lenient(text: &str) -> Option<Version> {
    let text = without_v(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let zeros = match core.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    Version::parse(&format!("{core}{zeros}{rest}")).ok()
}

fn without_v(text: &str) -> &str {
    let rest = text.strip_prefix(['v', 'V']);
    rest.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_take_versions_and_words_take_themselves() {
        for (range, version, expected) in [
            ("^1.2", "1.2.0", true),
            ("^1.2", "1.9", true),
            ("^1.2", "v1.3.1", true),
            ("^1.2", "2.0.0", false),
            ("^1.2", "1.1.9", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            (">=1, <2", "1.99", true),
            (">=1, <2", "2", false),
            ("1.x", "1.7.3", true),
            ("1.x", "2.0.0", false),
            ("1.2", "1.2.7", true),
            ("1.2", "1.3.0", false),
            ("1.2.3", "1.2.3", true),
            ("1.2.3", "1.2.4", false),
            ("v1.2.3", "1.2.3+build", true),
            ("*", "7", true),
            ("^1.2", "1.3.0-rc.1", false),
            ("^1.3.0-rc.0", "1.3.0-rc.1", true),
            ("blue", "blue", true),
            ("blue", "green", false),
            ("2024-06-01", "2024-06-01", true),
            ("1.2.3.4", "1.2.3.4", true),
            (">=0", "blue", false),
        ] {
            let parsed = VersionRange::parse(range).unwrap();
            assert_eq!(parsed.takes(version), expected, "{range} {version}");
        }
    }

    #[test]
    fn what_is_neither_range_nor_word_is_refused() {
        for bad in ["", " ", "^", ">=1 <2", "^blue", "a b", "1.2, blue", ">=1 || <0", "\u{e9}"] {
            assert!(VersionRange::parse(bad).is_err(), "{bad}");
        }
        let hint = VersionRange::parse(">=1 <2").unwrap_err().hint();
        assert_eq!(hint.as_deref(), Some("did you mean \">=1, <2\"?"));
        assert!(VersionRange::parse(&"x".repeat(256)).is_err());
    }
}
