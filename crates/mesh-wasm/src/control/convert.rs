//! Between what crosses to a host and what the registry takes: times, identities, findings.

use alloc::{format, string::ToString as _, vec::Vec};

use mesh_config::{
    defaults,
    diagnostic::{Code, Diagnostic, Diagnostics},
    document::{Count, Document, HealthCheckSettings, Percent},
};
use mesh_core::time::{Micros, Timestamp};
use mesh_registry::{
    checks::{CheckConfig, Verdict},
    leases::LeaseError,
    record::Record,
};
use wasm_bindgen::prelude::JsValue;

use super::{
    list, node_of,
    outcome::{CheckVerdict, EndpointName, Registered},
};

/// A document of the right shape.
pub(super) fn document_of(document: JsValue) -> Result<Document, Diagnostics> {
    Document::decode(&node_of(document)?)
}

/// Why something was not taken; nothing where it was.
pub(super) fn findings(taken: Result<(), Diagnostics>) -> Vec<Diagnostic> {
    taken.err().map_or_else(Vec::new, |found| list(&found))
}

pub(super) const fn refused(diagnostics: Vec<Diagnostic>) -> Registered {
    Registered {
        ok: false,
        id: None,
        state: None,
        expires_at: None,
        registration: None,
        diagnostics,
    }
}

pub(super) fn refusal(error: &LeaseError) -> Diagnostics {
    match error {
        LeaseError::Record(error) => {
            let code = if error.field == "record" { Code::TooLarge } else { Code::OutOfRange };
            one(code, error.field, &error.found, error.expected)
        }
        LeaseError::Time(ttl) => {
            let found = format!("a lease of {ttl}");
            one(Code::OutOfRange, "ttl", &found, "5 s to 24 h, or none")
        }
        LeaseError::Full | LeaseError::Unknown | _ => {
            one(Code::TooLarge, "", &error.to_string(), "fewer registrations")
        }
    }
}

fn one(code: Code, path: &str, found: &str, expected: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(Diagnostic::error(code, path, found, expected));
    diagnostics
}

pub(super) fn config(settings: &HealthCheckSettings) -> CheckConfig {
    let threshold = |count: Option<Count>, otherwise: u32| {
        u8::try_from(count.map_or(otherwise, Count::value)).unwrap_or(u8::MAX)
    };
    let interval = settings.interval.map_or_else(
        || Micros::from_millis(defaults::HEALTH_INTERVAL_MS),
        |interval| interval.micros(),
    );
    let jitter = settings.jitter.map_or(defaults::HEALTH_JITTER_PERCENT, Percent::value);
    CheckConfig {
        interval,
        jitter_permille: permille(jitter),
        unhealthy_threshold: threshold(settings.unhealthy_threshold, defaults::UNHEALTHY_THRESHOLD),
        healthy_threshold: threshold(settings.healthy_threshold, defaults::HEALTHY_THRESHOLD),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage is from 0 to 100"
)]
fn permille(percent: f64) -> u16 {
    (percent * 10.0) as u16
}

pub(super) fn name(record: &Record) -> EndpointName {
    EndpointName {
        id: record.identity().to_string(),
        service: record.service.clone(),
        address: record.address.clone(),
        version: record.version.clone(),
    }
}

pub(super) const fn verdict(verdict: Verdict) -> CheckVerdict {
    match verdict {
        Verdict::Unknown => CheckVerdict::Unknown,
        Verdict::Healthy => CheckVerdict::Healthy,
        Verdict::Unhealthy => CheckVerdict::Unhealthy,
    }
}

pub(super) fn timestamp(ms: f64) -> Timestamp {
    Timestamp::from_micros(micros(ms))
}

pub(super) fn micros(ms: f64) -> u64 {
    whole(ms * 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
pub(super) fn millis(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1_000.0
}

/// A whole number that crossed: a version, a count, microseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole where it matters, and a cast saturates"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number as u64
}
