//! One request through the machine, with a fixture backend in place of the network.

use std::collections::BTreeMap;

use mesh_core::{
    event::Event,
    machine::{Body, Caller, Machine, Outcome, Request, Send, Step},
    method::Method,
    snapshot::{Snapshot, tables::NONE},
    time::{Micros, Timestamp},
};

use crate::{
    case::Expect,
    host::{Answer, Host, Request as Asked, Sent},
};

/// Where the dice start. Any number will do; this one is kept so that runs are alike.
const SEED: u64 = 20_260_821;
/// Most steps of a request; a machine that goes on past it is stuck.
const STEPS_MAX: usize = 100;

/// A machine with a clock of its own, and what the fixture backends remember.
#[derive(Debug)]
pub(crate) struct Driver {
    snapshot: Snapshot,
    machine: Machine,
    now: Timestamp,
    backends: Backends,
    /// What every response has, names in lower case.
    response_headers: BTreeMap<String, String>,
}

/// The fixture backends of the suite.
#[derive(Debug, Default)]
struct Backends {
    /// Calls of `/retry/…` by their `uuid`.
    calls: BTreeMap<String, u32>,
}

impl Driver {
    /// Fixture backends whose responses have these headers.
    pub(crate) fn new(
        snapshot: &[u8],
        response_headers: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let snapshot = Snapshot::decode(snapshot).map_err(|error| error.to_string())?;
        let pairs = response_headers.iter();
        let lower = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        Ok(Self {
            machine: Machine::new(snapshot.clone(), SEED),
            snapshot,
            now: Timestamp::from_millis(1_000),
            backends: Backends::default(),
            response_headers: lower.collect(),
        })
    }
}

impl Host for Driver {
    /// A machine that has learned nothing, with other dice.
    fn restart(&mut self, turn: u32) -> Result<(), String> {
        self.machine = Machine::new(self.snapshot.clone(), SEED.wrapping_add(u64::from(turn)));
        Ok(())
    }

    fn ask(&mut self, request: &Asked, expect: &Expect) -> Result<Answer, String> {
        let Self { machine, now, backends, response_headers, .. } = self;
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let Asked { host, headers, .. } = request;
        let wanted: Vec<String> = machine
            .snapshot()
            .routes()
            .headers()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let values: Vec<Option<&[u8]>> =
            wanted.iter().map(|name| headers.get(name).map(String::as_bytes)).collect();
        let head = Request {
            host: host.as_bytes(),
            path: path.as_bytes(),
            query: query.as_bytes(),
            method: Method::from_name(request.method.as_bytes()),
            headers: &values,
            body: Body::None,
            caller: Caller { https: request.tls, ..Caller::default() },
        };
        let mut events: Vec<Event> = Vec::new();
        let mut step = machine.begin(&head, *now, &mut events);
        let mut answer = Answer { mirrored: mirrored(machine), ..Answer::default() };
        let mut rewritten: Option<String> = None;
        for _ in 0..STEPS_MAX {
            step = match step {
                Step::Send(send) => {
                    if send.rewritten && send.attempt == 1 {
                        rewritten = Some(String::from_utf8_lossy(machine.text()).into_owned());
                    }
                    let path = rewritten.as_deref().unwrap_or(path);
                    let sent = sent(machine, &send, request, (path, query));
                    let (outcome, took) = backends.answer(&sent, send.timeout);
                    if let Outcome::Response { status, .. } = outcome {
                        answer.status = status;
                        answer.response_headers = response_headers.clone();
                        answer.response_headers.extend(responded(&sent));
                        edit(machine, send.backend, 1, &mut answer.response_headers);
                        if status == 101 {
                            // the brain is done with it; the fixture backend echoes what it gets
                            answer.echoed.clone_from(&expect.websocket_echo);
                        }
                    }
                    answer.sent = Some(sent);
                    *now = now.saturating_add(took);
                    machine.resume(send.ticket, outcome, 0, *now, &mut events)
                }
                Step::Wait(wait) => {
                    *now = now.saturating_add(wait.delay);
                    machine.resume(wait.ticket, Outcome::Waited, 0, *now, &mut events)
                }
                Step::Deliver | Step::Pending => return Ok(answer),
                Step::Respond(respond) => {
                    answer.status = respond.status;
                    answer.reason = Some(respond.reason.name().to_owned());
                    answer.location = respond
                        .location
                        .then(|| String::from_utf8_lossy(machine.text()).into_owned());
                    return Ok(answer);
                }
            };
        }
        Err(format!("no answer after {STEPS_MAX} steps"))
    }
}

