//! Certificates of the keys that sign tokens.

use gatehouse_filter::Date;
use gatehouse_filter_test::certificate::{Certificate, p256};
use jwt_simple::reexports::ct_codecs::{
    Base64, Base64UrlSafeNoPadding, Decoder as _, Encoder as _,
};

use super::token::Key;

/// The certificate of a key of P-256, good from the first time until the second, in seconds since
/// 1970: its DER in base64, as `x5c` has it.
pub(crate) fn x5c(key: &Key, [from, until]: [u64; 2]) -> String {
    let coordinate = |name: &str| {
        let text = key.jwk[name].as_str().expect("a key of P-256");
        Base64UrlSafeNoPadding::decode_to_vec(text, None).expect("base64url")
    };
    let [from, until] = [from, until].map(generalized);
    let certificate = Certificate {
        issuer: "idp.example",
        subject: "idp.example",
        dates: [&from, &until],
        key: &p256(&coordinate("x"), &coordinate("y")),
    };
    Base64::encode_to_string(certificate.der()).expect("it is short")
}

/// The same in PEM.
pub(crate) fn pem(key: &Key, dates: [u64; 2]) -> String {
    let body = x5c(key, dates);
    let lines = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned());
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// A GeneralizedTime (RFC 5280 section 4.1.2.5.2).
fn generalized(seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let date = Date::from_days_since_1970((seconds / DAY).cast_signed());
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}
