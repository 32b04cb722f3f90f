use super::{super::key::comparisons, *};

/// As many routes as Services and grants; every route is of a namespace of its own, has a host of
/// its own on one Gateway, and sends to a Service of another namespace. Every other one is of gRPC.
fn objects(count: usize) -> Vec<Node> {
    let mut texts = vec![
        r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
             "metadata": { "namespace": "infra", "name": "public" },
             "spec": { "listeners": [{ "name": "web", "port": 80,
               "allowedRoutes": { "namespaces": { "from": "All" } } }] } }"#
            .to_owned(),
    ];
    for n in 0..count {
        let kind = if n % 2 == 0 { "HTTPRoute" } else { "GRPCRoute" };
        texts.push(format!(
            r#"{{ "apiVersion": "v1", "kind": "Service",
                 "metadata": {{ "namespace": "b{n}", "name": "s{n}" }},
                 "spec": {{ "ports": [{{ "port": 80 }}] }} }}"#
        ));
        texts.push(format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
                 "metadata": {{ "namespace": "b{n}", "name": "g" }},
                 "spec": {{ "from": [{{ "group": "gateway.networking.k8s.io", "kind": "{kind}",
                                       "namespace": "a{n}" }}],
                           "to": [{{ "group": "", "kind": "Service" }}] }} }}"#
        ));
        texts.push(format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "{kind}",
                 "metadata": {{ "namespace": "a{n}", "name": "r{n}" }},
                 "spec": {{ "hostnames": ["h{n}.example"],
                   "parentRefs": [{{ "namespace": "infra", "name": "public" }},
                                  {{ "group": "", "kind": "Service", "namespace": "b{n}",
                                    "name": "s{n}" }}],
                   "rules": [{{ "backendRefs": [{{ "namespace": "b{n}", "name": "s{n}",
                                                  "port": 80 }}] }}] }} }}"#
        ));
    }
    texts.iter().map(|text| Node::parse_json(text).unwrap()).collect()
}

/// How many objects are compared with each other for so many routes.
fn comparisons(count: usize) -> u64 {
    let objects = objects(count);
    comparisons::during(|| {
        let import = import(&objects, &Options::default()).unwrap();
        assert!(import.statuses().iter().all(RouteStatus::accepted));
        assert_eq!(import.diagnostics().iter().count(), 0);
        assert_eq!(rules(&public(&import)).len(), count);
        let mesh = import.document(&Entry::mesh("a0", 80));
        assert_eq!(rules(&mesh).len(), count);
    })
}

#[test]
fn objects_are_found_without_looking_through_all_of_them() {
    let (few, many) = (comparisons(250), comparisons(1_000));
    // looking through all would be sixteen times as many
    assert!(many < 6 * few, "{few} for 250, {many} for 1000");
    assert!(many < 1_000 * 200, "{many}");
}
