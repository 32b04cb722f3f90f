//! The four float functions the balancers need, small instead of exact to the last bit.
//!
//! The mathematical library's versions keep full precision over the whole range and bring tables
//! and range reductions for it; here a weight or a latency good to 1e-7 is plenty, and every byte
//! ships in each Worker. Equal bits on every host, because only IEEE additions, multiplications
//! and divisions are used. None of them panics, for any bits, and
//! none is inlined: a call costs a nanosecond, a copy at each use a hundred bytes.

use core::f64::consts::{FRAC_PI_2, LN_2, LOG2_E};

/// `e^-x` for `x` from 0 up, within 1e-8 of its value; 1 for negative or NaN `x`.
#[must_use]
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 < y < 1010 after the guards"
)]
pub fn exp_neg(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 1.0;
    }
    if x > 700.0 {
        return 0.0;
    }
    let y = x * LOG2_E;
    let whole = (y + 0.5) as u32;
    // e^-x = 2^-whole * e^r with r at most half an octave
    let r = (f64::from(whole) - y) * LN_2;
    // in pairs, since each step of the other form waits for the one before
    let (square, fourth) = (r * r, r * r * (r * r));
    let low = 1.0 + r + square * (1.0 / 2.0 + r * (1.0 / 6.0));
    let high = 1.0 / 24.0 + r * (1.0 / 120.0) + square * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let series = low + fourth * high;
    series * f64::from_bits(u64::from(1023_u32.saturating_sub(whole)) << 52)
}

/// The natural logarithm of a positive normal `x`, within 3e-9 of its value, near 1 too.
///
/// Anything else (zero, negative, NaN) gives some finite number or NaN, never a panic.
#[must_use]
#[inline(never)]
#[expect(clippy::cast_precision_loss, reason = "the exponent has 12 bits")]
pub fn ln(x: f64) -> f64 {
    /// The bits of the square root of one half: the mantissa is folded to `[√½, √2)`.
    const FOLD: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let octaves = bits.wrapping_sub(FOLD).cast_signed() >> 52;
    let folded = f64::from_bits(bits.wrapping_sub((octaves << 52).cast_unsigned()));
    let z = (folded - 1.0) / (folded + 1.0);
    let w = z * z;
    let series = 1.0 + w * (1.0 / 3.0 + w * (1.0 / 5.0 + w * (1.0 / 7.0 + w * (1.0 / 9.0))));
    octaves as f64 * LN_2 + 2.0 * z * series
}

/// The square root of a positive `x` within 2e-7 of its value; 0 for anything not above 0.
#[must_use]
#[inline(never)]
pub fn sqrt(x: f32) -> f32 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    // Halving the exponent lands within 4 %; each Newton step squares that.
    let mut root = f32::from_bits((x.to_bits() >> 1).wrapping_add(0x1fbd_1df5));
    for _ in 0..3 {
        root = 0.5 * (root + x / root);
    }
    root
}

/// The sine of `x` radians for `x` within a quarter turn, to 1e-8; clamped beyond it.
#[must_use]
#[inline(never)]
pub fn sin_quarter(x: f64) -> f64 {
    let x = x.clamp(-FRAC_PI_2, FRAC_PI_2);
    let w = x * x;
    x * (1.0
        - w / 6.0
            * (1.0
                - w / 20.0
                    * (1.0 - w / 42.0 * (1.0 - w / 72.0 * (1.0 - w / 110.0 * (1.0 - w / 156.0))))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(ours: f64, exact: f64, relative: f64) -> bool {
        (ours - exact).abs() <= exact.abs() * relative
    }

    #[test]
    fn ln_at_the_fold_where_the_series_is_worst() {
        for x in [0.707, 0.707_213_463, 1.413, 1.415] {
            assert!(close(ln(x), x.ln(), 3e-9), "{x}");
        }
        assert!(ln(1.0).abs() < 1e-300);
    }

    proptest! {
        #[test]
        fn exp_neg_is_close(x in 0.0f64..600.0) {
            prop_assert!(close(exp_neg(x), (-x).exp(), 2e-8));
        }

        #[test]
        fn ln_is_close(x in prop_oneof![1e-12f64..1.0, 0.999f64..1.001, 1.0f64..1e12]) {
            prop_assert!(close(ln(x), x.ln(), 3e-9), "{} {}", ln(x), x.ln());
        }

        #[test]
        fn sqrt_is_close(x in prop_oneof![1e-20f32..1e-3, 1e-3f32..1e9]) {
            prop_assert!(close(f64::from(sqrt(x)), f64::from(x).sqrt(), 3e-7));
        }

        #[test]
        fn sin_is_close(x in -FRAC_PI_2..FRAC_PI_2) {
            prop_assert!((sin_quarter(x) - x.sin()).abs() < 1e-8);
        }

        #[test]
        fn any_bits_are_survived(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            let e = exp_neg(x);
            prop_assert!((0.0..=1.0).contains(&e));
            let _ = (ln(x), sin_quarter(x));
            let root = sqrt(f32::from_bits((bits >> 32) as u32));
            prop_assert!(root.is_nan() || root >= 0.0);
        }
    }
}
