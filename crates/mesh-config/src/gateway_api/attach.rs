//! Which parents take a route: listeners of Gateways, and Services.

use alloc::{collections::BTreeMap, rc::Rc};

use super::{
    attachments::{Attachments, Place},
    claims::Claims,
    hostname::{Hosts, common},
    inventory::Inventory,
    key::Key,
    listeners::{narrower, speaks_http, takes_kind, takes_namespace},
    objects::{GROUP, GatewaySpec, Listener, Object, Objects},
    route_objects::ParentRef,
    routes::{Route, RouteKind},
    status::RouteConditionReason,
};
use crate::document::Port;

/// What became of one parent reference.
#[derive(Debug)]
pub(super) enum Attached {
    /// It is taken, at these places for these hosts; with what of the parent does not take it.
    To(Vec<(Place, Hosts)>, Vec<String>),
    Not(RouteConditionReason, String),
    /// The reference is none of ours.
    Foreign(String),
}

/// Attaches routes, which come in the order of their precedence.
#[derive(Debug)]
pub(super) struct Attacher<'o> {
    objects: &'o Objects,
    inventory: &'o Inventory,
    gateways: BTreeMap<Key, Rc<Known<'o>>>,
    claims: Claims,
}

/// A Gateway, and for each of its listeners the hostnames that narrower ones take from it, with
/// their names.
#[derive(Debug)]
struct Known<'o> {
    gateway: &'o Object<GatewaySpec>,
    narrower: Vec<BTreeMap<String, String>>,
}

/// The parent as it is shown: `Gateway/infra/public#web:80`.
pub(super) fn shown(route: &Object<Route>, parent: &ParentRef) -> String {
    let (kind, Key { namespace, name }) = target(route, parent);
    let section = parent.section.as_ref().map_or_else(String::new, |name| format!("#{name}"));
    let port = parent.port.map_or_else(String::new, |port| format!(":{}", port.value()));
    format!("{kind}/{namespace}/{name}{section}{port}")
}

fn target<'r>(route: &'r Object<Route>, parent: &'r ParentRef) -> (&'r str, Key) {
    let namespace = parent.namespace.as_deref().unwrap_or(&route.namespace);
    let key = Key::new(namespace, parent.name.as_deref().unwrap_or(""));
    (parent.kind.as_deref().unwrap_or("Gateway"), key)
}

const fn no_parent(why: String) -> Attached {
    Attached::Not(RouteConditionReason::NoMatchingParent, why)
}

impl<'o> Attacher<'o> {
    pub(super) fn new(objects: &'o Objects, inventory: &'o Inventory) -> Self {
        let mut gateways = BTreeMap::new();
        for gateway in &objects.gateways {
            gateways.entry(gateway.key()).or_insert_with(|| {
                let listeners = gateway.spec.listeners.iter().flatten();
                let narrower = listeners.map(|listener| narrower(listener, gateway)).collect();
                Rc::new(Known { gateway, narrower })
            });
        }
        let mut attacher = Self { objects, inventory, gateways, claims: Claims::default() };
        attacher.claim_services();
        attacher
    }

    /// Has requests for the host of a listener end there, where a wider one has the same port.
    pub(super) fn keep_apart(&self, attachments: &mut Attachments) {
        for (key, known) in &self.gateways {
            let listeners = known.gateway.spec.listeners.iter().flatten();
            for (listener, narrower) in listeners.zip(&known.narrower) {
                let Some(port) = listener.port.filter(|_| speaks_http(listener)) else { continue };
                for (host, name) in narrower {
                    let place = Place::Gateway(key.clone(), port.value());
                    attachments.keep_apart(place, host.clone(), name);
                }
            }
        }
    }

    /// Attaches a route to one of its parents.
    pub(super) fn attach(&mut self, route: &Object<Route>, parent: &ParentRef) -> Attached {
        let (kind, key) = target(route, parent);
        match (parent.group.as_deref().unwrap_or(GROUP), kind) {
            (GROUP, "Gateway") => match self.gateways.get(&key) {
                Some(known) => {
                    let known = Rc::clone(known);
                    self.at_gateway(route, parent, &known)
                }
                None => no_parent(format!("Gateway {}/{} is not there", key.namespace, key.name)),
            },
            ("" | "core", "Service") => self.at_service(route, parent, &key),
            (group, kind) => Attached::Foreign(format!("{kind} of group {group}")),
        }
    }

