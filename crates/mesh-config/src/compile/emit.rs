//! A plan as the tables of a Snapshot.

use mesh_core::{
    balance::Algorithm,
    hash::xxh64,
    retry::budget::RetryBudgetConfig,
    route::{BuildError, MatchSpec, RouteTableBuilder},
    snapshot::{
        draft::SnapshotDraft,
        tables::{
            Backend, Edit, Endpoint, Health, Key, KeySource, NONE, Policy, Redirect, Rewrite, Rows,
            Rule, Service, Text, Transport,
        },
    },
};

use super::paths;
use crate::{
    diagnostic::{Code, Diagnostic},
    document::{
        Address, AddressKind, BalancerName, EndpointHealth, HashKey, HashOn, HashSource,
    },
    plan::{Filters, Plan, PlannedEndpoint, PlannedRule, PlannedService, Settings},
};

/// The bytes of the Snapshot, and what did not fit.
pub(super) fn snapshot(plan: &Plan) -> (Vec<u8>, Option<Diagnostic>) {
    let mut emitter = Emitter::default();
    let name = emitter.draft.text(&plan.name);
    emitter.draft.mesh.name = name;
    let done = emitter.all(plan);
    let Emitter { mut draft, builder } = emitter;
    draft.routes = builder.finish();
    let found = done.err().map(|error| {
        let found = error.to_string();
        Diagnostic::error(Code::TooLarge, "routing.rules", &found, "at most 64 header names")
    });
    (draft.encode(), found)
}

#[derive(Default)]
struct Emitter {
    draft: SnapshotDraft,
    builder: RouteTableBuilder,
}

impl Emitter {
    fn all(&mut self, plan: &Plan) -> Result<(), BuildError> {
        for (number, service) in (0u32..).zip(&plan.services) {
            self.service(number, service)?;
        }
        for (number, rule) in (0u32..).zip(&plan.rules) {
            self.rule(number, rule)?;
        }
        Ok(())
    }

