//! Documents out of routes: one for a port of a Gateway, one for the callers of a namespace.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt;

use serde::Serialize;

use super::{
    BoundRoute, Import,
    attachments::Place,
    inventory::{ImportedService, Inventory, UNAVAILABLE},
    key::Key,
    objects::Objects,
    writer::Writer,
};
use crate::document::{
    Backend, BackendEntry, Document, Endpoints, Filter, Routing, Rule, Service, ServiceName,
};

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

/// Those that get the requests of a rule, or copies of them.
fn services_of(rule: &Rule) -> Vec<ServiceName> {
    let backends: Vec<Backend> =
        rule.backends.iter().flatten().filter_map(BackendEntry::backend).collect();
    let own = backends.iter().flat_map(|backend| backend.filters.iter().flatten());
    let copies = rule.filters.iter().flatten().chain(own).filter_map(|filter| {
        let Filter::Mirror(mirror) = filter else { return None };
        Some(mirror.service.clone())
    });
    let mut services: Vec<ServiceName> = copies.collect();
    services.extend(backends.into_iter().map(|backend| backend.service));
    services
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
        let mut writer = Writer::default();
        match entry {
            Entry::Gateway { namespace, name, port } => {
                let place = Place::Gateway(Key::new(namespace, name), *port);
                self.gateway_rules(&place, *port, &mut writer);
            }
            Entry::Mesh { namespace, port } => self.mesh_rules(namespace, *port, &mut writer),
        }
        let mut document = Document::default();
        for service in writer.rules.iter().flat_map(services_of) {
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
        for (host, listener) in self.attachments.kept_apart(gateway) {
            writer.nothing_else(host, listener);
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
