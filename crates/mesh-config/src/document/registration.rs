//! An endpoint that registers itself, or is registered by somebody.

use alloc::collections::BTreeMap;

use super::{
    Address, Colo, Coordinates, Endpoint, EndpointHealth, EndpointPriority, EndpointWeight, Region,
    ServiceName, Tag, TimeSpan,
};
use crate::{
    decode::{Cursor, Decode, object},
    diagnostic::{Code, Diagnostics},
    node::Node,
};

object! {
    /// One endpoint of a service, as a registry takes it.
    pub struct Registration is "a registration with `service` and `address`" {
        required {
            /// The service: a lowercase DNS label.
            "service" => service: ServiceName,
            /// Where the endpoint is: `binding:NAME`, `https://host/base`, …
            "address" => address: Address,
        }
        optional {
            /// The version that runs there.
            "version" => version: Tag,
            /// Its share where weights count; 0 = only where nothing else is left.
            "weight" => weight: EndpointWeight = crate::defaults::WEIGHT,
            /// The order of failover: 0 first, higher ones as those of lower ones fail.
            "priority" => priority: EndpointPriority = 0,
            /// The region where it stands.
            "region" => region: Region,
            /// The data centre where it stands, by its airport code.
            "colo" => colo: Colo,
            /// Where it stands on the globe. By default the middle of its `region`, where that is
            /// one of Cloudflare's location hints.
            "location" => location: Coordinates,
            /// What it can do that others cannot.
            "capabilities" => capabilities: Vec<Tag>,
            /// Its health, until a check says otherwise. `draining` takes it out of use, whatever
            /// checks say.
            "health" => health: EndpointHealth = "healthy",
            /// Allows plain `http://` to another machine.
            "allowInsecure" => allow_insecure: bool = false,
            /// What else there is to say. The mesh shows it and goes by none of it.
            "metadata" => metadata: BTreeMap<String, String>,
            /// How long it holds without a heartbeat or another registration, from 5 s to a day.
            /// Without this it holds until it is taken back.
            "ttl" => ttl: TimeSpan,
        }
    }
}

impl Registration {
    /// Reads a registration.
    ///
    /// # Errors
    /// All that is wrong with it, in one go.
    pub fn decode(node: &Node) -> Result<Self, Diagnostics> {
        let mut at = Cursor::default();
        let read = <Self as Decode>::decode(node, &mut at);
        if let Some(read) = &read
            && read.address.is_insecure()
            && read.allow_insecure != Some(true)
        {
            let found = format!("plain http to {}", read.address);
            let hint = Some("or set \"allowInsecure\": true".to_owned());
            at.at_field("address", |at| {
                at.error_with_hint(Code::InsecureAddress, &found, "https", hint);
            });
        }
        read.filter(|_| at.diagnostics.errors() == 0).ok_or(at.diagnostics)
    }

    /// The endpoint of it.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            address: self.address.clone(),
            version: self.version.clone(),
            weight: self.weight,
            priority: self.priority,
            region: self.region.clone(),
            colo: self.colo.clone(),
            location: self.location,
            capabilities: self.capabilities.clone(),
            health: self.health,
            allow_insecure: self.allow_insecure,
        }
    }
}
