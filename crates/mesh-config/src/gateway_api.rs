//! Import of Kubernetes Gateway API objects: Gateway, `HTTPRoute`, `GRPCRoute`, Service and
//! `ReferenceGrant`.
//!
//! Objects come as node trees, whatever text they were. One import gives a document for each port
//! of a Gateway, and for each namespace whose workloads call each other (routes whose parent is a
//! Service). It also gives the status conditions that a controller would set, and a warning for
//! whatever the objects ask that a document cannot say. A rule that cannot work answers 500 and
//! leaves the others alone, as the specification asks; only objects that no API server would take
//! are errors.
//!
//! Not here: TLS, and addresses of Pods.

mod admission;
mod attach;
mod attachments;
mod claims;
mod cors;
mod documents;
mod filters;
mod grants;
mod grpc_matches;
mod host_index;
mod hostname;
mod inventory;
mod key;
mod kube;
mod listeners;
mod matches;
mod mirrors;
mod objects;
mod policy;
mod route_objects;
mod routes;
mod status;
mod translation;
mod writer;

use alloc::collections::BTreeMap;

use self::{
    attach::{Attached, Attacher},
    attachments::Attachments,
    grants::Grants,
    inventory::Inventory,
    objects::{Object, Objects, at_object},
    routes::Route,
    translation::{TranslatedRoute, TranslatedRule},
};
pub use self::{
    documents::Entry,
    inventory::ImportedService,
    routes::RouteKind,
    status::{RouteCondition, RouteConditionReason, RouteConditionType, RouteStatus},
};
use crate::{
    decode::Cursor,
    diagnostic::{Code, Diagnostics},
    document::Address,
    node::Node,
};

/// What an import cannot learn from the objects.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Where Services are: by `namespace/name:port`, or by `namespace/name` for all ports. A Service
    /// without an address is reached through the service binding of its name in upper case.
    pub addresses: BTreeMap<String, Address>,
}

/// What became of the objects.
#[derive(Clone, Debug)]
pub struct Import {
    routes: Vec<BoundRoute>,
    attachments: Attachments,
    inventory: Inventory,
    entries: Vec<Entry>,
    statuses: Vec<RouteStatus>,
    diagnostics: Diagnostics,
}

/// The rules of a route.
#[derive(Clone, Debug)]
struct BoundRoute {
    namespace: String,
    rules: Vec<TranslatedRule>,
}

/// Imports objects.
///
/// # Errors
/// All that an API server would refuse, in one pass, with the warnings.
///
/// ```
/// use mesh_config::{gateway_api::{Entry, Options, import}, node::Node};
///
/// # #[cfg(feature = "json")] {
/// let objects = [
///     r#"{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "cart" },
///          "spec": { "ports": [{ "port": 80 }] } }"#,
///     r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
///          "metadata": { "name": "public" },
///          "spec": { "listeners": [{ "name": "web", "port": 80, "protocol": "HTTP" }] } }"#,
///     r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
///          "metadata": { "name": "cart" },
///          "spec": { "parentRefs": [{ "name": "public" }],
///                    "rules": [{ "backendRefs": [{ "name": "cart", "port": 80 }] }] } }"#,
/// ];
/// let objects = objects.map(|text| Node::parse_json(text).unwrap());
/// let import = import(&objects, &Options::default())?;
/// assert!(import.statuses().iter().all(|route| route.accepted()));
/// let document = import.document(&Entry::gateway("default", "public", 80));
/// assert!(document.services.contains_key("cart")); // binding:CART
/// # }
/// # Ok::<(), mesh_config::diagnostic::Diagnostics>(())
/// ```
pub fn import(objects: &[Node], options: &Options) -> Result<Import, Diagnostics> {
    let mut at = Cursor::default();
    let mut read = Objects::default();
    for (index, node) in objects.iter().enumerate() {
        at.at_field("objects", |at| at.at_item(index, |at| read.read(node, at)));
    }
    let mut at = Cursor::after(at.diagnostics);
    admission::check(&read, &mut at);
    if at.diagnostics.errors() > 0 {
        return Err(at.diagnostics);
    }
    // the oldest first, then by name: of two equal matches the first declared wins
    read.routes.sort_by(|a, b| precedence(a).cmp(&precedence(b)));
    let inventory = Inventory::of(&read.services, Grants::of(&read.grants), &options.addresses);
    let (attacher, mut attachments) = (Attacher::new(&read, &inventory), Attachments::default());
    attacher.keep_apart(&mut attachments);
    let mut binder = Binder { attacher, inventory: &inventory, attachments, statuses: Vec::new() };
    let routes = read.routes.iter().enumerate();
    let routes = routes.map(|(number, route)| binder.bind(number, route, &mut at)).collect();
    let Binder { attachments, statuses, .. } = binder;
    let entries = documents::entries(&read, &inventory);
    let diagnostics = at.diagnostics;
    Ok(Import { routes, attachments, inventory, entries, statuses, diagnostics })
}

