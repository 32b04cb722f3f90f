//! Which kind of route holds where only one may.
//!
//! On one listener an HTTPRoute and a GRPCRoute must not have a host in common: the older one holds.
//! On one port of a Service GRPCRoutes hold and HTTPRoutes do not. Each is as the specification
//! says.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{
    host_index::HostIndex,
    hostname::Hosts,
    key::Key,
    objects::Object,
    routes::{Route, RouteKind},
};

/// What routes hold so far. They come in the order of their precedence.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    /// By Gateway, number of the listener, and kind.
    listeners: BTreeMap<(Key, usize, RouteKind), HostIndex>,
    /// Ports of Services that have GRPCRoutes, by the namespace of those.
    grpc_services: BTreeSet<(String, Key, u16)>,
}

impl Claims {
    /// Has a route hold hosts on a listener.
    ///
    /// # Errors
    /// The route of the other kind that holds one of them.
    pub(super) fn listener(
        &mut self,
        gateway: &Key,
        listener: usize,
        route: &Object<Route>,
        hosts: &Hosts,
    ) -> Result<(), String> {
        let kind = route.spec.kind;
        let others = self.listeners.get(&(gateway.clone(), listener, kind.other()));
        if let Some(holder) = others.and_then(|others| others.holder(hosts)) {
            return Err(format!("{} {holder}", kind.other().name()));
        }
        let own = self.listeners.entry((gateway.clone(), listener, kind)).or_default();
        own.insert(hosts, &format!("{}/{}", route.namespace, route.name));
        Ok(())
    }

    /// Has GRPCRoutes of a namespace hold a port of a Service.
    pub(super) fn grpc_service(&mut self, namespace: &str, service: Key, port: u16) {
        self.grpc_services.insert((namespace.to_owned(), service, port));
    }

    /// True where a route may hold a port of a Service.
    pub(super) fn service_is_free(&self, route: &Object<Route>, service: &Key, port: u16) -> bool {
        let key = || (route.namespace.clone(), service.clone(), port);
        route.spec.kind == RouteKind::Grpc || !self.grpc_services.contains(&key())
    }
}
