//! Names of things.

use mesh_core::name::{is_label, is_word};

use super::header::is_token_byte;
use crate::{
    decode::{ParseError, text},
    diagnostic::Code,
    limits::TEXT_BYTES_MAX,
};

const LABEL: &str =
    "a lowercase DNS label: letters, digits and `-`, not at either end, 1 to 63 characters";

text! {
    /// The name of a mesh: a lowercase DNS label.
    pub struct MeshName is "a lowercase DNS label", checked by label,
        pattern "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
}

text! {
    /// The name of a service: a lowercase DNS label.
    pub struct ServiceName is "the name of a service", checked by label,
        pattern "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
}

text! {
    /// Where an endpoint stands. One of Cloudflare's location hints (`wnam`, `enam`, `sam`, `weur`,
    /// `eeur`, `apac`, `apac-ne`, `apac-se`, `oc`, `afr`, `me`) also gives its coordinates; any
    /// other name is only shown.
    pub struct Region is "the name of a region", checked by plain, pattern "^[!-~]{1,255}$";
}

text! {
    /// A data centre, by the three-letter code of its airport.
    pub struct Colo is "a three-letter airport code", checked by airport,
        pattern "^[A-Za-z]{3}$";
}

text! {
    /// A version, capability or other word without spaces.
    pub struct Tag is "a word without spaces", checked by plain, pattern "^[!-~]{1,255}$";
}

text! {
    /// The name of a cookie; its case counts.
    pub struct CookieName is "the name of a cookie", checked by cookie,
        pattern "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}$";
}

text! {
    /// The name of a binding in a Worker's environment.
    pub struct BindingName is "the name of a binding", checked by identifier,
        pattern "^[A-Za-z_$][A-Za-z0-9_$]{0,254}$";
}

fn label(text: &str) -> Result<String, ParseError> {
    if is_label(text) {
        return Ok(text.to_owned());
    }
    let error = ParseError::new(Code::InvalidName, LABEL);
    Err(match suggested_label(text) {
        Some(better) => error.with_hint(format!("did you mean `{better}`?")),
        None => error,
    })
}

/// The label that a name in another spelling (`UserService`, `user_service`) would be.
fn suggested_label(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut previous_lower = false;
    for c in text.chars().take(64) {
        if c.is_ascii_uppercase() && previous_lower {
            out.push('-');
        }
        previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            '_' | '-' | '.' | ' ' => out.push('-'),
            _ => return None,
        }
    }
    is_label(&out).then_some(out)
}

fn plain(text: &str) -> Result<String, ParseError> {
    if is_word(text, TEXT_BYTES_MAX) {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(Code::InvalidName, "1 to 255 visible ASCII characters without spaces"))
}

fn cookie(text: &str) -> Result<String, ParseError> {
    if !text.is_empty() && text.len() <= TEXT_BYTES_MAX && text.bytes().all(is_token_byte) {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(Code::InvalidName, "the name of a cookie, without spaces, `=` and `;`"))
}

fn airport(text: &str) -> Result<String, ParseError> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err(ParseError::new(Code::InvalidName, "a three-letter airport code like \"FRA\""))
}

pub(super) fn is_identifier(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
    text.len() <= TEXT_BYTES_MAX
        && text.chars().next().is_some_and(first)
        && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn identifier(text: &str) -> Result<String, ParseError> {
    if is_identifier(text) {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(
        Code::InvalidName,
        "an identifier: letters, digits, `_` and `$`, not a digit first",
    ))
}

impl BindingName {
    /// The binding that a service is reached through where it names no endpoint: its own name in
    /// upper snake case (`user-service` is reached through `USER_SERVICE`).
    #[must_use]
    pub fn of_service(service: &str) -> Self {
        let mut name = String::with_capacity(service.len());
        if service.starts_with(|c: char| c.is_ascii_digit()) {
            name.push('_');
        }
        name.extend(service.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }));
        Self(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_as_dns_has_them_and_other_spellings_are_hinted() {
        for good in ["a", "user-service", "a1", "1a", "x--y", &"a".repeat(63)] {
            assert!(ServiceName::parse(good).is_ok(), "{good}");
        }
        for (bad, hint) in [
            ("", None),
            ("-a", None),
            ("a-", None),
            ("UserService", Some("did you mean `user-service`?")),
            ("user_service", Some("did you mean `user-service`?")),
            ("a.b", Some("did you mean `a-b`?")),
            ("a/b", None),
            (&"a".repeat(64), None),
        ] {
            let error = ServiceName::parse(bad).unwrap_err();
            assert_eq!(error.hint().as_deref(), hint, "{bad}");
        }
    }

    #[test]
    fn a_service_has_a_binding_of_its_name() {
        assert_eq!(BindingName::of_service("user-service").as_str(), "USER_SERVICE");
        assert!(is_identifier(BindingName::of_service("2fa").as_str()));
    }
}
