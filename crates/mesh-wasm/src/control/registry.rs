//! The brain of a registry object: who is there, what is configured, and what is to be published.
//!
//! Its host stores what comes in before it answers, and makes this anew from what it stored: a trap
//! or an eviction loses nothing. Times are in ms since 1970.

use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};

use mesh_config::{
    defaults,
    diagnostic::Diagnostics,
    document::{Address, AddressKind, Document, HealthCheckSettings, Registration},
};
use mesh_core::{
    dice::SeededDice,
    time::{Micros, Timestamp},
};
use mesh_registry::{
    checks::{CheckState, Verdict},
    leases,
    record::Identity,
    registry::Registry,
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::{
    convert::{
        config, document_of, findings, micros, millis, name, refusal, refused, timestamp, verdict,
        whole,
    },
    list, listing, node_of, object,
    outcome::{CheckRow, CheckVerdict, Probe, Registered, RegisteredState, Renewed, Work},
    publication, records,
};

/// See the head of this file.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RegistryBrain {
    pub(super) registry: Registry,
    pub(super) document: Document,
    /// The configuration of a rollout, beside the one in use.
    candidate: Option<Document>,
    /// Names of the bindings that the host can ask.
    reachable: Vec<String>,
    pub(super) dice: SeededDice,
}

#[wasm_bindgen]
impl RegistryBrain {
    /// Nobody, and an empty configuration. `seed` is any whole number; `reachable` names the bindings
    /// through which the host can ask endpoints for their health, besides URLs.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(seed: f64, reachable: Vec<String>) -> Self {
        Self {
            registry: Registry::new(),
            document: Document::default(),
            candidate: None,
            reachable,
            dice: SeededDice::new(whole(seed)),
        }
    }

    /// Takes a configuration into use. Where it cannot be read nothing changes; whether it compiles was
    /// found before it was stored, and shows again when it is published.
    #[wasm_bindgen(unchecked_return_type = "Diagnostic[]")]
    pub fn configure(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue,
        now: f64,
    ) -> JsValue {
        let taken = document_of(document).map(|document| {
            self.registry.configure(records::of_document(&document));
            self.document = document;
            self.check_all(timestamp(now));
            self.share();
        });
        object(&findings(taken))
    }

    /// Takes a configuration as the candidate of a rollout, in the same way; `undefined` ends one.
    #[wasm_bindgen(unchecked_return_type = "Diagnostic[]")]
    pub fn stage(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Document | undefined")] document: JsValue,
    ) -> JsValue {
        let staged = (!document.is_undefined()).then(|| document_of(document)).transpose();
        let taken = staged.map(|candidate| {
            self.candidate = candidate;
            self.registry.touch();
        });
        object(&findings(taken))
    }

    /// Registers an endpoint, or renews it.
    #[wasm_bindgen(unchecked_return_type = "Registered")]
    pub fn register(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] registration: JsValue,
        now: f64,
    ) -> JsValue {
        let read = node_of(registration).and_then(|node| Registration::decode(&node));
        let done = read.and_then(|read| self.take(read, timestamp(now)));
        object(&done.unwrap_or_else(|found| refused(list(&found))))
    }

    /// Takes a stored registration in again. `expires_at` is when its lease ends.
    pub fn restore(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Registration")] registration: JsValue,
        expires_at: Option<f64>,
        now: f64,
    ) -> bool {
        let read = node_of(registration).and_then(|node| Registration::decode(&node));
        let Ok(registration) = read else { return false };
        let ttl = registration.ttl.map(|ttl| ttl.micros());
        let since = match (expires_at, ttl) {
            (Some(at), Some(ttl)) => Timestamp::from_micros(micros(at).saturating_sub(ttl.0)),
            _ => timestamp(now),
        };
        let record = records::of_registration(&registration);
        let identity = record.identity();
        let taken = self.registry.register(record, ttl, since).is_ok();
        self.check_one(identity, timestamp(now));
        taken
    }

    /// Takes heartbeats.
    #[wasm_bindgen(unchecked_return_type = "Renewed[]")]
    pub fn renew(&mut self, ids: Vec<String>, now: f64) -> JsValue {
        let renewed = ids.into_iter().map(|id| {
            let endpoint = Identity::parse(&id);
            let done = endpoint.map(|endpoint| self.registry.renew(endpoint, timestamp(now)));
            let expires_at = endpoint.and_then(|endpoint| self.expires_at(endpoint));
            Renewed { id, ok: done.is_some_and(|done| done.is_ok()), expires_at }
        });
        object(&renewed.collect::<Vec<_>>())
    }

    /// Takes registrations back; the endpoints that were there.
    #[wasm_bindgen(unchecked_return_type = "EndpointName[]")]
    pub fn deregister(&mut self, ids: Vec<String>) -> JsValue {
        let gone = ids.iter().filter_map(|id| self.registry.deregister(Identity::parse(id)?));
        object(&gone.map(|record| name(&record)).collect::<Vec<_>>())
    }

    /// What is to be done now.
    #[wasm_bindgen(unchecked_return_type = "Work")]
    pub fn wake(&mut self, now: f64) -> JsValue {
        let work = self.registry.wake(timestamp(now), &mut self.dice);
        let probes = work.probes.iter().filter_map(|endpoint| self.probe(*endpoint));
        object(&Work {
            probes: probes.collect(),
            expired: work.lost.iter().map(name).collect(),
            returned: work.returned.iter().map(name).collect(),
        })
    }

    /// When there is something to do, if nobody calls before; may be over already.
    #[wasm_bindgen(js_name = nextWake)]
    #[must_use]
    pub fn next_wake(&self) -> Option<f64> {
        self.registry.next_wake().map(millis)
    }

    /// Takes what a check came to: the status of the answer, `undefined` = there was none. True where
    /// that changes what is published.
    pub fn probed(&mut self, id: &str, status: Option<u16>) -> bool {
        let Some(endpoint) = Identity::parse(id) else { return false };
        let passed = self
            .settings(endpoint)
            .is_some_and(|settings| status.is_some_and(|status| settings.expects(status)));
        self.registry.probed(endpoint, passed)
    }

    /// What is known of the checked endpoints, to be stored.
    #[wasm_bindgen(unchecked_return_type = "CheckRow[]")]
    #[must_use]
    pub fn checks(&self) -> JsValue {
        let rows = self.registry.check_states().map(|(endpoint, state)| CheckRow {
            id: endpoint.to_string(),
            verdict: verdict(state.verdict),
            against: state.against,
            next: millis(state.next),
        });
        object(&rows.collect::<Vec<_>>())
    }

    /// Goes on with stored checks. What cannot be read is as if it had not been stored.
    #[wasm_bindgen(js_name = restoreChecks)]
    pub fn restore_checks(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "readonly CheckRow[]")] rows: JsValue,
    ) {
        let rows: Vec<CheckRow> = serde_wasm_bindgen::from_value(rows).unwrap_or_default();
        for row in rows {
            let Some(endpoint) = Identity::parse(&row.id) else { continue };
            let verdict = match row.verdict {
                CheckVerdict::Unknown => Verdict::Unknown,
                CheckVerdict::Healthy => Verdict::Healthy,
                CheckVerdict::Unhealthy => Verdict::Unhealthy,
            };
            let state = CheckState { verdict, against: row.against, next: timestamp(row.next) };
            self.registry.restore_check(endpoint, state);
        }
    }

    /// Goes on as the stored version, of which `published` was published last.
    pub fn resume(&mut self, version: f64, published: f64) {
        self.registry.resume(whole(version), whole(published));
    }

    /// Another number whenever there is something else to publish.
    #[wasm_bindgen(getter)]
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 changes")]
    pub fn version(&self) -> f64 {
        self.registry.version() as f64
    }

    /// Makes another version, where something that is published with it changed.
    pub fn touch(&mut self) {
        self.registry.touch();
    }

    /// True where there is something to publish, and it may be.
    #[wasm_bindgen(js_name = isDue)]
    #[must_use]
    pub fn is_due(&self, now: f64) -> bool {
        self.registry.is_due(timestamp(now))
    }

    /// What is to be published now, as its own version or as another one.
    #[wasm_bindgen(unchecked_return_type = "Made")]
    #[must_use]
    pub fn publication(&self, version: Option<f64>) -> JsValue {
        let candidate = self.candidate.as_ref();
        let version = version.map_or_else(|| self.registry.version(), whole);
        object(&publication::of(&self.registry, &self.document, candidate, version))
    }

    /// Takes note that a version was published, or that it holds nothing new.
    pub fn published(&mut self, version: f64, now: f64) {
        self.registry.published(whole(version), timestamp(now));
    }

    /// Publishes nothing before that time, such as after publishing failed.
    pub fn postpone(&mut self, until: f64) {
        self.registry.postpone(timestamp(until));
    }

    /// The endpoints of all services.
    #[wasm_bindgen(unchecked_return_type = "ListedEndpoint[]")]
    #[must_use]
    pub fn endpoints(&self) -> JsValue {
        object(&listing::of(&self.registry, &self.document))
    }
}