    fn at_gateway(
        &mut self,
        route: &Object<Route>,
        parent: &ParentRef,
        Known { gateway, narrower }: &Known<'_>,
    ) -> Attached {
        let allowed = match self.listeners(route, parent, gateway) {
            Ok(allowed) => allowed,
            Err((reason, why)) => return Attached::Not(reason, why),
        };
        let key = gateway.key();
        let (mut places, mut left, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, listener) in allowed {
            let hosts = common(listener.hostname.as_deref(), &route.spec.hostnames);
            let Some(port) = listener.port.map(Port::value) else { continue };
            if hosts.is_none() {
                continue;
            }
            let name = listener.name.as_deref().unwrap_or("");
            let hosts = match narrower.get(number) {
                Some(narrower) => hosts.without(narrower.keys()),
                None => hosts,
            };
            if hosts.is_none() {
                left.push(format!("narrower listeners take its hosts from listener {name}"));
                continue;
            }
            match self.claims.listener(&key, number, route, &hosts) {
                Ok(()) => places.push((Place::Gateway(key.clone(), port), hosts)),
                Err(holder) => {
                    conflicts.push(format!("listener {name} has a host in common with {holder}"));
                }
            }
        }
        if !places.is_empty() || !left.is_empty() {
            left.append(&mut conflicts);
            return Attached::To(places, left);
        }
        if !conflicts.is_empty() {
            return Attached::Not(RouteConditionReason::HostnameConflict, conflicts.join("; "));
        }
        let why = "no listener has a hostname in common with it".to_owned();
        Attached::Not(RouteConditionReason::NoMatchingListenerHostname, why)
    }

    /// The listeners that a reference means and that take such a route, with their numbers.
    fn listeners<'g>(
        &self,
        route: &Object<Route>,
        parent: &ParentRef,
        gateway: &'g Object<GatewaySpec>,
    ) -> Result<Vec<(usize, &'g Listener)>, (RouteConditionReason, String)> {
        let meant = |(_, listener): &(usize, &Listener)| {
            let section = parent.section.is_none() || parent.section == listener.name;
            section && (parent.port.is_none() || parent.port == listener.port)
        };
        let listeners = gateway.spec.listeners.iter().flatten().enumerate().filter(meant);
        let mut listeners: Vec<(usize, &Listener)> = listeners.collect();
        if listeners.is_empty() {
            let why = "no listener of that name and port".to_owned();
            return Err((RouteConditionReason::NoMatchingParent, why));
        }
        let kind = route.spec.kind;
        listeners.retain(|(_, listener)| {
            takes_kind(listener, kind) && takes_namespace(listener, gateway, route, self.objects)
        });
        if listeners.is_empty() {
            let kind = kind.name();
            let why = format!("no listener takes {kind}s of namespace {}", route.namespace);
            return Err((RouteConditionReason::NotAllowedByListeners, why));
        }
        Ok(listeners)
    }

    fn at_service(&self, route: &Object<Route>, parent: &ParentRef, key: &Key) -> Attached {
        let ports = match self.service_ports(parent, key) {
            Ok(ports) => ports,
            Err(why) => return no_parent(why),
        };
        let Key { namespace, name } = key;
        let (mut attachments, mut refused) = (Vec::new(), Vec::new());
        for port in ports {
            if self.claims.service_is_free(route, key, port) {
                attachments.push((Place::Service(key.clone(), port), Hosts::Any));
            } else {
                refused.push(format!("port {port} of Service {namespace}/{name} has a GRPCRoute"));
            }
        }
        if attachments.is_empty() && !refused.is_empty() {
            return Attached::Not(RouteConditionReason::Conflicted, refused.join("; "));
        }
        Attached::To(attachments, refused)
    }

    /// The ports of a Service that a reference means.
    fn service_ports(&self, parent: &ParentRef, key: &Key) -> Result<Vec<u16>, String> {
        let Key { namespace, name } = key;
        let Some(ports) = self.inventory.ports(key) else {
            return Err(format!("Service {namespace}/{name} is not there"));
        };
        let meant = parent.port.map(Port::value);
        let section = parent.section.as_deref();
        let found: Vec<u16> = ports
            .filter(|one| meant.is_none_or(|port| port == one.port))
            .filter(|one| section.is_none() || section == one.port_name.as_deref())
            .map(|one| one.port)
            .collect();
        match (meant, section) {
            (_, Some(section)) if found.is_empty() => {
                Err(format!("Service {namespace}/{name} has no port {section}"))
            }
            (Some(port), None) if found.is_empty() => {
                Err(format!("Service {namespace}/{name} has no port {port}"))
            }
            (_, Some(_) | None) => Ok(found),
        }
    }

    fn claim_services(&mut self) {
        let grpc = |route: &&Object<Route>| route.spec.kind == RouteKind::Grpc;
        for route in self.objects.routes.iter().filter(grpc) {
            for parent in &route.spec.parents {
                let (kind, key) = target(route, parent);
                let core = matches!(parent.group.as_deref(), Some("" | "core"));
                if core && kind == "Service" {
                    for port in self.service_ports(parent, &key).unwrap_or_default() {
                        self.claims.grpc_service(&route.namespace, key.clone(), port);
                    }
                }
            }
        }
    }
}
