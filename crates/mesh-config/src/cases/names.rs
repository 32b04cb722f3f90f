//! Names that the document must have for a case to hold.

use alloc::collections::BTreeSet;

use mesh_core::reason::Reason;

use crate::{
    decode::{Cursor, one_of, unknown_name},
    diagnostic::Code,
    nearest::nearest,
    node::{Node, excerpt},
    plan::{Plan, PlannedBackend},
};

/// How far shares may be from 100 in all: each is written with two decimals.
const SHARES_SLACK: f64 = 0.01;

/// Notes expectations that name no rule, service or reason, and shares that are not all.
pub(super) fn check(expected: &[(String, Node)], plan: &Plan, at: &mut Cursor) {
    for (name, node) in expected {
        at.at_field(name, |at| match name.as_str() {
            "rule" => named(node, at, |text, at| rule(text, plan, at)),
            "service" => named(node, at, |text, at| service(text, plan, at)),
            "reason" | "refused" => {
                if let Node::Text(text) = node {
                    reason(text, at);
                }
            }
            "backends" => backends(node, plan, at),
            _ => {}
        });
    }
}

/// The name in a text, or in the `name` of an object.
fn named(node: &Node, at: &mut Cursor, check: impl FnOnce(&str, &mut Cursor)) {
    if let Node::Text(text) = node {
        check(text, at);
    } else if let Node::Object(fields) = node {
        let field = fields.iter().find(|(name, _)| name == "name");
        if let Some((_, Node::Text(text))) = field {
            at.at_field("name", |at| check(text, at));
        }
    }
}

fn rule(text: &str, plan: &Plan, at: &mut Cursor) {
    let names = || plan.rules.iter().map(|rule| rule.name.as_str());
    if !names().any(|name| name == text) {
        let found = format!("the unknown rule \"{}\"", excerpt(text));
        let hint = nearest(text, names()).map(|name| format!("did you mean \"{name}\"?"));
        at.error_with_hint(Code::UnknownName, &found, &some("a rule", names()), hint);
    }
}

fn service(text: &str, plan: &Plan, at: &mut Cursor) {
    let names = || plan.services.iter().map(|service| service.name.as_str());
    if !names().any(|name| name == text) {
        let found = format!("the unknown service \"{}\"", excerpt(text));
        let hint = nearest(text, names()).map(|name| format!("did you mean \"{name}\"?"));
        at.error_with_hint(Code::UnknownService, &found, &some("a service", names()), hint);
    }
}

/// A service, or a service and a range of versions that a rule asks of it: `users ^2`.
fn backend(text: &str, plan: &Plan, at: &mut Cursor) {
    let Some((name, _)) = text.split_once(' ') else {
        service(text, plan, at);
        return;
    };
    let before = at.diagnostics.errors();
    service(name, plan, at);
    let named = |backend: &PlannedBackend| {
        let service = plan.services.get(backend.service?)?;
        Some(format!("{} {}", service.name, backend.version.as_ref()?.range))
    };
    let backends = plan.rules.iter().flat_map(|rule| &rule.backends);
    let names: BTreeSet<String> = backends.filter_map(named).collect();
    if at.diagnostics.errors() == before && !names.contains(text) {
        let found = format!("the unknown backend \"{}\"", excerpt(text));
        let known = names.iter().map(String::as_str);
        at.error(Code::UnknownName, &found, &some("a service and a version", known));
    }
}

fn some<'n>(what: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.take(10).map(|name| format!("`{}`", excerpt(name))).collect();
    if names.is_empty() {
        format!("{what}; the document has none")
    } else {
        format!("{what} of the document: {}", names.join(", "))
    }
}

fn reason(text: &str, at: &mut Cursor) {
    if !Reason::NAMES.contains(&text) {
        unknown_name(text, Reason::NAMES, &one_of("a reason", Reason::NAMES), at);
    }
}

fn backends(node: &Node, plan: &Plan, at: &mut Cursor) {
    if let Node::List(items) = node {
        for (number, item) in items.iter().enumerate() {
            if let Node::Text(text) = item {
                at.at_item(number, |at| backend(text, plan, at));
            }
        }
    }
    let Node::Object(fields) = node else { return };
    at.duplicates(fields);
    let mut sum = 0.0;
    let mut all_shares = !fields.is_empty();
    for (name, value) in fields {
        at.at_field(name, |at| {
            backend(name, plan, at);
            let Node::Number(share) = value else {
                all_shares = false;
                return;
            };
            sum += share;
            if !(0.0..=100.0).contains(share) {
                let expected = "a share from 0 to 100 percent";
                at.error(Code::OutOfRange, &value.describe(), expected);
                all_shares = false;
            }
        });
    }
    let parts = u32::try_from(fields.len()).map_or(f64::MAX, f64::from);
    // what is missing may be the share of a backend whose service is missing too
    if all_shares && sum > 100.0 + parts * SHARES_SLACK {
        let found = format!("shares of {sum} percent in all");
        at.error(Code::OutOfRange, &found, "at most 100 percent");
    }
}
