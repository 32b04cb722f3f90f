//! Keys: the part of a request that tells callers apart for balancers, splits, limits and flags.

use super::{
    RequestHead,
    condition::{cookie_value, query_value},
    table::RouteTable,
};
use crate::snapshot::{
    sections::Section,
    tables::{Key, KeySource},
};

/// The value of a key in a request, where it has one.
pub(crate) fn key_value<'a>(
    key: &Key,
    head: &RequestHead<'a>,
    table: &RouteTable,
) -> Option<&'a [u8]> {
    let name = table.sections().text(Section::Text, key.name);
    let header = || head.headers.get(usize::from(key.header)).copied().flatten();
    if key.source == KeySource::Path as u8 {
        Some(head.path)
    } else if key.source == KeySource::Query as u8 {
        query_value(head.query, name)
    } else if key.source == KeySource::Cookie as u8 {
        header().and_then(|cookies| cookie_value(cookies, name))
    } else if key.source == KeySource::Nothing as u8 {
        None
    } else {
        header()
    }
}
