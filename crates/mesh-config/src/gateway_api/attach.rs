//! Which parents take a route: listeners of Gateways, and Services.

use super::{
    hostname::{Hosts, common},
    inventory::Inventory,
    objects::{GatewaySpec, Listener, Object, Objects, RouteNamespaces, Selector},
    route_objects::{ParentRef, RouteSpec},
    status::RouteConditionReason,
};
use crate::document::Port;

const GROUP: &str = "gateway.networking.k8s.io";

/// A place where a route's rules hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Attachment {
    /// A port of a Gateway, for these hosts.
    Gateway { namespace: String, name: String, port: u16, hosts: Hosts },
    /// A Service as called in the mesh; `None` = any of its ports.
    Service { namespace: String, name: String, port: Option<u16> },
}

/// What became of one parent reference.
#[derive(Debug)]
pub(super) enum Attached {
    To(Vec<Attachment>),
    Not(RouteConditionReason, String),
    /// The reference is none of ours.
    Foreign(String),
}

/// The parent as it is shown: `Gateway/infra/public#web:80`.
pub(super) fn shown(route: &Object<RouteSpec>, parent: &ParentRef) -> String {
    let (kind, namespace, name) = target(route, parent);
    let section = parent.section.as_ref().map_or_else(String::new, |name| format!("#{name}"));
    let port = parent.port.map_or_else(String::new, |port| format!(":{}", port.value()));
    format!("{kind}/{namespace}/{name}{section}{port}")
}

fn target<'r>(route: &'r Object<RouteSpec>, parent: &'r ParentRef) -> (&'r str, &'r str, &'r str) {
    (
        parent.kind.as_deref().unwrap_or("Gateway"),
        parent.namespace.as_deref().unwrap_or(&route.namespace),
        parent.name.as_deref().unwrap_or(""),
    )
}

/// Attaches a route to one of its parents.
pub(super) fn attach(
    route: &Object<RouteSpec>,
    parent: &ParentRef,
    objects: &Objects,
    inventory: &Inventory,
) -> Attached {
    let (kind, namespace, name) = target(route, parent);
    match (parent.group.as_deref().unwrap_or(GROUP), kind) {
        (GROUP, "Gateway") => {
            let named = |gateway: &&Object<GatewaySpec>| {
                gateway.namespace == namespace && gateway.name == name
            };
            match objects.gateways.iter().find(named) {
                Some(gateway) => to_gateway(route, parent, gateway, objects),
                None => no_parent(format!("Gateway {namespace}/{name} is not there")),
            }
        }
        ("" | "core", "Service") => to_service(namespace, name, parent, inventory),
        (group, kind) => Attached::Foreign(format!("{kind} of group {group}")),
    }
}

const fn no_parent(why: String) -> Attached {
    Attached::Not(RouteConditionReason::NoMatchingParent, why)
}

fn to_gateway(
    route: &Object<RouteSpec>,
    parent: &ParentRef,
    gateway: &Object<GatewaySpec>,
    objects: &Objects,
) -> Attached {
    let meant = |listener: &&Listener| {
        let section = parent.section.is_none() || parent.section == listener.name;
        section && (parent.port.is_none() || parent.port == listener.port)
    };
    let listeners: Vec<&Listener> = gateway.spec.listeners.iter().flatten().filter(meant).collect();
    if listeners.is_empty() {
        return no_parent("no listener of that name and port".to_owned());
    }
    let allowed = |listener: &&&Listener| {
        takes_http_routes(listener) && takes_namespace(listener, gateway, route, objects)
    };
    let allowed: Vec<&&Listener> = listeners.iter().filter(allowed).collect();
    if allowed.is_empty() {
        let why = format!("no listener takes HTTPRoutes of namespace {}", route.namespace);
        return Attached::Not(RouteConditionReason::NotAllowedByListeners, why);
    }
    let hostnames = route.spec.hostnames.as_deref().unwrap_or(&[]);
    let mut attachments = Vec::new();
    for listener in allowed {
        let hosts = common(listener.hostname.as_deref(), hostnames);
        let Some(port) = listener.port.map(Port::value) else { continue };
        if hosts != Hosts::Only(Vec::new()) {
            attachments.push(Attachment::Gateway {
                namespace: gateway.namespace.clone(),
                name: gateway.name.clone(),
                port,
                hosts,
            });
        }
    }
    if attachments.is_empty() {
        let why = "no listener has a hostname in common with it".to_owned();
        return Attached::Not(RouteConditionReason::NoMatchingListenerHostname, why);
    }
    Attached::To(attachments)
}

fn to_service(namespace: &str, name: &str, parent: &ParentRef, inventory: &Inventory) -> Attached {
    if !inventory.has(namespace, name) {
        return no_parent(format!("Service {namespace}/{name} is not there"));
    }
    let mut port = parent.port.map(Port::value);
    if let Some(section) = &parent.section {
        let found = inventory.port_named(namespace, name, section);
        if found.is_none() || port.is_some_and(|port| Some(port) != found) {
            return no_parent(format!("Service {namespace}/{name} has no port {section}"));
        }
        port = found;
    }
    if let Some(port) = port.filter(|port| inventory.find(namespace, name, *port).is_none()) {
        return no_parent(format!("Service {namespace}/{name} has no port {port}"));
    }
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    Attached::To(vec![Attachment::Service { namespace, name, port }])
}

/// By its protocol, and by the kinds that it names.
fn takes_http_routes(listener: &Listener) -> bool {
    let protocol = listener.protocol.as_deref().unwrap_or("HTTP");
    let kinds = listener.allowed_routes.as_ref().and_then(|allowed| allowed.kinds.as_deref());
    let named = kinds.is_none_or(|kinds| {
        let http = |kind: &super::objects::RouteKind| {
            kind.group.as_deref().unwrap_or(GROUP) == GROUP
                && kind.kind.as_deref() == Some("HTTPRoute")
        };
        kinds.is_empty() || kinds.iter().any(http)
    });
    matches!(protocol, "HTTP" | "HTTPS") && named
}

fn takes_namespace(
    listener: &Listener,
    gateway: &Object<GatewaySpec>,
    route: &Object<RouteSpec>,
    objects: &Objects,
) -> bool {
    let default = RouteNamespaces::default();
    let namespaces = listener.allowed_routes.as_ref().and_then(|all| all.namespaces.as_ref());
    let namespaces = namespaces.unwrap_or(&default);
    match namespaces.from.as_deref().unwrap_or("Same") {
        "All" => true,
        "Same" => route.namespace == gateway.namespace,
        "Selector" => namespaces.selector.as_ref().is_some_and(|selector| {
            objects.namespaces.get(&route.namespace).is_some_and(|labels| selects(selector, labels))
        }),
        _ => false,
    }
}

/// True where the labels are as a selector asks; an empty selector takes everything.
fn selects(selector: &Selector, labels: &alloc::collections::BTreeMap<String, String>) -> bool {
    let by_label = selector.match_labels.iter().flatten();
    let by_expression = selector.match_expressions.iter().flatten();
    by_label.into_iter().all(|(key, value)| labels.get(key) == Some(value))
        && by_expression.into_iter().all(|one| {
            let label = one.key.as_ref().and_then(|key| labels.get(key));
            let listed = |label: &String| one.values.iter().flatten().any(|value| value == label);
            match one.operator.as_deref() {
                Some("In") => label.is_some_and(listed),
                Some("NotIn") => !label.is_some_and(listed),
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                Some(_) | None => false,
            }
        })
}
