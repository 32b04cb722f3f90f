//! A Snapshot while it is being compiled: tables that can still grow.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{
    FORMAT, MAGIC,
    row::{Word, record},
    sections::Packer,
    tables::{
        Backend, Cors, Edit, Endpoint, Fault, Flag, FlagRule, FlagShare, KeySource, Limit, Mirror,
        Policy, Predicate, Redirect, Rewrite, Rule, Service, Text,
    },
};
use crate::{balance::Algorithm, hash::xxh64, route::table::RouteRows};

record! {
    /// What there is once per Snapshot.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Mesh {
        /// Counts up with each publication; 0 for one that was compiled by hand.
        pub version: u64,
        /// Name of the mesh.
        pub name: Text,
        /// What an engine must have for it, as bits; written by [`SnapshotDraft::encode`].
        pub needs: u32,
    }
}

/// Bit of `needs`: the feature `balancers`.
pub(super) const NEEDS_BALANCERS: u32 = 1;
/// Bit of `needs`: the feature `traffic`.
pub(super) const NEEDS_TRAFFIC: u32 = 2;
/// Bit of `needs`: feature flags.
pub(super) const NEEDS_FLAGS: u32 = 4;

/// What hosts know of a flag: its name, and each variant's with its value as JSON.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name and variants")]
pub struct FlagTexts {
    /// Its name.
    pub name: Text,
    /// Name and value of each variant, in the order of their numbers.
    pub variants: Vec<(Text, Text)>,
}

/// The tables of a Snapshot to be.
#[derive(Clone, Debug, Default)]
pub struct SnapshotDraft {
    text: Vec<u8>,
    known: BTreeMap<Vec<u8>, Text>,
    /// Version and name.
    pub mesh: Mesh,
    /// Services.
    pub services: Vec<Service>,
    /// Endpoints, grouped by service.
    pub endpoints: Vec<Endpoint>,
    /// Policies, each distinct one once.
    pub policies: Vec<Policy>,
    /// Rules, as declared.
    pub rules: Vec<Rule>,
    /// Backends, grouped by rule.
    pub backends: Vec<Backend>,
    /// Header edits.
    pub edits: Vec<Edit>,
    /// Rewrites.
    pub rewrites: Vec<Rewrite>,
    /// Redirects.
    pub redirects: Vec<Redirect>,
    /// Cross-origin requests.
    pub cors: Vec<Cors>,
    /// Rate limits.
    pub limits: Vec<Limit>,
    /// Copies.
    pub mirrors: Vec<Mirror>,
    /// Faults.
    pub faults: Vec<Fault>,
    /// What asks for another attempt.
    pub predicates: Vec<Predicate>,
    /// Feature flags.
    pub flags: Vec<Flag>,
    /// Their texts, in the same order.
    pub flag_texts: Vec<FlagTexts>,
    /// Their rules, grouped by flag.
    pub flag_rules: Vec<FlagRule>,
    /// What those give, grouped by rule.
    pub flag_shares: Vec<FlagShare>,
    /// Services whose state isolates share, by number; for hosts alone.
    pub shared: Vec<u32>,
    /// The route table; its targets are rules.
    pub routes: RouteRows,
}

impl SnapshotDraft {
    /// Puts a text into the pool, once.
    pub fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.known.get(text.as_bytes()) {
            return *known;
        }
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let run = Text { start, len: u32::try_from(text.len()).unwrap_or(0) };
        self.text.extend_from_slice(text.as_bytes());
        self.known.insert(text.as_bytes().to_vec(), run);
        run
    }

    /// What an engine must have for it.
    fn needs(&self) -> u32 {
        let last_of_all = Algorithm::LeastRequest.as_u8();
        let balances = self.policies.iter().any(|policy| policy.balancer > last_of_all);
        let backends = self
            .backends
            .iter()
            .any(|backend| backend.status > 0 || backend.subset > 0 || backend.pins.len > 0);
        let sticky = self.rules.iter().any(|rule| rule.sticky.source != KeySource::Nothing as u8);
        let policies = self.policies.iter().any(Policy::needs_traffic);
        let concurrency = self.services.iter().any(|service| service.concurrency_initial > 0);
        let failover = self.endpoints.iter().any(|endpoint| endpoint.priority > 0);
        let tables = !(self.cors.is_empty()
            && self.limits.is_empty()
            && self.mirrors.is_empty()
            && self.predicates.is_empty()
            && self.faults.is_empty());
        let traffic = tables || backends || sticky || policies || concurrency || failover;
        (u32::from(balances) * NEEDS_BALANCERS)
            | (u32::from(traffic) * NEEDS_TRAFFIC)
            | (u32::from(!self.flags.is_empty()) * NEEDS_FLAGS)
    }

    /// The text pool so far.
    pub(super) fn pool(&self) -> &[u8] {
        &self.text
    }

    /// Writes the byte form. Equal drafts give equal bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        self.routes.pack(&mut packer);
        packer.pool(&self.text);
        packer.table(&[Mesh { needs: self.needs(), ..self.mesh }]);
        packer.table(&self.services);
        packer.table(&self.endpoints);
        packer.table(&self.policies);
        packer.table(&self.rules);
        packer.table(&self.backends);
        packer.table(&self.edits);
        packer.table(&self.rewrites);
        packer.table(&self.redirects);
        packer.pool(&super::host_text::write(self));
        packer.table(&self.cors);
        packer.table(&self.limits);
        packer.table(&self.mirrors);
        packer.table(&self.faults);
        packer.table(&self.predicates);
        packer.table(&self.flags);
        packer.table(&self.flag_rules);
        packer.table(&self.flag_shares);
        let body = packer.body();
        let mut bytes = Vec::with_capacity(body.len().saturating_add(16));
        bytes.extend_from_slice(&MAGIC);
        FORMAT.put(&mut bytes);
        0u16.put(&mut bytes);
        xxh64(&body, 0).put(&mut bytes);
        bytes.extend_from_slice(&body);
        bytes
    }
}
