//! SHA-256 of bytes, as text.

use sha2::{Digest as _, Sha256};

/// In lower case, as `sha256sum` writes it.
pub(super) fn hex(bytes: &[u8]) -> String {
    gatehouse_filter::hex::text(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    /// FIPS 180-2, appendix B.1.
    #[test]
    fn it_is_what_the_standard_says() {
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hex(b"abc"), wanted);
    }
}
