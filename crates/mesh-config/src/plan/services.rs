//! Services with their endpoints, breakers and thresholds.

use alloc::collections::BTreeMap;

use mesh_core::{
    breaker::{BreakerConfig, BreakerMode as Mode},
    time::Micros,
};

use super::{
    PlannedEndpoint, PlannedService, Settings,
    settings::{Layer, percent, permille},
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::{Code, Diagnostic},
    document::{
        Address, BalancerName, BindingName, Breaker, BreakerMode, BreakerSettings, Count, Document,
        Endpoint, EndpointEntry, EndpointHealth, EndpointWeight, Endpoints, MinReady, OpenTime,
        Percent, Probes, Ratio, Region, Service, ServiceName, SlowStart, Tag, TimeSpan,
    },
    limits::{ENDPOINTS_MAX, SERVICES_MAX},
};

impl<'d> Layer<'d> {
    pub(super) fn of_defaults(document: &'d Document) -> Self {
        let defaults = document.defaults.as_ref();
        Self {
            timeout: defaults.and_then(|defaults| defaults.timeout.as_ref()),
            retries: defaults.and_then(|defaults| defaults.retries.as_ref()),
            load_balancer: defaults.and_then(|defaults| defaults.load_balancer.as_ref()),
        }
    }

    pub(super) const fn of_service(service: &'d Service) -> Self {
        Self {
            timeout: service.timeout.as_ref(),
            retries: service.retries.as_ref(),
            load_balancer: service.load_balancer.as_ref(),
        }
    }
}

/// Resolves the services; the order is that of the names.
pub(super) fn plan(document: &Document, at: &mut Cursor) -> Vec<PlannedService> {
    if let Some(defaults) = &document.defaults {
        at.at_field("defaults", |at| {
            check_breaker(defaults.breaker.as_ref(), at);
            let layer = Layer::of_defaults(document);
            check_settings(&layer, &Settings::of(&[layer]), at);
        });
    }
    at.at_field("services", |at| {
        if document.services.len() > SERVICES_MAX {
            at.error(Code::TooLarge, "more than 4096 services", "fewer");
        }
        let services = document.services.iter().take(SERVICES_MAX);
        services
            .map(|(name, service)| at.at_field(name, |at| one(name, service, document, at)))
            .collect()
    })
}

fn one(name: &str, service: &Service, document: &Document, at: &mut Cursor) -> PlannedService {
    if let Err(error) = ServiceName::parse(name) {
        let found = format!("the service name `{}`", crate::node::excerpt(name));
        at.error_with_hint(error.code(), &found, error.expected(), error.hint());
    }
    let defaults = document.defaults.as_ref();
    let layer = Layer::of_service(service);
    let settings = Settings::of(&[layer, Layer::of_defaults(document)]);
    let endpoints = endpoints(name, service, at);
    check_breaker(service.breaker.as_ref(), at);
    check_settings(&layer, &settings, at);
    let located = endpoints.iter().any(|endpoint| endpoint.location.is_some());
    if settings.balancer == BalancerName::Geographic && endpoints.len() > 1 && !located {
        at.at_field("loadBalancer", no_location);
    }
    let breaker = service.breaker.as_ref().or_else(|| defaults?.breaker.as_ref());
    let slow = service.slow_start.as_ref().or_else(|| defaults?.slow_start.as_ref());
    let slow = slow.map(SlowStart::settings).unwrap_or_default();
    let small = endpoints.len() <= defaults::SMALL_POOL_MAX;
    let panic = if small { 0.0 } else { defaults::PANIC_PERCENT };
    PlannedService {
        name: name.to_owned(),
        settings,
        breaker: breaker_config(breaker),
        breaker_mode: breaker_mode(breaker),
        min_ready: service
            .min_ready
            .map_or_else(|| min_ready(endpoints.len(), breaker), MinReady::value),
        panic_percent: percent(service.panic_threshold.map_or(panic, Percent::value)),
        slow_start: slow.window.map_or(Micros::ZERO, TimeSpan::micros),
        slow_start_min_percent: percent(
            slow.min_percent.map_or(defaults::SLOW_START_MIN_PERCENT, Percent::value),
        ),
        health_check: service.health_check.clone(),
        endpoints,
    }
}

