//! GRPCRoutes decide as the specification asks, in the machine.

use mesh_config::{
    compile,
    document::Document,
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

const SERVICES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// The document of a Gateway with GRPCRoutes of these specifications, the first one the oldest.
fn document(rules: &[&str]) -> Document {
    let gateway = r#"{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "public" },
        "spec": { "listeners": [{ "name": "any", "port": 80, "protocol": "HTTP" }] } }"#;
    let service = |name: &str| {
        format!(
            r#"{{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "{name}" }},
                 "spec": {{ "ports": [{{ "port": 80 }}] }} }}"#
        )
    };
    let route = |(number, rules): (usize, &&str)| {
        format!(
            r#"{{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute",
                 "metadata": {{ "name": "r{number}" }},
                 "spec": {{ "parentRefs": [{{ "name": "public" }}], "rules": [{rules}] }} }}"#
        )
    };
    let texts = core::iter::once(gateway.to_owned())
        .chain(SERVICES.map(service))
        .chain(rules.iter().enumerate().map(route));
    let objects: Vec<Node> = texts.map(|text| Node::parse_json(&text).unwrap()).collect();
    let import = import(&objects, &Options::default()).unwrap();
    assert!(import.statuses().iter().all(mesh_config::gateway_api::RouteStatus::accepted));
    import.document(&Entry::gateway("default", "public", 80))
}

