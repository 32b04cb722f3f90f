//! What isolates share, as it crosses: their reports, what they hear, and who is ejected.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

use mesh_config::shared::SharedState;
use mesh_core::{outlier::EjectionReason, time::Micros};
use mesh_registry::{
    record::Identity,
    shared::{self, Change, Ejected, Hint, Reporter, SharedConfig},
};
use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::{
    convert::{micros, millis, name, timestamp, whole},
    object,
    outcome::EndpointName,
    registry::RegistryBrain,
};

/// What an isolate saw of a service since it told last.
#[derive(Debug, Deserialize, Tsify)]
pub(crate) struct ServiceReport {
    /// Requests that it began.
    requests: u32,
    /// The concurrency limit that it learned.
    #[tsify(optional)]
    #[serde(default)]
    limit: Option<u32>,
    /// The endpoints at which something happened.
    endpoints: Vec<EndpointReport>,
}

/// What an isolate saw of an endpoint since it told last.
#[derive(Debug, Deserialize, Tsify)]
pub(crate) struct EndpointReport {
    /// Its address.
    address: String,
    /// Its version, empty = none.
    version: String,
    /// Attempts that began.
    attempts: u32,
    /// Attempts that failed.
    failures: u32,
    /// How often its breaker opened.
    opened: u32,
    /// Whether its breaker is not closed now.
    open: bool,
}

/// What an isolate may do until it tells again.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceHint {
    /// Its share of the retry budget's floor, 0 to 1.
    retry_share: f64,
    /// Where its concurrency limit begins; absent where it learned one, or nobody did.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
}

/// An endpoint that isolates leave out from now on.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct EjectedEndpoint {
    /// Which.
    endpoint: EndpointName,
    /// Why.
    reason: EjectedFor,
}

/// What came of a report.
#[derive(Debug, Default, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub(crate) struct Reported {
    /// Why it was not taken; absent where it was.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// By service, for those that share state.
    #[tsify(type = "Record<string, ServiceHint>")]
    hints: BTreeMap<String, ServiceHint>,
    /// Endpoints that were ejected.
    ejected: Vec<EjectedEndpoint>,
    /// Endpoints that came back.
    returned: Vec<EndpointName>,
}

/// Why isolates leave an endpoint out.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, Tsify)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EjectedFor {
    /// Its success rate is far below that of others.
    SuccessRate,
    /// Too many of its attempts failed.
    FailurePercentage,
    /// Its breaker opened in too many isolates.
    OpenBreakers,
}

/// An ejection, for people and tools.
#[derive(Debug, Serialize, Tsify)]
pub(crate) struct ListedEjection {
    /// Why.
    reason: EjectedFor,
    /// Until when, in ms since 1970.
    until: f64,
}

/// An ejection, to be stored.
#[derive(Debug, Deserialize, Serialize, Tsify)]
pub(crate) struct EjectionRow {
    /// The endpoint's identity.
    id: String,
    /// Why.
    reason: EjectedFor,
    /// Since when, in ms since 1970.
    at: f64,
    /// How many base times it lasts.
    times: u32,
}

#[wasm_bindgen]
impl RegistryBrain {
    /// Takes what an isolate saw of services since it told last. `isolate` is any whole number that
    /// tells it from others, and `every` how often it tells, in ms. A report that cannot be read
    /// changes nothing.
    #[wasm_bindgen(unchecked_return_type = "Reported")]
    pub fn report(
        &mut self,
        isolate: f64,
        every: f64,
        #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, ServiceReport>>")]
        services: JsValue,
        now: f64,
    ) -> JsValue {
        let services: BTreeMap<String, ServiceReport> =
            match serde_wasm_bindgen::from_value(services) {
                Ok(services) => services,
                Err(error) => {
                    let refused = Some(error.to_string());
                    return object(&Reported { refused, ..Reported::default() });
                }
            };
        if self.registry.shares_old() {
            self.share();
        }
        let reporter = Reporter { isolate: whole(isolate), every: Micros(micros(every)) };
        let (at, mut changes, mut hints) = (timestamp(now), Vec::new(), BTreeMap::new());
        for (service, report) in services {
            let report = taken(&service, report);
            let sink = &mut |change| changes.push(change);
            let dice = &mut self.dice;
            let hint = self.registry.report(reporter, &service, &report, at, dice, sink);
            hints.extend(hint.map(|hint| (service, told(&hint))));
        }
        let mut reported = Reported { hints, ..Reported::default() };
        for change in changes {
            match change {
                Change::Ejected(endpoint, reason) => {
                    let reason = EjectedFor::of(reason);
                    let named = self.named(endpoint);
                    reported
                        .ejected
                        .extend(named.map(|endpoint| EjectedEndpoint { endpoint, reason }));
                }
                Change::Returned(endpoint) => reported.returned.extend(self.named(endpoint)),
            }
        }
        object(&reported)
    }