/// What the cluster has not seen yet is the youngest.
fn precedence(route: &Object<Route>) -> (bool, Option<&str>, &str, &str, RouteKind) {
    let created = route.created.as_deref();
    (created.is_none(), created, &route.namespace, &route.name, route.spec.kind)
}

struct Binder<'o> {
    attacher: Attacher<'o>,
    inventory: &'o Inventory,
    attachments: Attachments,
    statuses: Vec<RouteStatus>,
}

impl Binder<'_> {
    /// Translates a route and attaches it to its parents.
    fn bind(&mut self, number: usize, route: &Object<Route>, at: &mut Cursor) -> BoundRoute {
        at_object(route.spec.kind.name(), &route.namespace, &route.name, at, |at| {
            at.at_field("spec", |at| {
                let translated =
                    at.at_field("rules", |at| translation::route(route, self.inventory, at));
                at.at_field("parentRefs", |at| {
                    for (index, parent) in route.spec.parents.iter().enumerate() {
                        let attached = self.attacher.attach(route, parent);
                        let accepted =
                            at.at_item(index, |at| self.accept(number, attached, &translated, at));
                        let Some(accepted) = accepted else { continue };
                        self.statuses.push(RouteStatus {
                            kind: route.spec.kind,
                            namespace: route.namespace.clone(),
                            route: route.name.clone(),
                            parent: attach::shown(route, parent),
                            conditions: conditions(accepted, &translated),
                        });
                    }
                });
                // one that is not accepted for what it asks keeps its place and answers an error:
                // behind it may be what one of its filters was to guard
                BoundRoute { namespace: route.namespace.clone(), rules: translated.rules }
            })
        })
    }

    /// The condition of one parent; `None` where that is none of ours.
    fn accept(
        &mut self,
        number: usize,
        attached: Attached,
        route: &TranslatedRoute,
        at: &mut Cursor,
    ) -> Option<RouteCondition> {
        match attached {
            Attached::To(places, refused) => {
                for why in refused {
                    let found = format!("{why}, so this route does not hold there");
                    at.warning(Code::ConflictingRules, &found, "");
                }
                for (place, hosts) in places {
                    self.attachments.add(place, number, &hosts);
                }
                Some(accepted(route))
            }
            Attached::Not(reason, why) => {
                Some(RouteCondition::fails(RouteConditionType::Accepted, reason, why))
            }
            Attached::Foreign(what) => {
                let found = format!("a parent that is a {what}, which is not imported");
                at.warning(Code::Unsupported, &found, "");
                None
            }
        }
    }
}

/// A route none of whose rules works is not accepted.
fn accepted(route: &TranslatedRoute) -> RouteCondition {
    if route.broken {
        let why = route.problems.join("; ");
        return RouteCondition::fails(
            RouteConditionType::Accepted,
            RouteConditionReason::UnsupportedValue,
            why,
        );
    }
    RouteCondition::holds(RouteConditionType::Accepted, RouteConditionReason::Accepted)
}

fn conditions(accepted: RouteCondition, route: &TranslatedRoute) -> Vec<RouteCondition> {
    let resolved = match &route.unresolved {
        None => RouteCondition::holds(
            RouteConditionType::ResolvedRefs,
            RouteConditionReason::ResolvedRefs,
        ),
        Some(refusal) => {
            let why = refusal.message.clone();
            RouteCondition::fails(RouteConditionType::ResolvedRefs, refusal.reason, why)
        }
    };
    let partly = accepted.status && !route.problems.is_empty();
    let mut conditions = vec![accepted, resolved];
    if partly {
        conditions.push(RouteCondition {
            condition_type: RouteConditionType::PartiallyInvalid,
            status: true,
            reason: RouteConditionReason::UnsupportedValue,
            message: route.problems.join("; "),
        });
    }
    conditions
}

impl Import {
    /// What there are documents for.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What a controller would say of each route and parent.
    #[must_use]
    pub fn statuses(&self) -> &[RouteStatus] {
        &self.statuses
    }

    /// The ports of Services, and what they are called in the documents.
    #[must_use]
    pub fn services(&self) -> &[ImportedService] {
        &self.inventory.services
    }

    /// Warnings: what the objects ask that does not happen.
    #[must_use]
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }
}

#[cfg(test)]
mod tests;