impl RegistryBrain {
    fn take(
        &mut self,
        registration: Registration,
        now: Timestamp,
    ) -> Result<Registered, Diagnostics> {
        let record = records::of_registration(&registration);
        let identity = record.identity();
        let ttl = registration.ttl.map(|ttl| ttl.micros());
        let done = self.registry.register(record, ttl, now).map_err(|error| refusal(&error))?;
        self.check_one(identity, now);
        Ok(Registered {
            ok: true,
            id: Some(identity.to_string()),
            state: Some(match done {
                leases::Registered::New => RegisteredState::New,
                leases::Registered::Changed => RegisteredState::Changed,
                leases::Registered::Renewed => RegisteredState::Renewed,
            }),
            expires_at: self.expires_at(identity),
            registration: Some(registration),
            diagnostics: Vec::new(),
        })
    }

    /// Checks every endpoint by what the configuration says now.
    fn check_all(&mut self, now: Timestamp) {
        let known: Vec<Identity> =
            self.registry.endpoints().map(|known| known.record.identity()).collect();
        for endpoint in known {
            self.check_one(endpoint, now);
        }
    }

    fn check_one(&mut self, endpoint: Identity, now: Timestamp) {
        let can = self.registry.get(endpoint).is_some_and(|record| self.reaches(&record.address));
        match self.settings(endpoint).filter(|_| can) {
            Some(settings) => {
                self.registry.check(endpoint, config(&settings), now);
            }
            None => self.registry.uncheck(endpoint),
        }
    }

