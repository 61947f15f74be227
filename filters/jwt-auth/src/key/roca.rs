//! Keys that a faulty library made (CVE-2017-15361, "ROCA"): their factors are powers of 65537
//! modulo the product of the first primes, which makes the modulus factorable, and shows in it.

/// Whether a modulus has the fingerprint: it is a power of 65537 modulo each of the small primes.
/// An honest modulus has it once in more than a hundred million.
pub(super) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(GENERATOR, remainder(modulus, *prime), *prime))
}

/// Whether `value` is a power of `generator` modulo `prime`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "factors below 65538 and 168; the prime is not zero"
)]
fn is_power(generator: u32, value: u32, prime: u32) -> bool {
    let mut power = 1;
    // The powers repeat after fewer than `prime` steps.
    for _ in 0..prime {
        if power == value {
            return true;
        }
        power = power * generator % prime;
    }
    false
}

#[expect(clippy::arithmetic_side_effects, reason = "below 168 times 256; the prime is not zero")]
fn remainder(number: &[u8], prime: u32) -> u32 {
    let step = |remainder: u32, byte: &u8| (remainder * 256 + u32::from(*byte)) % prime;
    number.iter().fold(0, step)
}

const GENERATOR: u32 = 65_537;

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 65537^128, of 2049 bits: a power modulo every prime.
    pub(in crate::key) fn weak_modulus() -> Vec<u8> {
        let mut power = vec![1_u8];
        for _ in 0..128 {
            let mut carry = 0_u32;
            for byte in power.iter_mut().rev() {
                carry = carry.wrapping_add(u32::from(*byte).wrapping_mul(GENERATOR));
                *byte = carry.to_le_bytes()[0];
                carry >>= 8;
            }
            while carry > 0 {
                power.insert(0, carry.to_le_bytes()[0]);
                carry >>= 8;
            }
        }
        power
    }

    #[test]
    fn a_power_of_the_generator_is_weak_and_its_neighbours_are_not() {
        assert!(is_weak(&weak_modulus()));
        for change in [1, 2, 4, 254] {
            let mut other = weak_modulus();
            *other.last_mut().unwrap() ^= change;
            assert!(!is_weak(&other), "{change}");
        }
    }
}
