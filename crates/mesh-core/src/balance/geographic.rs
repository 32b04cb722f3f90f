//! Geographic balancing: the nearest endpoint, by two choices among those about as near.
//!
//! Health spills through the candidates: the caller passes eligible endpoints only, so when the
//! nearest city is out the next nearest is the nearest. Load spills by cost: where the choice
//! nearby costs [`SPILL`] times as much as one anywhere, that one is taken. Places are unit vectors, so that
//! distances are ordered by a subtraction per axis; angles appear only when a place is made.

use core::f64::consts::FRAC_PI_2;

use crate::{
    balance::{float, p2c},
    dice::Dice,
};

/// Endpoints at most this much farther than the nearest one count as equally near: 50 km, one
/// metropolitan area, about half a millisecond of fibre both ways.
pub const TIE_KM: f32 = 50.0;

/// How many times dearer the nearest endpoint may be than another before requests spill there. Well
/// above what distance alone makes of latencies once they are measured: 4.
pub const SPILL: f64 = 4.0;

/// The Earth's mean radius (IUGG).
const EARTH_RADIUS_KM: f32 = 6_371.0;

/// Farther than any place on Earth, as a squared chord of the unit sphere (at most 4).
const NOWHERE: f32 = 8.0;

/// A place on Earth; 12 bytes. Good to about a metre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    x: f32,
    y: f32,
    z: f32,
}

impl Location {
    /// The place at `latitude` (-90 to 90) and `longitude` (-180 to 180), in degrees; `None` for
    /// anything outside or not a number.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a metre on Earth is enough")]
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return None;
        }
        let (north, ring) = (sin_degrees(latitude), sin_degrees(90.0 - latitude.abs()));
        let away = longitude.abs();
        let east = if away > 90.0 { 180.0 - away } else { away };
        let x = ring * sin_degrees(90.0 - away);
        let y = ring * sin_degrees(east).copysign(longitude);
        Some(Self { x: x as f32, y: y as f32, z: north as f32 })
    }

    /// The great-circle distance in kilometres, within 0.5 % (0.1 % below 10 000 km).
    #[must_use]
    pub fn distance_km(self, other: Self) -> f32 {
        let half = half_chord(self.chord_squared(other));
        let beyond = 1.0 - half * half;
        // Half the angle, from the side on which the series converges fast.
        let half_angle = if half * half <= 0.5 {
            arcsine(half)
        } else {
            core::f32::consts::FRAC_PI_2 - arcsine(float::sqrt(beyond))
        };
        2.0 * EARTH_RADIUS_KM * half_angle
    }

    /// The squared straight-line distance on the unit sphere: orders places like the distance.
    #[must_use]
    pub fn chord_squared(self, other: Self) -> f32 {
        let (x, y, z) = (self.x - other.x, self.y - other.y, self.z - other.z);
        x * x + y * y + z * z
    }
}

/// Picks among the `n` candidates the nearest to `caller`; among those within `tie_km` of the
/// nearest, by two choices on `cost`; or one of all where that is cheaper by [`SPILL`]. `None` where
/// `n` is 0.
///
/// Candidates without a place are farther than any with one, and tie with each other. Costs three
/// looks at each candidate's place and no heap.
#[inline]
pub fn pick(
    n: u32,
    caller: Location,
    tie_km: f32,
    dice: &mut impl Dice,
    location: impl Fn(u32) -> Option<Location>,
    cost: impl Fn(u32) -> f64,
) -> Option<u32> {
    let far = |i: u32| location(i).map_or(NOWHERE, |place| caller.chord_squared(place));
    let nearest = (0..n).map(far).fold(NOWHERE, f32::min);
    let limit = widened(nearest, tie_km);
    let near = |i: &u32| far(*i) <= limit;
    let ties = u32::try_from((0..n).filter(near).count()).unwrap_or(u32::MAX);
    let nth = |k: u32| (0..n).filter(near).nth(k as usize);
    let chosen = p2c::pick(ties, dice, |k| nth(k).map(&cost)).and_then(nth)?;
    if ties < n {
        let elsewhere = p2c::pick(n, dice, &cost)?;
        if cost(chosen) > SPILL * cost(elsewhere) {
            return Some(elsewhere);
        }
    }
    Some(chosen)
}

/// The squared chord of the places `tie_km` farther than those at `nearest`.
#[expect(clippy::cast_possible_truncation, reason = "kilometres need no f64")]
fn widened(nearest: f32, tie_km: f32) -> f32 {
    if nearest > 4.0 {
        return NOWHERE;
    }
    let half_tie = f64::from(tie_km.max(0.0) / (2.0 * EARTH_RADIUS_KM)).min(FRAC_PI_2);
    let (sine, cosine) =
        (float::sin_quarter(half_tie) as f32, float::sin_quarter(FRAC_PI_2 - half_tie) as f32);
    let half = half_chord(nearest);
    if half >= cosine {
        // The tie reaches the antipodes.
        return 4.0_f32.max(nearest);
    }
    let wide = half * cosine + float::sqrt(1.0 - half * half) * sine;
    // Rounding must not lose the nearest one itself.
    (4.0 * wide * wide).max(nearest)
}

/// The sine of half the angle between two places.
fn half_chord(chord_squared: f32) -> f32 {
    0.5 * float::sqrt(chord_squared.min(4.0))
}

/// The arcsine for `x` up to the square root of one half, within 0.05 %.
fn arcsine(x: f32) -> f32 {
    let w = x * x;
    x * (1.0
        + w * (1.0 / 6.0
            + w * (3.0 / 40.0 + w * (5.0 / 112.0 + w * (35.0 / 1152.0 + w * (63.0 / 2816.0))))))
}

fn sin_degrees(degrees: f64) -> f64 {
    float::sin_quarter(degrees * (core::f64::consts::PI / 180.0))
}

#[cfg(test)]
mod tests;
