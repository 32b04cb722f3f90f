//! What keeps a caller with one backend of a split.

use super::{CookieName, HeaderName, Host, Tag, TimeSpan};
use crate::{
    decode::{Cursor, Decode, ParseError, names, object, text, wrong_type},
    diagnostic::Code,
    limits::TEXT_BYTES_MAX,
    node::Node,
};

names! {
    /// A key that needs no further name.
    pub enum StickySource is "a sticky key" {
        /// The address of the caller.
        ClientAddress = "clientAddress",
        /// Who calls, as the host knows it.
        Principal = "principal",
        /// The tenant of who calls, as the host knows it.
        Tenant = "tenant",
    }
}

/// What keeps a caller with one backend of a split: requests of the same key go to the same one.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "StickySource | StickyKey"))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Sticky {
    /// What the host knows of the caller.
    Source(StickySource),
    /// A named part of the request.
    Key(StickyKey),
}

/// A named part of the request: exactly one of `header`, `cookie`, `query`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum StickyKey {
    /// The value of this request header.
    Header(HeaderName),
    /// The value of this cookie, which is set where a request has none.
    Cookie(StickyCookie),
    /// The value of this query parameter.
    Query(Tag),
}

/// A cookie that keeps a caller with one backend: its name, or its name and attributes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum StickyCookie {
    /// Only the name.
    Name(CookieName),
    /// The name and its attributes.
    Settings(StickyCookieSettings),
}

object! {
    /// A cookie that keeps a caller with one backend. It is `HttpOnly`, `SameSite=Lax`, and `Secure`
    /// over https.
    pub struct StickyCookieSettings is "an object with `name`, `maxAge`, `path`, `domain`" {
        required {
            /// Its name.
            "name" => name: CookieName,
        }
        optional {
            /// How long a browser keeps it, at least a second. By default until it is closed.
            "maxAge" => max_age: TimeSpan,
            /// The path that it is for, with all below.
            "path" => path: CookiePath = "/",
            /// The domain that it is for, with all below. By default only the host that set it.
            "domain" => domain: Host,
        }
    }
}

text! {
    /// The path of a cookie.
    pub struct CookiePath is "the path of a cookie", checked by path,
        pattern "^/[!-:<-~]{0,254}$";
}

fn path(text: &str) -> Result<String, ParseError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
    if text.starts_with('/') && text.len() <= TEXT_BYTES_MAX && plain {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(Code::InvalidPath, "a path that begins with `/`, without spaces and `;`"))
}

impl StickyCookie {
    /// The long form.
    #[must_use]
    pub fn settings(&self) -> StickyCookieSettings {
        match self {
            Self::Name(name) => {
                StickyCookieSettings { name: name.clone(), max_age: None, path: None, domain: None }
            }
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Decode for Sticky {
    fn expected() -> String {
        "\"clientAddress\", \"principal\", \"tenant\", { header }, { cookie } or { query }"
            .to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => StickySource::decode(node, at).map(Self::Source),
            Node::Object(_) => StickyKey::decode(node, at).map(Self::Key),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for StickyKey {
    fn expected() -> String {
        "an object with one of `header`, `cookie`, `query`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let known = ["header", "cookie", "query"];
        let fields = crate::decode::Fields::of::<Self>(node, &known, at)?;
        let header = fields.optional("header", at).map(Self::Header);
        let cookie = fields.optional("cookie", at).map(Self::Cookie);
        let query = fields.optional("query", at).map(Self::Query);
        fields.exactly_one::<Self>(at)?;
        header.or(cookie).or(query)
    }
}

impl Decode for StickyCookie {
    fn expected() -> String {
        "the name of a cookie, or an object with `name`, `maxAge`, `path`, `domain`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => CookieName::decode(node, at).map(Self::Name),
            Node::Object(_) => StickyCookieSettings::decode(node, at).map(Self::Settings),
            _ => wrong_type(node, at),
        }
    }
}
