//! The Services of an import, and what each is called in our documents.

use alloc::collections::{BTreeMap, BTreeSet};

use mesh_core::hash::xxh64;
use serde::Serialize;

use super::{
    grants::Grants,
    key::Key,
    objects::{Object, ServicePort, ServiceSpec},
    route_objects::BackendRef,
    routes::RouteKind,
    status::RouteConditionReason,
};
use crate::document::{Address, Endpoint, EndpointEntry, Endpoints, Port, Service, ServiceName};

/// Longest DNS label.
const LABEL_MAX: usize = 63;
/// The service without endpoints that stands where a GRPCRoute refers to nothing: it answers 503,
/// which a gRPC client takes for `UNAVAILABLE`. No Service of an import is called so.
pub(super) const UNAVAILABLE: &str = "grpc-unavailable";

/// A port of a Kubernetes Service, which is a service of ours.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportedService {
    /// Namespace of the Service.
    pub namespace: String,
    /// Name of the Service.
    pub name: String,
    /// The port.
    pub port: u16,
    /// What it is called in our documents: its name, with the namespace where two namespaces have
    /// one of that name, and with the port where it has several.
    pub service: ServiceName,
    /// What its ports speak, where that is not plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
    /// Where it is, where the caller of the import said so.
    #[serde(skip)]
    pub(super) address: Option<Address>,
    #[serde(skip)]
    pub(super) port_name: Option<String>,
}

/// All Services.
#[derive(Clone, Debug, Default)]
pub(super) struct Inventory {
    pub(super) services: Vec<ImportedService>,
    grants: Grants,
    /// The numbers of a Service's ports in `services`; of one without ports too.
    by_object: BTreeMap<Key, Vec<usize>>,
    /// The number in `services`, by what our documents call it.
    by_service: BTreeMap<ServiceName, usize>,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) reason: RouteConditionReason,
    pub(super) message: String,
}

impl Inventory {
    pub(super) fn of(
        services: &[Object<ServiceSpec>],
        grants: Grants,
        addresses: &BTreeMap<String, Address>,
    ) -> Self {
        let mut sorted: BTreeMap<Key, &Object<ServiceSpec>> = BTreeMap::new();
        let mut namesakes: BTreeMap<&str, usize> = BTreeMap::new();
        for one in services {
            // of two with one name the first counts
            sorted.entry(one.key()).or_insert_with(|| {
                *namesakes.entry(&one.name).or_default() += 1;
                one
            });
        }
        let mut taken = BTreeSet::from([UNAVAILABLE.to_owned()]);
        let mut found = Self { grants, ..Self::default() };
        for (key, one) in sorted {
            let alone = namesakes.get(one.name.as_str()) == Some(&1);
            let ports: Vec<&ServicePort> = one.spec.ports.iter().flatten().filter(tcp).collect();
            let mut numbers = Vec::new();
            for service_port in &ports {
                let Some(port) = service_port.port.map(Port::value) else { continue };
                let mut label = one.name.clone();
                if !alone {
                    label = format!("{label}-{}", one.namespace);
                }
                if ports.len() > 1 {
                    label = format!("{label}-{port}");
                }
                let full = format!("{}/{}:{port}", one.namespace, one.name);
                let whole = format!("{}/{}", one.namespace, one.name);
                let Some(service) = service_name(&label, &full, &mut taken) else { continue };
                let address = addresses.get(&full).or_else(|| addresses.get(&whole)).cloned();
                numbers.push(found.services.len());
                found.by_service.insert(service.clone(), found.services.len());
                found.services.push(ImportedService {
                    namespace: one.namespace.clone(),
                    name: one.name.clone(),
                    port,
                    service,
                    app_protocol: service_port.app_protocol.clone(),
                    address,
                    port_name: service_port.name.clone(),
                });
            }
            found.by_object.insert(key, numbers);
        }
        found
    }

