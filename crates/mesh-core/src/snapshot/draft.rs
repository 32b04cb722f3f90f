//! A Snapshot while it is being compiled: tables that can still grow.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{
    FORMAT, MAGIC,
    row::{Word, record},
    sections::Packer,
    tables::{Backend, Edit, Endpoint, Policy, Redirect, Rewrite, Rule, Service, Text},
};
use crate::{hash::xxh64, route::table::RouteRows};

record! {
    /// What there is once per Snapshot.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Mesh {
        /// Counts up with each publication; 0 for one that was compiled by hand.
        pub version: u64,
        /// Name of the mesh.
        pub name: Text,
    }
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
        packer.table(&[self.mesh]);
        packer.table(&self.services);
        packer.table(&self.endpoints);
        packer.table(&self.policies);
        packer.table(&self.rules);
        packer.table(&self.backends);
        packer.table(&self.edits);
        packer.table(&self.rewrites);
        packer.table(&self.redirects);
        packer.pool(&super::host_text::write(self));
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
