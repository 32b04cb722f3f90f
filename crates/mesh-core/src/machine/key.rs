//! Keys: the part of a request that tells callers apart for balancers, splits and limits.

use crate::{
    balance::Algorithm,
    dice::Dice,
    hash::xxh64,
    route::{RequestHead, condition},
    snapshot::{
        Snapshot,
        row::View,
        tables::{Key, KeySource, Policy},
    },
};

/// What `consistentHash` goes by; a draw where the request has none, so that such requests spread.
#[inline(always)]
pub(super) fn hash_key(
    policy: View<'_, Policy>,
    head: &RequestHead<'_>,
    snapshot: &Snapshot,
    dice: &mut impl Dice,
) -> u64 {
    let hashes = Algorithm::ConsistentHash.as_u8();
    if policy.balancer() != hashes || !Algorithm::is_linked(hashes) {
        return 0;
    }
    let value = key_value(&policy.hash(), head, snapshot);
    value.map_or_else(|| dice.roll(), |value| xxh64(value, 0))
}

/// The value of a key in a request, where it has one.
pub(super) fn key_value<'a>(
    key: &Key,
    head: &RequestHead<'a>,
    snapshot: &Snapshot,
) -> Option<&'a [u8]> {
    let name = snapshot.text(key.name);
    let header = || head.headers.get(usize::from(key.header)).copied().flatten();
    if key.source == KeySource::Path as u8 {
        Some(head.path)
    } else if key.source == KeySource::Query as u8 {
        condition::query_value(head.query, name)
    } else if key.source == KeySource::Cookie as u8 {
        header().and_then(|cookies| condition::cookie_value(cookies, name))
    } else if key.source == KeySource::Nothing as u8 {
        None
    } else {
        header()
    }
}
