use super::*;

/// A route of namespace `shop`, of that kind and age.
fn of_kind(kind: &str, name: &str, created: &str, spec: &str) -> String {
    made_at(name, Some(created), spec).replace("HTTPRoute", kind)
}

fn grpc(name: &str, spec: &str) -> String {
    route(name, spec).replace("HTTPRoute", "GRPCRoute")
}

/// Kind, name and the reason of `Accepted`, for each status.
fn told(import: &Import) -> Vec<(RouteKind, &str, RouteConditionReason)> {
    let statuses = import.statuses().iter();
    let told = statuses.map(|status| {
        let accepted = status.condition(RouteConditionType::Accepted).unwrap();
        assert_eq!(accepted.status, accepted.reason == RouteConditionReason::Accepted);
        (status.kind, status.route.as_str(), accepted.reason)
    });
    told.collect()
}

#[test]
fn a_grpc_route_becomes_posts_of_its_methods() {
    let spec = format!(
        r#"{PUBLIC}, "hostnames": ["grpc.example"], "rules": [{{ "name": "r", {CART},
          "matches": [{{ "method": {{ "service": "shop.Cart", "method": "Add" }},
                         "headers": [{{ "name": "X-V", "value": "1" }}] }},
                      {{ "headers": [{{ "name": "content-type", "value": "application/grpc" }}] }}],
          "filters": [{{ "type": "ResponseHeaderModifier",
                         "responseHeaderModifier": {{ "remove": ["server"] }} }}] }}]"#
    );
    let import = imported("", &[grpc("one", &spec)]);
    assert_eq!(warnings(&import), [""; 0]);
    let document = public(&import);
    let text = serde_json::to_value(&rules(&document)[0]).unwrap();
    let expected = serde_json::json!({
        "name": "shop/one/r",
        "hosts": ["grpc.example"],
        "matches": [{
            "path": { "value": "/shop.Cart/Add", "type": "Exact" },
            "method": "POST",
            "headers": [
                { "name": "x-v", "type": "Exact", "value": "1" },
                { "name": "content-type", "type": "RegularExpression",
                  "value": "application/grpc([+;-].*)?" }],
        }, {
            "method": "POST",
            "headers": [{ "name": "content-type", "type": "Exact", "value": "application/grpc" }],
        }],
        "filters": [{ "responseHeaders": { "remove": ["server"] } }],
        "backends": [{ "service": "cart" }],
    });
    assert_eq!(text, expected);
    assert!(crate::compile(&document).is_ok());
}

