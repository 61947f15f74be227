//! Whether a stored object is what was stored.

/// A checksum of bytes: four lanes, so that a body of megabytes is checked as fast as it is copied.
/// It tells damage, not intent: only this gateway writes to the store.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut lanes = [SEED, SEED.rotate_left(16), SEED.rotate_left(32), SEED.rotate_left(48)];
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mixed(*lane, u64::from_le_bytes(*word));
        }
    }
    let (words, rest) = rest.as_chunks::<8>();
    let mut sum = lanes.iter().fold(SEED, |sum, lane| mixed(sum, *lane));
    for word in words {
        sum = mixed(sum, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    mixed(mixed(sum, u64::from_le_bytes(last)), length)
}

/// An odd number without a pattern: the fraction of the golden ratio.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(SEED).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn every_changed_added_or_missing_byte_changes_the_checksum() {
        for length in [0, 1, 7, 8, 9, 31, 32, 33, 100, 1000] {
            let bytes: Vec<u8> = (0..length).map(|number| (number * 7 % 251) as u8).collect();
            let sum = checksum(&bytes);
            for at in 0..length {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert_ne!(checksum(&changed), sum, "byte {at} of {length}");
            }
            let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            assert_ne!(checksum(&longer), sum, "{length} and a zero");
            if let Some((_, shorter)) = bytes.split_last() {
                assert_ne!(checksum(shorter), sum, "{length} without the last");
            }
        }
    }
}
