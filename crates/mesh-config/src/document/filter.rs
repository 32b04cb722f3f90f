//! What happens to a request or a response on its way.

use super::{Cors, DirectResponse, Edits, Fault, Host, Mirror, RequestPath};
use crate::{
    decode::{Cursor, Decode, names, object, whole, wrong_type},
    diagnostic::Code,
    node::Node,
};

/// What happens to a request or a response on its way: exactly one field.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Filter {
    /// Changes the request's headers.
    RequestHeaders(Edits),
    /// Changes the response's headers.
    ResponseHeaders(Edits),
    /// Changes the request's host or path.
    Rewrite(Rewrite),
    /// Answers with a redirect in place of sending the request.
    Redirect(Redirect),
    /// Answers in place of sending the request. On rules only.
    DirectResponse(DirectResponse),
    /// Lets web pages of other origins call. On rules only.
    Cors(Cors),
    /// Sends a copy to another service.
    Mirror(Mirror),
    /// Puts faults into requests on purpose.
    Fault(Fault),
}

object! {
    /// A change of the request's host or path.
    #[derive(Default)]
    pub struct Rewrite is "an object with `host` or `path`" {
        optional {
            /// The new host.
            "host" => host: Host,
            /// The new path.
            "path" => path: PathEdit,
        }
    }
}

/// A change of a path: all of it, or the prefix that the rule matched.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the Gateway API's two path modifiers")]
pub enum PathEdit {
    /// The new path.
    Full(RequestPath),
    /// What the matched prefix becomes. Only where every path of the rule is a prefix.
    Prefix(RequestPath),
}

names! {
    /// The scheme of a URL.
    pub enum Scheme is "a scheme" {
        /// Without TLS.
        Http = "http",
        /// With TLS.
        Https = "https",
    }
}

whole! {
    /// A port.
    pub struct Port(u16) from 1 to 65535;
}

/// The status of a redirect: 301, 302, 303, 307 or 308.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "301 | 302 | 303 | 307 | 308")
)]
#[serde(transparent)]
pub struct RedirectStatus(u16);

object! {
    /// An answer that sends the caller elsewhere. What it does not name stays as requested.
    #[derive(Default)]
    pub struct Redirect is "an object with `scheme`, `host`, `port`, `path`, `status`" {
        optional {
            /// The new scheme.
            "scheme" => scheme: Scheme,
            /// The new host.
            "host" => host: Host,
            /// The new port. With a new scheme and no port, the port goes.
            "port" => port: Port,
            /// The new path.
            "path" => path: PathEdit,
            /// The status of the answer.
            "status" => status: RedirectStatus = crate::defaults::REDIRECT_STATUS,
        }
    }
}

impl RedirectStatus {
    const ALL: [u16; 5] = [301, 302, 303, 307, 308];

    /// The status, where it is one of a redirect.
    #[must_use]
    pub fn new(status: u16) -> Option<Self> {
        Self::ALL.contains(&status).then_some(Self(status))
    }

    /// The status.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RedirectStatus {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "RedirectStatus".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The status of a redirect.",
            "enum": Self::ALL
        })
    }
}

impl Decode for RedirectStatus {
    fn expected() -> String {
        "301, 302, 303, 307 or 308".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let Node::Number(value) = node else { return wrong_type(node, at) };
        let whole = crate::decode::whole_number(*value);
        let found = whole.and_then(|value| u16::try_from(value).ok()).and_then(Self::new);
        if found.is_none() {
            at.error(Code::OutOfRange, &node.describe(), &Self::expected());
        }
        found
    }
}

/// The names of the filters.
const FIELDS: [&str; 8] = [
    "requestHeaders",
    "responseHeaders",
    "rewrite",
    "redirect",
    "directResponse",
    "cors",
    "mirror",
    "fault",
];

impl Decode for Filter {
    fn expected() -> String {
        let names: Vec<String> = FIELDS.iter().map(|name| format!("`{name}`")).collect();
        format!("an object with one of {}", names.join(", "))
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let fields = crate::decode::Fields::of::<Self>(node, &FIELDS, at)?;
        let request = fields.optional("requestHeaders", at).map(Self::RequestHeaders);
        let response = fields.optional("responseHeaders", at).map(Self::ResponseHeaders);
        let rewrite = fields.optional("rewrite", at).map(Self::Rewrite);
        let redirect = fields.optional("redirect", at).map(Self::Redirect);
        let answer = fields.optional("directResponse", at).map(Self::DirectResponse);
        let cors = fields.optional("cors", at).map(Self::Cors);
        let mirror = fields.optional("mirror", at).map(Self::Mirror);
        let fault = fields.optional("fault", at).map(Self::Fault);
        fields.exactly_one::<Self>(at)?;
        let found = request.or(response).or(rewrite).or(redirect);
        found.or(answer).or(cors).or(mirror).or(fault)
    }
}

impl Decode for PathEdit {
    fn expected() -> String {
        "an object with one of `full`, `prefix`".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let fields = crate::decode::Fields::of::<Self>(node, &["full", "prefix"], at)?;
        let full = fields.optional("full", at).map(Self::Full);
        let prefix = fields.optional("prefix", at).map(Self::Prefix);
        fields.exactly_one::<Self>(at)?;
        full.or(prefix)
    }
}
