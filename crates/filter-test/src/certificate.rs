//! Certificates that nobody signed, for what reads keys out of them.

/// An X.509 certificate (RFC 5280 §4.1), with a signature that is none.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    /// The common name of whoever issued it.
    pub issuer: &'a str,
    /// The common name of whose it is.
    pub subject: &'a str,
    /// From when until when it is good, as a UTCTime, or, of 15 characters, a GeneralizedTime.
    pub dates: [&'a str; 2],
    /// A SubjectPublicKeyInfo in DER.
    pub key: &'a [u8],
}

impl Certificate<'_> {
    /// The certificate in DER.
    pub fn der(&self) -> Vec<u8> {
        // ecdsa-with-SHA256.
        let algorithm = tlv(0x30, &[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let [not_before, not_after] = self.dates.map(time);
        let body = tlv(
            0x30,
            &[
                &tlv(0xa0, &[&tlv(2, &[&[2]])]),
                &tlv(2, &[&[1]]),
                &algorithm,
                &name(self.issuer),
                &tlv(0x30, &[&not_before, &not_after]),
                &name(self.subject),
                self.key,
                // subjectKeyIdentifier.
                &tlv(0xa3, &[&tlv(0x30, &[&tlv(0x30, &[&[6, 3, 0x55, 0x1d, 14, 4, 2, 4, 0]])])]),
            ],
        );
        tlv(0x30, &[&body, &algorithm, &tlv(3, &[&[0, 1, 2, 3]])])
    }
}

/// The SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 §4).
pub fn ed25519(key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[0x30, 5, 6, 3, 0x2b, 0x65, 0x70], &tlv(3, &[&[0], key])])
}

/// The SubjectPublicKeyInfo of a point of P-256 (RFC 5480 §2), by its coordinates.
pub fn p256(x: &[u8], y: &[u8]) -> Vec<u8> {
    const ALGORITHM: [u8; 21] = [
        0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
        1, 7,
    ];
    tlv(0x30, &[&ALGORITHM, &tlv(3, &[&[0, 4], x, y])])
}

/// A value in DER, of this tag.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = value.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let head = match (value.len(), u8::try_from(length.len()).unwrap_or(0)) {
        (0..128, _) => vec![tag, length.first().copied().unwrap_or(0)],
        (_, count) => [&[tag, 0x80 | count], length.as_slice()].concat(),
    };
    [head, value].concat()
}

fn time(text: &str) -> Vec<u8> {
    tlv(if text.len() == 15 { 0x18 } else { 0x17 }, &[text.as_bytes()])
}

fn name(common: &str) -> Vec<u8> {
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[common.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}