/// What breakers leave where nothing is said: half of a small pool, so that a few endpoints never
/// all open at once. A single endpoint whose breaker was asked for may open.
fn min_ready(endpoints: usize, breaker: Option<&Breaker>) -> u16 {
    match endpoints {
        1 if matches!(breaker, Some(Breaker::Settings(_))) => 0,
        n if n <= defaults::SMALL_POOL_MAX => u16::try_from(n.div_ceil(2)).unwrap_or(0),
        _ => 0,
    }
}

pub(super) fn no_location(at: &mut Cursor) {
    at.warning(
        Code::NoLocation,
        "geographic, but no endpoint has a location",
        "a `location` or one of Cloudflare's regions on the endpoints",
    );
}

/// Checks what one place says against what is then in force.
pub(super) fn check_settings(layer: &Layer<'_>, settings: &Settings, at: &mut Cursor) {
    let Settings { request_timeout, attempt_timeout, .. } = *settings;
    let late = !request_timeout.is_zero() && attempt_timeout > request_timeout;
    if layer.timeout.is_some() && late {
        let found = format!("an attempt timeout of {attempt_timeout}");
        let expected = format!("at most the request timeout of {request_timeout}");
        at.at_field("timeout", |at| at.warning(Code::TimeoutOrder, &found, &expected));
    }
    if layer.retries.is_some() && settings.retry.backoff.base > settings.retry.backoff.max {
        let found = format!("a first window of {}", settings.retry.backoff.base);
        let expected = format!("at most the longest one of {}", settings.retry.backoff.max);
        at.at_field("retries", |at| {
            at.at_field("backoff", |at| at.warning(Code::TimeoutOrder, &found, &expected));
        });
    }
    if layer.load_balancer.is_some() {
        let hashes = settings.balancer == BalancerName::ConsistentHash;
        at.at_field("loadBalancer", |at| match &settings.hash_on {
            None if hashes => at.error_with_hint(
                Code::HashKey,
                "consistentHash without `on`",
                "the key to hash: \"path\", \"clientAddress\", { header }, { cookie } or { query }",
                Some("write { \"type\": \"consistentHash\", \"on\": \"path\" }".to_owned()),
            ),
            Some(_) if !hashes => {
                at.error(Code::HashKey, "`on`", "it with consistentHash only");
            }
            None | Some(_) => {}
        });
    }
}

fn check_breaker(breaker: Option<&Breaker>, at: &mut Cursor) {
    let config = breaker_config(breaker);
    if breaker.is_some() && config.open_min > config.open_max {
        let found = format!("a first open time of {}", config.open_min);
        let expected = format!("at most the longest one of {}", config.open_max);
        at.at_field("breaker", |at| {
            at.at_field("openTime", |at| at.warning(Code::TimeoutOrder, &found, &expected));
        });
    }
}

fn breaker_mode(breaker: Option<&Breaker>) -> Mode {
    let settings = match breaker {
        Some(Breaker::Off(_)) => return Mode::Disabled,
        Some(Breaker::Settings(settings)) => settings.mode,
        None => None,
    };
    match settings {
        Some(BreakerMode::ForceOpen) => Mode::ForceOpen,
        Some(BreakerMode::Disabled) => Mode::Disabled,
        Some(BreakerMode::Automatic) | None => Mode::Automatic,
    }
}

