//! One declaration of a part of a Kubernetes object: its struct and its decoder.

use crate::{
    decode::{Cursor, Decode, wrong_type},
    node::Node,
};

/// Declares a part of a Kubernetes object, all fields optional.
///
/// A field that is not named is a warning, because its author asks for something that does not
/// happen here; except those after `silent`, which say nothing of traffic (`*` = all others).
macro_rules! kube {
    (
        $(#[$meta:meta])*
        struct $name:ident is $what:literal {
            $($key:literal => $field:ident: $type:ty,)*
        }
        silent [$($silent:literal),*]
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(super) struct $name {
            $(pub(super) $field: Option<$type>,)*
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                $what.to_owned()
            }

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let (known, silent) = ([$($key,)*], [$($silent,)*]);
                let fields = $crate::decode::Fields::tolerant::<Self>(node, &known, &silent, at)?;
                Some(Self { $($field: fields.optional::<$type>($key, at),)* })
            }
        }
    };
}
pub(super) use kube;

/// Any value: it is there, and that is all one needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct There;

impl Decode for There {
    fn expected() -> String {
        "a value".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Refused(_) => wrong_type(node, at),
            Node::Null
            | Node::Bool(_)
            | Node::Number(_)
            | Node::Text(_)
            | Node::List(_)
            | Node::Object(_) => Some(Self),
        }
    }
}
