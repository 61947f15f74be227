//! The messages of Envoy's foreign function `verify_signature`
//! (envoy: `source/extensions/common/wasm/ext/verify_signature.proto`).

use gatehouse_filter::Hash;
use gatehouse_filter::protobuf::put_bytes;

/// The arguments: `{ string hash_function = 1; bytes public_key = 2; bytes signature = 3; bytes
/// text = 4; }`.
pub fn arguments(hash: Hash, spki: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let hash: &[u8] = match hash {
        Hash::Sha256 => b"sha256",
        Hash::Sha384 => b"sha384",
        Hash::Sha512 => b"sha512",
    };
    let fields = [(1, hash), (2, spki), (3, signature), (4, text)];
    // A tag byte and at most five of length each.
    let length = fields.iter().map(|(_, bytes)| bytes.len().saturating_add(6)).sum();
    let mut message = Vec::with_capacity(length);
    for (number, bytes) in fields {
        put_bytes(&mut message, number, bytes);
    }
    message
}

/// Whether the result, `{ bool result = 1; string error = 2; }`, says that the signature is good.
///
/// Success is these two bytes and no others: there is no error beside a success.
pub fn is_verified(result: &[u8]) -> bool {
    result == [0x08, 0x01]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_encoded_as_protobuf_does() {
        let want = [&b"\x0a\x06sha256\x12\x01k\x1a\x02sg\x22\xac\x02"[..], &[b't'; 300]].concat();
        assert_eq!(arguments(Hash::Sha256, b"k", b"sg", &[b't'; 300]), want);
    }

    #[test]
    fn only_a_plain_success_is_a_success() {
        assert!(is_verified(&[8, 1]));
        for result in [&b""[..], &[8, 0], &[8, 1, 0x12, 0], b"\x12\x05error"] {
            assert!(!is_verified(result));
        }
    }
}
