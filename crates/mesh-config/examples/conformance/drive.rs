//! One request through the machine, with a fixture backend in place of the network.

use std::collections::BTreeMap;

use mesh_core::{
    event::Event,
    machine::{Body, Caller, Machine, Outcome, Request, Send, Step},
    method::Method,
    snapshot::tables::NONE,
    time::{Micros, Timestamp},
};

use crate::case;

/// Most steps of a request; a machine that goes on past it is stuck.
const STEPS_MAX: usize = 100;

/// What came of a request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Why the mesh answered itself.
    pub(crate) reason: &'static str,
    pub(crate) location: Option<String>,
    /// What the last attempt sent.
    pub(crate) sent: Option<Sent>,
    pub(crate) response_headers: BTreeMap<String, String>,
}

/// What a backend saw.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Our name of the service.
    pub(crate) service: String,
    pub(crate) host: String,
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

/// A clock of its own and what the fixture backends remember.
#[derive(Debug)]
pub(crate) struct Driver {
    now: Timestamp,
    /// Calls of `/retry/…` by their `uuid`.
    calls: BTreeMap<String, u32>,
    /// What every response has, names in lower case.
    response_headers: BTreeMap<String, String>,
}

impl Driver {
    /// Fixture backends whose responses have these headers.
    pub(crate) fn new(response_headers: &BTreeMap<String, String>) -> Self {
        Self {
            now: Timestamp::from_millis(1_000),
            calls: BTreeMap::new(),
            response_headers: lower(response_headers),
        }
    }

    /// Drives one request to its answer.
    pub(crate) fn drive(
        &mut self,
        machine: &mut Machine,
        request: &case::Request,
    ) -> Result<Answer, String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let path = if path.is_empty() { "/" } else { path };
        let host = request.host.as_deref().unwrap_or("gateway.example");
        let headers = lower(&request.headers);
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
        let mut step = machine.begin(&head, self.now, &mut events);
        let mut answer = Answer::default();
        let mut rewritten: Option<String> = None;
        for _ in 0..STEPS_MAX {
            step = match step {
                Step::Send(send) => {
                    if send.rewritten && send.attempt == 1 {
                        rewritten = Some(String::from_utf8_lossy(machine.text()).into_owned());
                    }
                    let path = rewritten.as_deref().unwrap_or(path);
                    let sent = sent(machine, &send, request, (host, path, query), &headers);
                    let (outcome, took) = self.backend(&sent, send.timeout);
                    if let Outcome::Response { status, .. } = outcome {
                        answer.status = status;
                        answer.response_headers = self.response_headers.clone();
                        answer.response_headers.extend(responded(&sent));
                        edit(machine, send.backend, 1, &mut answer.response_headers);
                    }
                    answer.sent = Some(sent);
                    self.now = self.now.saturating_add(took);
                    machine.resume(send.ticket, outcome, 0, self.now, &mut events)
                }
                Step::Wait(wait) => {
                    self.now = self.now.saturating_add(wait.delay);
                    machine.resume(wait.ticket, Outcome::Waited, 0, self.now, &mut events)
                }
                Step::Deliver | Step::Pending => return Ok(answer),
                Step::Respond(respond) => {
                    answer.status = respond.status;
                    answer.reason = respond.reason.name();
                    answer.location = respond
                        .location
                        .then(|| String::from_utf8_lossy(machine.text()).into_owned());
                    return Ok(answer);
                }
            };
        }
        Err(format!("no answer after {STEPS_MAX} steps"))
    }

    /// The fixture backend of the suite: what it answers and how long it takes.
    fn backend(&mut self, sent: &Sent, timeout: Micros) -> (Outcome, Micros) {
        let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.clone().find(|(own, _)| *own == name).map(|(_, value)| value)
        };
        let mut delay = value("delay").map_or(Micros::ZERO, duration);
        let mut outcome = Outcome::status(200);
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

/// What a host would send.
fn sent(
    machine: &Machine,
    send: &Send,
    request: &case::Request,
    (host, path, query): (&str, &str, &str),
    headers: &BTreeMap<String, String>,
) -> Sent {
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
    let mut headers = headers.clone();
    edit(machine, send.backend, 0, &mut headers);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Sent {
        service: service.unwrap_or_default(),
        host: rewrite.filter(|host| !host.is_empty()).unwrap_or_else(|| host.to_owned()),
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

fn lower(headers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let pairs = headers.iter();
    pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
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
