//! The endpoints of all services as the registry knows them, for people and tools.

use alloc::{
    borrow::ToOwned as _,
    collections::BTreeSet,
    string::{String, ToString as _},
    vec::Vec,
};

use mesh_config::document::{Address, BindingName, Document};
use mesh_registry::{
    record::Record,
    registry::{Known, Registry},
};

use super::{
    convert::{millis, verdict},
    outcome::{EndpointSource, ListedEndpoint, ListedLocation},
    shared::ListedEjection,
};

/// By service, and within each as they are published.
pub(super) fn of(registry: &Registry, document: &Document) -> Vec<ListedEndpoint> {
    let mut all: Vec<ListedEndpoint> =
        registry.endpoints().map(|known| listed(registry, &known)).collect();
    let named: BTreeSet<String> = all.iter().map(|one| one.service.clone()).collect();
    let unsaid = document.services.iter().filter(|(_, service)| service.endpoints.is_none());
    for (name, _) in unsaid.filter(|(name, _)| !named.contains(*name)) {
        let address = Address::binding(&BindingName::of_service(name)).as_str().to_owned();
        let record = Record { service: name.clone(), address, ..Record::default() };
        let known = Known { record: &record, health: record.health };
        all.push(ListedEndpoint { source: EndpointSource::Default, ..listed(registry, &known) });
    }
    all.sort_by(|one, other| one.service.cmp(&other.service));
    all
}

fn listed(registry: &Registry, Known { record, health }: &Known<'_>) -> ListedEndpoint {
    let endpoint = record.identity();
    ListedEndpoint {
        id: endpoint.to_string(),
        service: record.service.clone(),
        address: record.address.clone(),
        version: record.version.clone(),
        weight: record.weight,
        priority: record.priority,
        region: record.region.clone(),
        colo: record.colo.clone(),
        location: record
            .location
            .map(|place| ListedLocation { latitude: place.latitude, longitude: place.longitude }),
        capabilities: record.capabilities.clone(),
        metadata: record.metadata.clone(),
        health: (*health).into(),
        ejected: registry.shared().ejection(endpoint).map(|one| ListedEjection::of(&one)),
        source: if registry.is_configured(endpoint) {
            EndpointSource::Config
        } else {
            EndpointSource::Registration
        },
        check: registry.verdict(endpoint).map(verdict),
        expires_at: registry.leases().until(endpoint).map(millis),
    }
}
