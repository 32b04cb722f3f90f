//! Every bound of the registry in one place, with its unit and reason.

use mesh_core::time::Micros;

/// Records of one registry: a thousand services of ten endpoints, twice. A Durable Object holds all
/// of them in its 128 MiB.
pub const RECORDS_MAX: usize = 20_000;
/// Bytes of one text of a record.
pub const TEXT_BYTES_MAX: usize = 255;
/// Bytes of an address.
pub const ADDRESS_BYTES_MAX: usize = 512;
/// Bytes of all texts of a record: KV keeps 1024 bytes of metadata with a key, names of fields
/// included.
pub const RECORD_BYTES_MAX: usize = 768;
/// Capabilities of a record.
pub const CAPABILITIES_MAX: usize = 16;
/// Pairs of metadata of a record.
pub const METADATA_MAX: usize = 16;
/// The shortest lease: a shorter one would end between two heartbeats of a busy caller.
pub const LEASE_MIN: Micros = Micros::from_secs(5);
/// The longest lease; what needs none is registered without.
pub const LEASE_MAX: Micros = Micros::from_secs(24 * 60 * 60);
/// The shortest time between two checks of an endpoint.
pub const CHECK_INTERVAL_MIN: Micros = Micros::from_secs(1);
/// Endpoints that are probed at once; those beyond wait for the next turn. A Durable Object may make
/// six requests that wait for headers at a time, and has 30 s for all of them.
pub const PROBES_MAX: usize = 48;
/// The shortest time between two publications: KV takes one write a second on a key.
pub const PUBLISH_EVERY: Micros = Micros::from_secs(1);
/// Isolates whose reports are remembered, each for each service that it tells of; what those beyond
/// tell counts, but for their breakers, and they get what one of so many gets.
pub const REPORTERS_MAX: usize = 50_000;
/// Isolates that share one limit; those beyond get what is left of a part like everybody's, and are not
/// counted on.
pub const ASKERS_MAX: usize = 4_096;

/// Most sources of records beside registrations.
pub const SOURCES_MAX: usize = 16;
