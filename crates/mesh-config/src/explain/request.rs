//! The request that is explained.

use alloc::collections::BTreeMap;

use mesh_core::{
    method::Method,
    route::{RequestHead, RouteTable},
};

use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    document::ServiceName,
    node::Node,
};

object! {
    /// A request to explain.
    #[derive(Default)]
    pub struct ExplainRequest is "an object with `url`, `method`, `headers`" {
        required {
            /// Its URL, or only a path and a query.
            "url" => url: String,
        }
        optional {
            /// Its method; `GET` by default.
            "method" => method: String = "GET",
            /// Its headers.
            "headers" => headers: RequestHeaders,
            /// The service, for a call by its name that passes the rules by.
            "service" => service: ServiceName,
        }
    }
}

/// Headers of a request: pairs of name and value, or an object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(type = "[string, string][] | Record<string, string>")
)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "pairs, or an object")]
pub enum RequestHeaders {
    /// Pairs of name and value; a name may come several times.
    Pairs(Vec<Vec<String>>),
    /// Values by name.
    ByName(BTreeMap<String, String>),
}

impl Decode for RequestHeaders {
    fn expected() -> String {
        "a list of [name, value] pairs, or an object".to_owned()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other kind of node is refused")]
    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::List(_) => {
                let pairs: Vec<Vec<String>> = Vec::decode(node, at)?;
                if pairs.iter().any(|pair| pair.len() != 2) {
                    return wrong_type(node, at);
                }
                Some(Self::Pairs(pairs))
            }
            Node::Object(_) => BTreeMap::decode(node, at).map(Self::ByName),
            _ => wrong_type(node, at),
        }
    }
}

/// The parts of a request's URL, and its method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'r> {
    pub(crate) method: &'r str,
    pub(crate) host: &'r str,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
}

impl ExplainRequest {
    pub(crate) fn parts(&self) -> Parts<'_> {
        let url = self.url.split('#').next().unwrap_or("");
        let (host, target) = match url.split_once("://") {
            Some((_, rest)) => rest
                .split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))
                .unwrap_or((rest, "")),
            None => ("", url),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if path.is_empty() { "/" } else { path };
        Parts { method: self.method.as_deref().unwrap_or("GET"), host, path, query }
    }

    /// The value of a header, several lines joined as HTTP joins them.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let pairs: Vec<(&str, &str)> = match &self.headers {
            None => Vec::new(),
            Some(RequestHeaders::Pairs(pairs)) => pairs
                .iter()
                .filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str())))
                .collect(),
            Some(RequestHeaders::ByName(map)) => {
                map.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
            }
        };
        let values: Vec<&str> = pairs
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The request as route tables look at it: with its path in normal form, and those values.
    pub(super) fn with_head<T>(
        &self,
        path: &str,
        values: &[Option<String>],
        ask: impl FnOnce(&RequestHead<'_>) -> T,
    ) -> T {
        let values: Vec<Option<&[u8]>> =
            values.iter().map(|value| value.as_deref().map(str::as_bytes)).collect();
        let parts = self.parts();
        ask(&RequestHead {
            host: parts.host.as_bytes(),
            path: path.as_bytes(),
            query: parts.query.as_bytes(),
            method: Method::from_name(parts.method.as_bytes()),
            headers: &values,
        })
    }

    /// The values of the headers that a route table needs, in its order.
    pub(super) fn values(&self, table: &RouteTable) -> Vec<Option<String>> {
        table.headers().map(|name| self.header(&String::from_utf8_lossy(name))).collect()
    }
}
