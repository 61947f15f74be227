//! Keys of what is shared: a prefix, what it is, and numbers, in bytes as nobody reads them. One is
//! made for every call of the store, and allocates nothing.

use std::ops::Deref;

/// A key.
pub(crate) struct StoreKey {
    bytes: [u8; LONGEST],
    length: usize,
}

/// `c/`, a name of 16 letters, `/`, the kind and three numbers.
const LONGEST: usize = 2 + 16 + 1 + 1 + 3 * 4;

impl StoreKey {
    pub(crate) fn new(prefix: &str, kind: u8, numbers: &[u32]) -> Self {
        let mut key = Self { bytes: [0; LONGEST], length: 0 };
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        let bytes = prefix.bytes().chain([kind]).chain(numbers);
        for (place, byte) in key.bytes.iter_mut().zip(bytes) {
            *place = byte;
            key.length = key.length.saturating_add(1);
        }
        key
    }
}

impl Deref for StoreKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::StoreKey;

    #[test]
    fn a_key_of_the_longest_name_has_all_its_numbers() {
        let key = StoreKey::new("c/abcdefghijklmnop/", b'o', &[1, 2, u32::MAX]);
        assert_eq!(&*key, b"c/abcdefghijklmnop/o\x01\0\0\0\x02\0\0\0\xff\xff\xff\xff");
        assert_eq!(&*StoreKey::new("c/t/", b'l', &[258]), b"c/t/l\x02\x01\0\0");
    }
}
