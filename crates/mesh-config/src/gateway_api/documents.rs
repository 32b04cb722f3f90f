//! Documents out of routes: one for a port of a Gateway, one for the callers of a namespace.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt;

use serde::Serialize;

use super::{
    BoundRoute, Import,
    attach::Place,
    hostname::Hosts,
    inventory::{ImportedService, Inventory, UNAVAILABLE},
    key::Key,
    objects::Objects,
};
use crate::{
    document::{
        Backend, BackendEntry, Document, Endpoints, Filter, HostPattern, HostPatterns, Port,
        Routing, Rule, Service, ServiceName,
    },
    limits::RULE_MATCHES_MAX,
};

/// Longest name of a rule that is kept as it is, in bytes; room for a number stays after it.
const NAME_BYTES_MAX: usize = 240;
/// What is kept of a longer one, in characters of up to four bytes.
const NAME_CHARS_KEPT: usize = 60;

/// Where requests come in.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Entry {
    /// A port of a Gateway.
    Gateway {
        /// Namespace of the Gateway.
        namespace: String,
        /// Name of the Gateway.
        name: String,
        /// The port, which several listeners may share.
        port: u16,
    },
    /// Calls of workloads in a namespace to Services at a port.
    Mesh {
        /// Namespace of the callers.
        namespace: String,
        /// Port of the Services that they call.
        port: u16,
    },
}

impl Entry {
    /// A port of a Gateway.
    #[must_use]
    pub fn gateway(namespace: &str, name: &str, port: u16) -> Self {
        Self::Gateway { namespace: namespace.to_owned(), name: name.to_owned(), port }
    }

    /// Calls of workloads in a namespace to Services at a port.
    #[must_use]
    pub fn mesh(namespace: &str, port: u16) -> Self {
        Self::Mesh { namespace: namespace.to_owned(), port }
    }
}

/// `gateway/NAMESPACE/NAME:PORT`, or `mesh/NAMESPACE:PORT`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway { namespace, name, port } => {
                write!(f, "gateway/{namespace}/{name}:{port}")
            }
            Self::Mesh { namespace, port } => write!(f, "mesh/{namespace}:{port}"),
        }
    }
}

/// Every port of every Gateway; and every namespace that a route of the mesh names or stands in,
/// with the ports of its Services.
pub(super) fn entries(objects: &Objects, inventory: &Inventory) -> Vec<Entry> {
    let mut entries = BTreeSet::new();
    for gateway in &objects.gateways {
        for port in gateway.spec.listeners.iter().flatten().filter_map(|listener| listener.port) {
            entries.insert(Entry::gateway(&gateway.namespace, &gateway.name, port.value()));
        }
    }
    let mut ports: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for service in &inventory.services {
        ports.entry(&service.namespace).or_default().insert(service.port);
    }
    // callers and Services, once each: many routes name the same two
    let mut pairs = BTreeSet::new();
    for route in &objects.routes {
        let services = route.spec.parents.iter();
        for parent in services.filter(|one| one.kind.as_deref() == Some("Service")) {
            let of = parent.namespace.as_deref().unwrap_or(&route.namespace);
            pairs.insert((route.namespace.as_str(), of));
        }
    }
    for (callers, of) in pairs {
        for port in ports.get(of).into_iter().flatten() {
            entries.insert(Entry::mesh(callers, *port));
        }
    }
    entries.into_iter().collect()
}

impl Import {
    /// The document for one of [`Import::entries`]; for any other Gateway or port one that takes no
    /// request. Callers in a namespace that no route names have a document too: calls go to the
    /// Services themselves, and by the routes that these declare for all.
    #[must_use]
    pub fn document(&self, entry: &Entry) -> Document {
        let mut writer = Writer { rules: Vec::new(), names: BTreeMap::new() };
        match entry {
            Entry::Gateway { namespace, name, port } => {
                let place = Place::Gateway(Key::new(namespace, name), *port);
                self.gateway_rules(&place, *port, &mut writer);
            }
            Entry::Mesh { namespace, port } => self.mesh_rules(namespace, *port, &mut writer),
        }
        let mut document = Document::default();
        for backend in writer.rules.iter().flat_map(|rule| rule.backends.iter().flatten()) {
            let Some(Backend { service, .. }) = backend.backend() else { continue };
            let known = self.service(&service);
            document.services.insert(service.as_str().to_owned(), known);
        }
        document.routing = Some(Routing { rules: Some(writer.rules) });
        document
    }

    /// A service as our document has it.
    fn service(&self, name: &ServiceName) -> Service {
        if name.as_str() == UNAVAILABLE {
            let endpoints = Some(Endpoints::Many(Vec::new()));
            return Service { endpoints, ..Service::default() };
        }
        self.inventory.named(name).map(ImportedService::document).unwrap_or_default()
    }