#[test]
fn of_two_kinds_with_a_common_host_the_older_route_is_accepted() {
    use RouteConditionReason::{Accepted, HostnameConflict};

    let (early, late) = ("2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z");
    let spec =
        |hosts: &str| format!(r#"{PUBLIC}, "hostnames": [{hosts}], "rules": [{{ {CART} }}]"#);
    for (http, grpc, created, expected) in [
        (r#""a.com""#, r#""a.com""#, (early, late), [Accepted, HostnameConflict]),
        (r#""a.com""#, r#""a.com""#, (late, early), [HostnameConflict, Accepted]),
        // of one age the one whose name comes first: `one` before `two`
        (r#""a.com""#, r#""a.com""#, (early, early), [Accepted, HostnameConflict]),
        (r#""*.a.com""#, r#""b.a.com""#, (early, late), [Accepted, HostnameConflict]),
        ("", r#""b.a.com""#, (late, early), [HostnameConflict, Accepted]),
        (r#""a.com""#, "", (early, late), [Accepted, HostnameConflict]),
        (r#""a.com""#, r#""b.com""#, (early, late), [Accepted, Accepted]),
        (r#""*.a.com""#, r#""a.com""#, (early, late), [Accepted, Accepted]),
        // a host that the listener does not take is in nobody's way
        (r#""a.com", "x.org""#, r#""b.com", "x.org""#, (early, late), [Accepted, Accepted]),
    ] {
        let listener = if http.contains("x.org") { r#", "hostname": "*.com""# } else { "" };
        let import = imported(
            listener,
            &[
                of_kind("GRPCRoute", "two", created.1, &spec(grpc)),
                of_kind("HTTPRoute", "one", created.0, &spec(http)),
            ],
        );
        let mut found = told(&import);
        found.sort_by_key(|(_, name, _)| *name);
        let [one, two] = expected;
        let expected = [(RouteKind::Http, "one", one), (RouteKind::Grpc, "two", two)];
        assert_eq!(found, expected, "{http} {grpc}");
        let held = [one, two].iter().filter(|reason| **reason == Accepted).count();
        assert_eq!(names(&public(&import)).len(), held, "{http} {grpc}");
    }
}

#[test]
fn a_route_keeps_the_listeners_that_the_other_kind_leaves() {
    let more = r#" }, { "name": "other", "port": 80, "hostname": "b.com",
                   "allowedRoutes": { "namespaces": { "from": "All" } }"#;
    let only =
        r#""parentRefs": [{ "namespace": "infra", "name": "public", "sectionName": "web" }]"#;
    let import = imported(
        more,
        &[
            of_kind("GRPCRoute", "a", "2025-01-01T00:00:00Z", &format!("{only}, \"rules\": []")),
            of_kind("HTTPRoute", "b", "2025-02-01T00:00:00Z", &format!("{PUBLIC}, \"rules\": []")),
        ],
    );
    let reasons: Vec<RouteConditionReason> =
        told(&import).into_iter().map(|(_, _, reason)| reason).collect();
    assert_eq!(reasons, [RouteConditionReason::Accepted; 2]);
    assert_eq!(names(&public(&import)), ["shop/a/0", "shop/b/0"]);
    let hosts: Vec<bool> =
        rules(&public(&import)).iter().map(|rule| rule.hosts.is_some()).collect();
    assert_eq!(hosts, [false, true]);
    let found = warnings(&import);
    let named = |line: &String| {
        line.starts_with("HTTPRoute.shop.b.spec.parentRefs[0]") && line.contains("GRPCRoute shop/a")
    };
    assert!(found.iter().any(named), "{found:?}");
}

#[test]
fn on_a_port_of_a_service_grpc_routes_hold() {
    use RouteConditionReason::{Accepted, Conflicted};

    let to = |parent: &str| {
        format!(
            r#""parentRefs": [{{ "group": "", "kind": "Service", {parent} }}],
               "rules": [{{ "name": "r", {CART} }}]"#
        )
    };
    for (http, reason, at_80, at_81) in [
        (r#""name": "stock", "port": 80"#, Conflicted, "shop/g/r", "Service shop/stock"),
        (r#""name": "stock", "port": 81"#, Accepted, "shop/g/r", "shop/h/r"),
        (r#""name": "stock""#, Accepted, "shop/g/r", "shop/h/r"),
    ] {
        let import = imported(
            "",
            &[
                of_kind("HTTPRoute", "h", "2025-01-01T00:00:00Z", &to(http)),
                grpc("g", &to(r#""name": "stock", "sectionName": "a""#)),
            ],
        );
        let expected = [(RouteKind::Http, "h", reason), (RouteKind::Grpc, "g", Accepted)];
        assert_eq!(told(&import), expected, "{http}");
        for (port, at, others) in
            [(80, at_80, &["Service shop/cart", "Service web/site"][..]), (81, at_81, &[])]
        {
            let document = import.document(&Entry::mesh("shop", port));
            assert!(crate::compile(&document).is_ok());
            let found = names(&document);
            let own: Vec<&&str> = found.iter().filter(|name| !others.contains(name)).collect();
            assert_eq!(own, [&at], "{http} {port}");
        }
    }
}

#[test]
fn listeners_take_the_kinds_that_they_name() {
    use RouteConditionReason::{Accepted, NotAllowedByListeners};

    for (kinds, expected) in [
        ("[]", [Accepted, Accepted]),
        (r#"[{ "kind": "GRPCRoute" }]"#, [Accepted, NotAllowedByListeners]),
        (r#"[{ "kind": "HTTPRoute" }]"#, [NotAllowedByListeners, Accepted]),
        (r#"[{ "group": "x.io", "kind": "GRPCRoute" }]"#, [NotAllowedByListeners; 2]),
    ] {
        let gateway = format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                 "metadata": {{ "namespace": "shop", "name": "public" }},
                 "spec": {{ "listeners": [{{ "name": "web", "port": 80,
                 "allowedRoutes": {{ "kinds": {kinds} }} }}] }} }}"#
        );
        let spec = |host: &str| {
            format!(r#""parentRefs": [{{ "name": "public" }}], "hostnames": ["{host}"]"#)
        };
        let texts = [gateway, grpc("g", &spec("g.com")), route("h", &spec("h.com"))];
        let objects = texts.map(|text| Node::parse_json(&text).unwrap());
        let import = import(&objects, &Options::default()).unwrap();
        let reasons: Vec<RouteConditionReason> =
            told(&import).into_iter().map(|(_, _, reason)| reason).collect();
        assert_eq!(reasons, expected, "{kinds}");
    }
}

#[test]
fn what_grpc_routes_cannot_do_is_named() {
    let spec = format!(
        r#"{PUBLIC}, "rules": [
          {{ {CART}, "filters": [{{ "type": "RequestMirror", "requestMirror": {{}} }}],
             "sessionPersistence": {{}} }},
          {{ {CART}, "filters": [{{ "type": "URLRewrite", "urlRewrite": {{}} }}] }},
          {{ {CART}, "filters": [{{ "type": "ExtensionRef", "extensionRef": {{}} }}] }},
          {{ {CART}, "matches": [{{ "method": {{ "type": "Other", "method": "A" }} }},
                                 {{ "method": {{ "method": "B" }} }}] }}]"#
    );
    let import = imported("", &[grpc("one", &spec)]);
    let found = warnings(&import);
    for (place, what) in [
        (".rules[0].filters[0].requestMirror", "a mirror without `backendRef`"),
        (".rules[0].sessionPersistence", "`sessionPersistence`"),
        (".rules[1].filters[0]", "URLRewrite"),
        (".rules[2].filters[0]", "ExtensionRef"),
        (".rules[3].matches[0].method.type", "the type Other"),
    ] {
        let named = |line: &&String| line.contains(place) && line.contains(what);
        assert_eq!(found.iter().filter(named).count(), 1, "{place} {what}: {found:#?}");
    }
    assert_eq!(found.len(), 5);
    let document = public(&import);
    let services = |rule: &Rule| {
        let entries = rule.backends.iter().flatten().filter_map(BackendEntry::backend);
        entries.map(|one| one.service.as_str().to_owned()).collect::<Vec<_>>()
    };
    let found: Vec<Vec<String>> = rules(&document).iter().map(services).collect();
    assert_eq!(found, [["cart"], ["grpc-unavailable"], ["grpc-unavailable"], ["cart"]]);
    assert_eq!(rules(&document)[3].matches.as_ref().map(Vec::len), Some(1));
}

#[test]
fn methods_that_no_api_server_takes_are_errors() {
    for (method, place) in [
        ("{}", ""),
        (r#"{ "service": "", "method": "" }"#, ""),
        (r#"{ "type": "RegularExpression" }"#, ""),
        (r#"{ "service": "a/b" }"#, ".service"),
        (r#"{ "service": "a..b" }"#, ".service"),
        (r#"{ "service": "1a" }"#, ".service"),
        (r#"{ "service": "a", "method": "b.c" }"#, ".method"),
    ] {
        let spec = format!(r#""rules": [{{ "matches": [{{ "method": {method} }}] }}]"#);
        let found = import(&world("", &[grpc("one", &spec)]), &Options::default()).unwrap_err();
        let places: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        let expected = format!("GRPCRoute.shop.one.spec.rules[0].matches[0].method{place}");
        assert_eq!(places, [expected], "{method}");
    }
    let spec = r#""rules": [{ "matches": [{ "method": { "service": ".a_1.B" } }] }]"#;
    assert!(import(&world("", &[grpc("one", spec)]), &Options::default()).is_ok());
}

#[test]
fn kinds_of_other_layers_are_named_with_the_reason() {
    let object = |kind: &str| {
        format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "{kind}",
                 "metadata": {{ "namespace": "shop", "name": "db" }}, "spec": {{}} }}"#
        )
    };
    for (kind, why) in [
        ("TCPRoute", "HTTP only"),
        ("UDPRoute", "HTTP only"),
        ("TLSRoute", "HTTP only"),
        ("BackendTLSPolicy", "address of its endpoint"),
        ("XListenerSet", "GRPCRoute, Service"),
    ] {
        let found = warnings(&imported("", &[object(kind)]));
        let [line] = found.as_slice() else { panic!("{found:?}") };
        let name = format!("{kind}.gateway.networking.k8s.io shop/db");
        assert!(line.contains(&name) && line.contains(why), "{line}");
    }
}
