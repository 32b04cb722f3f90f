//! Documents out of routes: one for a port of a Gateway, one for the callers of a namespace.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt;

use serde::Serialize;

use super::{
    BoundRoute, Import,
    attach::Attachment,
    hostname::Hosts,
    inventory::{ImportedService, Inventory},
    objects::Objects,
};
use crate::{
    document::{
        Backend, BackendEntry, Document, Filter, HostPattern, HostPatterns, Port, Routing, Rule,
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
    let is_service = |kind: &Option<String>| kind.as_deref() == Some("Service");
    for route in &objects.routes {
        for parent in route.spec.parents.iter().flatten().filter(|one| is_service(&one.kind)) {
            let of = parent.namespace.as_deref().unwrap_or(&route.namespace);
            let services = inventory.services.iter();
            for service in services.filter(|service| service.namespace == of) {
                entries.insert(Entry::mesh(&route.namespace, service.port));
            }
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
                self.gateway_rules((namespace, name, *port), &mut writer);
            }
            Entry::Mesh { namespace, port } => self.mesh_rules(namespace, *port, &mut writer),
        }
        let mut document = Document::default();
        for backend in writer.rules.iter().flat_map(|rule| rule.backends.iter().flatten()) {
            let Some(Backend { service, .. }) = backend.backend() else { continue };
            let known = self.inventory.services.iter().find(|one| one.service == service);
            let known = known.map(ImportedService::document).unwrap_or_default();
            document.services.insert(service.as_str().to_owned(), known);
        }
        document.routing = Some(Routing { rules: Some(writer.rules) });
        document
    }

    fn gateway_rules(&self, gateway: (&str, &str, u16), writer: &mut Writer) {
        for route in &self.routes {
            let (mut any, mut only) = (false, BTreeSet::new());
            for attachment in &route.attachments {
                let Attachment::Gateway { namespace, name, port, hosts } = attachment else {
                    continue;
                };
                if gateway != (namespace, name, *port) {
                    continue;
                }
                match hosts {
                    Hosts::Any => any = true,
                    Hosts::Only(list) => only.extend(list.iter().cloned()),
                }
            }
            if !only.is_empty() {
                let hosts: Vec<String> = only.into_iter().collect();
                writer.route(route, &hosts, gateway.2);
            }
            if any {
                writer.route(route, &[], gateway.2);
            }
        }
    }

    fn mesh_rules(&self, callers: &str, port: u16, writer: &mut Writer) {
        for service in self.inventory.services.iter().filter(|one| one.port == port) {
            let attached: Vec<&BoundRoute> =
                self.routes.iter().filter(|route| route.is_for(service)).collect();
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

impl BoundRoute {
    fn is_for(&self, service: &ImportedService) -> bool {
        self.attachments.iter().any(|attachment| match attachment {
            Attachment::Service { namespace, name, port } => {
                *namespace == service.namespace
                    && *name == service.name
                    && port.is_none_or(|port| port == service.port)
            }
            Attachment::Gateway { .. } => false,
        })
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
