use gatehouse_filter::Hash;

/// A signature algorithm of JWS (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none` here, in any
/// spelling: a token that names it names no algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// `HS256`, `HS384`, `HS512`: HMAC.
    Hmac(Hash),
    /// `RS256`, `RS384`, `RS512`: RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// `PS256`, `PS384`, `PS512`: RSASSA-PSS, the salt as long as the hash.
    RsaPss(Hash),
    /// `ES256`, `ES384`, `ES512`: ECDSA; the curve says the hash.
    Ecdsa(Curve),
    /// `EdDSA` with Ed25519; also by its newer name `Ed25519` (RFC 9864).
    Ed25519,
}

/// A NIST curve (RFC 7518 §6.2.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Algorithm {
    /// Every name and what it means. Names are compared exactly (RFC 7515 §4.1.1).
    pub const NAMES: [(&'static str, Self); 14] = [
        ("RS256", Self::RsaPkcs1(Hash::Sha256)),
        ("RS384", Self::RsaPkcs1(Hash::Sha384)),
        ("RS512", Self::RsaPkcs1(Hash::Sha512)),
        ("PS256", Self::RsaPss(Hash::Sha256)),
        ("PS384", Self::RsaPss(Hash::Sha384)),
        ("PS512", Self::RsaPss(Hash::Sha512)),
        ("ES256", Self::Ecdsa(Curve::P256)),
        ("ES384", Self::Ecdsa(Curve::P384)),
        ("ES512", Self::Ecdsa(Curve::P521)),
        ("EdDSA", Self::Ed25519),
        ("Ed25519", Self::Ed25519),
        ("HS256", Self::Hmac(Hash::Sha256)),
        ("HS384", Self::Hmac(Hash::Sha384)),
        ("HS512", Self::Hmac(Hash::Sha512)),
    ];

    /// Whether hosts verify it: RSASSA-PKCS1-v1_5 and ECDSA, in native code.
    pub(crate) fn is_for_hosts(self) -> bool {
        matches!(self, Self::RsaPkcs1(_) | Self::Ecdsa(_))
    }

    /// The first of its names.
    pub(crate) fn name(self) -> &'static str {
        let is_this = |(_, algorithm): &&(&str, Self)| *algorithm == self;
        Self::NAMES.iter().find(is_this).map_or("", |(name, _)| name)
    }

    /// The algorithm of a name; `None` for every other name, `none` among them.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |(known, _): &&(&str, Self)| *known == name;
        Self::NAMES.iter().find(named).map(|(_, algorithm)| *algorithm)
    }
}
