//! A host over the machine: what it is told goes in, what it would do comes out as a JSON value.

use std::collections::BTreeMap;

use mesh_core::{
    event::{Event, EventKind},
    machine::{Machine, Outcome, Request, Respond, Step, Ticket},
    method::{Method, MethodSet},
    path,
    reason::{Denial, Reason},
    route::HandlerList,
    snapshot::{Snapshot, tables::NONE},
    time::Timestamp,
};
use serde_json::{Value, json};

use super::{notes, requests::Parts};

/// Scripts count from here, in ms: a machine whose time begins at 0 takes it for unknown.
const ORIGIN_MS: u64 = 1_000_000;

pub(super) struct Host {
    pub(super) machine: Machine,
    pub(super) events: Vec<Event>,
    tickets: BTreeMap<String, u32>,
    handlers: Option<HandlerList>,
    /// The sticky cookie that was set last, as a request sends it.
    cookie: String,
    origin: u64,
    routed: bool,
}

impl Host {
    /// A machine with the dice of the case's seed, then its Snapshot.
    pub(super) fn of(case: &Value, document: &Value) -> Self {
        let mut host = Self {
            machine: Machine::new(Snapshot::default(), 0),
            events: Vec::new(),
            tickets: BTreeMap::new(),
            cookie: String::new(),
            handlers: case["handlers"].as_array().map(|lines| handlers(lines)),
            origin: case["origin"].as_u64().unwrap_or(ORIGIN_MS),
            routed: false,
        };
        host.machine.seed(case["seed"].as_u64().unwrap_or(1));
        host.load(document, 0);
        host.events.clear();
        host
    }

    pub(super) fn load(&mut self, document: &Value, at: u64) {
        let compiled = mesh_config::compile_json(&document.to_string());
        let compiled = compiled.unwrap_or_else(|found| panic!("{document}\n{found}"));
        let now = self.now(at);
        self.machine.load(compiled.snapshot, now, &mut self.events).unwrap();
        self.routed = document.get("routing").is_some();
    }

    pub(super) fn now(&self, at: u64) -> Timestamp {
        Timestamp::from_millis(self.origin + at)
    }

    /// Begins a request under `name`; `place` is its place among others of one step.
    pub(super) fn begin(&mut self, name: &str, step: &Value, place: usize) -> Value {
        let at = step["at"].as_u64().unwrap_or(0);
        self.begin_at(name, step, &Parts::of(step, place), at)
    }

    /// Begins a request with that path.
    pub(super) fn begin_path(&mut self, name: &str, step: &Value, path: &[u8]) -> Value {
        let parts = Parts { path: path.to_vec(), ..Parts::of(&json!({}), 0) };
        self.begin_at(name, step, &parts, 0)
    }

    pub(super) fn begin_at(&mut self, name: &str, step: &Value, parts: &Parts, at: u64) -> Value {
        let now = self.now(at);
        let names: Vec<Vec<u8>> =
            self.machine.snapshot().routes().headers().map(<[u8]>::to_vec).collect();
        let value = |name: &Vec<u8>| {
            let text = parts.headers[String::from_utf8_lossy(name).as_ref()].as_str()?;
            Some(text.replace("{cookie}", &self.cookie))
        };
        let values: Vec<Option<String>> = names.iter().map(value).collect();
        let headers: Vec<Option<&[u8]>> =
            values.iter().map(|value| value.as_deref().map(str::as_bytes)).collect();
        let request = Request {
            host: parts.host.as_bytes(),
            path: &parts.path,
            query: parts.query.as_bytes(),
            method: parts.method,
            headers: &headers,
            body: parts.body,
            caller: parts.caller,
        };
        let by_name = step["service"].as_str().map(str::as_bytes);
        let script = step.get("begin").or_else(|| step.get("run")).is_some();
        if let Some(mirror) = step["of"].as_u64() {
            let mut scratch = Vec::new();
            let path = path::normal(request.path, &mut scratch).unwrap();
            let mirror = mirror.try_into().unwrap();
            let next = self.machine.begin_mirror_at(mirror, &request, path, now, &mut self.events);
            return self.begun(name, next);
        }
        if by_name.is_some() || script && !self.routed {
            let number =
                by_name.map_or(Some(0), |name| self.machine.snapshot().service_number(name));
            let next =
                self.machine.begin_service(number.unwrap_or(NONE), &request, now, &mut self.events);
            return self.begun(name, next);
        }
        let mut allow = MethodSet::NONE;
        let mut scratch = Vec::new();
        let path = match path::normal(request.path, &mut scratch) {
            Ok(path) => path,
            Err(error) => {
                let mut seen = answered(error.into(), b"");
                seen["lastWord"] = json!(false);
                return seen;
            }
        };
        if let Some(list) = &self.handlers {
            match list.find(request.method, path.as_bytes()) {
                Ok(number) => return local(list, number, path.as_bytes()),
                Err(methods) => allow = methods,
            }
        }
        let next = self.machine.begin_at(&request, path, now, &mut self.events);
        let unrouted = matches!(next, Step::Respond(Respond { reason: Reason::NoRoute, .. }));
        if unrouted && allow != MethodSet::NONE {
            return not_allowed(allow);
        }
        self.begun(name, next)
    }

