//! Rows of services and their endpoints.

use mesh_core::{
    hash::xxh64,
    route::BuildError,
    snapshot::tables::{Endpoint, Rows, Service, Transport},
};

use super::{Emitter, count};
use crate::{
    document::{Address, AddressKind},
    plan::{PlannedEndpoint, PlannedService},
};

impl Emitter {
    pub(super) fn service(
        &mut self,
        number: u32,
        service: &PlannedService,
    ) -> Result<(), BuildError> {
        let start = count(&self.draft.endpoints);
        for (place, endpoint) in service.endpoints.iter().enumerate() {
            let same = |other: &&PlannedEndpoint| {
                other.address == endpoint.address && other.version == endpoint.version
            };
            let before = service.endpoints.iter().take(place).filter(same).count();
            self.endpoint(number, &service.name, endpoint, before);
        }
        let policy = self.policy(&service.settings, None)?;
        if service.outliers.is_some() || service.share_state {
            self.draft.shared.push(number);
        }
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
            limits: self.limits(&service.limits)?,
            concurrency_initial: service.concurrency.map_or(0, |limit| limit.initial),
            concurrency_min: service.concurrency.map_or(0, |limit| limit.min),
            concurrency_max: service.concurrency.map_or(0, |limit| limit.max),
        };
        self.draft.services.push(row);
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "single precision places it to 1 m")]
    fn endpoint(&mut self, service: u32, name: &str, endpoint: &PlannedEndpoint, before: usize) {
        let version = endpoint.version.as_deref().unwrap_or("");
        let mut identity = Endpoint::identity(name, endpoint.address.as_str(), version);
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
            health: endpoint.health.health() as u8,
            region: self.draft.text(endpoint.region.as_deref().unwrap_or("")),
            colo: self.draft.text(endpoint.colo.as_deref().unwrap_or("")),
            priority: endpoint.priority,
        };
        self.draft.endpoints.push(row);
    }
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
