//! Where an endpoint stands on the globe.

use super::Region;
use crate::decode::{decimal, object};

decimal! {
    /// Degrees north of the equator; south is negative.
    pub struct Latitude from -90.0 to 90.0;
}

decimal! {
    /// Degrees east of Greenwich; west is negative.
    pub struct Longitude from -180.0 to 180.0;
}

object! {
    /// A place on the globe.
    #[derive(Copy)]
    pub struct Coordinates is "an object with `latitude` and `longitude`" {
        required {
            /// Degrees north of the equator; south is negative.
            "latitude" => latitude: Latitude,
            /// Degrees east of Greenwich; west is negative.
            "longitude" => longitude: Longitude,
        }
        optional {}
    }
}

/// Cloudflare's location hints, each with the latitude and longitude of a large city in the middle
/// of the network there (San Jose, Ashburn, São Paulo, Amsterdam, Warsaw, Hong Kong, Tokyo,
/// Singapore, Sydney, Johannesburg, Dubai).
const REGIONS: [(&str, f64, f64); 11] = [
    ("wnam", 37.3, -121.9),
    ("enam", 39.0, -77.5),
    ("sam", -23.5, -46.6),
    ("weur", 52.4, 4.9),
    ("eeur", 52.2, 21.0),
    ("apac", 22.3, 114.2),
    ("apac-ne", 35.7, 139.7),
    ("apac-se", 1.4, 103.8),
    ("oc", -33.9, 151.2),
    ("afr", -26.2, 28.0),
    ("me", 25.2, 55.3),
];

impl Region {
    /// The middle of the region, where it is one of Cloudflare's location hints.
    #[must_use]
    pub fn coordinates(&self) -> Option<Coordinates> {
        let (_, latitude, longitude) = REGIONS.iter().find(|(name, ..)| *name == self.as_str())?;
        Some(Coordinates {
            latitude: Latitude::new(*latitude)?,
            longitude: Longitude::new(*longitude)?,
        })
    }
}