    fn settings(&self, endpoint: Identity) -> Option<HealthCheckSettings> {
        let service = self.document.services.get(&self.registry.get(endpoint)?.service)?;
        Some(service.health_check.as_ref()?.settings())
    }

    fn reaches(&self, address: &str) -> bool {
        let Ok(address) = Address::parse(address) else { return false };
        if matches!(address.kind(), AddressKind::Https | AddressKind::Http) {
            return true;
        }
        let name = address.as_str().split(':').nth(1).unwrap_or("");
        let name = name.split(['/', '#']).next().unwrap_or("");
        address.kind() != AddressKind::Local && self.reachable.iter().any(|known| known == name)
    }

    fn probe(&self, endpoint: Identity) -> Option<Probe> {
        let settings = self.settings(endpoint)?;
        let timeout = settings.timeout.map_or_else(
            || Micros::from_millis(defaults::HEALTH_TIMEOUT_MS),
            |timeout| timeout.micros(),
        );
        Some(Probe {
            id: endpoint.to_string(),
            address: self.registry.get(endpoint)?.address.clone(),
            path: settings.path.as_str().to_owned(),
            timeout_ms: timeout.as_secs_f64() * 1_000.0,
        })
    }

    fn expires_at(&self, endpoint: Identity) -> Option<f64> {
        self.registry.leases().until(endpoint).map(millis)
    }
}
