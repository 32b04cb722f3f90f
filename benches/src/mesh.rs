//! Snapshots to decide with, and machines that have loaded them.

use mesh_core::{
    machine::{Body, Caller, Machine, Request},
    method::Method,
    snapshot::Snapshot,
};
use serde_json::{Map, Value, json};

use crate::github::github_routes;

const SEED: u64 = 0x6d65_7368;
const GITHUB_SERVICES: u32 = 10;
const LARGE_SERVICES: u32 = 100;

/// One request of a mesh's table.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
}

/// Bytes of a Snapshot of the GitHub table over ten services of three endpoints, and its requests.
#[must_use]
pub fn github_mesh() -> (Vec<u8>, Vec<Sample>) {
    let (mut rules, mut samples) = (Vec::new(), Vec::new());
    for (number, route) in (0u32..).zip(github_routes()) {
        let service = format!("service-{}", number % GITHUB_SERVICES);
        let method = Method::NAMED.into_iter().find(|(named, _)| *named == route.method);
        let method = method.map_or("GET", |(_, name)| name);
        rules.push(json!({ "path": route.template, "method": method, "service": service }));
        samples.push(Sample { method: route.method, path: route.path });
    }
    (compile(GITHUB_SERVICES, 3, rules), samples)
}

/// Bytes of a Snapshot of 100 services and 200 routes, as in the budgets, and its requests.
#[must_use]
pub fn large_mesh() -> (Vec<u8>, Vec<Sample>) {
    let (mut rules, mut samples) = (Vec::new(), Vec::new());
    for target in 0..2 * LARGE_SERVICES {
        let service = target / 2;
        let tail = if target % 2 == 0 { "" } else { "/items/*" };
        let path = format!("/api/service-{service}/{{id}}{tail}");
        rules.push(json!({ "path": path, "service": format!("service-{service}") }));
        let path = format!("/api/service-{service}/583231{}", tail.replace('*', "7"));
        samples.push(Sample { method: Method::Get, path });
    }
    (compile(LARGE_SERVICES, 1, rules), samples)
}

/// Services of `each` endpoints, with a timeout of 2 s and two retries, under these rules.
fn compile(count: u32, each: u32, rules: Vec<Value>) -> Vec<u8> {
    let mut services = Map::new();
    for service in 0..count {
        let endpoints: Vec<String> =
            (0..each).map(|endpoint| format!("binding:SVC_{service}_{endpoint}")).collect();
        let body = json!({ "endpoints": endpoints, "timeout": 2_000, "retries": 2 });
        services.insert(format!("service-{service}"), body);
    }
    let document = json!({ "services": services, "routing": { "rules": rules } });
    let compiled = mesh_config::compile_json(&document.to_string());
    compiled.expect("the benches' documents have no errors").snapshot
}

/// A machine that has loaded `snapshot` and reaches all its endpoints.
///
/// # Panics
/// Where the bytes are no Snapshot.
#[must_use]
pub fn machine(snapshot: &[u8]) -> Machine {
    let snapshot = Snapshot::decode(snapshot).expect("the benches' Snapshots are whole");
    let endpoints = (0u32..).zip(snapshot.endpoints().iter()).map(|(number, _)| number);
    let endpoints: Vec<u32> = endpoints.collect();
    let mut machine = Machine::new(snapshot, SEED);
    for endpoint in endpoints {
        machine.set_reachable(endpoint, true);
    }
    machine
}

/// The request of a sample, without headers, query or body.
#[must_use]
pub fn request(sample: &Sample) -> Request<'_> {
    Request {
        host: b"api.example.com",
        path: sample.path.as_bytes(),
        query: b"",
        method: sample.method,
        headers: &[],
        body: Body::None,
        caller: Caller::default(),
    }
}
