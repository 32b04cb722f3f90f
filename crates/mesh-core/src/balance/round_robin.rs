//! Round robin: each endpoint in turn, from a start drawn once per isolate.
//!
//! The start matters: thousands of isolates that all begin at 0 would send their first request,
//! for most of them the only one, to the same endpoint.

use crate::dice::Dice;

/// A random place to start a sequence at, for this balancer and for the stride.
pub fn start(dice: &mut impl Dice) -> u32 {
    dice.below(u32::MAX)
}

/// The next index below `n`, and moves `sequence` on; `None` where `n` is 0. One division.
pub const fn pick(n: u32, sequence: &mut u32) -> Option<u32> {
    if n == 0 {
        return None;
    }
    let at = *sequence % n;
    *sequence = sequence.wrapping_add(1);
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn each_in_turn_from_anywhere() {
        let mut sequence = 7;
        let picks: alloc::vec::Vec<_> = (0..6).filter_map(|_| pick(3, &mut sequence)).collect();
        assert_eq!(picks, [1, 2, 0, 1, 2, 0]);
        assert_eq!(pick(0, &mut sequence), None);
        assert_eq!(sequence, 13);
    }

    #[test]
    fn the_sequence_wraps() {
        let mut sequence = u32::MAX;
        assert!(pick(2, &mut sequence).is_some());
        assert_eq!(sequence, 0);
    }

    #[test]
    fn cold_isolates_start_spread() {
        let mut seen = [0u32; 4];
        for seed in 0..4_000 {
            let mut sequence = start(&mut SeededDice::new(seed));
            seen[pick(4, &mut sequence).unwrap() as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
    }
}
