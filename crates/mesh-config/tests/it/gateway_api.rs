//! An import decides as the specification asks, in the machine.

use mesh_config::{
    compile,
    document::Document,
    explain_node,
    gateway_api::{Entry, Options, import},
    node::Node,
};
use mesh_core::{
    event::Event,
    machine::{Body, Caller, Machine, Request, Step},
    method::Method,
    snapshot::Snapshot,
    time::Timestamp,
};

const OBJECTS: [&str; 4] = [
    r#"{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "cart" },
         "spec": { "ports": [{ "port": 80 }] } }"#,
    r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
         "metadata": { "name": "public" },
         "spec": { "listeners": [
            { "name": "any", "port": 80, "protocol": "HTTP" },
            { "name": "shop", "port": 80, "protocol": "HTTP", "hostname": "*.shop.example" },
            { "name": "alt", "port": 8080, "protocol": "HTTP" }] } }"#,
    r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
         "metadata": { "name": "half" },
         "spec": { "parentRefs": [{ "name": "public", "sectionName": "shop" }],
                   "rules": [{ "backendRefs": [{ "name": "cart", "port": 80 },
                                               { "name": "gone", "port": 80 }] }] } }"#,
    r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
         "metadata": { "name": "alt" },
         "spec": { "parentRefs": [{ "name": "public", "port": 8080 }],
                   "rules": [{ "backendRefs": [{ "name": "gone", "port": 80 }] }] } }"#,
];

fn document(port: u16) -> Document {
    let objects = OBJECTS.map(|text| Node::parse_json(text).unwrap());
    let import = import(&objects, &Options::default()).unwrap();
    import.document(&Entry::gateway("default", "public", port))
}

/// What the machine answers itself, or the service that it sends to.
fn answers(document: &Document, host: &str, path: &str, times: usize) -> Vec<Result<String, u16>> {
    let compiled = compile(document).unwrap();
    let mut machine = Machine::new(Snapshot::decode(&compiled.snapshot).unwrap(), 1);
    let mut events: Vec<Event> = Vec::new();
    let now = Timestamp::from_millis(1_000);
    let request = Request {
        host: host.as_bytes(),
        path: path.as_bytes(),
        query: b"",
        method: Method::Get,
        headers: &[],
        body: Body::None,
        caller: Caller::default(),
    };
    let mut answer = || match machine.begin(&request, now, &mut events) {
        Step::Send(send) => {
            let endpoint = machine.snapshot().endpoints().get(send.endpoint).unwrap();
            machine.abandon(send.ticket, now, &mut events);
            let service = machine.snapshot().services().get(endpoint.service).unwrap();
            Ok(String::from_utf8(machine.snapshot().text(service.name).to_vec()).unwrap())
        }
        Step::Respond(respond) => Err(respond.status),
        Step::Wait(_) | Step::Deliver | Step::Pending => {
            panic!("neither waits nor is there a response")
        }
    };
    (0..times).map(|_| answer()).collect()
}

#[test]
fn a_missing_backend_answers_500_on_its_share_only() {
    let found = answers(&document(80), "a.shop.example", "/", 500);
    let failed = found.iter().filter(|status| **status == Err(500)).count();
    assert!((225..=275).contains(&failed), "{failed}");
    assert_eq!(found.iter().filter(|status| status.is_ok()).count(), 500 - failed);
}

