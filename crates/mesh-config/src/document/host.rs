//! Hosts, and patterns of hosts.

use super::address::is_host;
use crate::{
    decode::{Cursor, Decode, ParseError, text, wrong_type},
    diagnostic::Code,
    node::Node,
};

text! {
    /// A host without port: `shop.example.com`.
    pub struct Host is "a host without port", checked by host,
        pattern "^[A-Za-z0-9._\\[\\]:-]{1,253}$";
}

text! {
    /// A host without port, or `*.` and a host for any name below it.
    pub struct HostPattern is "a host without port, or \"*.\" and a host", checked by pattern,
        pattern "^(\\*\\.)?[A-Za-z0-9._\\[\\]:-]{1,253}$";
}

fn host(text: &str) -> Result<String, ParseError> {
    let host = text.strip_suffix('.').unwrap_or(text);
    if is_host(host) {
        return Ok(host.to_ascii_lowercase());
    }
    let error = ParseError::new(
        Code::InvalidHost,
        "a host without scheme, port and path: \"shop.example.com\"",
    );
    let inner = text.split_once("://").map_or(text, |(_, rest)| rest);
    let inner = inner.split('/').next().unwrap_or(inner);
    let inner = inner.rsplit_once(':').map_or(inner, |(host, _)| host);
    Err(if inner != text && is_host(inner) {
        error.with_hint(format!("did you mean \"{}\"?", inner.to_ascii_lowercase()))
    } else {
        error
    })
}

fn pattern(text: &str) -> Result<String, ParseError> {
    let Some(below) = text.strip_prefix("*.") else {
        let error = || {
            ParseError::new(
                Code::InvalidHost,
                "a host, or \"*.example.com\": the star stands for whole labels in front",
            )
        };
        return if text.contains('*') { Err(error()) } else { host(text) };
    };
    host(below).map(|below| format!("*.{below}"))
}

/// Host patterns: one or a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum HostPatterns {
    /// One.
    One(HostPattern),
    /// Several.
    Many(Vec<HostPattern>),
}

impl HostPatterns {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[HostPattern] {
        match self {
            Self::One(pattern) => core::slice::from_ref(pattern),
            Self::Many(patterns) => patterns,
        }
    }
}

impl Decode for HostPatterns {
    fn expected() -> String {
        "a host or a list of hosts".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => HostPattern::decode(node, at).map(Self::One),
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            _ => wrong_type(node, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_hosts_with_a_leading_star_at_most() {
        for (text, expected) in [
            ("Shop.Example.com", Some("shop.example.com")),
            ("*.example.com", Some("*.example.com")),
            ("example.com.", Some("example.com")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("*", None),
            ("a.*.com", None),
            ("*a.com", None),
            ("https://a.com", None),
            ("a.com:80", None),
            ("a.com/x", None),
            ("", None),
        ] {
            let parsed = HostPattern::parse(text).map(|p| p.as_str().to_owned());
            assert_eq!(parsed.as_deref().ok(), expected, "{text}");
        }
        let error = HostPattern::parse("https://A.com:80/x").unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("did you mean \"a.com\"?"));
    }
}
