//! Which web pages of other origins may call, and how.

use super::{HeaderName, TimeSpan, address::is_host};
use crate::{
    decode::{ParseError, names, object, text},
    diagnostic::Code,
    limits::TEXT_BYTES_MAX,
};

object! {
    /// Which web pages of other origins may call, and how. The mesh answers their preflights itself.
    pub struct Cors is "an object with `allowOrigins`, `allowMethods`, …" {
        required {
            /// Origins that may call, at least one.
            "allowOrigins" => allow_origins: Vec<CorsOrigin>,
        }
        optional {
            /// Methods that they may use, or `*` for any. GET, HEAD and POST need no mention.
            "allowMethods" => allow_methods: Vec<CorsMethod>,
            /// Request headers that they may send, or `*` for any.
            "allowHeaders" => allow_headers: Vec<HeaderName>,
            /// Response headers that they may read, or `*` for any.
            "exposeHeaders" => expose_headers: Vec<HeaderName>,
            /// Whether their requests may carry cookies and other credentials.
            "allowCredentials" => allow_credentials: bool = false,
            /// How long a browser may keep the answer to a preflight. Whole seconds count.
            "maxAge" => max_age: TimeSpan = crate::defaults::CORS_MAX_AGE_MS,
        }
    }
}

text! {
    /// An origin: `*` for any, or `scheme://host` with an optional port. `*` at the start of the host
    /// stands for any number of labels: `https://*.example.com`.
    pub struct CorsOrigin is "an origin of web pages", checked by origin,
        pattern "^(\\*|[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9*._\\[\\]:-]{1,255}/?)$";
}

names! {
    /// A method that pages of other origins may use.
    pub enum CorsMethod is "a method or \"*\"" {
        /// Every method.
        Any = "*",
        /// Reads.
        Get = "GET",
        /// Reads the headers only.
        Head = "HEAD",
        /// Creates or acts.
        Post = "POST",
        /// Replaces.
        Put = "PUT",
        /// Removes.
        Delete = "DELETE",
        /// Opens a tunnel.
        Connect = "CONNECT",
        /// Asks what is possible.
        Options = "OPTIONS",
        /// Echoes.
        Trace = "TRACE",
        /// Changes in part.
        Patch = "PATCH",
    }
}

impl CorsOrigin {
    /// True where it stands for every origin.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.as_str() == "*"
    }

    /// True where it stands for one origin.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.as_str().contains('*')
    }

    /// A regular expression of the origins that it stands for, as browsers write them.
    pub(crate) fn expression(&self) -> String {
        let Some((front, back)) = self.as_str().split_once('*') else {
            return regex_syntax::escape(self.as_str());
        };
        let labels = if back.starts_with('.') { LABELS } else { ANY_HOST };
        format!("{}{labels}{}", regex_syntax::escape(front), regex_syntax::escape(back))
    }
}

/// What stands for whole labels in front of others.
const LABELS: &str = "[0-9a-z_.-]+";
/// What stands for a whole host, an IPv6 address too.
const ANY_HOST: &str = "([0-9a-z_.-]+|\\[[0-9a-f:.]+\\])";

/// In the form that browsers send: lower case, no default port, no slash at the end.
fn origin(text: &str) -> Result<String, ParseError> {
    let error = || ParseError::new(Code::InvalidOrigin, EXPECTED);
    if text == "*" {
        return Ok(text.to_owned());
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(error());
    }
    let lower = text.to_ascii_lowercase();
    let Some((scheme, authority)) = lower.split_once("://") else {
        return Err(match is_host(text) {
            true => error().with_hint(format!("did you mean \"https://{lower}\"?")),
            false => error(),
        });
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let colon = authority.rfind(':').filter(|at| !authority.get(*at..).unwrap_or("").contains(']'));
    let (host, port) = match colon.and_then(|at| authority.split_at_checked(at)) {
        Some((host, port)) => (host, Some(port.trim_start_matches(':'))),
        None => (authority, None),
    };
    if !is_scheme(scheme) || !is_origin_host(host) {
        return Err(error());
    }
    let Some(port) = port else { return Ok(format!("{scheme}://{host}")) };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| digits && *port > 0).ok_or_else(error)?;
    Ok(match (scheme, port) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
        _ => format!("{scheme}://{host}:{port}"),
    })
}

const EXPECTED: &str = "an origin: \"*\", or a scheme, a host and maybe a port, without path: \
                        \"https://shop.example\", \"https://*.example.com\"";

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

/// A host, any host, or any labels in front of one.
fn is_origin_host(text: &str) -> bool {
    text == "*" || is_host(text.strip_prefix("*.").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::compile_expression;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for (text, expected) in [
            ("*", Some("*")),
            ("https://A.example", Some("https://a.example")),
            ("https://a.example:443/", Some("https://a.example")),
            ("http://a.example:443", Some("http://a.example:443")),
            ("http://localhost:8787", Some("http://localhost:8787")),
            ("https://*.Example.com", Some("https://*.example.com")),
            ("https://*", Some("https://*")),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("http://[::1]", Some("http://[::1]")),
            ("a.example", None),
            ("null", None),
            ("https://", None),
            ("https://a.example/x", None),
            ("https://a.example:0", None),
            ("https://a.example:99999", None),
            ("https://a.example:+1", None),
            ("https://a.*.com", None),
            ("https://*a.com", None),
            ("https://*.*.com", None),
            ("https://u:p@a.example", None),
            ("1https://a.example", None),
            ("", None),
        ] {
            let parsed = CorsOrigin::parse(text).map(|origin| origin.as_str().to_owned());
            assert_eq!(parsed.as_deref().ok(), expected, "{text}");
        }
        let hint = CorsOrigin::parse("a.example").unwrap_err().hint();
        assert_eq!(hint.as_deref(), Some("did you mean \"https://a.example\"?"));
    }

    #[test]
    fn wildcards_take_labels_and_nothing_else() {
        for (pattern, origin, expected) in [
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "http://a.example.com", false),
            ("https://*.example.com", "https://a.example.com:8443", false),
            ("https://*.example.com", "https://a.exampleXcom", false),
            ("https://*.example.com", "https://evil.example/.example.com", false),
            ("https://*.example.com:8443", "https://a.example.com:8443", true),
            ("https://*", "https://a.b", true),
            ("https://*", "https://[::1]", true),
            ("https://*", "https://a.b:1", false),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://aXexample", false),
        ] {
            let expression = CorsOrigin::parse(pattern).unwrap().expression();
            let automaton = compile_expression(&expression).unwrap();
            assert_eq!(automaton.accepts(origin.bytes()), expected, "{pattern} {origin}");
        }
    }
}
