//! XXH64 and a mixer of two hashes: what ring, Maglev, rendezvous and sticky splits stand on.
//!
//! Not for secrets: neither function resists someone who chooses the keys. The whole input is
//! hashed at once; nothing here keeps state or allocates.

const PRIME_1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME_2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME_3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME_4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME_5: u64 = 0x27d4_eb2f_1656_67c5;

/// Hashes `bytes` by XXH64, equal to the reference implementation bit for bit.
///
/// ```
/// assert_eq!(mesh_core::hash::xxh64(b"", 0), 0xef46_db37_51d8_e999);
/// ```
#[must_use]
pub fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash =
        if stripes.is_empty() { seed.wrapping_add(PRIME_5) } else { long_input(stripes, seed) };
    // The reference adds the length modulo 2^64; no slice is longer.
    hash = hash.wrapping_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));

    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIME_1);
        hash = hash.rotate_left(23).wrapping_mul(PRIME_2).wrapping_add(PRIME_3);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(PRIME_5);
        hash = hash.rotate_left(11).wrapping_mul(PRIME_1);
    }

    hash ^= hash >> 33;
    hash = hash.wrapping_mul(PRIME_2);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(PRIME_3);
    hash ^ (hash >> 32)
}

/// Mixes two hashes into one whose every bit depends on every bit of both; order matters.
///
/// Cheaper than hashing sixteen bytes: two multiplications after the first.
#[must_use]
pub const fn combine(first: u64, second: u64) -> u64 {
    let mut z = first ^ second.wrapping_mul(PRIME_1).rotate_left(31);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn long_input(stripes: &[[u8; 32]], seed: u64) -> u64 {
    let mut lanes = [
        seed.wrapping_add(PRIME_1).wrapping_add(PRIME_2),
        seed.wrapping_add(PRIME_2),
        seed,
        seed.wrapping_sub(PRIME_1),
    ];
    for stripe in stripes {
        for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let [a, b, c, d] = lanes;
    let mut hash = a
        .rotate_left(1)
        .wrapping_add(b.rotate_left(7))
        .wrapping_add(c.rotate_left(12))
        .wrapping_add(d.rotate_left(18));
    for lane in lanes {
        hash ^= round(0, lane);
        hash = hash.wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
    }
    hash
}

const fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xxh64_published_vectors() {
        assert_eq!(xxh64(b"", 0), 0xef46_db37_51d8_e999);
        assert_eq!(xxh64(b"a", 0), 0xd24e_c4f1_a98c_6e5b);
        assert_eq!(xxh64(b"abc", 0), 0x44bc_2cf5_ad77_0999);
        assert_eq!(xxh64(b"Nobody inspects the spammish repetition", 0), 0xfbce_a83c_8a37_8bf1);
    }

    #[test]
    fn xxh64_of_a_hundred_counting_bytes() {
        let bytes: alloc::vec::Vec<u8> = (0..100).collect();
        assert_eq!(xxh64(&bytes, 0), 0x6ac1_e580_3216_6597);
    }

    #[test]
    fn xxh64_reference_sanity_buffer() {
        // The reference's self-test: bytes from a generator, by length and seed.
        const PRIME32: u64 = 2_654_435_761;
        let mut buffer = [0u8; 222];
        let mut byte_gen = PRIME32;
        for byte in &mut buffer {
            *byte = byte_gen.to_be_bytes()[0];
            byte_gen = byte_gen.wrapping_mul(11_400_714_785_074_694_797);
        }
        assert_eq!(xxh64(&buffer[..0], PRIME32), 0xac75_fda2_929b_17ef);
        assert_eq!(xxh64(&buffer[..1], 0), 0xe934_a84a_db05_2768);
        assert_eq!(xxh64(&buffer[..1], PRIME32), 0x5014_6076_43a9_b4c3);
        assert_eq!(xxh64(&buffer[..14], 0), 0x8282_dcc4_994e_35c8);
        assert_eq!(xxh64(&buffer[..14], PRIME32), 0xc3bd_6bf6_3deb_6df0);
        assert_eq!(xxh64(&buffer[..222], 0), 0xb641_ae8c_b691_c174);
        assert_eq!(xxh64(&buffer[..222], PRIME32), 0x20cb_8ab7_ae10_c14a);
    }

    #[test]
    fn combine_spreads_small_differences_and_keeps_order() {
        assert_ne!(combine(1, 2), combine(2, 1));
        let mut bits = 0;
        for i in 0..64 {
            bits += (combine(7, 9) ^ combine(7, 9 ^ (1 << i))).count_ones();
        }
        // 32 flipped bits in the mean; 64 samples of deviation 4 put the mean within 2.
        assert!((30 * 64..34 * 64).contains(&bits), "{bits}");
    }
}
