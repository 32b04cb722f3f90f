//! Endpoints of a service.

use alloc::collections::BTreeMap;

use super::PlannedEndpoint;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::{Code, Diagnostic},
    document::{
        Address, BindingName, Endpoint, EndpointEntry, EndpointHealth, EndpointPriority,
        EndpointWeight, Endpoints, Region, Service, Tag,
    },
    limits::ENDPOINTS_MAX,
};

/// Resolves the endpoints of a service; without any said it has its own binding.
pub(super) fn plan(name: &str, service: &Service, at: &mut Cursor) -> Vec<PlannedEndpoint> {
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
        priority: endpoint.priority.map_or(0, EndpointPriority::value),
        region: endpoint.region.as_ref().map(|region| region.as_str().to_owned()),
        colo: endpoint.colo.as_ref().map(|colo| colo.as_str().to_owned()),
        location: endpoint
            .location
            .or_else(|| endpoint.region.as_ref().and_then(Region::coordinates)),
        capabilities: tags.map(|tag| tag.as_str().to_owned()).collect(),
        health: endpoint.health.unwrap_or(EndpointHealth::Healthy),
    }
}