    /// What is seen of a first step, with its notes.
    fn begun(&mut self, name: &str, next: Step) -> Value {
        let notes = notes::seen(&self.machine);
        if let Some(value) = self.machine.notes().cookie {
            let cookie = notes["cookie"]["name"].as_str().unwrap();
            self.cookie = format!("{cookie}={value:016x}");
        }
        let mut seen = self.seen(name, next);
        seen["notes"] = notes;
        seen
    }

    /// Tells that the attempt of `first` is slow; `name` is that of the other attempt.
    pub(super) fn hedge(&mut self, first: &str, name: &str, waiting: u8, at: u64) -> Value {
        let ticket = self.tickets.get(first).copied().unwrap_or(NONE);
        let now = self.now(at);
        let next = self.machine.hedge(ticket, waiting, now, &mut self.events);
        self.seen(name, next)
    }

    pub(super) fn resume(&mut self, name: &str, outcome: Outcome, waiting: u8, at: u64) -> Value {
        let ticket = Ticket::from_raw(self.tickets.get(name).copied().unwrap_or(NONE));
        let now = self.now(at);
        let next = self.machine.resume(ticket, outcome, waiting, now, &mut self.events);
        self.seen(name, next)
    }

    pub(super) fn abandon(&mut self, name: &str, at: u64) {
        let ticket = Ticket::from_raw(self.tickets.get(name).copied().unwrap_or(NONE));
        let now = self.now(at);
        self.machine.abandon(ticket, now, &mut self.events);
    }

    /// Ends a request whose outcome does not matter.
    pub(super) fn forget(&mut self, name: &str) {
        self.abandon(name, 0);
        self.tickets.remove(name);
        self.events.clear();
    }

    /// The events since the last call, as `kind:code`.
    pub(super) fn drain(&mut self) -> Vec<String> {
        self.events.drain(..).map(|event| named(&event)).collect()
    }

    pub(super) fn address(&self, endpoint: u32) -> String {
        let snapshot = self.machine.snapshot();
        let row = snapshot.endpoints().get(endpoint).unwrap();
        String::from_utf8_lossy(snapshot.text(row.address)).into_owned()
    }

