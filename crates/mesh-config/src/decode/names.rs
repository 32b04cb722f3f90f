//! One declaration of a set of names: its enum, decoder, schema and TypeScript.

use super::Cursor;
use crate::{diagnostic::Code, nearest::nearest, node::excerpt};

/// Words what a set of names expects.
pub(crate) fn one_of(what: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("{what}: {}", names.join(", "))
}

/// Notes a name that is none of the known ones.
pub(crate) fn unknown_name(text: &str, names: &[&str], expected: &str, at: &mut Cursor) {
    let near = nearest(text, names.iter().copied());
    let found = format!("the string \"{}\"", excerpt(text));
    let hint = near.map(|name| format!("did you mean \"{name}\"?"));
    at.error_with_hint(Code::UnknownName, &found, expected, hint);
}

/// Declares an enum whose values are written as fixed strings.
macro_rules! names {
    (
        $(#[$meta:meta])*
        pub enum $name:ident is $what:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every name, in order.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name as the document writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                $crate::decode::one_of($what, Self::NAMES)
            }

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let $crate::node::Node::Text(text) = node else {
                    return $crate::decode::wrong_type(node, at);
                };
                let found = Self::from_name(text);
                if found.is_none() {
                    let expected = <Self as $crate::decode::Decode>::expected();
                    $crate::decode::unknown_name(text, Self::NAMES, &expected, at);
                }
                found
            }
        }
    };
}
pub(crate) use names;
