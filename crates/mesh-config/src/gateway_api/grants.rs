//! References from one namespace into another, which that other one must have granted.

use super::objects::{GrantFrom, GrantSpec, GrantTo, Object};

const GROUP: &str = "gateway.networking.k8s.io";

/// True where an HTTPRoute of namespace `from` may name Service `name` of namespace `to`.
pub(super) fn permitted(grants: &[Object<GrantSpec>], from: &str, to: &str, name: &str) -> bool {
    let is_from = |grant: &GrantFrom| {
        grant.group.as_deref() == Some(GROUP)
            && grant.kind.as_deref() == Some("HTTPRoute")
            && grant.namespace.as_deref() == Some(from)
    };
    let is_to = |grant: &GrantTo| {
        grant.group.as_deref().unwrap_or("").is_empty()
            && grant.kind.as_deref() == Some("Service")
            && grant.name.as_deref().is_none_or(|only| only.is_empty() || only == name)
    };
    from == to
        || grants.iter().filter(|grant| grant.namespace == to).any(|grant| {
            grant.spec.from.iter().flatten().any(is_from)
                && grant.spec.to.iter().flatten().any(is_to)
        })
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
            ("web", [GROUP, "Gateway", "shop"], all, false),
            ("web", [GROUP, "HTTPRoute", "other"], all, false),
        ] {
            let grants = [grant(namespace, from, to)];
            assert_eq!(permitted(&grants, "shop", "web", "cart"), expected, "{grants:?}");
        }
        assert!(permitted(&[], "web", "web", "cart"));
        assert!(!permitted(&[], "shop", "web", "cart"));
    }
}
