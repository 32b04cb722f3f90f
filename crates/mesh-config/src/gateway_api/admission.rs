//! What an API server asks of the objects beside their shape, as far as an import relies on it.

use super::{
    grants::GRANT_ENTRIES_MAX,
    grpc_matches,
    objects::{GatewaySpec, GrantSpec, Listener, Object, Objects, at_object},
    route_objects::{BackendRef, ParentRef},
    routes::{Route, RouteMatches},
};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::HostPattern,
    node::{Node, excerpt},
};

/// Most listeners of a Gateway that an API server takes. Each is compared with each.
const LISTENERS_MAX: usize = 64;

/// Notes an error for each thing that no API server would have taken.
pub(super) fn check(objects: &Objects, at: &mut Cursor) {
    for gateway in &objects.gateways {
        at_object("Gateway", &gateway.namespace, &gateway.name, at, |at| {
            at.at_field("spec", |at| check_gateway(gateway, at));
        });
    }
    for grant in &objects.grants {
        at_object("ReferenceGrant", &grant.namespace, &grant.name, at, |at| {
            at.at_field("spec", |at| check_grant(grant, at));
        });
    }
    for route in &objects.routes {
        at_object(route.spec.kind.name(), &route.namespace, &route.name, at, |at| {
            at.at_field("spec", |at| check_route(route, at));
        });
    }
}

/// What bounds how much one grant stands for.
fn check_grant(grant: &Object<GrantSpec>, at: &mut Cursor) {
    let GrantSpec { from, to } = &grant.spec;
    let (from, to) = (from.as_ref().map_or(0, Vec::len), to.as_ref().map_or(0, Vec::len));
    for (field, count) in [("from", from), ("to", to)] {
        if count > GRANT_ENTRIES_MAX {
            let found = format!("{count} entries");
            at.at_field(field, |at| at.error(Code::TooLarge, &found, "at most 16"));
        }
    }
}

fn check_gateway(gateway: &Object<GatewaySpec>, at: &mut Cursor) {
    at.at_field("listeners", |at| {
        let count = gateway.spec.listeners.as_ref().map_or(0, Vec::len);
        if count > LISTENERS_MAX {
            at.error(Code::TooLarge, &format!("{count} listeners"), "at most 64");
        }
        for (index, listener) in gateway.spec.listeners.iter().flatten().enumerate() {
            at.at_item(index, |at| {
                required("name", listener.name.is_some(), "the name of the listener", at);
                required("port", listener.port.is_some(), "a port", at);
                if let Some(host) = host_of(listener) {
                    at.at_field("hostname", |at| check_host(host, at));
                }
            });
        }
    });
}

fn host_of(listener: &Listener) -> Option<&str> {
    listener.hostname.as_deref().filter(|host| !host.is_empty())
}

fn check_route(route: &Object<Route>, at: &mut Cursor) {
    at.at_field("hostnames", |at| {
        for (index, host) in route.spec.hostnames.iter().enumerate() {
            at.at_item(index, |at| check_host(host, at));
        }
    });
    at.at_field("parentRefs", |at| {
        let named = |parent: &ParentRef| parent.name.is_some();
        check_names(&route.spec.parents, named, at);
    });
    at.at_field("rules", |at| {
        for (index, rule) in route.spec.rules.iter().enumerate() {
            let named = |backend: &BackendRef| backend.name.is_some();
            at.at_item(index, |at| {
                if let RouteMatches::Grpc(matches) = &rule.matches {
                    at.at_field("matches", |at| grpc_matches::check(matches, at));
                }
                at.at_field("backendRefs", |at| check_names(&rule.backends, named, at));
            });
        }
    });
}

fn check_names<T>(list: &[T], named: impl Fn(&T) -> bool, at: &mut Cursor) {
    for (index, one) in list.iter().enumerate() {
        at.at_item(index, |at| required("name", named(one), "the name of an object", at));
    }
}

fn required(field: &str, there: bool, expected: &str, at: &mut Cursor) {
    if !there {
        at.at_field(field, |at| at.error(Code::MissingField, "nothing", expected));
    }
}

fn check_host(host: &str, at: &mut Cursor) {
    if let Err(error) = HostPattern::parse(host) {
        at.parse_error(&Node::Text(excerpt(host)), &error);
    }
}
