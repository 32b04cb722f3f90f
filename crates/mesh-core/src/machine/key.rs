//! The key of balancers that keep callers with an endpoint.

use crate::{
    balance::Algorithm,
    dice::Dice,
    hash::xxh64,
    route::{RequestHead, key::key_value},
    snapshot::{Snapshot, row::View, tables::Policy},
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
    let value = key_value(&policy.hash(), head, snapshot.routes());
    value.map_or_else(|| dice.roll(), |value| xxh64(value, 0))
}
