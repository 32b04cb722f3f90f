//! References from one namespace into another, which that other one must have granted.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{
    objects::{GROUP, GrantFrom, GrantSpec, GrantTo, Object},
    routes::RouteKind,
};

/// Most entries of each list of a grant that an API server takes.
pub(super) const GRANT_ENTRIES_MAX: usize = 16;

/// What has been granted.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    /// By who refers, from which namespace, and into which one.
    by_reference: BTreeMap<(RouteKind, String, String), Granted>,
}

/// The Services of a namespace that may be named.
#[derive(Clone, Debug)]
enum Granted {
    All,
    Named(BTreeSet<String>),
}

impl Grants {
    pub(super) fn of(grants: &[Object<GrantSpec>]) -> Self {
        let mut found = Self::default();
        for grant in grants {
            for (kind, from) in grant.spec.from.iter().flatten().filter_map(referrer) {
                let key = (kind, from.to_owned(), grant.namespace.clone());
                let to = grant.spec.to.iter().flatten().filter(|to| is_service(to));
                for to in to.take(GRANT_ENTRIES_MAX) {
                    let none = || Granted::Named(BTreeSet::new());
                    let granted = found.by_reference.entry(key.clone()).or_insert_with(none);
                    granted.add(to.name.as_deref().unwrap_or(""));
                }
            }
        }
        found
    }

    /// True where a route of namespace `from` may name Service `name` of namespace `to`.
    pub(super) fn permit(&self, kind: RouteKind, from: &str, to: &str, name: &str) -> bool {
        let granted = || self.by_reference.get(&(kind, from.to_owned(), to.to_owned()));
        from == to
            || granted().is_some_and(|granted| match granted {
                Granted::All => true,
                Granted::Named(names) => names.contains(name),
            })
    }
}

impl Granted {
    /// Adds a Service; all of them where it has no name.
    fn add(&mut self, name: &str) {
        match self {
            Self::All => {}
            Self::Named(_) if name.is_empty() => *self = Self::All,
            Self::Named(names) => drop(names.insert(name.to_owned())),
        }
    }
}

/// The kind of route, and its namespace.
fn referrer(from: &GrantFrom) -> Option<(RouteKind, &str)> {
    let kind = RouteKind::from_name(from.kind.as_deref()?)?;
    let namespace = from.namespace.as_deref()?;
    (from.group.as_deref() == Some(GROUP)).then_some((kind, namespace))
}

fn is_service(to: &GrantTo) -> bool {
    to.group.as_deref().unwrap_or("").is_empty() && to.kind.as_deref() == Some("Service")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(namespace: &str, from: [&str; 3], to: [Option<&str>; 3]) -> Object<GrantSpec> {
        let text = |text: &str| Some(text.to_owned());
        let [group, kind, from_namespace] = from.map(text);
        let from = GrantFrom { group, kind, namespace: from_namespace };
        let [group, kind, name] = to.map(|part| part.map(str::to_owned));
        let to = GrantTo { group, kind, name };
        Object {
            namespace: namespace.to_owned(),
            spec: GrantSpec { from: Some(vec![from]), to: Some(vec![to]) },
            ..Object::default()
        }
    }

    #[test]
    fn every_part_of_a_grant_counts() {
        let from = [GROUP, "HTTPRoute", "shop"];
        let all = [Some(""), Some("Service"), None];
        for (namespace, from, to, expected) in [
            ("web", from, all, true),
            ("web", from, [None, Some("Service"), Some("cart")], true),
            ("web", from, [Some(""), Some("Service"), Some("other")], false),
            ("web", from, [Some(""), Some("Secret"), None], false),
            ("web", from, [Some("x"), Some("Service"), None], false),
            ("shop", from, all, false),
            ("web", ["", "HTTPRoute", "shop"], all, false),
            ("web", [GROUP, "GRPCRoute", "shop"], all, false),
            ("web", [GROUP, "Gateway", "shop"], all, false),
            ("web", [GROUP, "HTTPRoute", "other"], all, false),
        ] {
            let grants = Grants::of(&[grant(namespace, from, to)]);
            let found = grants.permit(RouteKind::Http, "shop", "web", "cart");
            assert_eq!(found, expected, "{grants:?}");
        }
        let none = Grants::default();
        assert!(none.permit(RouteKind::Http, "web", "web", "cart"));
        assert!(!none.permit(RouteKind::Http, "shop", "web", "cart"));
    }

    #[test]
    fn several_grants_add_up() {
        let from = [GROUP, "GRPCRoute", "shop"];
        let named = |name| [Some(""), Some("Service"), name];
        let list = ["a", "b"].map(|name| grant("web", from, named(Some(name))));
        let of = |grants: &[Object<GrantSpec>]| {
            let grants = Grants::of(grants);
            ["a", "b", "c"].map(|name| grants.permit(RouteKind::Grpc, "shop", "web", name))
        };
        assert_eq!(of(&list), [true, true, false]);
        let [a, b] = list;
        assert_eq!(of(&[a, grant("web", from, named(None)), b]), [true; 3]);
    }
}
