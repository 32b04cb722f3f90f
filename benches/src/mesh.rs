//! Snapshots to decide with, and machines that have loaded them.

use mesh_core::{
    breaker::BreakerConfig,
    machine::{Body, Caller, Machine, Request},
    method::{Method, MethodSet},
    retry::{
        RetryPolicy,
        conditions::{RetryConditions, RetryOn},
    },
    route::RouteTableBuilder,
    snapshot::{
        Snapshot,
        draft::SnapshotDraft,
        tables::{Backend, Endpoint, NONE, Policy, Rows, Rule, Service},
    },
    time::Micros,
};

use crate::github::{add, github_routes};

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
    let mut draft = services(GITHUB_SERVICES, 3);
    let mut routes = RouteTableBuilder::new();
    let mut samples = Vec::new();
    for (target, route) in (0u32..).zip(github_routes()) {
        rule(&mut draft, target % GITHUB_SERVICES);
        add(&mut routes, &route.template, route.method.bit(), target);
        samples.push(Sample { method: route.method, path: route.path });
    }
    draft.routes = routes.finish();
    (draft.encode(), samples)
}

/// Bytes of a Snapshot of 100 services and 200 routes, as in the budgets, and its requests.
#[must_use]
pub fn large_mesh() -> (Vec<u8>, Vec<Sample>) {
    let mut draft = services(LARGE_SERVICES, 1);
    let mut routes = RouteTableBuilder::new();
    let mut samples = Vec::new();
    for target in 0..2 * LARGE_SERVICES {
        let service = target / 2;
        rule(&mut draft, service);
        let tail = if target % 2 == 0 { "" } else { "/items/*" };
        add(&mut routes, &format!("/api/service-{service}/{{id}}{tail}"), MethodSet::NONE, target);
        let path = format!("/api/service-{service}/583231{}", tail.replace('*', "7"));
        samples.push(Sample { method: Method::Get, path });
    }
    draft.routes = routes.finish();
    (draft.encode(), samples)
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

/// Services of `each` endpoints with one policy and one breaker between them: 2 s, two retries.
fn services(count: u32, each: u32) -> SnapshotDraft {
    let mut draft = SnapshotDraft::default();
    draft.policies.push(policy());
    for service in 0..count {
        let name = draft.text(&format!("service-{service}"));
        let endpoints = Rows { start: service * each, len: each };
        for endpoint in endpoints.numbers() {
            let address = draft.text(&format!("binding:SVC_{}", endpoint % 3));
            draft.endpoints.push(Endpoint {
                service,
                key: u64::from(endpoint) + 1,
                address,
                weight: 1,
                ..Endpoint::default()
            });
        }
        draft.services.push(Service {
            name,
            endpoints,
            breaker: BreakerConfig::DEFAULT,
            min_ready: 1,
            ..Service::default()
        });
    }
    draft
}

fn rule(draft: &mut SnapshotDraft, service: u32) {
    let start = u32::try_from(draft.backends.len()).unwrap_or(NONE);
    draft.backends.push(Backend { service, weight: 1, rewrite: NONE, ..Backend::default() });
    let backends = Rows { start, len: 1 };
    draft.rules.push(Rule { backends, redirect: NONE, ..Rule::default() });
}

fn policy() -> Policy {
    let on = RetryOn::CONNECT_FAILURE.union(RetryOn::RESET).union(RetryOn::TIMEOUT);
    let conditions = RetryConditions { on, ..RetryConditions::default() };
    Policy {
        request_timeout: Micros::from_secs(2),
        retry: RetryPolicy { retries: 2, conditions, ..RetryPolicy::default() },
        ..Policy::default()
    }
}
