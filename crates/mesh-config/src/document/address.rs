//! Addresses of endpoints.

use super::name::is_identifier;
use crate::{
    decode::{ParseError, text},
    diagnostic::Code,
    limits::VALUE_BYTES_MAX,
};

const EXPECTED: &str = "an address: binding:NAME, https://host/base, a bare host, do:NAME/key, \
                        dispatch:NAME/worker, vpc:NAME/host, mtls:NAME/https://… or local:NAME";

text! {
    /// The address of an endpoint:
    ///
    /// - `binding:NAME` or `binding:NAME#Entrypoint`: a service binding;
    /// - `https://host[:port][/base]`, or a bare host, which means `https`: a public fetch. Plain
    ///   `http://` only to the same machine, or where the endpoint says `allowInsecure`;
    /// - `do:NAME/key`: a Durable Object; `dispatch:NAME/worker`: a dispatch namespace;
    /// - `vpc:NAME/host`: a VPC binding; `mtls:NAME/https://…`: a client-certificate binding;
    /// - `local:NAME`: a service bundled in the same Worker.
    pub struct Address is "an address", checked by normalized, pattern "^[!-~]{1,4096}$";
}

/// How an address is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AddressKind {
    /// A service binding.
    Binding,
    /// A public fetch over TLS.
    Https,
    /// A public fetch without TLS.
    Http,
    /// A Durable Object.
    DurableObject,
    /// A dispatch namespace.
    Dispatch,
    /// A VPC binding.
    Vpc,
    /// A client-certificate binding.
    Mtls,
    /// Bundled in the same Worker.
    Local,
}

impl AddressKind {
    const SCHEMES: [(&'static str, Self); 8] = [
        ("binding:", Self::Binding),
        ("https://", Self::Https),
        ("http://", Self::Http),
        ("do:", Self::DurableObject),
        ("dispatch:", Self::Dispatch),
        ("vpc:", Self::Vpc),
        ("mtls:", Self::Mtls),
        ("local:", Self::Local),
    ];
}

impl Address {
    /// The address of a service binding.
    #[must_use]
    pub fn binding(name: &super::BindingName) -> Self {
        Self(format!("binding:{name}"))
    }

    /// How it is reached.
    #[must_use]
    pub fn kind(&self) -> AddressKind {
        let known = AddressKind::SCHEMES.iter().find(|(scheme, _)| self.0.starts_with(scheme));
        known.map_or(AddressKind::Https, |(_, kind)| *kind)
    }

    /// True for plain `http` to another machine.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        let Some(rest) = self.0.strip_prefix("http://") else { return false };
        let authority = rest.split('/').next().unwrap_or(rest);
        let host = split_port(authority).map_or(authority, |(host, _)| host);
        let loopback = host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host.parse::<core::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
        !loopback
    }
}

fn error() -> ParseError {
    ParseError::new(Code::InvalidAddress, EXPECTED)
}

fn normalized(text: &str) -> Result<String, ParseError> {
    if text.len() > VALUE_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(error());
    }
    let lower = text.to_ascii_lowercase();
    let Some((scheme, kind)) =
        AddressKind::SCHEMES.iter().find(|(scheme, _)| lower.starts_with(scheme))
    else {
        return bare(text);
    };
    let rest = text.get(scheme.len()..).unwrap_or("");
    let body = match kind {
        AddressKind::Https | AddressKind::Http => url(rest, scheme)?,
        AddressKind::Binding => match rest.split_once('#') {
            Some((name, entry)) => format!("{}#{}", identifier(name)?, identifier(entry)?),
            None => identifier(rest)?.to_owned(),
        },
        AddressKind::Local => identifier(rest)?.to_owned(),
        AddressKind::DurableObject | AddressKind::Dispatch => {
            let (name, key) = rest.split_once('/').ok_or_else(error)?;
            let usable = !key.is_empty() && (*kind == AddressKind::DurableObject || is_worker(key));
            format!("{}/{}", identifier(name)?, usable.then_some(key).ok_or_else(error)?)
        }
        AddressKind::Vpc => {
            let (name, host) = rest.split_once('/').ok_or_else(error)?;
            format!("{}/{}", identifier(name)?, url(host, "")?)
        }
        AddressKind::Mtls => {
            let (name, address) = rest.split_once('/').ok_or_else(error)?;
            let address = address.strip_prefix("https://").ok_or_else(|| {
                ParseError::new(Code::InvalidAddress, "mtls:NAME/https://host, with `https`")
            })?;
            format!("{}/https://{}", identifier(name)?, url(address, "https://")?)
        }
    };
    Ok(format!("{scheme}{body}"))
}

/// A bare host means `https`. What looks like another scheme is none.
fn bare(text: &str) -> Result<String, ParseError> {
    if let Some((scheme, _)) = text.split_once("://") {
        let hint = match scheme {
            "ws" => Some("write http:// in place of ws://: upgrades pass through"),
            "wss" => Some("write https:// in place of wss://: upgrades pass through"),
            _ => None,
        };
        return Err(hint.map_or_else(error, |hint| error().with_hint(hint)));
    }
    let authority = text.split('/').next().unwrap_or(text);
    // `bindng:USERS` has no dot and no number after its colon: a mistyped scheme, not a host
    if let Some((word, rest)) = authority.split_once(':') {
        if !rest.bytes().all(|byte| byte.is_ascii_digit()) && !word.starts_with('[') {
            let schemes = ["binding", "do", "dispatch", "vpc", "mtls", "local"];
            let near = crate::nearest::nearest(word, schemes);
            let hint = near.map(|scheme| format!("did you mean `{scheme}:`?"));
            let error = if text.contains('@') { credentials() } else { error() };
            return Err(match hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            });
        }
    } else if !authority.contains('.') && authority != "localhost" && !authority.contains('@') {
        let hint = is_identifier(text).then(|| format!("did you mean `binding:{text}`?"));
        return Err(hint.map_or_else(error, |hint| error().with_hint(hint)));
    }
    Ok(format!("https://{}", url(text, "https://")?))
}

