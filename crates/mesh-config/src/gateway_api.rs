//! Import of Kubernetes Gateway API objects: Gateway, `HTTPRoute`, Service and `ReferenceGrant`.
//!
//! Objects come as node trees, whatever text they were. One import gives a document for each port
//! of a Gateway, and for each namespace whose workloads call each other (routes whose parent is a
//! Service). It also gives the status conditions that a controller would set, and a warning for
//! whatever the objects ask that a document cannot say. A rule that cannot work answers 500 and
//! leaves the others alone, as the specification asks; only objects that no API server would take
//! are errors.
//!
//! Not here: TLS, addresses of Pods, and listener isolation (a request that finds no rule under
//! its most specific listener goes on to the next one of the same port).

mod admission;
mod attach;
mod documents;
mod filters;
mod grants;
mod hostname;
mod inventory;
mod kube;
mod matches;
mod objects;
mod policy;
mod route_objects;
mod status;
mod translation;

use alloc::collections::BTreeMap;

use self::{
    attach::{Attached, Attachment},
    inventory::Inventory,
    objects::{Object, Objects, at_object},
    route_objects::RouteSpec,
    translation::{TranslatedRoute, TranslatedRule},
};
pub use self::{
    documents::Entry,
    inventory::ImportedService,
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
    inventory: Inventory,
    entries: Vec<Entry>,
    statuses: Vec<RouteStatus>,
    diagnostics: Diagnostics,
}

/// A route with the places where it holds.
#[derive(Clone, Debug)]
struct BoundRoute {
    namespace: String,
    rules: Vec<TranslatedRule>,
    attachments: Vec<Attachment>,
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
    let grants = core::mem::take(&mut read.grants);
    let inventory = Inventory::of(&read.services, grants, &options.addresses);
    let mut statuses = Vec::new();
    let mut routes = Vec::new();
    for route in &read.routes {
        let bound = bind(route, &read, &inventory, &mut statuses, &mut at);
        routes.push(bound);
    }
    let entries = documents::entries(&read, &inventory);
    Ok(Import { routes, inventory, entries, statuses, diagnostics: at.diagnostics })
}

/// What the cluster has not seen yet is the youngest.
fn precedence(route: &Object<RouteSpec>) -> (bool, Option<&str>, &str, &str) {
    let created = route.created.as_deref();
    (created.is_none(), created, &route.namespace, &route.name)
}

fn bind(
    route: &Object<RouteSpec>,
    objects: &Objects,
    inventory: &Inventory,
    statuses: &mut Vec<RouteStatus>,
    at: &mut Cursor,
) -> BoundRoute {
    at_object("HTTPRoute", &route.namespace, &route.name, at, |at| {
        at.at_field("spec", |at| {
            let translated = at.at_field("rules", |at| translation::route(route, inventory, at));
            let mut attachments = Vec::new();
            for (index, parent) in route.spec.parents.iter().flatten().enumerate() {
                let shown = attach::shown(route, parent);
                let accepted = match attach::attach(route, parent, objects, inventory) {
                    Attached::To(places) => {
                        attachments.extend(places);
                        accepted(&translated)
                    }
                    Attached::Not(reason, why) => {
                        RouteCondition::fails(RouteConditionType::Accepted, reason, why)
                    }
                    Attached::Foreign(what) => {
                        let found = format!("a parent that is a {what}, which is not imported");
                        at.at_field("parentRefs", |at| {
                            at.at_item(index, |at| at.warning(Code::Unsupported, &found, ""));
                        });
                        continue;
                    }
                };
                statuses.push(RouteStatus {
                    namespace: route.namespace.clone(),
                    route: route.name.clone(),
                    parent: shown,
                    conditions: conditions(accepted, &translated),
                });
            }
            // one that is not accepted for what it asks keeps its place and answers 500: behind it
            // may be what one of its filters was to guard
            let namespace = route.namespace.clone();
            BoundRoute { namespace, rules: translated.rules, attachments }
        })
    })
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