    /// The ports of a Service; `None` where there is no such Service.
    pub(super) fn ports(&self, key: &Key) -> Option<impl Iterator<Item = &ImportedService>> {
        let numbers = self.by_object.get(key)?;
        Some(numbers.iter().filter_map(|number| self.services.get(*number)))
    }

    pub(super) fn find(&self, key: &Key, port: u16) -> Option<&ImportedService> {
        self.ports(key)?.find(|one| one.port == port)
    }

    /// The one of that name in our documents.
    pub(super) fn named(&self, service: &ServiceName) -> Option<&ImportedService> {
        self.services.get(*self.by_service.get(service)?)
    }

    /// The service that a route of that kind and of namespace `from` refers to.
    pub(super) fn resolve(
        &self,
        kind: RouteKind,
        from: &str,
        backend: &BackendRef,
    ) -> Result<&ImportedService, Refusal> {
        let refuse = |reason, message: String| Err(Refusal { reason, message });
        let namespace = backend.namespace.as_deref().unwrap_or(from);
        let name = backend.name.as_deref().unwrap_or("");
        let group = backend.group.as_deref().unwrap_or("");
        let target = backend.kind.as_deref().unwrap_or("Service");
        if !group.is_empty() || target != "Service" {
            let target = target.to_owned();
            let what = if group.is_empty() { target } else { format!("{target}.{group}") };
            return refuse(
                RouteConditionReason::InvalidKind,
                format!("{what} {name}, which is no Service"),
            );
        }
        if !self.grants.permit(kind, from, namespace, name) {
            let kind = kind.name();
            let message = format!(
                "Service {namespace}/{name} without a ReferenceGrant for any {kind} of {from}"
            );
            return refuse(RouteConditionReason::RefNotPermitted, message);
        }
        let key = Key::new(namespace, name);
        if !self.by_object.contains_key(&key) {
            let message = format!("Service {namespace}/{name}, which is not there");
            return refuse(RouteConditionReason::BackendNotFound, message);
        }
        let Some(port) = backend.port.map(Port::value) else {
            let message = format!("Service {namespace}/{name} without a port");
            return refuse(RouteConditionReason::BackendNotFound, message);
        };
        self.find(&key, port).map_or_else(
            || {
                let message = format!("Service {namespace}/{name}, which has no port {port}");
                refuse(RouteConditionReason::BackendNotFound, message)
            },
            Ok,
        )
    }
}

impl ImportedService {
    /// As our document has it: at the address that the caller gave, else at the binding of its
    /// name.
    pub(super) fn document(&self) -> Service {
        let endpoint = self
            .address
            .clone()
            .map(|address| Endpoints::Many(vec![EndpointEntry::Endpoint(Endpoint::at(address))]));
        Service { endpoints: endpoint, ..Service::default() }
    }

    /// The hosts by which callers in namespace `from` call it.
    pub(super) fn hosts(&self, from: &str) -> Vec<String> {
        let Self { name, namespace, .. } = self;
        let mut hosts = vec![
            format!("{name}.{namespace}"),
            format!("{name}.{namespace}.svc"),
            format!("{name}.{namespace}.svc.cluster.local"),
        ];
        if from == namespace {
            hosts.push(name.clone());
        }
        hosts
    }
}

fn tcp(port: &&ServicePort) -> bool {
    port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP")
}

/// A label that is not taken: as wished, or cut and told apart by a hash of what it stands for.
fn service_name(label: &str, full: &str, taken: &mut BTreeSet<String>) -> Option<ServiceName> {
    let mut label = label.to_owned();
    if label.len() > LABEL_MAX || taken.contains(&label) {
        let hash = format!("{:016x}", xxh64(full.as_bytes(), 0));
        let head: String = label.chars().take(LABEL_MAX - 9).collect();
        label = format!("{}-{}", head.trim_end_matches('-'), hash.get(..8)?);
    }
    let name = ServiceName::parse(&label).ok()?;
    taken.insert(label);
    Some(name)
}
