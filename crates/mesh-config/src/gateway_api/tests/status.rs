use super::*;

/// A Gateway `infra/public` with one listener of exactly these fields.
fn gateway(listener: &str) -> String {
    format!(
        r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
             "metadata": {{ "namespace": "infra", "name": "public" }},
             "spec": {{ "listeners": [{{ "name": "web", "port": 80, {listener} }}] }} }}"#
    )
}

/// What a route of namespace `shop` is told by that parent, and whether it got into the document.
fn told(objects: Vec<Node>, parent: &str, hostnames: &str) -> (RouteConditionReason, bool) {
    let spec = format!(
        r#""parentRefs": [{{ {parent} }}], "hostnames": {hostnames}, "rules": [{{ {CART} }}]"#
    );
    let mut objects = objects;
    objects.push(Node::parse_json(&route("one", &spec)).unwrap());
    let import = import(&objects, &Options::default()).unwrap();
    let [status] = import.statuses() else { panic!("{parent}") };
    let accepted = status.condition(RouteConditionType::Accepted).unwrap();
    assert_eq!(accepted.status, accepted.reason == RouteConditionReason::Accepted);
    (accepted.reason, !rules(&public(&import)).is_empty())
}

#[test]
fn listeners_accept_or_say_why_not() {
    let all = r#""protocol": "HTTP", "allowedRoutes": { "namespaces": { "from": "All" } }"#;
    let same = r#""protocol": "HTTP", "allowedRoutes": { "namespaces": { "from": "Same" } }"#;
    let silent = r#""protocol": "HTTP""#;
    let tls = r#""protocol": "TLS", "allowedRoutes": { "namespaces": { "from": "All" } }"#;
    let grpc = r#""allowedRoutes": { "namespaces": { "from": "All" },
                                     "kinds": [{ "kind": "GRPCRoute" }] }"#;
    let host = r#""hostname": "*.shop.example",
                  "allowedRoutes": { "namespaces": { "from": "All" } }"#;
    for (listener, more, hostnames, expected) in [
        (all, "", "[]", RouteConditionReason::Accepted),
        (all, r#", "sectionName": "web", "port": 80"#, "[]", RouteConditionReason::Accepted),
        (all, r#", "sectionName": "other""#, "[]", RouteConditionReason::NoMatchingParent),
        (all, r#", "port": 81"#, "[]", RouteConditionReason::NoMatchingParent),
        (
            all,
            r#", "sectionName": "web", "port": 81"#,
            "[]",
            RouteConditionReason::NoMatchingParent,
        ),
        (same, "", "[]", RouteConditionReason::NotAllowedByListeners),
        (silent, "", "[]", RouteConditionReason::NotAllowedByListeners),
        (tls, "", "[]", RouteConditionReason::NotAllowedByListeners),
        (grpc, "", "[]", RouteConditionReason::NotAllowedByListeners),
        (host, "", r#"["a.shop.example", "b.example"]"#, RouteConditionReason::Accepted),
        (host, "", r#"["shop.example"]"#, RouteConditionReason::NoMatchingListenerHostname),
    ] {
        let objects = vec![Node::parse_json(&gateway(listener)).unwrap()];
        let parent = format!(r#""name": "public", "namespace": "infra"{more}"#);
        let found = told(objects, &parent, hostnames);
        assert_eq!(
            found,
            (expected, expected == RouteConditionReason::Accepted),
            "{listener} {parent}"
        );
    }
}

#[test]
fn services_are_parents_too_and_what_is_not_there_is_none() {
    for (parent, expected) in [
        (r#""group": "", "kind": "Service", "name": "cart""#, RouteConditionReason::Accepted),
        (
            r#""group": "", "kind": "Service", "name": "cart", "port": 80"#,
            RouteConditionReason::Accepted,
        ),
        (
            r#""group": "", "kind": "Service", "name": "stock", "sectionName": "a""#,
            RouteConditionReason::Accepted,
        ),
        (
            r#""group": "", "kind": "Service", "name": "cart", "port": 81"#,
            RouteConditionReason::NoMatchingParent,
        ),
        (
            r#""group": "", "kind": "Service", "name": "gone""#,
            RouteConditionReason::NoMatchingParent,
        ),
        (r#""name": "public""#, RouteConditionReason::NoMatchingParent),
    ] {
        // hostnames mean nothing to a route of the mesh
        let found = told(world("", &[]), parent, r#"["a.example"]"#);
        assert_eq!(found, (expected, false), "{parent}");
    }
}

#[test]
fn namespaces_are_selected_by_their_labels() {
    let selector = r#""allowedRoutes": { "namespaces": { "from": "Selector", "selector": {
        "matchLabels": { "tier": "front" },
        "matchExpressions": [{ "key": "team", "operator": "In", "values": ["a", "b"] }] } } }"#;
    for (labels, expected) in [
        (r#"{ "tier": "front", "team": "a" }"#, true),
        (r#"{ "tier": "front", "team": "c" }"#, false),
        (r#"{ "team": "a" }"#, false),
        ("{}", false),
    ] {
        let namespace = format!(
            r#"{{ "apiVersion": "v1", "kind": "Namespace",
                 "metadata": {{ "name": "shop", "labels": {labels} }} }}"#
        );
        let route = route("one", &format!(r#"{PUBLIC}, "rules": [{{ {CART} }}]"#));
        let objects =
            [gateway(selector), namespace, route].map(|text| Node::parse_json(&text).unwrap());
        let import = import(&objects, &Options::default()).unwrap();
        assert_eq!(import.statuses()[0].accepted(), expected, "{labels}");
    }
}

#[test]
fn a_reference_to_nothing_answers_500_on_its_share_and_says_why() {
    let grant = r#"{ "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
        "metadata": { "namespace": "web", "name": "g" },
        "spec": { "from": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute",
                             "namespace": "shop" }],
                  "to": [{ "group": "", "kind": "Service" }] } }"#;
    for (backend, granted, expected) in [
        (r#""name": "cart", "port": 80"#, false, RouteConditionReason::ResolvedRefs),
        (r#""name": "gone", "port": 80"#, false, RouteConditionReason::BackendNotFound),
        (r#""name": "cart", "port": 81"#, false, RouteConditionReason::BackendNotFound),
        (r#""name": "cart""#, false, RouteConditionReason::BackendNotFound),
        (
            r#""name": "site", "namespace": "web", "port": 80"#,
            false,
            RouteConditionReason::RefNotPermitted,
        ),
        (
            r#""name": "site", "namespace": "web", "port": 80"#,
            true,
            RouteConditionReason::ResolvedRefs,
        ),
        (
            r#""name": "gone", "namespace": "web", "port": 80"#,
            true,
            RouteConditionReason::BackendNotFound,
        ),
        (
            r#""kind": "Other", "group": "x.io", "name": "cart""#,
            false,
            RouteConditionReason::InvalidKind,
        ),
    ] {
        let spec = format!(
            r#"{PUBLIC}, "rules": [{{ "backendRefs": [{{ {backend}, "weight": 3 }},
               {{ "name": "stock", "port": 81 }}] }}]"#
        );
        let mut others = vec![route("one", &spec)];
        if granted {
            others.push(grant.to_owned());
        }
        let import = imported("", &others);
        let status = &import.statuses()[0];
        assert!(status.accepted());
        let resolved = status.condition(RouteConditionType::ResolvedRefs).unwrap();
        assert_eq!(resolved.reason, expected, "{backend}");
        let document = public(&import);
        let backends = rules(&document)[0].backends.as_deref().unwrap();
        let missing = matches!(&backends[0], BackendEntry::Missing(missing)
            if missing.weight.is_some_and(|weight| weight.value() == 3));
        assert_eq!(missing, expected != RouteConditionReason::ResolvedRefs, "{backend}");
        assert_eq!(backends[1].backend().unwrap().service.as_str(), "stock-81");
        assert_eq!(warnings(&import).is_empty(), expected == RouteConditionReason::ResolvedRefs);
        assert!(crate::compile(&document).is_ok());
    }
}

#[test]
fn a_route_has_no_hosts_that_a_narrower_listener_takes() {
    let listener = |name: &str, hostname: &str| {
        format!(
            r#"{{ "name": "{name}", "port": 80, "hostname": "{hostname}",
                 "allowedRoutes": {{ "namespaces": {{ "from": "All" }} }} }}"#
        )
    };
    let gateway = format!(
        r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
             "metadata": {{ "namespace": "infra", "name": "public" }},
             "spec": {{ "listeners": [{}, {}, {}, {{ "name": "tcp", "port": 80, "protocol": "TCP",
                        "hostname": "bar.com" }}] }} }}"#,
        listener("any", ""),
        listener("wide", "*.a.com"),
        listener("narrow", "x.b.A.com")
    );
    let all = r#"["bar.com", "*.a.com", "y.a.com", "x.b.a.com"]"#;
    for (section, hostnames, expected) in [
        ("any", all, &["bar.com"][..]),
        ("wide", all, &["*.a.com", "y.a.com"]),
        ("narrow", all, &["x.b.a.com"]),
        ("narrow", "[]", &["x.b.a.com"]),
        ("any", r#"["x.b.a.com"]"#, &[]),
    ] {
        let spec = format!(
            r#""parentRefs": [{{ "namespace": "infra", "name": "public", "sectionName": "{section}" }}],
               "hostnames": {hostnames}, "rules": [{{ {CART} }}]"#
        );
        let texts = [gateway.clone(), route("one", &spec)];
        let objects = texts.map(|text| Node::parse_json(&text).unwrap());
        let import = import(&objects, &Options::default()).unwrap();
        assert!(import.statuses()[0].accepted(), "{section}");
        let found: Vec<String> = rules(&public(&import))
            .iter()
            .filter(|rule| rule.name.as_deref() == Some("shop/one/0"))
            .flat_map(|rule| rule.hosts.iter().flat_map(|hosts| hosts.list().to_vec()))
            .map(|host| host.as_str().to_owned())
            .collect();
        assert_eq!(found, expected, "{section} {hostnames}");
        let left =
            warnings(&import).iter().filter(|line| line.contains("narrower listeners")).count();
        assert_eq!(left, usize::from(expected.is_empty()), "{section} {hostnames}");
    }
}
