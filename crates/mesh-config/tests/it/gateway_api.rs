//! An import decides as the specification asks, in the machine.

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

/// The status that the machine answers itself; `None` where it sends the request on.
fn answers(document: &Document, host: &str, times: usize) -> Vec<Option<u16>> {
    let compiled = compile(document).unwrap();
    let mut machine = Machine::new(Snapshot::decode(&compiled.snapshot).unwrap(), 1);
    let mut events: Vec<Event> = Vec::new();
    let now = Timestamp::from_millis(1_000);
    let request = Request {
        host: host.as_bytes(),
        path: b"/",
        query: b"",
        method: Method::Get,
        headers: &[],
        body: Body::None,
        caller: Caller::default(),
    };
    let mut answer = || match machine.begin(&request, now, &mut events) {
        Step::Send(send) => {
            machine.abandon(send.ticket, now, &mut events);
            None
        }
        Step::Respond(respond) => Some(respond.status),
        Step::Wait(_) | Step::Deliver => panic!("neither waits nor is there a response"),
    };
    (0..times).map(|_| answer()).collect()
}

#[test]
fn a_missing_backend_answers_500_on_its_share_only() {
    let found = answers(&document(80), "a.shop.example", 500);
    let failed = found.iter().filter(|status| **status == Some(500)).count();
    assert!((225..=275).contains(&failed), "{failed}");
    assert_eq!(found.iter().filter(|status| status.is_none()).count(), 500 - failed);
}

#[test]
fn listeners_decide_by_host_and_port() {
    assert_eq!(answers(&document(80), "other.example", 1), [Some(404)]);
    assert_eq!(answers(&document(8080), "other.example", 1), [Some(500)]);
}

#[test]
fn documents_of_an_import_read_as_they_were_written() {
    let document = document(80);
    let text = serde_json::to_string(&document).unwrap();
    assert!(text.contains(r#"{"missing":"Service default/gone, which is not there"}"#), "{text}");
    assert_eq!(Document::parse_json(&text).unwrap(), document);
}
