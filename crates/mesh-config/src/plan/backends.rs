//! Where a rule sends.

use mesh_core::{
    hash::xxh64,
    snapshot::tables::{RESTRICTED, SUBSET_ENDPOINTS_MAX},
};

use super::{
    Context, Filters, PlannedBackend, PlannedConditions, PlannedFallback, PlannedMatch,
    PlannedResponse, PlannedService, PlannedVersion, Settings, conditions,
    filters::{self, Place},
    settings::Layer,
};
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{Backend, BackendEntry, BackendWeight, MissingBackend, Rule, VersionRange},
};

/// A rule whose backends are resolved.
pub(super) struct Resolver<'d> {
    pub(super) context: Context<'d>,
    pub(super) services: &'d [PlannedService],
    pub(super) rule: &'d Rule,
    pub(super) matches: &'d [PlannedMatch],
    /// The rule's own.
    pub(super) filters: &'d Filters,
    /// The rule's own.
    pub(super) fallback: Option<PlannedFallback>,
}

impl Resolver<'_> {
    /// Resolves the backends of the rule, in order.
    pub(super) fn plan(&self, at: &mut Cursor) -> Vec<PlannedBackend> {
        let mut planned = if let Some(service) = &self.rule.service {
            let only = Backend::of(service.clone());
            vec![at.at_field("service", |at| self.backend(&only, at))]
        } else {
            at.at_field("backends", |at| {
                let entries = self.rule.backends.iter().flatten().enumerate();
                entries
                    .map(|(index, entry)| at.at_item(index, |at| self.entry(entry, at)))
                    .collect()
            })
        };
        tell_apart(&mut planned);
        planned
    }

    /// The only backend of a rule that answers itself.
    pub(super) fn answer(&self, response: PlannedResponse) -> PlannedBackend {
        PlannedBackend {
            response: Some(response),
            ..self.nothing(defaults::BACKEND_WEIGHT, identity("", ""))
        }
    }

    fn entry(&self, entry: &BackendEntry, at: &mut Cursor) -> PlannedBackend {
        match entry {
            BackendEntry::Service(service) => self.backend(&Backend::of(service.clone()), at),
            BackendEntry::Backend(backend) => self.backend(backend, at),
            BackendEntry::Missing(MissingBackend { missing, weight }) => self.nothing(
                weight.map_or(defaults::BACKEND_WEIGHT, BackendWeight::value),
                identity("", missing),
            ),
        }
    }

    fn backend(&self, backend: &Backend, at: &mut Cursor) -> PlannedBackend {
        let declared = backend.filters.as_deref().unwrap_or(&[]);
        let found = at.at_field("filters", |at| {
            let own = filters::plan(declared, self.matches, Place::Backend, self.context, at);
            if !declared.is_empty() {
                filters::check_bounds(self.filters, &own.filters, at);
            }
            own
        });
        let name = backend.service.as_str();
        let number = self.context.service(&backend.service, at);
        let service = number.and_then(|number| self.services.get(number));
        let (headers, query) = (backend.headers.as_ref(), backend.query.as_ref());
        let range = backend.version.as_ref();
        PlannedBackend {
            service: number,
            response: None,
            weight: backend.weight.map_or(defaults::BACKEND_WEIGHT, BackendWeight::value),
            settings: self.settings(name, number, service),
            filters: found.filters,
            pins: conditions::all(headers, query, backend.flags.as_ref(), self.context, at),
            version: range
                .zip(service)
                .map(|(range, service)| at.at_field("version", |at| version(range, service, at))),
            key: identity(name, range.map_or("", VersionRange::as_str)),
        }
    }

    /// A backend without a service.
    fn nothing(&self, weight: u32, key: u64) -> PlannedBackend {
        let layers = [Layer::of_rule(self.rule), Layer::of_defaults(self.context.document)];
        PlannedBackend {
            service: None,
            response: None,
            weight,
            settings: Settings::of(&layers),
            filters: Filters::default(),
            pins: PlannedConditions::default(),
            version: None,
            key,
        }
    }

    /// The rule's over the service's over the document's; a service is never its own fallback.
    fn settings(
        &self,
        name: &str,
        number: Option<usize>,
        service: Option<&PlannedService>,
    ) -> Settings {
        let defaults = Layer::of_defaults(self.context.document);
        let mut settings =
            Settings::of(&[Layer::of_rule(self.rule), self.context.layer(name), defaults]);
        let own = self.fallback.clone();
        let fallback =
            own.or_else(|| service.and_then(|service| service.settings.fallback.clone()));
        settings.fallback = fallback.filter(|fallback| match fallback {
            PlannedFallback::Service(other, _) => Some(*other) != number,
            PlannedFallback::Response(_) => true,
        });
        settings
    }
}

/// The endpoints of a service in a range of versions.
fn version(range: &VersionRange, service: &PlannedService, at: &mut Cursor) -> PlannedVersion {
    let count = service.endpoints.len();
    if count > SUBSET_ENDPOINTS_MAX as usize {
        let found = format!("a version of `{}`, which has {count} endpoints", service.name);
        let hint = Some("give each version a service of its own".to_owned());
        at.error_with_hint(Code::TooLarge, &found, "a service of at most 63 endpoints", hint);
    }
    let test = range.test();
    let mut endpoints = 0u64;
    for (place, endpoint) in (0..SUBSET_ENDPOINTS_MAX).zip(&service.endpoints) {
        let takes = endpoint.version.as_deref().is_some_and(&test);
        endpoints |= u64::from(takes) << place;
    }
    if endpoints == 0 {
        let mut known: Vec<&str> =
            service.endpoints.iter().filter_map(|endpoint| endpoint.version.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        known.truncate(10);
        let found = format!("no endpoint of `{}` in {range}, which answers 503", service.name);
        let expected = if known.is_empty() {
            "a `version` on its endpoints".to_owned()
        } else {
            format!("a range with one of {}", known.join(", "))
        };
        at.warning(Code::NoVersion, &found, &expected);
    }
    PlannedVersion { range: range.as_str().to_owned(), endpoints: RESTRICTED | endpoints }
}

fn identity(service: &str, what: &str) -> u64 {
    xxh64(format!("{service}\0{what}").as_bytes(), 0)
}

/// Backends of the same service and version are told apart by their order among themselves.
fn tell_apart(backends: &mut [PlannedBackend]) {
    let keys: Vec<u64> = backends.iter().map(|backend| backend.key).collect();
    for (place, backend) in backends.iter_mut().enumerate() {
        let before = keys.iter().take(place).filter(|key| **key == backend.key).count();
        if before > 0 {
            let ordinal = u64::try_from(before).unwrap_or(u64::MAX);
            backend.key = xxh64(&ordinal.to_le_bytes(), backend.key);
        }
    }
}
