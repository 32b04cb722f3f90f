//! The Kubernetes objects that an import looks at, and the rest, which is named.

use alloc::collections::BTreeMap;

use super::{
    key::Key,
    kube::{There, kube},
    route_objects::{GrpcRouteSpec, HttpRouteSpec},
    routes::Route,
};
use crate::{
    decode::{Cursor, Decode, Fields},
    diagnostic::Code,
    document::Port,
    node::{Node, excerpt},
};

/// The API group of routes and Gateways.
pub(super) const GROUP: &str = "gateway.networking.k8s.io";
/// Kinds that say nothing of traffic by themselves.
const SILENT_KINDS: [&str; 12] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Pod",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "EndpointSlice",
    "Endpoints",
    "GatewayClass",
    "Certificate",
    "CustomResourceDefinition",
];

kube! {
    struct Head is "a Kubernetes object with `kind` and `metadata`" {
        "apiVersion" => api_version: String,
        "kind" => kind: String,
        "metadata" => metadata: Metadata,
        "items" => items: There,
    }
    silent ["*"]
}

kube! {
    struct Metadata is "the metadata of an object" {
        "name" => name: String,
        "namespace" => namespace: String,
        "creationTimestamp" => created: String,
        "labels" => labels: BTreeMap<String, String>,
    }
    silent ["*"]
}

kube! {
    struct GatewaySpec is "the specification of a Gateway" {
        "listeners" => listeners: Vec<Listener>,
    }
    silent ["gatewayClassName", "addresses", "infrastructure"]
}

kube! {
    struct Listener is "a listener" {
        "name" => name: String,
        "hostname" => hostname: String,
        "port" => port: Port,
        "protocol" => protocol: String,
        "allowedRoutes" => allowed_routes: AllowedRoutes,
    }
    // TLS ends before a Worker sees the request
    silent ["tls"]
}

kube! {
    struct AllowedRoutes is "an object with `namespaces` and `kinds`" {
        "namespaces" => namespaces: RouteNamespaces,
        "kinds" => kinds: Vec<AllowedKind>,
    }
    silent []
}

kube! {
    struct RouteNamespaces is "an object with `from`" {
        "from" => from: String,
        "selector" => selector: Selector,
    }
    silent []
}

kube! {
    struct AllowedKind is "an object with `group` and `kind`" {
        "group" => group: String,
        "kind" => kind: String,
    }
    silent []
}

kube! {
    struct Selector is "a label selector" {
        "matchLabels" => match_labels: BTreeMap<String, String>,
        "matchExpressions" => match_expressions: Vec<SelectorExpression>,
    }
    silent []
}

kube! {
    struct SelectorExpression is "an object with `key`, `operator`, `values`" {
        "key" => key: String,
        "operator" => operator: String,
        "values" => values: Vec<String>,
    }
    silent []
}

kube! {
    struct ServiceSpec is "the specification of a Service" {
        "ports" => ports: Vec<ServicePort>,
        "type" => service_type: String,
    }
    silent ["*"]
}

kube! {
    struct ServicePort is "a port of a Service" {
        "name" => name: String,
        "port" => port: Port,
        "protocol" => protocol: String,
        "appProtocol" => app_protocol: String,
    }
    silent ["*"]
}

kube! {
    struct GrantSpec is "the specification of a ReferenceGrant" {
        "from" => from: Vec<GrantFrom>,
        "to" => to: Vec<GrantTo>,
    }
    silent []
}

kube! {
    struct GrantFrom is "an object with `group`, `kind`, `namespace`" {
        "group" => group: String,
        "kind" => kind: String,
        "namespace" => namespace: String,
    }
    silent []
}

kube! {
    struct GrantTo is "an object with `group`, `kind`, `name`" {
        "group" => group: String,
        "kind" => kind: String,
        "name" => name: String,
    }
    silent []
}

/// An object of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Object<T> {
    pub(super) namespace: String,
    pub(super) name: String,
    /// RFC 3339; `None` where the cluster has not seen it yet.
    pub(super) created: Option<String>,
    pub(super) spec: T,
}

impl<T> Object<T> {
    /// The same object with another form of its specification.
    pub(super) fn map<U>(self, form: impl FnOnce(T) -> U) -> Object<U> {
        let Self { namespace, name, created, spec } = self;
        Object { namespace, name, created, spec: form(spec) }
    }

    /// What names it among those of its kind.
    pub(super) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }
}

/// All objects of an import.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    pub(super) gateways: Vec<Object<GatewaySpec>>,
    pub(super) routes: Vec<Object<Route>>,
    pub(super) services: Vec<Object<ServiceSpec>>,
    pub(super) grants: Vec<Object<GrantSpec>>,
    /// Labels by namespace.
    pub(super) namespaces: BTreeMap<String, BTreeMap<String, String>>,
}