impl Backends {
    /// What the fixture backend answers, and how long it takes.
    fn answer(&mut self, sent: &Sent, timeout: Micros) -> (Outcome, Micros) {
        let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.clone().find(|(own, _)| *own == name).map(|(_, value)| value)
        };
        let mut delay = value("delay").map_or(Micros::ZERO, duration);
        let upgrade = sent.headers.get("upgrade").is_some_and(|value| value == "websocket");
        let mut outcome = Outcome::status(if upgrade && path == "/ws" { 101 } else { 200 });
        if let Some(status) = path.strip_prefix("/status/").and_then(|status| status.parse().ok()) {
            outcome = Outcome::status(status);
        }
        if path.starts_with("/retry/") {
            let calls = self.calls.entry(value("uuid").unwrap_or("").to_owned()).or_default();
            *calls += 1;
            let failures = value("succeedAfter").and_then(|text| text.parse().ok()).unwrap_or(0);
            if *calls <= failures {
                delay = value("delayRetry").map_or(Micros::ZERO, duration);
                outcome = match value("responseCode").and_then(|code| code.parse().ok()) {
                    Some(code) => Outcome::status(code),
                    None => Outcome::Reset,
                };
            }
        }
        let took = delay.max(Micros::from_millis(1));
        if took > timeout { (Outcome::Timeout, timeout) } else { (outcome, took) }
    }
}

/// The services that get a copy of the request that was begun last.
fn mirrored(machine: &Machine) -> Vec<String> {
    let (notes, snapshot) = (machine.notes(), machine.snapshot());
    let drawn = (0..u32::BITS).filter(|bit| notes.mirrors >> bit & 1 == 1);
    let mirrors = drawn.filter_map(|bit| snapshot.mirrors().get(notes.first_mirror + bit));
    let backends = mirrors.filter_map(|mirror| snapshot.backends().get(mirror.backend));
    let services = backends.filter_map(|backend| snapshot.services().get(backend.service));
    services.map(|one| String::from_utf8_lossy(snapshot.text(one.name)).into_owned()).collect()
}

/// What a host would send.
fn sent(machine: &Machine, send: &Send, request: &Asked, (path, query): (&str, &str)) -> Sent {
    let snapshot = machine.snapshot();
    let text = |text| String::from_utf8_lossy(snapshot.text(text)).into_owned();
    let service = snapshot
        .endpoints()
        .get(send.endpoint)
        .and_then(|endpoint| snapshot.services().get(endpoint.service))
        .map(|service| text(service.name));
    let rewrite = snapshot
        .backends()
        .get(send.backend)
        .filter(|backend| backend.rewrite != NONE)
        .and_then(|backend| snapshot.rewrites().get(backend.rewrite))
        .map(|rewrite| text(rewrite.host));
    let mut headers = request.headers.clone();
    edit(machine, send.backend, 0, &mut headers);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Sent {
        service: service.unwrap_or_default(),
        host: rewrite.filter(|host| !host.is_empty()).unwrap_or_else(|| request.host.clone()),
        method: request.method.clone(),
        path: format!("{path}{query}"),
        headers,
    }
}

/// Applies the header edits of one side: 0 = of the request, 1 = of the response.
fn edit(machine: &Machine, backend: u32, side: u8, headers: &mut BTreeMap<String, String>) {
    let snapshot = machine.snapshot();
    let Some(backend) = snapshot.backends().get(backend) else { return };
    for edit in snapshot.edits().run(backend.edits).filter(|edit| edit.side == side) {
        let name = String::from_utf8_lossy(snapshot.text(edit.name)).into_owned();
        let value = String::from_utf8_lossy(snapshot.text(edit.value)).into_owned();
        match edit.action {
            0 => drop(headers.insert(name, value)),
            1 => {
                let entry = headers.entry(name);
                entry.and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
            }
            _ => drop(headers.remove(&name)),
        }
    }
}

/// The response headers that a request asks the fixture for.
fn responded(sent: &Sent) -> BTreeMap<String, String> {
    let asked = sent.headers.get("x-echo-set-header").map_or("", String::as_str);
    let pairs = asked.split(',').filter_map(|pair| pair.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

fn duration(text: &str) -> Micros {
    let ms = text.strip_suffix("ms").and_then(|number| number.parse().ok());
    let seconds = text.strip_suffix('s').and_then(|number| number.parse::<u64>().ok());
    ms.map(Micros::from_millis).or_else(|| seconds.map(Micros::from_secs)).unwrap_or(Micros::ZERO)
}