    fn gateway_rules(&self, gateway: &Place, port: u16, writer: &mut Writer) {
        for (number, held) in self.attachments.at(gateway) {
            let Some(route) = self.routes.get(*number) else { continue };
            if !held.only.is_empty() {
                let hosts: Vec<String> = held.only.iter().cloned().collect();
                writer.route(route, &hosts, port);
            }
            if held.any {
                writer.route(route, &[], port);
            }
        }
    }

    fn mesh_rules(&self, callers: &str, port: u16, writer: &mut Writer) {
        for service in self.inventory.services.iter().filter(|one| one.port == port) {
            let place = Place::Service(Key::new(&service.namespace, &service.name), port);
            let attached = self.attachments.at(&place);
            let attached: Vec<&BoundRoute> =
                attached.filter_map(|(number, _)| self.routes.get(*number)).collect();
            let of = |namespace: &str| -> Vec<&BoundRoute> {
                attached.iter().copied().filter(|route| route.namespace == namespace).collect()
            };
            // what the callers' own namespace says of a Service replaces what the Service's says
            let mut routes = of(callers);
            if routes.is_empty() {
                routes = of(&service.namespace);
            }
            let hosts = service.hosts(callers);
            for route in &routes {
                writer.route(route, &hosts, port);
            }
            if routes.is_empty() {
                writer.itself(service, &hosts);
            }
        }
    }
}

/// Where routes hold: by place, then by the number of the route.
#[derive(Clone, Debug, Default)]
pub(super) struct Attachments {
    places: BTreeMap<Place, BTreeMap<usize, HeldHosts>>,
}

/// The hosts for which a route holds at a place, by all of its listeners.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldHosts {
    any: bool,
    only: BTreeSet<String>,
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
    fn at(&self, place: &Place) -> impl Iterator<Item = (&usize, &HeldHosts)> {
        self.places.get(place).into_iter().flatten()
    }
}

struct Writer {
    rules: Vec<Rule>,
    /// How often each name was given.
    names: BTreeMap<String, usize>,
}

impl Writer {
    /// Adds the rules of a route for these hosts; for any without.
    fn route(&mut self, route: &BoundRoute, hosts: &[String], port: u16) {
        let patterns: Vec<HostPattern> =
            hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
        if patterns.is_empty() && !hosts.is_empty() {
            return;
        }
        let per_rule = RULE_MATCHES_MAX.checked_div(patterns.len()).unwrap_or(RULE_MATCHES_MAX);
        let hosts = (!patterns.is_empty()).then_some(HostPatterns::Many(patterns));
        for translated in &route.rules {
            for matches in translated.matches.chunks(per_rule.max(1)) {
                let name = self.name(&translated.name);
                let mut rule = translated.rule.clone();
                rule.filters.iter_mut().flatten().for_each(|filter| own_port(filter, port));
                self.rules.push(Rule {
                    name: Some(name),
                    hosts: hosts.clone(),
                    matches: Some(matches.to_vec()),
                    ..rule
                });
            }
        }
    }

    /// Calls to a Service without routes.
    fn itself(&mut self, service: &ImportedService, hosts: &[String]) {
        let patterns: Vec<HostPattern> =
            hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
        // no hosts would be all hosts
        if patterns.is_empty() {
            return;
        }
        let backend = Backend::of(service.service.clone());
        let name = self.name(&format!("Service {}/{}", service.namespace, service.name));
        self.rules.push(Rule {
            name: Some(name),
            hosts: Some(HostPatterns::Many(patterns)),
            backends: Some(vec![BackendEntry::Backend(backend)]),
            ..Rule::default()
        });
    }

    /// Names are given once; a rule that stands here several times has a number after it.
    fn name(&mut self, wished: &str) -> String {
        let mut short = wished.replace(char::is_control, "");
        if short.len() > NAME_BYTES_MAX {
            short = short.chars().take(NAME_CHARS_KEPT).collect();
        }
        let count = self.names.entry(short.clone()).or_default();
        *count = count.saturating_add(1);
        match *count {
            1 => short,
            count => format!("{short} ({count})"),
        }
    }
}

/// A redirect without scheme and port goes to the listener's port, says the specification. A
/// well-known one is left to the request: behind Cloudflare a listener at port 80 is called at 443.
fn own_port(filter: &mut Filter, port: u16) {
    if let Filter::Redirect(redirect) = filter
        && redirect.scheme.is_none()
        && redirect.port.is_none()
        && port != 80
        && port != 443
    {
        redirect.port = Port::new(port);
    }
}