    fn service(&mut self, number: u32, service: &PlannedService) -> Result<(), BuildError> {
        let start = count(&self.draft.endpoints);
        for (place, endpoint) in service.endpoints.iter().enumerate() {
            let same = |other: &&PlannedEndpoint| {
                other.address == endpoint.address && other.version == endpoint.version
            };
            let before = service.endpoints.iter().take(place).filter(same).count();
            self.endpoint(number, &service.name, endpoint, before);
        }
        let policy = self.policy(&service.settings)?;
        let row = Service {
            name: self.draft.text(&service.name),
            endpoints: Rows { start, len: count(&self.draft.endpoints).saturating_sub(start) },
            breaker: service.breaker,
            breaker_mode: service.breaker_mode as u8,
            policy,
            min_ready: service.min_ready,
            panic_percent: service.panic_percent,
            slow_start: service.slow_start,
            slow_start_min_percent: service.slow_start_min_percent,
            ..Service::default()
        };
        self.draft.services.push(row);
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "single precision places it to 1 m")]
    fn endpoint(&mut self, service: u32, name: &str, endpoint: &PlannedEndpoint, before: usize) {
        let version = endpoint.version.as_deref().unwrap_or("");
        let mut identity = format!("{name}\0{}\0{version}", endpoint.address);
        if before > 0 {
            // the same endpoint twice keeps two states
            identity.push_str(&format!("\0{before}"));
        }
        let degrees = endpoint
            .location
            .map(|place| (place.latitude.value() as f32, place.longitude.value() as f32));
        let (latitude, longitude) = degrees.unwrap_or_default();
        let row = Endpoint {
            service,
            key: xxh64(identity.as_bytes(), 0),
            address: self.draft.text(endpoint.address.as_str()),
            transport: transport(&endpoint.address) as u8,
            version: self.draft.text(version),
            weight: endpoint.weight,
            located: u8::from(degrees.is_some()),
            latitude,
            longitude,
            health: match endpoint.health {
                EndpointHealth::Healthy => Health::Healthy,
                EndpointHealth::Unhealthy => Health::Unhealthy,
                EndpointHealth::Draining => Health::Draining,
            } as u8,
            region: self.draft.text(endpoint.region.as_deref().unwrap_or("")),
            colo: self.draft.text(endpoint.colo.as_deref().unwrap_or("")),
            ..Endpoint::default()
        };
        self.draft.endpoints.push(row);
    }

    fn policy(&mut self, settings: &Settings) -> Result<u32, BuildError> {
        let hashes = settings.balancer == BalancerName::ConsistentHash;
        let hash = self.key(settings.hash_on.as_ref().filter(|_| hashes))?;
        // no budget: one retry for each request, and a floor that no isolate reaches
        let budget = settings.budget.unwrap_or(RetryBudgetConfig {
            permille: 1_000,
            floor_per_second: u16::MAX,
            ..RetryBudgetConfig::DEFAULT
        });
        let row = Policy {
            request_timeout: settings.request_timeout,
            attempt_timeout: settings.attempt_timeout,
            idle_timeout: settings.idle_timeout,
            retry: settings.retry,
            retry_after_max: settings.retry_after_max,
            body_max: settings.body_max,
            budget,
            balancer: algorithm(settings.balancer).as_u8(),
            hash,
            ..Policy::default()
        };
        Ok(intern(&mut self.draft.policies, row))
    }

    /// Where a key is taken from.
    fn key(&mut self, on: Option<&HashOn>) -> Result<Key, BuildError> {
        let of = |source: KeySource, header: u32, name: Text| {
            let header = u16::try_from(header).unwrap_or(u16::MAX);
            Key { source: source as u8, header, name }
        };
        let none = Text::default();
        Ok(match on {
            None => Key::default(),
            Some(HashOn::Source(HashSource::Path)) => of(KeySource::Path, 0, none),
            Some(HashOn::Source(HashSource::ClientAddress)) => {
                of(KeySource::Header, self.builder.header("cf-connecting-ip")?, none)
            }
            Some(HashOn::Key(HashKey::Header(name))) => {
                of(KeySource::Header, self.builder.header(name.as_str())?, none)
            }
            Some(HashOn::Key(HashKey::Cookie(name))) => {
                let cookies = self.builder.header("cookie")?;
                of(KeySource::Cookie, cookies, self.draft.text(name.as_str()))
            }
            Some(HashOn::Key(HashKey::Query(name))) => {
                self.builder.need_query();
                of(KeySource::Query, 0, self.draft.text(name.as_str()))
            }
        })
    }

    fn rule(&mut self, number: u32, rule: &PlannedRule) -> Result<(), BuildError> {
        let start = count(&self.draft.backends);
        for backend in &rule.backends {
            let policy = self.policy(&backend.settings)?;
            let (edits, rewrite) = self.filters(&rule.filters, &backend.filters);
            let service = backend.service.and_then(|number| u32::try_from(number).ok());
            self.draft.backends.push(Backend {
                service: service.unwrap_or(NONE),
                weight: backend.weight,
                policy,
                edits,
                rewrite,
                ..Backend::default()
            });
        }
        let backends = Rows { start, len: count(&self.draft.backends).saturating_sub(start) };
        let redirect = rule.redirect.as_ref().map_or(NONE, |redirect| {
            let row = Redirect {
                scheme: self.draft.text(&redirect.scheme),
                host: self.draft.text(&redirect.host),
                port: redirect.port,
                path: redirect.path as u8,
                value: self.draft.text(&redirect.value),
                status: redirect.status,
            };
            self.draft.redirects.push(row);
            count(&self.draft.redirects).saturating_sub(1)
        });
        let name = self.draft.text(&rule.name);
        self.draft.rules.push(Rule { name, backends, redirect, ..Rule::default() });
        for one in &rule.matches {
            let Some(path) = paths::path_spec(&one.path) else { continue };
            self.builder.add(&MatchSpec {
                host: &one.host,
                path,
                methods: one.methods,
                headers: paths::condition_specs(&one.headers),
                query: paths::condition_specs(&one.query),
                target: number,
            })?;
        }
        Ok(())
    }

    /// The rule's edits, then the backend's; the backend's rewrite, else the rule's.
    fn filters(&mut self, rule: &Filters, backend: &Filters) -> (Rows, u32) {
        let start = count(&self.draft.edits);
        for edit in rule.edits.iter().chain(&backend.edits) {
            let row = Edit {
                side: edit.side,
                action: edit.action,
                name: self.draft.text(&edit.name),
                value: self.draft.text(&edit.value),
            };
            self.draft.edits.push(row);
        }
        let edits = Rows { start, len: count(&self.draft.edits).saturating_sub(start) };
        let rewrite = backend.rewrite.as_ref().or(rule.rewrite.as_ref());
        let rewrite = rewrite.map_or(NONE, |rewrite| {
            let row = Rewrite {
                host: self.draft.text(&rewrite.host),
                path: rewrite.path as u8,
                value: self.draft.text(&rewrite.value),
            };
            self.draft.rewrites.push(row);
            count(&self.draft.rewrites).saturating_sub(1)
        });
        (edits, rewrite)
    }
}

fn algorithm(name: BalancerName) -> Algorithm {
    Algorithm::from_name(name.name()).unwrap_or(Algorithm::P2c)
}

fn transport(address: &Address) -> Transport {
    match address.kind() {
        AddressKind::Binding => Transport::Binding,
        AddressKind::Https | AddressKind::Http => Transport::Url,
        AddressKind::DurableObject => Transport::DurableObject,
        AddressKind::Dispatch => Transport::Dispatch,
        AddressKind::Vpc => Transport::Vpc,
        AddressKind::Mtls => Transport::Mtls,
        AddressKind::Local => Transport::Local,
    }
}

/// The number of an equal row, or of this one added.
fn intern<T: PartialEq>(rows: &mut Vec<T>, row: T) -> u32 {
    let known = rows.iter().position(|known| *known == row);
    let at = known.unwrap_or_else(|| {
        rows.push(row);
        rows.len().saturating_sub(1)
    });
    u32::try_from(at).unwrap_or(NONE)
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(NONE)
}