    /// The endpoints that are ejected, to be stored.
    #[wasm_bindgen(unchecked_return_type = "EjectionRow[]")]
    #[must_use]
    pub fn ejections(&self) -> JsValue {
        let rows = self.registry.shared().ejections().map(|(endpoint, one)| EjectionRow {
            id: endpoint.to_string(),
            reason: EjectedFor::of(one.reason),
            at: millis(one.at),
            times: one.times,
        });
        object(&rows.collect::<Vec<_>>())
    }

    /// Goes on with stored ejections. What cannot be read is as if it had not been stored.
    #[wasm_bindgen(js_name = restoreEjections)]
    pub fn restore_ejections(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "readonly EjectionRow[]")] rows: JsValue,
    ) {
        let rows: Vec<EjectionRow> = serde_wasm_bindgen::from_value(rows).unwrap_or_default();
        if !rows.is_empty() {
            self.share();
        }
        for row in rows {
            let Some(endpoint) = Identity::parse(&row.id) else { continue };
            let at = timestamp(row.at);
            let ejected = Ejected { reason: row.reason.reason(), at, until: at, times: row.times };
            self.registry.restore_ejection(endpoint, ejected);
        }
    }
}

impl RegistryBrain {
    /// Goes by what the configuration says of each service, and by the endpoints of now.
    pub(super) fn share(&mut self) {
        let Self { registry, document, .. } = self;
        let named = document.services.keys().map(String::as_str);
        registry.share(named, |service| {
            let state = SharedState::of(document, service);
            SharedConfig {
                outliers: state.outliers,
                open_isolates_percent: state.open_isolates_percent,
                hints: state.state,
            }
        });
    }

    fn named(&self, endpoint: Identity) -> Option<EndpointName> {
        self.registry.get(endpoint).map(name)
    }
}

impl EjectedFor {
    /// What has an order among requests is not judged here.
    fn of(reason: EjectionReason) -> Self {
        let all = [Self::FailurePercentage, Self::OpenBreakers];
        all.into_iter().find(|one| one.reason() == reason).unwrap_or(Self::SuccessRate)
    }

    const fn reason(self) -> EjectionReason {
        match self {
            Self::SuccessRate => EjectionReason::SuccessRate,
            Self::FailurePercentage => EjectionReason::FailurePercentage,
            Self::OpenBreakers => EjectionReason::Known,
        }
    }
}

impl ListedEjection {
    pub(super) fn of(ejected: &Ejected) -> Self {
        Self { reason: EjectedFor::of(ejected.reason), until: millis(ejected.until) }
    }
}

fn taken(service: &str, report: ServiceReport) -> shared::ServiceReport {
    let endpoints = report.endpoints.into_iter().map(|one| shared::EndpointReport {
        endpoint: Identity::of(service, &one.address, &one.version),
        attempts: one.attempts,
        failures: one.failures,
        opened: one.opened,
        open: one.open,
    });
    shared::ServiceReport {
        requests: report.requests,
        limit: report.limit.filter(|limit| *limit > 0),
        endpoints: endpoints.collect(),
    }
}

const fn told(hint: &Hint) -> ServiceHint {
    ServiceHint { retry_share: hint.retry_share, concurrency: hint.concurrency }
}
