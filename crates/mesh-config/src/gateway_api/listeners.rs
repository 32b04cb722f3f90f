//! What a listener takes: by its protocol, the kinds of routes and their namespaces, and by what
//! narrower listeners of its port leave.

use alloc::collections::BTreeMap;

use super::{
    hostname::covers,
    objects::{
        AllowedKind, GROUP, GatewaySpec, Listener, Object, Objects, RouteNamespaces, Selector,
    },
    routes::{Route, RouteKind},
};

/// Its hostname, in lower case; `None` = any.
fn hostname(listener: &Listener) -> Option<String> {
    listener.hostname.as_deref().filter(|host| !host.is_empty()).map(str::to_ascii_lowercase)
}

/// The hostnames within that of a listener, of others at its port, with their names: requests for
/// them are not its own.
pub(super) fn narrower(
    listener: &Listener,
    gateway: &Object<GatewaySpec>,
) -> BTreeMap<String, String> {
    let own = hostname(listener);
    let within = |host: &String| own.as_ref().is_none_or(|own| own != host && covers(own, host));
    let others = gateway.spec.listeners.iter().flatten();
    let at_port = others.filter(|other| other.port == listener.port && speaks_http(other));
    let named = at_port.filter_map(|other| {
        let name = other.name.clone().unwrap_or_default();
        Some((hostname(other).filter(within)?, name))
    });
    named.collect()
}

pub(super) fn speaks_http(listener: &Listener) -> bool {
    matches!(listener.protocol.as_deref().unwrap_or("HTTP"), "HTTP" | "HTTPS")
}

/// By its protocol, and by the kinds that it names; without any it takes both of ours.
pub(super) fn takes_kind(listener: &Listener, kind: RouteKind) -> bool {
    let kinds = listener.allowed_routes.as_ref().and_then(|allowed| allowed.kinds.as_deref());
    let named = kinds.is_none_or(|kinds| {
        let same = |allowed: &AllowedKind| {
            allowed.group.as_deref().unwrap_or(GROUP) == GROUP
                && allowed.kind.as_deref() == Some(kind.name())
        };
        kinds.is_empty() || kinds.iter().any(same)
    });
    speaks_http(listener) && named
}

pub(super) fn takes_namespace(
    listener: &Listener,
    gateway: &Object<GatewaySpec>,
    route: &Object<Route>,
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
fn selects(selector: &Selector, labels: &BTreeMap<String, String>) -> bool {
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
