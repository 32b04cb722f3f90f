//! From a [`Node`] tree to the document's types, collecting every error on the way.
//!
//! A decoder that meets an error notes it and goes on, so that one pass finds them all. Objects and
//! sets of names are declared once, by [`object!`] and [`names!`]: type, decoder, schema and
//! TypeScript come from that one declaration and cannot drift apart.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a decoder refuses in one way every kind of node that it does not name"
)]

mod cursor;
mod fields;
mod names;
mod number;
mod object;
mod text;

use alloc::collections::BTreeMap;

pub use self::text::ParseError;
pub(crate) use self::{
    cursor::{Cursor, push_field, push_item},
    fields::Fields,
    names::{names, one_of, unknown_name},
    number::{decimal, out_of_range, whole, whole_number},
    object::object,
    text::text,
};
use crate::{
    diagnostic::Code,
    node::{Node, Refusal},
};

/// A type that can be read from a node.
pub(crate) trait Decode: Sized {
    /// What such a value is called in messages.
    fn expected() -> String;

    /// Reads it; `None` where that was not possible and an error was noted.
    fn decode(node: &Node, at: &mut Cursor) -> Option<Self>;

    /// What stands in for an item of a list or a map that could not be read, so that the items
    /// after it keep their places and can still be checked.
    fn stand_in() -> Option<Self> {
        None
    }
}

/// Notes that `node` is not what was expected.
pub(crate) fn wrong_type<T: Decode>(node: &Node, at: &mut Cursor) -> Option<T> {
    note_wrong_type(node, T::expected, at);
    None
}

/// Apart, and not inlined, because the above is made anew for each type.
#[inline(never)]
fn note_wrong_type(node: &Node, expected: fn() -> String, at: &mut Cursor) {
    let code = if *node == Node::Refused(Refusal::Deep) {
        Code::TooDeep
    } else if *node == Node::Refused(Refusal::Large) {
        Code::TooLarge
    } else {
        Code::WrongType
    };
    at.error(code, &node.describe(), &expected());
}

impl Decode for String {
    fn expected() -> String {
        "a string".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(text) => Some(text.clone()),
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Bool(value) => Some(*value),
            _ => wrong_type(node, at),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let Node::List(items) = node else { return wrong_type(node, at) };
        let mut list = Self::with_capacity(items.len());
        let mut whole = true;
        for (index, item) in items.iter().enumerate() {
            let read = at.at_item(index, |at| T::decode(item, at)).or_else(T::stand_in);
            whole &= read.is_some();
            list.extend(read);
        }
        whole.then_some(list)
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn expected() -> String {
        format!("an object, each field {}", T::expected())
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let Node::Object(fields) = node else { return wrong_type(node, at) };
        at.duplicates(fields);
        let mut map = Self::new();
        let mut whole = true;
        for (name, value) in fields {
            if *value == Node::Null {
                continue;
            }
            let read = at.at_field(name, |at| T::decode(value, at)).or_else(T::stand_in);
            whole &= read.is_some();
            map.extend(read.map(|read| (name.clone(), read)));
        }
        whole.then_some(map)
    }
}

#[cfg(test)]
mod tests;
