//! What holds for a request: the rows of its service and its policy, read in place.

use crate::{
    limits::ATTEMPTS_MAX,
    retry::RetryPolicy,
    snapshot::{
        Snapshot,
        row::View,
        tables::{Policy, Service},
    },
};

/// The rows of a service and of a policy.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) service: View<'a, Service>,
    pub(super) policy: View<'a, Policy>,
}

impl<'a> Terms<'a> {
    /// `None` where either number leaves its table.
    pub(super) fn of(snapshot: &'a Snapshot, service: u32, policy: u32) -> Option<Self> {
        let service = snapshot.services().view(service)?;
        Some(Self { service, policy: snapshot.policies().view(policy)? })
    }

    /// How often may be tried again, within the machine's bound.
    pub(super) fn retries(self) -> u8 {
        self.policy.retry().retries.min(ATTEMPTS_MAX - 1)
    }

    /// What is tried again, within that bound.
    #[inline(always)]
    pub(super) fn retry(self) -> RetryPolicy {
        RetryPolicy { retries: self.retries(), ..self.policy.retry() }
    }
}