#[test]
fn a_missing_backend_is_read_checked_and_explained() {
    let of = |backends: &str| {
        let text = format!(
            r#"{{ "services": {{ "cart": {{}} }},
                 "routing": {{ "rules": [{{ "backends": [{backends}] }}] }} }}"#
        );
        Node::parse_json(&text).unwrap()
    };
    for (backends, expected) in [
        (r#"{ "missing": "x", "weigth": 1 }"#, "routing.rules[0].backends[0].weigth"),
        (r#"{ "missing": "x", "service": "cart" }"#, "routing.rules[0].backends[0].service"),
        (r#"{ "missing": 5 }"#, "routing.rules[0].backends[0].missing"),
    ] {
        let found = Document::decode(&of(backends)).unwrap_err();
        let places: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(places, [expected], "{backends}");
    }
    let request = Node::parse_json(r#"{ "method": "GET", "url": "https://a.example/" }"#).unwrap();
    for (backends, expected) in [
        (r#"{ "missing": "x" }"#, Some("no_backend")),
        (r#"{ "missing": "x" }, "cart""#, None),
        (r#"{ "missing": "x" }, { "service": "cart", "weight": 0 }"#, Some("no_backend")),
    ] {
        let found = explain_node(&of(backends), &request).unwrap();
        assert_eq!(found.refused.as_deref(), expected, "{backends}");
    }
}

#[test]
fn listeners_decide_by_host_and_port() {
    assert_eq!(answers(&document(80), "other.example", "/", 1), [Err(404)]);
    assert_eq!(answers(&document(8080), "other.example", "/", 1), [Err(500)]);
}

#[test]
fn documents_of_an_import_read_as_they_were_written() {
    let document = document(80);
    let text = serde_json::to_string(&document).unwrap();
    assert!(text.contains(r#"{"missing":"Service default/gone, which is not there"}"#), "{text}");
    assert_eq!(Document::parse_json(&text).unwrap(), document);
}

#[test]
fn the_listener_and_the_route_with_the_narrowest_host_take_a_request() {
    let gateway = r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "public" }, "spec": { "listeners": [
            { "name": "one", "port": 80, "protocol": "HTTP", "hostname": "bar.com" },
            { "name": "two", "port": 80, "protocol": "HTTP", "hostname": "foo.bar.com" },
            { "name": "three", "port": 80, "protocol": "HTTP", "hostname": "*.bar.com" },
            { "name": "four", "port": 80, "protocol": "HTTP", "hostname": "*.foo.com" }] } }"#;
    let service = |name: &str| {
        format!(
            r#"{{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "{name}" }},
                 "spec": {{ "ports": [{{ "port": 80 }}] }} }}"#
        )
    };
    let route = |name: &str, parents: &str, hostnames: &str| {
        format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                 "metadata": {{ "name": "{name}" }},
                 "spec": {{ "parentRefs": [{parents}], "hostnames": [{hostnames}],
                 "rules": [{{ "backendRefs": [{{ "name": "{name}", "port": 80 }}] }}] }} }}"#
        )
    };
    let section = |name: &str| format!(r#"{{ "name": "public", "sectionName": "{name}" }}"#);
    let all = r#"{ "name": "public" }"#;
    let texts = [
        gateway.to_owned(),
        service("a"),
        service("b"),
        service("c"),
        service("d"),
        route("a", &section("one"), ""),
        route("b", &section("two"), ""),
        route("c", &format!("{}, {}", section("three"), section("four")), ""),
        route("d", all, r#""very.deep.bar.com", "*.com", "other.org""#),
    ];
    let objects = texts.map(|text| Node::parse_json(&text).unwrap());
    let import = import(&objects, &Options::default()).unwrap();
    let document = import.document(&Entry::gateway("default", "public", 80));
    for (host, expected) in [
        ("bar.com", Ok("a")),
        ("foo.bar.com", Ok("b")),
        ("foo.bar.com:80", Ok("b")),
        ("BAZ.bar.com", Ok("c")),
        ("multiple.labels.bar.com", Ok("c")),
        ("multiple.labels.foo.com", Ok("c")),
        ("very.deep.bar.com", Ok("d")),
        ("foo.com", Err(404)),
        ("x.com", Err(404)),
        ("other.org", Err(404)),
    ] {
        let [found] = &answers(&document, host, "/", 1)[..] else { panic!("{host}") };
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{host}");
    }
}

/// Listeners for every host and for three that lie within each other, with a route each, whose path
/// is the listener's name.
fn isolated(hostnames: &str) -> Document {
    let listeners = [
        ("any", ""),
        ("wide", "*.example.com"),
        ("narrow", "*.foo.example.com"),
        ("one", "abc.foo.example.com"),
    ];
    let listener = |(name, hostname): (&str, &str)| {
        format!(
            r#"{{ "name": "{name}", "port": 80, "protocol": "HTTP", "hostname": "{hostname}" }}"#
        )
    };
    let gateway = format!(
        r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
             "metadata": {{ "name": "public" }}, "spec": {{ "listeners": [{}] }} }}"#,
        listeners.map(listener).join(", ")
    );
    let route = |(name, _): (&str, &str)| {
        format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                 "metadata": {{ "name": "{name}" }},
                 "spec": {{ "parentRefs": [{{ "name": "public", "sectionName": "{name}" }}],
                 "hostnames": {hostnames},
                 "rules": [{{ "matches": [{{ "path": {{ "value": "/{name}" }} }}],
                 "backendRefs": [{{ "name": "cart", "port": 80 }}] }}] }} }}"#
        )
    };
    let texts = [OBJECTS[0].to_owned(), gateway].into_iter().chain(listeners.map(route));
    let objects: Vec<Node> = texts.map(|text| Node::parse_json(&text).unwrap()).collect();
    let import = import(&objects, &Options::default()).unwrap();
    assert!(import.statuses().iter().all(mesh_config::gateway_api::RouteStatus::accepted));
    import.document(&Entry::gateway("default", "public", 80))
}

#[test]
fn a_request_is_of_its_narrowest_listener_and_of_no_other() {
    let all = r#"["bar.com", "*.example.com", "*.foo.example.com", "abc.foo.example.com"]"#;
    for document in [isolated("[]"), isolated(all)] {
        for (host, taken) in [
            ("bar.com", "any"),
            ("bar.example.com", "wide"),
            ("bar.foo.example.com", "narrow"),
            ("a.b.foo.example.com", "narrow"),
            ("abc.foo.example.com", "one"),
        ] {
            for name in ["any", "wide", "narrow", "one"] {
                let [found] = &answers(&document, host, &format!("/{name}"), 1)[..] else {
                    panic!("{host}")
                };
                let expected = if name == taken { Ok("cart") } else { Err(404) };
                let found = found.as_deref().map_err(|status| *status);
                assert_eq!(found, expected, "{host} /{name}");
            }
        }
    }
}
