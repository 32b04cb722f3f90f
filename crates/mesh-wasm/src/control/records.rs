//! The same endpoint as a document has it and as the registry has it.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, vec::Vec};

use mesh_config::document::{
    Address, Colo, Coordinates, Document, Endpoint, EndpointEntry, EndpointHealth,
    EndpointPriority, EndpointWeight, Endpoints, Latitude, Longitude, Region, Registration, Tag,
};
use mesh_core::snapshot::tables::Health;
use mesh_registry::{
    record::{Location, Record},
    registry::Known,
};

/// The record of a registration.
pub(super) fn of_registration(registration: &Registration) -> Record {
    let metadata = registration.metadata.clone().unwrap_or_default();
    Record { metadata, ..of_endpoint(registration.service.as_str(), &registration.endpoint()) }
}

/// The records of a document's own endpoints, in its order. A service that names none has none here:
/// its default stands only where nobody registers.
pub(super) fn of_document(document: &Document) -> Vec<Record> {
    let named = document.services.iter().filter_map(|(name, service)| {
        let endpoints = service.endpoints.as_ref()?.list();
        Some(endpoints.iter().map(|entry| of_endpoint(name, &entry.endpoint())))
    });
    named.flatten().collect()
}

#[expect(clippy::cast_possible_truncation, reason = "single precision places it to 1 m")]
fn of_endpoint(service: &str, endpoint: &Endpoint) -> Record {
    let text = |text: Option<&str>| text.unwrap_or("").to_owned();
    let tags = endpoint.capabilities.iter().flatten();
    Record {
        service: service.to_owned(),
        address: endpoint.address.as_str().to_owned(),
        version: text(endpoint.version.as_ref().map(Tag::as_str)),
        weight: endpoint.weight.map_or(mesh_config::defaults::WEIGHT, EndpointWeight::value),
        priority: endpoint.priority.map_or(0, EndpointPriority::value),
        region: text(endpoint.region.as_ref().map(Region::as_str)),
        colo: text(endpoint.colo.as_ref().map(Colo::as_str)),
        location: endpoint.location.map(|place| Location {
            latitude: place.latitude.value() as f32,
            longitude: place.longitude.value() as f32,
        }),
        capabilities: tags.map(|tag| tag.as_str().to_owned()).collect(),
        health: endpoint.health.map_or(Health::Healthy, EndpointHealth::health),
        metadata: [].into(),
    }
}

/// The document with these endpoints in place of its own. A service that has none of them stays as it
/// is; one that the document does not name gets the defaults.
pub(super) fn join<'r>(
    document: &Document,
    endpoints: impl Iterator<Item = Known<'r>>,
) -> Document {
    let mut lists: BTreeMap<&str, Vec<EndpointEntry>> = BTreeMap::new();
    for known in endpoints {
        lists.entry(&known.record.service).or_default().extend(entry(&known));
    }
    let mut joined = document.clone();
    for (name, list) in lists {
        let service = joined.services.entry(name.to_owned()).or_default();
        service.endpoints = Some(Endpoints::Many(list));
    }
    joined
}

/// `None` for what no document could hold; nothing is taken in that is.
fn entry(Known { record, health }: &Known<'_>) -> Option<EndpointEntry> {
    let address = Address::parse(&record.address).ok()?;
    let capabilities: Vec<Tag> =
        record.capabilities.iter().filter_map(|tag| Tag::parse(tag).ok()).collect();
    let location = record.location.and_then(|place| {
        Some(Coordinates {
            latitude: Latitude::new(place.latitude.into())?,
            longitude: Longitude::new(place.longitude.into())?,
        })
    });
    Some(EndpointEntry::Endpoint(Endpoint {
        version: Tag::parse(&record.version).ok(),
        weight: EndpointWeight::new(record.weight),
        priority: EndpointPriority::new(record.priority),
        region: Region::parse(&record.region).ok(),
        colo: Colo::parse(&record.colo).ok(),
        location,
        capabilities: (!capabilities.is_empty()).then_some(capabilities),
        health: Some((*health).into()),
        // whoever took it in asked for that
        allow_insecure: address.is_insecure().then_some(true),
        address,
    }))
}