/// A rule with one match, to a Service.
fn rule(of: &str, to: &str) -> String {
    format!(r#"{{ "matches": [{of}], "backendRefs": [{{ "name": "{to}", "port": 80 }}] }}"#)
}

/// A machine and what it asks of a request.
struct Mesh {
    machine: Machine,
    headers: Vec<String>,
}

impl Mesh {
    fn of(document: &Document) -> Self {
        let compiled = compile(document).unwrap();
        let machine = Machine::new(Snapshot::decode(&compiled.snapshot).unwrap(), 1);
        let names = machine.snapshot().routes().headers();
        let headers = names.map(|name| String::from_utf8(name.to_vec()).unwrap()).collect();
        Self { machine, headers }
    }

    /// The service that a request goes to, or what the machine answers itself.
    fn answer(&mut self, method: Method, path: &str, sent: &[(&str, &str)]) -> Result<String, u16> {
        let value = |name: &String| sent.iter().find(|(own, _)| own == name);
        let values: Vec<Option<&[u8]>> =
            self.headers.iter().map(|name| value(name).map(|(_, one)| one.as_bytes())).collect();
        let request = Request {
            host: b"grpc.example",
            path: path.as_bytes(),
            query: b"",
            method,
            headers: &values,
            body: Body::Stream,
            caller: Caller::default(),
        };
        let mut events: Vec<Event> = Vec::new();
        let now = Timestamp::from_millis(1_000);
        match self.machine.begin(&request, now, &mut events) {
            Step::Send(send) => {
                let snapshot = self.machine.snapshot();
                let endpoint = snapshot.endpoints().get(send.endpoint).unwrap();
                let service = snapshot.services().get(endpoint.service).unwrap();
                let name = String::from_utf8(snapshot.text(service.name).to_vec()).unwrap();
                self.machine.abandon(send.ticket, now, &mut events);
                Ok(name)
            }
            Step::Respond(respond) => Err(respond.status),
            Step::Wait(_) | Step::Deliver | Step::Pending => panic!("nothing was sent yet"),
        }
    }

    fn call(&mut self, path: &str, metadata: &[(&str, &str)]) -> Result<String, u16> {
        let mut sent = vec![("content-type", "application/grpc")];
        sent.extend_from_slice(metadata);
        self.answer(Method::Post, path, &sent)
    }
}

#[test]
fn only_grpc_requests_are_taken() {
    let mut mesh = Mesh::of(&document(&[&rule("", "a")]));
    let of = |value| [("content-type", value)];
    for (method, sent, expected) in [
        (Method::Post, &of("application/grpc")[..], Ok("a")),
        (Method::Post, &of("application/grpc+proto"), Ok("a")),
        (Method::Post, &of("application/grpc;charset=utf-8"), Ok("a")),
        (Method::Post, &of("application/grpc-web-text"), Ok("a")),
        (Method::Post, &of("application/grpcx"), Err(404)),
        (Method::Post, &of("application/json"), Err(404)),
        (Method::Post, &[], Err(404)),
        (Method::Get, &of("application/grpc"), Err(404)),
    ] {
        let found = mesh.answer(method, "/shop.Cart/Add", sent);
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{method:?} {sent:?}");
    }
}

#[test]
fn more_of_the_service_goes_before_more_of_the_method_and_before_headers() {
    let method = |method: &str| format!(r#"{{ "method": {{ {method} }} }}"#);
    // the least specific one is the oldest, and the first of its route
    let rules = [
        rule("{}", "a"),
        rule(r#"{ "headers": [{ "name": "v", "value": "1" }] }"#, "b"),
        rule(&method(r#""type": "RegularExpression", "service": "shop\\..*""#), "c"),
        rule(&method(r#""method": "Add""#), "d"),
        rule(&method(r#""service": "shop.Cart""#), "e"),
        rule(&method(r#""service": "shop.Cart", "method": "Add""#), "f"),
        rule(
            r#"{ "method": { "service": "shop.Cart", "method": "Add" },
                 "headers": [{ "name": "v", "type": "RegularExpression", "value": "1|2" }] }"#,
            "g",
        ),
        // as specific as the one before it, and younger
        rule(
            r#"{ "method": { "service": "shop.Cart", "method": "Add" },
                 "headers": [{ "name": "w", "value": "1" }] }"#,
            "h",
        ),
    ];
    let apart: Vec<&str> = rules.iter().map(String::as_str).collect();
    let together = rules.join(", ");
    for document in [document(&apart), document(&[&together])] {
        let mut mesh = Mesh::of(&document);
        for (path, metadata, expected) in [
            ("/other.Thing/Get", &[][..], "a"),
            ("/other.Thing/Get", &[("v", "1")], "b"),
            ("/shop.Stock/Get", &[("v", "1")], "c"),
            ("/other.Thing/Add", &[("v", "1")], "d"),
            ("/shop.Cart/Get", &[("v", "1")], "e"),
            ("/shop.Cart/Add", &[], "f"),
            ("/shop.Cart/Add", &[("v", "2")], "g"),
            ("/shop.Cart/Add", &[("v", "2"), ("w", "1")], "g"),
            ("/shop.Cart/Add", &[("w", "1")], "h"),
            // names are compared with their case
            ("/shop.cart/add", &[], "c"),
        ] {
            let found = mesh.call(path, metadata);
            assert_eq!(found.as_deref(), Ok(expected), "{path} {metadata:?}");
        }
    }
}

#[test]
fn a_call_without_a_rule_is_404_and_one_without_a_backend_is_503() {
    let named = r#"{ "method": { "service": "shop.Cart" } }"#;
    let half = format!(
        r#"{{ "matches": [{named}], "backendRefs": [{{ "name": "a", "port": 80 }},
                                                   {{ "name": "gone", "port": 80 }}] }}"#
    );
    let mut mesh = Mesh::of(&document(&[&half]));
    assert_eq!(mesh.call("/shop.Stock/Get", &[]), Err(404));
    assert_eq!(mesh.call("/shop.Cart/Get/more", &[]), Err(404));
    let found: Vec<Result<String, u16>> =
        (0..500).map(|_| mesh.call("/shop.Cart/Get", &[])).collect();
    let refused = found.iter().filter(|one| **one == Err(503)).count();
    assert!((200..=300).contains(&refused), "{refused}");
    assert!(found.iter().all(|one| matches!(one.as_deref(), Ok("a") | Err(503))));
}
