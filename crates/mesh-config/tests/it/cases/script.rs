//! Scripts of requests over time.

use std::collections::BTreeMap;

use mesh_core::{
    balance::load_report::LoadReport, breaker::BreakerState, machine::Outcome,
    snapshot::tables::Health, time::Micros,
};
use serde_json::{Value, json};

use super::{expect::Findings, host::Host, requests::Parts};

/// Plays a case's steps.
pub(super) fn run(case: &Value, findings: &mut Findings) {
    let mut host = Host::of(case, &case["document"]);
    for step in case["steps"].as_array().unwrap() {
        let mut seen = play(&mut host, step);
        let events = host.drain();
        if seen.is_null() {
            seen = json!({});
        }
        seen["events"] = json!(events);
        if let Some(expected) = step.get("stats") {
            findings.compare(step, expected, &seen);
        } else {
            findings.compare(step, &step["expect"], &seen);
        }
    }
}

fn play(host: &mut Host, step: &Value) -> Value {
    let at = step["at"].as_u64().unwrap_or(0);
    if let Some(name) = step["begin"].as_str() {
        return host.begin(name, step, 0);
    }
    if let Some(name) = step["mirror"].as_str() {
        return host.begin(name, step, 0);
    }
    if let Some(first) = step["hedge"].as_str() {
        let waiting = step["waiting"].as_u64().unwrap_or(0).try_into().unwrap();
        return host.hedge(first, step["as"].as_str().unwrap(), waiting, at);
    }
    if let Some(name) = step["resume"].as_str() {
        let waiting = step["waiting"].as_u64().unwrap_or(0).try_into().unwrap();
        return host.resume(name, outcome(step), waiting, at);
    }
    if let Some(name) = step["abandon"].as_str() {
        host.abandon(name, at);
    } else if let Some(what) = step["tell"].as_str() {
        tell(host, what, step["endpoint"].as_str().unwrap(), at);
    } else if let Some(times) = step["run"].as_u64() {
        return many(host, step, at, times.try_into().unwrap());
    } else if let Some(document) = step.get("load") {
        host.load(document, at);
    } else {
        return stats(host);
    }
    Value::Null
}

fn outcome(step: &Value) -> Outcome {
    match step["outcome"].as_str() {
        None => Outcome::Response {
            status: step["status"].as_u64().unwrap_or(200).try_into().unwrap(),
            retry_after: step["retryAfter"].as_u64().map(Micros::from_millis),
            grpc: step["grpc"].as_u64().map(|code| code.try_into().unwrap()),
            load: step["load"].as_str().and_then(|report| LoadReport::parse(report.as_bytes())),
            again: step["again"] == true,
        },
        Some("waited") => Outcome::Waited,
        Some("timeout") => Outcome::Timeout,
        Some("connectFailure") => Outcome::ConnectFailure,
        Some("reset") => Outcome::Reset,
        Some("exception") => Outcome::Exception,
        Some("cancelled") => Outcome::Cancelled,
        Some(other) => panic!("the outcome {other}"),
    }
}

fn tell(host: &mut Host, what: &str, address: &str, at: u64) {
    let rows = host.machine.snapshot().endpoints().len();
    let number = (0..rows).find(|&number| host.address(number) == address).unwrap();
    let now = host.now(at);
    let health = match what {
        "healthy" => Health::Healthy,
        "unhealthy" => Health::Unhealthy,
        "draining" => Health::Draining,
        reach => return host.machine.set_reachable(number, reach == "reachable"),
    };
    host.machine.set_health(number, health, now);
}

/// Many requests of one kind, each ended before the next unless they are held: who got them.
fn many(host: &mut Host, step: &Value, at: u64, times: usize) -> Value {
    let every = step["every"].as_u64().unwrap_or(0);
    let mut picks = Vec::new();
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    let mut answers: BTreeMap<String, u64> = BTreeMap::new();
    let mut copies: BTreeMap<String, u64> = BTreeMap::new();
    for (place, turn) in (0..times).zip(0u64..) {
        let start = at + every * turn;
        let name = format!("run {place}");
        let mut seen = host.begin_at(&name, step, &Parts::of(step, place), start);
        for mirror in seen["notes"]["mirrors"].as_array().into_iter().flatten() {
            *copies.entry(mirror.to_string()).or_default() += 1;
        }
        while let Some(address) = seen["endpoint"].as_str().map(str::to_owned) {
            picks.push(address.rsplit(['/', ':']).next().unwrap_or("").to_owned());
            *shares.entry(address.clone()).or_default() += 1;
            if step["hold"] == true {
                break;
            }
            let of = |all: &str, one: &str| {
                step[all].get(&address).map_or_else(|| step[one].clone(), Value::clone)
            };
            let ended = json!({ "status": of("statuses", "status"), "load": of("loads", "load") });
            let end = start + of("latencies", "latency").as_u64().unwrap_or(0);
            seen = host.resume(&name, outcome(&ended), 0, end);
        }
        if let (Some(status), Some(reason)) = (seen["status"].as_u64(), seen["reason"].as_str()) {
            *answers.entry(format!("{status} {reason}")).or_default() += 1;
        }
    }
    json!({ "picks": picks.join(" "), "distinct": shares.len(), "shares": shares, "answers": answers, "copies": copies })
}

/// Counters by service and endpoint, and how many breakers are in which state.
fn stats(host: &Host) -> Value {
    let snapshot = host.machine.snapshot();
    let mut all = json!({ "breakers": { "closed": 0, "open": 0, "half_open": 0 } });
    for (number, row) in (0..).zip(snapshot.services().iter()) {
        let counters = host.machine.service_state(number).unwrap().counters;
        all[String::from_utf8_lossy(snapshot.text(row.name)).as_ref()] = json!({
            "requests": counters.requests, "successes": counters.successes, "failures": counters.failures,
            "retries": counters.retries, "retriesDenied": counters.retries_denied,
        });
    }
    for number in 0..snapshot.endpoints().len() {
        let state = host.machine.endpoint_state(number).unwrap();
        let breaker = match state.breaker.state() {
            BreakerState::Closed => "closed",
            BreakerState::Open { .. } => "open",
            BreakerState::HalfOpen { .. } => "half_open",
        };
        let health = match state.health {
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
            Health::Draining => "draining",
        };
        all["breakers"][breaker] = json!(all["breakers"][breaker].as_u64().unwrap_or(0) + 1);
        let counters = state.counters;
        all[host.address(number)] = json!({
            "attempts": counters.attempts, "failures": counters.failures, "breakerOpened": counters.opened,
            "inFlight": state.in_flight, "breaker": breaker, "health": health, "reachable": u32::from(state.reachable),
        });
    }
    all
}
