//! Keys of `jwt-auth` that come as certificates.

use crate::check_beside_envoy::case::{Good, Refused, Row};

/// A certificate of a P-256 key, which has signed it, in base64.
macro_rules! p256 {
    () => {
        concat!(
            "MIIBbzCCARWgAwIBAgIUZKJYGDjXvIkFtYiu3NuzDGxf8PQwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAg",
            "Fw0yNjExMzAwODM5MzVaGA8yMTI2MTEwNjA4MzkzNVowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqG",
            "SM49AwEHA0IABIRNatYYbozqmYZQFkDIsSh6+r3tMOfM+EmYlQ+PRbN0ZWAj9ZSQWAlHXlUVz6e4zuPcFtgz",
            "kDsLdixM1n6AsmijUzBRMB0GA1UdDgQWBBS7K1dVj8SjO6JLN/TwaXucQtBg1jAfBgNVHSMEGDAWgBS7K1dV",
            "j8SjO6JLN/TwaXucQtBg1jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC2dgXAaZIBCSJd",
            "zxzTQivMLW6nwKk/7ldBbtgsb+9/rAIgTPMZzcZltR58i/HQQfraQlk56/zsEdeIpoeHqSDkjWg=",
        )
    };
}

/// One of an Ed25519 key.
macro_rules! ed25519 {
    () => {
        concat!(
            "MIIBLDCB36ADAgECAhQJyVs0PIDmlbMET36sBOIKnfWECDAFBgMrZXAwDDEKMAgGA1UEAwwBZTAeFw0yNjEx",
            "MzAwODM5MzZaFw0zNjExMjcwODM5MzZaMAwxCjAIBgNVBAMMAWUwKjAFBgMrZXADIQDkvqoKEFGeGeUasNR2",
            "5riVF8fYQBTqacgxDAwGC72xn6NTMFEwHQYDVR0OBBYEFIVhb1L/KW7JokbGof/PHE2yroiXMB8GA1UdIwQY",
            "MBaAFIVhb1L/KW7JokbGof/PHE2yroiXMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAREUs4ZaG0mL91dZX",
            "I9P7BYbxUmIMJKpYNM/2eWj+gRVBTS1toVBvlVPgg00Qfevf5i2Dnw8VBKlCYoLih841DQ==",
        )
    };
}

/// One of an Ed25519 key that the key of `p256!` has signed.
macro_rules! issued {
    () => {
        concat!(
            "MIHoMIGPAhRaRaYS4OfEqvP4cX267JJMrgNBrTAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMCAXDTI2MTEz",
            "MDA4MzkzNloYDzIxMjYxMTA2MDgzOTM2WjAPMQ0wCwYDVQQDDARsZWFmMCowBQYDK2VwAyEAeR9xx5WXzurn",
            "blVxg/3NmtFofpdOMKBk17b4awTI19wwCgYIKoZIzj0EAwIDSAAwRQIgWTYrADY2ImA/tK006vCB3pHEGasB",
            "nFnYs92RalXLWVQCIQCLRr4x6qg/4n8mYHJMijheOcmxcZTmOJ5FjSvM4ae7Cw==",
        )
    };
}

/// In PEM, as in YAML's quotes.
macro_rules! pem {
    ($($base64:tt)*) => {
        concat!("-----BEGIN CERTIFICATE-----\\n", $($base64)*, "\\n-----END CERTIFICATE-----\\n")
    };
}

/// A configuration with these keys.
macro_rules! keys {
    ($($keys:expr),*) => {
        concat!("{providers: [{name: a, issuer: https://a.example, jwks: {", $($keys),*, "}}]}")
    };
}

/// Each below the fields of one good provider.
pub(crate) const ROWS: &[Row] = &[
    ("a certificate", keys!("pem: \"", pem!(p256!()), "\""), Good),
    (
        "certificates by name",
        keys!("a: \"", pem!(ed25519!()), "\", b: \"", pem!(p256!()), "\""),
        Good,
    ),
    ("a certificate alone in a key", keys!("keys: [{kty: EC, x5c: [\"", p256!(), "\"]}]"), Good),
    (
        "a certificate of another key",
        keys!(
            "keys: [{kty: EC, crv: P-256, x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, ",
            "y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0, x5c: [\"",
            p256!(),
            "\"]}]"
        ),
        Refused(
            "providers[0].jwks: has no key that can verify signatures: keys[0] has an `x5c` of \
             another key",
        ),
    ),
    (
        "a chain of certificates",
        keys!("pem: \"", pem!(issued!()), pem!(p256!()), "\""),
        Refused("providers[0].jwks.pem: keys[1] is the certificate of whoever issued keys[0]"),
    ),
    (
        "a certificate that is none",
        keys!("a: \"", pem!("AAAA"), "\""),
        Refused(
            "providers[0].jwks: has no key that can verify signatures: keys[0] is no certificate",
        ),
    ),
];
