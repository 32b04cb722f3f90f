//! The limit below which a success rate is an outlier among its peers.

/// Mean, spread and limit of a set of success rates, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimits {
    /// Mean of the rates.
    pub mean: f64,
    /// Population standard deviation of the rates.
    pub stdev: f64,
    /// `mean - factor * stdev`; can be negative, and then nobody is below it.
    pub threshold: f64,
}

/// Computes the limit over `rates` (percent) for a factor in permille; all zero for no rates.
#[must_use]
pub fn rate_limits(rates: &[f64], stdev_factor_permille: u16) -> RateLimits {
    if rates.is_empty() {
        return RateLimits { mean: 0.0, stdev: 0.0, threshold: 0.0 };
    }
    let count = f64::from(u32::try_from(rates.len()).unwrap_or(u32::MAX));
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    let stdev = libm::sqrt(variance);
    RateLimits { mean, stdev, threshold: mean - f64::from(stdev_factor_permille) / 1_000.0 * stdev }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() < tolerance
    }

    #[test]
    fn envoy_vector() {
        let limits = rate_limits(&[50.0, 100.0, 100.0, 100.0, 100.0], 1_900);
        assert!(close(limits.mean, 90.0, 1e-9));
        assert!(close(limits.stdev, 20.0, 1e-9));
        assert!(close(limits.threshold, 52.0, 1e-9));
    }

    #[test]
    fn one_dead_host_among_n() {
        for (hosts, threshold, tolerance) in
            [(2, -45.0, 0.05), (3, -22.9, 0.05), (4, -7.27, 0.005), (5, 4.0, 0.05), (6, 12.5, 0.05)]
        {
            let mut rates = vec![100.0; hosts];
            rates[0] = 0.0;
            let limits = rate_limits(&rates, 1_900);
            assert!(close(limits.threshold, threshold, tolerance), "{hosts}: {limits:?}");
            assert_eq!(rates[0] < limits.threshold, hosts >= 5);
        }
    }

    #[test]
    fn a_majority_of_dead_hosts_hides_itself() {
        let limits = rate_limits(&[0.0, 0.0, 0.0, 100.0, 100.0], 1_900);
        assert!(close(limits.threshold, -53.0, 0.1), "{limits:?}");
    }

    #[test]
    fn no_rates_are_no_limit() {
        assert!(close(rate_limits(&[], 1_900).threshold, 0.0, 1e-12));
    }
}