impl Objects {
    /// Reads one object, or the list that a `kind: List` holds.
    pub(super) fn read(&mut self, node: &Node, at: &mut Cursor) {
        // an empty document between two `---`
        if *node == Node::Null {
            return;
        }
        let Some(head) = Head::decode(node, at) else { return };
        let kind = head.kind.as_deref().unwrap_or("");
        if kind.ends_with("List") && head.items.is_some() {
            return self.read_list(node, at);
        }
        let group = head.api_version.as_deref().unwrap_or("");
        let group = group.split_once('/').map_or("", |(group, _)| group);
        let metadata = head.metadata.unwrap_or_default();
        match (group, kind) {
            (GROUP, "Gateway") => {
                self.gateways.extend(object(node, kind, metadata, at));
            }
            (GROUP, "HTTPRoute") => {
                let route = object::<HttpRouteSpec>(node, kind, metadata, at);
                self.routes.extend(route.map(|route| route.map(Route::from)));
            }
            (GROUP, "GRPCRoute") => {
                let route = object::<GrpcRouteSpec>(node, kind, metadata, at);
                self.routes.extend(route.map(|route| route.map(Route::from)));
            }
            (GROUP, "ReferenceGrant") => {
                self.grants.extend(object(node, kind, metadata, at));
            }
            ("", "Service") => self.services.extend(object(node, kind, metadata, at)),
            ("", "Namespace") => {
                let name = metadata.name.unwrap_or_default();
                self.namespaces.insert(name, metadata.labels.unwrap_or_default());
            }
            ("", "") => at.error(Code::MissingField, "no `kind`", "a Kubernetes object"),
            (_, kind) if SILENT_KINDS.contains(&kind) => {}
            (group, kind) => foreign(group, kind, &metadata, at),
        }
    }

    fn read_list(&mut self, node: &Node, at: &mut Cursor) {
        let Node::Object(fields) = node else { return };
        let items = fields.iter().find(|(name, _)| name == "items");
        let Some((_, Node::List(items))) = items else { return };
        at.at_field("items", |at| {
            for (index, item) in items.iter().enumerate() {
                // a list of lists does not exist in Kubernetes; the depth of a node bounds this
                at.at_item(index, |at| self.read(item, at));
            }
        });
    }
}

/// Names an object that is not imported, and why that is so where it could have been one of ours.
fn foreign(group: &str, kind: &str, metadata: &Metadata, at: &mut Cursor) {
    let why = match (group, kind) {
        (GROUP, "TCPRoute" | "UDPRoute" | "TLSRoute") => "a Worker is given requests of HTTP only",
        (GROUP, "BackendTLSPolicy") => {
            "whether and how a service is called over TLS is said by the address of its endpoint"
        }
        _ => "Gateway, HTTPRoute, GRPCRoute, Service, ReferenceGrant",
    };
    let namespace = metadata.namespace.as_deref().unwrap_or("default");
    let name = metadata.name.as_deref().unwrap_or("");
    let what = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
    let found = format!(
        "{} {}/{}, which is not imported",
        excerpt(&what),
        excerpt(namespace),
        excerpt(name)
    );
    at.warning(Code::Unsupported, &found, why);
}

fn object<T: Decode + Default>(
    node: &Node,
    kind: &str,
    metadata: Metadata,
    at: &mut Cursor,
) -> Option<Object<T>> {
    let Some(name) = metadata.name else {
        at.at_field("metadata", |at| {
            at.at_field("name", |at| at.error(Code::MissingField, "nothing", "a name"));
        });
        return None;
    };
    let namespace = metadata.namespace.unwrap_or_else(|| "default".to_owned());
    // from here on the path is that of the object, whatever file it stood in
    let mut own = Cursor::default();
    let spec = at_object(kind, &namespace, &name, &mut own, |at| {
        let fields = Fields::tolerant::<There>(node, &["spec"], &["*"], at)?;
        Some(fields.optional::<T>("spec", at).unwrap_or_default())
    })?;
    own.diagnostics.iter().for_each(|found| at.note(found.clone()));
    Some(Object { namespace, name, created: metadata.created, spec })
}

/// Runs `read` at the path of an object: `HTTPRoute.shop.cart`.
pub(super) fn at_object<T>(
    kind: &str,
    namespace: &str,
    name: &str,
    at: &mut Cursor,
    read: impl FnOnce(&mut Cursor) -> T,
) -> T {
    at.at_field(kind, |at| at.at_field(namespace, |at| at.at_field(name, read)))
}