    fn seen(&mut self, name: &str, next: Step) -> Value {
        match next {
            Step::Deliver => json!({ "step": "deliver", "lastWord": self.machine.is_last_word() }),
            Step::Pending => json!({ "step": "pending" }),
            Step::Respond(answer) => {
                let mut seen = answered(answer, self.machine.text());
                seen["lastWord"] = json!(self.machine.is_last_word());
                if let Some(row) = self.machine.snapshot().backends().get(answer.backend) {
                    seen["body"] = json!(notes::text(&self.machine, row.body));
                    seen["edits"] = json!(notes::edits(&self.machine, row.edits));
                }
                seen
            }
            Step::Wait(wait) => {
                self.tickets.insert(name.to_owned(), wait.ticket.into_raw());
                json!({ "step": "wait", "delay": wait.delay.as_millis_ceil() })
            }
            Step::Send(send) => {
                let snapshot = self.machine.snapshot();
                let text = |text| String::from_utf8_lossy(snapshot.text(text)).into_owned();
                let endpoint = snapshot.endpoints().get(send.endpoint).unwrap();
                let backend = snapshot.backends().get(send.backend);
                let rewrite = backend.and_then(|row| snapshot.rewrites().get(row.rewrite));
                let edits = backend.map(|row| row.edits).unwrap_or_default();
                let seen = json!({
                    "step": "send",
                    "service": text(snapshot.services().get(endpoint.service).unwrap().name),
                    "endpoint": text(endpoint.address),
                    "attempt": send.attempt,
                    "timeout": millis(send.timeout.0 / 1_000),
                    "remaining": millis(send.remaining.0 / 1_000),
                    "rule": snapshot.rules().get(send.rule).map(|rule| text(rule.name)),
                    "path": send.rewritten.then(|| String::from_utf8_lossy(self.machine.text())),
                    "host": rewrite.map(|row| text(row.host)).filter(|host| !host.is_empty()),
                    "edits": notes::edits(&self.machine, edits),
                    "keepBody": send.keep_body,
                    "fallback": send.fallback,
                    "hedge": millis(send.hedge.as_millis_ceil()),
                });
                self.tickets.insert(name.to_owned(), send.ticket.into_raw());
                seen
            }
        }
    }
}

/// What a timer can hold; 0 = none.
fn millis(ms: u64) -> u64 {
    if ms < 0x7fff_ffff { ms } else { 0 }
}

fn answered(answer: Respond, text: &[u8]) -> Value {
    let location = answer.location.then(|| String::from_utf8_lossy(text));
    json!({ "step": "respond", "status": answer.status, "reason": answer.reason.name(), "location": location })
}

/// The answer that hosts make of a path that only other methods have.
fn not_allowed(methods: MethodSet) -> Value {
    let named = Method::NAMED.into_iter().filter(|(method, _)| methods.contains(*method));
    let allow: Vec<&str> = named.map(|(_, name)| name).collect();
    json!({ "step": "respond", "status": 405, "reason": "method_not_allowed", "location": allow.join(", "), "lastWord": false })
}

fn local(list: &HandlerList, number: u32, path: &[u8]) -> Value {
    let mut params = Vec::new();
    list.param_spans(number, path, |start, len| {
        let bytes = &path[start as usize..(start + len) as usize];
        params.push(String::from_utf8_lossy(bytes).into_owned());
    });
    json!({ "step": "local", "handler": number, "params": params, "path": String::from_utf8_lossy(path) })
}

/// Lines of a handler table: `GET,POST /users/{id}`, or a pattern alone.
fn handlers(lines: &[Value]) -> HandlerList {
    let mut list = HandlerList::default();
    for line in lines {
        let line = line.as_str().unwrap();
        let (methods, pattern) = line.split_once(' ').unwrap_or(("", line));
        let methods = methods.split(',').filter(|name| !name.is_empty());
        let set = methods
            .fold(MethodSet::NONE, |set, name| set.union(Method::from_name(name.as_bytes()).bit()));
        list.add(set, pattern.as_bytes()).unwrap();
    }
    list
}

fn named(event: &Event) -> String {
    let kind = EventKind::NAMES[event.kind as usize];
    let codes: &[&str] = match kind {
        "attempt_end" | "request_end" | "mirror_end" | "fallback" | "fallback_failed" => {
            Reason::NAMES
        }
        "retry_denied" => Denial::NAMES,
        "breaker_opened" | "breaker_half_open" | "breaker_closed" => {
            &mesh_core::breaker::TransitionReason::NAMES
        }
        _ => return kind.to_owned(),
    };
    format!("{kind}:{}", codes[usize::from(event.code)])
}