fn breaker_config(breaker: Option<&Breaker>) -> BreakerConfig {
    let settings = match breaker {
        Some(Breaker::Settings(settings)) => settings.clone(),
        Some(Breaker::Off(_)) | None => BreakerSettings::default(),
    };
    let open = settings.open_time.as_ref().map(OpenTime::settings).unwrap_or_default();
    let open_min = TimeSpan::or_millis(open.min, defaults::BREAKER_OPEN_MIN_MS);
    // a first time above the default maximum raises it: only a maximum that was written limits
    let open_max = open.max.map_or_else(
        || Micros::from_millis(defaults::BREAKER_OPEN_MAX_MS).max(open_min),
        TimeSpan::micros,
    );
    let share = |value: Option<Ratio>, default| permille(value.map_or(default, Ratio::value));
    BreakerConfig {
        consecutive_failures: settings
            .consecutive_failures
            .map_or(defaults::BREAKER_CONSECUTIVE_FAILURES, Count::value),
        success_ratio_permille: share(settings.success_ratio, defaults::BREAKER_SUCCESS_RATIO),
        slow_call_after: settings
            .slow_call
            .as_ref()
            .map_or(Micros::ZERO, |slow| slow.after.micros()),
        slow_call_ratio_permille: share(settings.slow_call.as_ref().map(|slow| slow.ratio), 1.0),
        window: TimeSpan::or_millis(settings.window, defaults::BREAKER_WINDOW_MS),
        min_requests: settings.min_requests.map_or(defaults::BREAKER_MIN_REQUESTS, Count::value),
        open_min,
        open_max,
        jitter_permille: share(settings.jitter, defaults::BREAKER_JITTER),
        probes: settings.probes.map_or(defaults::BREAKER_PROBES, Probes::value),
    }
}

fn endpoints(name: &str, service: &Service, at: &mut Cursor) -> Vec<PlannedEndpoint> {
    let Some(endpoints) = &service.endpoints else {
        let own = Address::binding(&BindingName::of_service(name));
        return vec![endpoint(&Endpoint::at(own))];
    };
    at.at_field("endpoints", |at| {
        let list = endpoints.list();
        if list.is_empty() {
            at.warning(
                Code::NoEndpoint,
                "a service without endpoints, which answers 503",
                "at least one endpoint",
            );
        }
        if list.len() > ENDPOINTS_MAX {
            at.error(Code::TooLarge, "more than 4096 endpoints", "fewer");
        }
        let many = matches!(endpoints, Endpoints::Many(_));
        let mut known: BTreeMap<(Address, Option<Tag>), String> = BTreeMap::new();
        let mut planned = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate().take(ENDPOINTS_MAX) {
            let long = entry.endpoint();
            let mut check = |at: &mut Cursor| check_endpoint(entry, &long, &mut known, at);
            if many {
                at.at_item(index, check);
            } else {
                check(at);
            }
            planned.push(endpoint(&long));
        }
        planned
    })
}

fn check_endpoint(
    entry: &EndpointEntry,
    long: &Endpoint,
    known: &mut BTreeMap<(Address, Option<Tag>), String>,
    at: &mut Cursor,
) {
    if long.address.is_insecure() && long.allow_insecure != Some(true) {
        let found = format!("plain http to {}", long.address);
        let hint = match entry {
            EndpointEntry::Address(address) => {
                format!("or write {{ \"address\": \"{address}\", \"allowInsecure\": true }}")
            }
            EndpointEntry::Endpoint(_) => "or set \"allowInsecure\": true".to_owned(),
        };
        at.error_with_hint(Code::InsecureAddress, &found, "https", Some(hint));
    }
    let here = at.path().to_owned();
    let same = known.insert((long.address.clone(), long.version.clone()), here.clone());
    if let Some(other) = same {
        let found = format!("{} again", long.address);
        let expected = "each address and version once; use `weight` for a larger share";
        let warning = Diagnostic::warning(Code::DuplicateEndpoint, &here, &found, expected);
        at.note(warning.with_related(&other));
    }
}

fn endpoint(endpoint: &Endpoint) -> PlannedEndpoint {
    let tags = endpoint.capabilities.iter().flatten();
    PlannedEndpoint {
        address: endpoint.address.clone(),
        version: endpoint.version.as_ref().map(|version| version.as_str().to_owned()),
        weight: endpoint.weight.map_or(defaults::WEIGHT, EndpointWeight::value),
        region: endpoint.region.as_ref().map(|region| region.as_str().to_owned()),
        colo: endpoint.colo.as_ref().map(|colo| colo.as_str().to_owned()),
        location: endpoint
            .location
            .or_else(|| endpoint.region.as_ref().and_then(Region::coordinates)),
        capabilities: tags.map(|tag| tag.as_str().to_owned()).collect(),
        health: endpoint.health.unwrap_or(EndpointHealth::Healthy),
    }
}
