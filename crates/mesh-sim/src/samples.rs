//! Durations of requests, and what one says of them.

use mesh_core::time::Micros;

/// Every duration that was measured; 8 bytes each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Samples {
    spans: Vec<Micros>,
}

impl Samples {
    /// Takes one.
    pub fn add(&mut self, span: Micros) {
        self.spans.push(span);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.spans.len()).unwrap_or(u32::MAX)
    }

    /// Their mean in seconds; not a number where there are none.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        self.spans.iter().map(|span| span.as_secs_f64()).sum::<f64>() / f64::from(self.count())
    }

    /// The smallest one that so many permille of them do not exceed, in seconds: 990 for the 99th
    /// percentile. Not a number where there are none.
    #[must_use]
    pub fn quantile_s(&self, permille: usize) -> f64 {
        let mut sorted = self.spans.clone();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(permille).div_ceil(1_000);
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |span| span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::seconds;

    #[test]
    fn quantiles_are_samples_by_nearest_rank() {
        let mut samples = Samples::default();
        (1..=100).rev().for_each(|ms| samples.add(Micros::from_millis(ms)));
        let ms = |permille| seconds(samples.quantile_s(permille));
        let expected = [1, 50, 99, 100, 100].map(Micros::from_millis);
        assert_eq!([0, 500, 990, 991, 1_000].map(ms), expected);
        assert!((samples.mean_s() - 0.0505).abs() < 1e-9);
    }

    #[test]
    fn no_samples_are_no_number() {
        assert!(Samples::default().mean_s().is_nan());
        assert!(Samples::default().quantile_s(990).is_nan());
    }
}
