//! An answer that the mesh makes itself.

use alloc::collections::BTreeMap;

use super::HeaderValue;
use crate::{
    decode::{Cursor, Decode, object, whole, wrong_type},
    diagnostic::Code,
    limits::BODY_BYTES_MAX,
    node::Node,
};

whole! {
    /// The status of an answer that the mesh makes itself.
    pub struct ResponseStatus(u16) from 200 to 599;
}

/// The body of an answer that the mesh makes itself: text of at most 16 KiB.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(transparent)]
pub struct ResponseBody(
    #[cfg_attr(feature = "schema", schemars(length(max = BODY_BYTES_MAX)))] String,
);

object! {
    /// An answer that the mesh makes itself, without any service.
    pub struct DirectResponse is "an object with `status`, `body`, `headers`" {
        required {
            /// Its status. 204, 205 and 304 have no body.
            "status" => status: ResponseStatus,
        }
        optional {
            /// Its body.
            "body" => body: ResponseBody,
            /// Its headers. `content-type` is `text/plain;charset=utf-8` where there is a body and
            /// nothing else is said.
            "headers" => headers: BTreeMap<String, HeaderValue>,
        }
    }
}

impl ResponseBody {
    /// The text, where it is at most 16 KiB.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= BODY_BYTES_MAX).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Decode for ResponseBody {
    fn expected() -> String {
        "text of at most 16 KiB".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let Node::Text(text) = node else { return wrong_type(node, at) };
        let found = Self::new(text);
        if found.is_none() {
            let what = format!("a body of {} bytes", text.len());
            at.error(Code::TooLarge, &what, &Self::expected());
        }
        found
    }
}
