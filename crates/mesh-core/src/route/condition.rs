//! Header and query conditions, and those on flags.

use super::{
    RequestHead,
    table::{AutomatonRow, Condition, ConditionKind, RouteTable},
};
use crate::{
    path::escape,
    snapshot::{sections::Section, tables::NONE},
};

impl RouteTable {
    /// True where the condition holds. A query condition looks at the first parameter of its name.
    #[must_use]
    pub fn holds(&self, condition: &Condition, head: &RequestHead<'_>) -> bool {
        if cfg!(feature = "traffic") && condition.kind == ConditionKind::Flag as u8 {
            return self.flag(condition.automaton, head).variant == condition.header;
        }
        self.meets(condition, head)
    }

    /// [`RouteTable::holds`] of a header or query condition.
    pub(super) fn meets(&self, condition: &Condition, head: &RequestHead<'_>) -> bool {
        let expected = self.text(condition.value);
        if condition.header == NONE {
            let Some(raw) = query_value(head.query, self.text(condition.name)) else {
                return false;
            };
            return self.compare(condition, &mut decoded(raw), expected);
        }
        let value = usize::try_from(condition.header).ok().and_then(|at| head.headers.get(at));
        let Some(&Some(value)) = value else { return false };
        self.compare(condition, &mut value.iter().copied(), expected)
    }

    fn compare(
        &self,
        condition: &Condition,
        value: &mut dyn Iterator<Item = u8>,
        expected: &[u8],
    ) -> bool {
        if condition.kind == ConditionKind::Exact as u8 {
            value.eq(expected.iter().copied())
        } else if condition.kind == ConditionKind::RegularExpression as u8 {
            self.accepts(condition.automaton, value)
        } else {
            true
        }
    }

    /// True where automaton `number` takes the whole of `text`.
    pub(super) fn accepts(&self, number: u32, text: &mut dyn Iterator<Item = u8>) -> bool {
        let row: Option<AutomatonRow> = self.table(Section::Automata).get(number);
        row.is_some_and(|row| row.accepts(self.sections().pool(Section::RouteText), text))
    }
}

/// The raw value of the first parameter of that name in a query; empty where it has no `=`.
#[must_use]
pub fn query_value<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    query.split(|&byte| byte == b'&').find_map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        let key = parts.next()?;
        decoded(key).eq(name.iter().copied()).then(|| parts.next().unwrap_or(&[]))
    })
}

/// The value of the first cookie of that name in a `Cookie` header.
#[must_use]
pub fn cookie_value<'c>(header: &'c [u8], name: &[u8]) -> Option<&'c [u8]> {
    header.split(|&byte| byte == b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        pair.strip_prefix(name)?.strip_prefix(b"=")
    })
}

/// Form decoding as it goes: `+` is a space, `%xx` its byte, anything else itself.
fn decoded(raw: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = raw;
    core::iter::from_fn(move || {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        Some(match byte {
            b'+' => b' ',
            b'%' => match escape(after) {
                Some((value, after_escape)) => {
                    rest = after_escape;
                    value
                }
                None => byte,
            },
            _ => byte,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameter_of_a_name_counts_decoded() {
        assert_eq!(query_value(b"a=1&b=2&a=3", b"a"), Some(&b"1"[..]));
        assert_eq!(query_value(b"%61=x", b"a"), Some(&b"x"[..]));
        assert_eq!(query_value(b"flag&b", b"flag"), Some(&b""[..]));
        assert_eq!(query_value(b"", b"a"), None);
        assert!(decoded(b"a+b%20c%2").eq(*b"a b c%2"));
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        assert_eq!(cookie_value(b"xid=1; id=2", b"id"), Some(&b"2"[..]));
        assert_eq!(cookie_value(b"id2=1", b"id"), None);
    }
}
