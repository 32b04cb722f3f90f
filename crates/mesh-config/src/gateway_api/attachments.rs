//! Where routes hold, and where requests end.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{hostname::Hosts, key::Key};

/// Where rules hold.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Place {
    /// A port of a Gateway.
    Gateway(Key, u16),
    /// A port of a Service as called in the mesh.
    Service(Key, u16),
}

/// Where routes hold: by place, then by the number of the route.
#[derive(Clone, Debug, Default)]
pub(super) struct Attachments {
    places: BTreeMap<Place, BTreeMap<usize, HeldHosts>>,
    /// Hostnames of listeners within those of others at the same port, with the listener's name.
    kept_apart: BTreeMap<Place, BTreeMap<String, String>>,
}

/// The hosts for which a route holds at a place, by all of its listeners.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldHosts {
    pub(super) any: bool,
    pub(super) only: BTreeSet<String>,
}

impl Attachments {
    pub(super) fn add(&mut self, place: Place, route: usize, hosts: &Hosts) {
        let held = self.places.entry(place).or_default().entry(route).or_default();
        match hosts {
            Hosts::Any => held.any = true,
            Hosts::Only(list) => held.only.extend(list.iter().cloned()),
        }
    }

    /// The routes at a place, in the order of their precedence.
    pub(super) fn at(&self, place: &Place) -> impl Iterator<Item = (&usize, &HeldHosts)> {
        self.places.get(place).into_iter().flatten()
    }

    /// Has requests for a host end at its listener.
    pub(super) fn keep_apart(&mut self, place: Place, host: String, listener: &str) {
        let hosts = self.kept_apart.entry(place).or_default();
        hosts.entry(host).or_insert_with(|| listener.to_owned());
    }

    /// The hosts whose requests end at their listener, with its name.
    pub(super) fn kept_apart(&self, place: &Place) -> impl Iterator<Item = (&String, &String)> {
        self.kept_apart.get(place).into_iter().flatten()
    }
}
