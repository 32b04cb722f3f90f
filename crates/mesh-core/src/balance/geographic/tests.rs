use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::dice::SeededDice;

const LONDON: (f64, f64) = (51.5074, -0.1278);
const PARIS: (f64, f64) = (48.8566, 2.3522);
const NEW_YORK: (f64, f64) = (40.7128, -74.0060);
const NEWARK: (f64, f64) = (40.7357, -74.1724);
const SYDNEY: (f64, f64) = (-33.8688, 151.2093);

fn place((latitude, longitude): (f64, f64)) -> Location {
    Location::from_degrees(latitude, longitude).unwrap()
}

fn haversine_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lon = ((b.1 - a.1).to_radians() / 2.0).sin();
    let h = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    2.0 * 6_371.0 * h.sqrt().min(1.0).asin()
}

#[test]
fn known_distances() {
    for (a, b, km) in [
        (LONDON, PARIS, 343.6),
        (LONDON, NEW_YORK, 5_570.2),
        (SYDNEY, LONDON, 16_994.0),
        (NEWARK, NEW_YORK, 14.2),
    ] {
        let ours = f64::from(place(a).distance_km(place(b)));
        assert!((ours - km).abs() < km * 0.005, "{ours} {km}");
    }
    assert!(place(PARIS).distance_km(place(PARIS)) < 0.01);
}

#[test]
fn the_date_line_and_the_poles() {
    let across = place((0.0, 179.5)).distance_km(place((0.0, -179.5)));
    assert!((across - 111.2).abs() < 0.5, "{across}");
    let pole = place((90.0, 0.0)).distance_km(place((90.0, 135.0)));
    assert!(pole < 0.01, "{pole}");
    let half_round = place((0.0, 0.0)).distance_km(place((0.0, 180.0)));
    assert!((half_round - 20_015.0).abs() < 20.0, "{half_round}");
}

#[test]
fn refuses_what_is_no_place() {
    for (latitude, longitude) in [
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (90.01, 0.0),
        (-90.01, 0.0),
        (0.0, 180.01),
        (0.0, -180.01),
        (f64::INFINITY, 0.0),
    ] {
        assert_eq!(Location::from_degrees(latitude, longitude), None);
    }
}

fn pick_from(caller: (f64, f64), places: &[Option<(f64, f64)>], costs: &[u32]) -> Option<u32> {
    let n = u32::try_from(places.len()).unwrap();
    let places: Vec<_> = places.iter().map(|at| at.map(place)).collect();
    pick(
        n,
        place(caller),
        TIE_KM,
        &mut SeededDice::new(1),
        |i| places[i as usize],
        |i| costs[i as usize].into(),
    )
}

#[test]
fn the_nearest_wins_up_to_four_times_the_cost_of_others() {
    let places = [Some(SYDNEY), Some(PARIS), Some(NEW_YORK)];
    assert_eq!(pick_from(LONDON, &places, &[1, 4, 1]), Some(1));
    assert_ne!(pick_from(LONDON, &places, &[1, 900, 1]), Some(1));
}

#[test]
fn about_as_near_is_decided_by_cost() {
    let places = [Some(NEW_YORK), Some(NEWARK), Some(LONDON)];
    assert_eq!(pick_from(NEW_YORK, &places, &[9, 1, 5]), Some(1));
    assert_eq!(pick_from(NEW_YORK, &places, &[1, 9, 5]), Some(0));
}

#[test]
fn a_place_beats_no_place_and_no_place_beats_nothing() {
    assert_eq!(pick_from(LONDON, &[None, Some(SYDNEY)], &[3, 9]), Some(1));
    assert_eq!(pick_from(LONDON, &[None, None], &[9, 1]), Some(1));
    assert_eq!(pick_from(LONDON, &[None], &[9]), Some(0));
    assert_eq!(pick_from(LONDON, &[], &[]), None);
}

fn anywhere() -> impl Strategy<Value = (f64, f64)> {
    (-90.0f64..=90.0, -180.0f64..=180.0)
}

proptest! {
    #[test]
    fn distance_within_half_a_percent_of_haversine(a in anywhere(), b in anywhere()) {
        let exact = haversine_km(a, b);
        let ours = f64::from(place(a).distance_km(place(b)));
        prop_assert!((ours - exact).abs() <= exact * 0.005 + 0.01, "{} {}", ours, exact);
    }

    #[test]
    fn the_pick_is_within_the_tie_of_the_nearest(
        caller in anywhere(),
        places in proptest::collection::vec(anywhere(), 1..12),
        tie in prop_oneof![Just(0.0f32), 0.0f32..500.0, 0.0f32..30_000.0],
        seed in any::<u64>(),
    ) {
        let n = u32::try_from(places.len()).unwrap();
        let locations: Vec<_> = places.iter().map(|at| place(*at)).collect();
        let dice = &mut SeededDice::new(seed);
        let at = pick(n, place(caller), tie, dice, |i| Some(locations[i as usize]), |_| 1.0);
        let chosen = haversine_km(caller, places[at.unwrap() as usize]);
        let nearest =
            places.iter().map(|at| haversine_km(caller, *at)).fold(f64::INFINITY, f64::min);
        // Near the antipodes a chord barely grows, so a metre of chord is kilometres of arc.
        let slack = if chosen > 19_500.0 { 30.0 } else { 0.5 };
        prop_assert!(chosen <= nearest + f64::from(tie) + slack, "{} {}", chosen, nearest);
    }

    #[test]
    fn order_of_chords_is_order_of_distances(a in anywhere(), b in anywhere(), c in anywhere()) {
        let (near, far) = (haversine_km(a, b), haversine_km(a, c));
        prop_assume!((near - far).abs() > 30.0);
        let (near_chord, far_chord) =
            (place(a).chord_squared(place(b)), place(a).chord_squared(place(c)));
        prop_assert_eq!(near < far, near_chord < far_chord);
    }
}
