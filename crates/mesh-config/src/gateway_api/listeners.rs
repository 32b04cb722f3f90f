//! What a listener takes: by its protocol, the kinds of routes, and their namespaces.

use alloc::collections::BTreeMap;

use super::{
    objects::{
        AllowedKind, GROUP, GatewaySpec, Listener, Object, Objects, RouteNamespaces, Selector,
    },
    routes::{Route, RouteKind},
};

/// By its protocol, and by the kinds that it names; without any it takes both of ours.
pub(super) fn takes_kind(listener: &Listener, kind: RouteKind) -> bool {
    let protocol = listener.protocol.as_deref().unwrap_or("HTTP");
    let kinds = listener.allowed_routes.as_ref().and_then(|allowed| allowed.kinds.as_deref());
    let named = kinds.is_none_or(|kinds| {
        let same = |allowed: &AllowedKind| {
            allowed.group.as_deref().unwrap_or(GROUP) == GROUP
                && allowed.kind.as_deref() == Some(kind.name())
        };
        kinds.is_empty() || kinds.iter().any(same)
    });
    matches!(protocol, "HTTP" | "HTTPS") && named
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
