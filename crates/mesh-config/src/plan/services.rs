//! Services: what their endpoints share.

use mesh_core::time::Micros;

use super::{
    Context, LimitNames, PlannedHedge, PlannedService, Settings, breaker, concurrency, endpoints,
    fallback, outliers, rate_limits,
    settings::{Layer, percent},
};
use crate::{
    decode::{Cursor, Decode as _},
    defaults,
    diagnostic::Code,
    document::{
        BalancerName, Document, HashOn, MinReady, Percent, Service, ServiceName, SlowStart,
        TimeSpan,
    },
    limits::SERVICES_MAX,
};

impl<'d> Layer<'d> {
    pub(super) fn of_defaults(document: &'d Document) -> Self {
        let defaults = document.defaults.as_ref();
        Self {
            timeout: defaults.and_then(|defaults| defaults.timeout.as_ref()),
            retries: defaults.and_then(|defaults| defaults.retries.as_ref()),
            load_balancer: defaults.and_then(|defaults| defaults.load_balancer.as_ref()),
            hedge: defaults.and_then(|defaults| defaults.hedge.as_ref()),
        }
    }

    pub(super) const fn of_service(service: &'d Service) -> Self {
        Self {
            timeout: service.timeout.as_ref(),
            retries: service.retries.as_ref(),
            load_balancer: service.load_balancer.as_ref(),
            hedge: service.hedge.as_ref(),
        }
    }
}

/// Resolves the services; the order is that of the names.
pub(super) fn plan(
    context: Context<'_>,
    names: &mut LimitNames,
    at: &mut Cursor,
) -> Vec<PlannedService> {
    let document = context.document;
    if let Some(defaults) = &document.defaults {
        at.at_field("defaults", |at| {
            breaker::check(defaults.breaker.as_ref(), at);
            concurrency::plan(defaults.concurrency.as_ref(), at);
            outliers::check(defaults.outlier_detection.as_ref(), at);
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
            .map(|(name, service)| at.at_field(name, |at| one(name, service, context, names, at)))
            .collect()
    })
}

fn one(
    name: &str,
    service: &Service,
    context: Context<'_>,
    names: &mut LimitNames,
    at: &mut Cursor,
) -> PlannedService {
    let document = context.document;
    if let Err(error) = ServiceName::parse(name) {
        let found = format!("the service name `{}`", crate::node::excerpt(name));
        at.error_with_hint(error.code(), &found, error.expected(), error.hint());
    }
    let defaults = document.defaults.as_ref();
    let layer = Layer::of_service(service);
    let mut settings = Settings::of(&[layer, Layer::of_defaults(document)]);
    let endpoints = endpoints::plan(name, service, at);
    breaker::check(service.breaker.as_ref(), at);
    outliers::check(service.outlier_detection.as_ref(), at);
    check_settings(&layer, &settings, at);
    let located = endpoints.iter().any(|endpoint| endpoint.location.is_some());
    if settings.balancer == BalancerName::Geographic && endpoints.len() > 1 && !located {
        at.at_field("loadBalancer", no_location);
    }
    if service.hedge.is_some() && settings.hedge.is_some() && endpoints.len() == 1 {
        at.at_field("hedge", one_endpoint);
    }
    settings.fallback = fallback::plan(service.fallback.as_ref(), context, at);
    if settings.fallback.as_ref().is_some_and(|fallback| fallback.is_to(context, name)) {
        at.at_field("fallback", |at| fallback::note_itself(name, at));
        settings.fallback = None;
    }
    let own_concurrency = concurrency::plan(service.concurrency.as_ref(), at);
    let concurrency = if service.concurrency.is_some() {
        own_concurrency
    } else {
        // what is wrong with it was noted where it stands
        let inherited = defaults.and_then(|defaults| defaults.concurrency.as_ref());
        concurrency::plan(inherited, &mut Cursor::default())
    };
    let limits = rate_limits::plan(service.rate_limits.as_deref(), "service", name, names, at);
    let breaker = service.breaker.as_ref().or_else(|| defaults?.breaker.as_ref());
    let slow = service.slow_start.as_ref().or_else(|| defaults?.slow_start.as_ref());
    let slow = slow.map(SlowStart::settings).unwrap_or_default();
    let detection =
        service.outlier_detection.as_ref().or_else(|| defaults?.outlier_detection.as_ref());
    let share_state = service.share_state.or_else(|| defaults?.share_state);
    let small = endpoints.len() <= defaults::SMALL_POOL_MAX;
    let panic = if small { 0.0 } else { defaults::PANIC_PERCENT };
    PlannedService {
        name: name.to_owned(),
        settings,
        breaker: breaker::config(breaker),
        breaker_mode: breaker::mode(breaker),
        min_ready: service
            .min_ready
            .map_or_else(|| breaker::min_ready(endpoints.len(), breaker), MinReady::value),
        panic_percent: percent(service.panic_threshold.map_or(panic, Percent::value)),
        slow_start: slow.window.map_or(Micros::ZERO, TimeSpan::micros),
        slow_start_min_percent: percent(
            slow.min_percent.map_or(defaults::SLOW_START_MIN_PERCENT, Percent::value),
        ),
        health_check: service.health_check.clone(),
        limits,
        concurrency,
        outliers: outliers::plan(detection),
        share_state: share_state.unwrap_or(false),
        endpoints,
    }
}

/// Notes a hedge that no second endpoint can serve.
pub(super) fn one_endpoint(at: &mut Cursor) {
    at.warning(
        Code::NoEffect,
        "a hedge of a service with one endpoint",
        "two endpoints or more: a hedge goes to another one",
    );
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
    if layer.hedge.is_some() && settings.hedge == Some(PlannedHedge::After(Micros::ZERO)) {
        let hint = Some("write false for no hedges".to_owned());
        at.at_field("hedge", |at| {
            at.error_with_hint(Code::OutOfRange, "a hedge after no time", "a time above 0", hint);
        });
    }
    if layer.load_balancer.is_some() {
        let hashes = settings.balancer == BalancerName::ConsistentHash;
        at.at_field("loadBalancer", |at| match &settings.hash_on {
            None if hashes => at.error_with_hint(
                Code::HashKey,
                "consistentHash without `on`",
                &format!("the key to hash: {}", HashOn::expected()),
                Some("write { \"type\": \"consistentHash\", \"on\": \"path\" }".to_owned()),
            ),
            Some(_) if !hashes => {
                at.error(Code::HashKey, "`on`", "it with consistentHash only");
            }
            None | Some(_) => {}
        });
        let custom = settings.balancer == BalancerName::Custom;
        at.at_field("loadBalancer", |at| match &settings.balancer_code {
            None if custom => at.error_with_hint(
                Code::MissingField,
                "custom without `name`",
                "the name under which hosts are given the code",
                Some("write { \"type\": \"custom\", \"name\": \"nearest\" }".to_owned()),
            ),
            Some(_) if !custom => {
                at.error(Code::ConflictingFields, "`name`", "it with custom only");
            }
            None | Some(_) => {}
        });
    }
}
