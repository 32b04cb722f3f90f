//! Request methods.

use mesh_core::method::{Method, MethodSet};

use crate::{
    decode::{Cursor, Decode, names, wrong_type},
    node::Node,
};

names! {
    /// A request method.
    pub enum MethodName is "a method" {
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

impl MethodName {
    /// The set that holds only this method.
    #[must_use]
    pub fn set(self) -> MethodSet {
        Method::from_name(self.name().as_bytes()).bit()
    }
}

/// Methods: one name or a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "one or several")]
pub enum Methods {
    /// One.
    One(MethodName),
    /// Several.
    Many(Vec<MethodName>),
}

impl Methods {
    /// The set of them.
    #[must_use]
    pub fn set(&self) -> MethodSet {
        let list = match self {
            Self::One(name) => core::slice::from_ref(name),
            Self::Many(names) => names,
        };
        list.iter().fold(MethodSet::NONE, |set, name| set.union(name.set()))
    }
}

impl Decode for Methods {
    fn expected() -> String {
        "a method or a list of methods".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => MethodName::decode(node, at).map(Self::One),
            Node::List(_) => Vec::decode(node, at).map(Self::Many),
            _ => wrong_type(node, at),
        }
    }
}

names! {
    /// A method that may be retried, or a group of them.
    pub enum RetryMethod is "a method, \"any\" or \"idempotent\"" {
        /// Every method, `POST` too. The service must then tell repeats apart itself.
        Any = "any",
        /// `GET`, `HEAD`, `PUT`, `DELETE`, `OPTIONS`, `TRACE`.
        Idempotent = "idempotent",
        /// Only this method.
        Get = "GET",
        /// Only this method.
        Head = "HEAD",
        /// Only this method.
        Post = "POST",
        /// Only this method.
        Put = "PUT",
        /// Only this method.
        Delete = "DELETE",
        /// Only this method.
        Connect = "CONNECT",
        /// Only this method.
        Options = "OPTIONS",
        /// Only this method.
        Trace = "TRACE",
        /// Only this method.
        Patch = "PATCH",
    }
}

impl RetryMethod {
    /// The methods it stands for.
    #[must_use]
    pub fn set(self) -> MethodSet {
        match self {
            Self::Any => MethodSet::ANY,
            Self::Idempotent => MethodSet::IDEMPOTENT,
            Self::Get
            | Self::Head
            | Self::Post
            | Self::Put
            | Self::Delete
            | Self::Connect
            | Self::Options
            | Self::Trace
            | Self::Patch => Method::from_name(self.name().as_bytes()).bit(),
        }
    }
}