fn credentials() -> ParseError {
    ParseError::new(Code::InvalidAddress, "an address without user name and password")
        .with_found("an address with credentials")
        .with_hint("set an `authorization` header from a secret in place of it")
}

/// The authority and base path after a scheme, in normal form.
fn url(rest: &str, scheme: &str) -> Result<String, ParseError> {
    let part = |what: &str| {
        ParseError::new(Code::InvalidAddress, "an address without query and fragment")
            .with_found(format!("an address with a {what}"))
    };
    let (authority, base) = rest
        .split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
        .ok_or_else(error)?;
    if authority.contains('@') {
        return Err(credentials());
    }
    if base.contains('?') {
        return Err(part("query"));
    }
    if base.contains('#') {
        return Err(part("fragment"));
    }
    let (host, port) = match split_port(authority) {
        Some((host, port)) => {
            let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(error)?;
            (host, Some(port))
        }
        None => (authority, None),
    };
    if !is_host(host) {
        return Err(error());
    }
    let mut out = host.to_ascii_lowercase();
    let usual = if scheme == "http://" { 80 } else { 443 };
    if let Some(port) = port.filter(|port| *port != usual || scheme.is_empty()) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    let mut scratch = Vec::new();
    let normal = mesh_core::path::normalize(base.as_bytes(), &mut scratch);
    let same = base.is_empty() || normal == Ok(base.as_bytes());
    if !same {
        let expected = "a base path in normal form, without empty and dot segments";
        return Err(ParseError::new(Code::InvalidAddress, expected));
    }
    out.push_str(base.strip_suffix('/').unwrap_or(base));
    Ok(out)
}

/// Host and port of an authority that has a port; the colons of an IPv6 literal are no port.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'))
}

/// True for a DNS name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<core::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn is_worker(name: &str) -> bool {
    name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn identifier(text: &str) -> Result<&str, ParseError> {
    is_identifier(text).then_some(text).ok_or_else(|| {
        let expected = "the name of a binding: letters, digits, `_` and `$`, not a digit first";
        ParseError::new(Code::InvalidAddress, expected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_normal_form() {
        for (text, expected) in [
            ("binding:USERS", Some("binding:USERS")),
            ("binding:USERS#Admin", Some("binding:USERS#Admin")),
            ("https://Users.Example.workers.dev", Some("https://users.example.workers.dev")),
            ("https://a.com/", Some("https://a.com")),
            ("https://a.com:443/v1/", Some("https://a.com/v1")),
            ("https://a.com:8443/V1", Some("https://a.com:8443/V1")),
            ("worker1.example.workers.dev", Some("https://worker1.example.workers.dev")),
            ("example.com/base", Some("https://example.com/base")),
            ("example.com:8443", Some("https://example.com:8443")),
            ("http://localhost:8787", Some("http://localhost:8787")),
            ("http://[::1]:8787/x", Some("http://[::1]:8787/x")),
            ("do:ROOMS/room-1", Some("do:ROOMS/room-1")),
            ("dispatch:TENANTS/acme", Some("dispatch:TENANTS/acme")),
            ("vpc:DC/orders.internal:8080", Some("vpc:DC/orders.internal:8080")),
            ("mtls:CERT/https://bank.example", Some("mtls:CERT/https://bank.example")),
            ("local:users", Some("local:users")),
            ("", None),
            ("users", None),
            ("binding:", None),
            ("binding:my-users", None),
            ("bindng:USERS", None),
            ("ftp://a.com", None),
            ("wss://a.com", None),
            ("https://", None),
            ("https://a..com", None),
            ("https://a.com:0", None),
            ("https://a.com:99999", None),
            ("https://user:pw@a.com", None),
            ("user:pw@a.com", None),
            ("https://a.com?x=1", None),
            ("https://a.com/x#y", None),
            ("https://a.com/../x", None),
            ("do:ROOMS", None),
            ("dispatch:T/a/b", None),
            ("mtls:CERT/http://bank.example", None),
            ("https://a b", None),
        ] {
            let parsed = Address::parse(text).map(|address| address.0);
            assert_eq!(parsed.as_deref().ok(), expected, "{text}");
        }
    }

    #[test]
    fn secrets_are_not_repeated_and_likely_meanings_are_hinted() {
        for text in ["https://user:hunter2@a.com", "user:hunter2@a.com", "hunter2@a.com"] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.found(), Some("an address with credentials"), "{text}");
        }
        let hint = |text| Address::parse(text).unwrap_err().hint().unwrap_or_default();
        assert_eq!(hint("bindng:USERS"), "did you mean `binding:`?");
        assert_eq!(hint("USERS"), "did you mean `binding:USERS`?");
        assert!(hint("wss://a.com").contains("https://"));
    }

    #[test]
    fn plain_http_is_for_the_same_machine() {
        for (text, insecure) in [
            ("http://localhost", false),
            ("http://127.0.0.1:8787/x", false),
            ("http://[::1]", false),
            ("http://api.localhost", false),
            ("http://10.0.0.1", true),
            ("http://localhost.example.com", true),
            ("https://example.com", false),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_insecure(), insecure, "{text}");
        }
    }
}
