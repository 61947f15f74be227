//! Proofs that whoever sends a token has the key that it is bound to (DPoP, RFC 9449).
//!
//! Of a proof everything that costs no signature is checked first, and whether it was used; then the
//! signature; then it is used.

pub(crate) mod fault;
mod nonces;
mod public_key;
mod replays;
mod target;

pub(crate) use nonces::Nonces;
pub(crate) use public_key::PublicKey;
pub(crate) use replays::{Fresh, Replays, Unusable};
pub(crate) use target::{Origin, normal_path};

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::binding::Thumbprint;
use crate::claims::{Claims, Lifetime};
use crate::json::Members;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::token::split_last;
use crate::why::Refused;
use gatehouse_filter::{Secret, Timestamp, printable};
use target::Target;

/// The longest proof that is looked at, in bytes: one with an RSA key of 4096 bits has some 2 KiB.
pub(crate) const MAX_PROOF: usize = 8 * 1024;

/// A proof (RFC 9449 §4.2), taken apart. Nothing in it is to be believed before its signature was
/// verified.
pub(crate) struct Proof<'p> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: PublicKey,
    /// What the signature is over.
    pub(crate) signed: &'p [u8],
    pub(crate) signature: Vec<u8>,
    claims: Claims,
}

/// What a proof must be about.
pub(crate) struct About<'a> {
    pub(crate) method: &'a [u8],
    /// The path of the request, without its query.
    pub(crate) path: &'a [u8],
    pub(crate) token: &'a [u8],
    /// The key that the token is bound to.
    pub(crate) key: &'a Thumbprint,
}

/// What proofs must be.
pub(crate) struct Terms {
    /// Where the public knows this gateway.
    pub(crate) origins: Vec<Origin>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// From `iat` on, unless a nonce tells when it was made.
    pub(crate) lifetime: Lifetime,
    /// `None`: nonces are not asked for.
    pub(crate) nonces: Option<Nonces>,
}

/// A proof that is good but for its signature, and for whether it was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fit {
    /// What it is known by.
    pub(crate) digest: [u8; 16],
    /// Until when it would be taken, in seconds since 1970.
    pub(crate) until: u64,
}

impl<'p> Proof<'p> {
    /// Takes a proof apart.
    pub(crate) fn parse(proof: &'p [u8]) -> Result<Self, Refusal> {
        if proof.len() > MAX_PROOF {
            return Err(fault::TOO_LARGE);
        }
        let (signed, signature) = split_last(proof).ok_or(fault::MALFORMED)?;
        let (header, payload) = split_last(signed).ok_or(fault::MALFORMED)?;
        let decode = |part| base64url::decode(part).ok_or(fault::MALFORMED);
        let header = Members::read(decode(header)?).ok_or(fault::MALFORMED)?;
        if header.get("crit").is_some() {
            return Err(fault::CRITICAL);
        }
        let text = |name| header.get(name).and_then(|member| member.text());
        if text("typ").map(|typ| Kind::of(&typ)) != Some(Kind::of("dpop+jwt")) {
            return Err(fault::TYPE);
        }
        let algorithm = text("alg").and_then(|name| Algorithm::from_name(&name));
        let algorithm = algorithm.ok_or(fault::ALGORITHM)?;
        let key = PublicKey::read(header.get("jwk").ok_or(fault::KEY)?)?;
        let claims = Claims::parse(decode(payload)?).map_err(of_a_proof)?;
        Ok(Self { algorithm, key, signed, signature: decode(signature)?, claims })
    }

    fn text(&self, claim: &str) -> Option<String> {
        self.claims.at(claim)?.text().map(|text| text.into_owned())
    }
}

impl Terms {
    /// Checks all of a proof but its signature, and whether it was used (RFC 9449 §4.3).
    pub(crate) fn check(
        &self,
        proof: &Proof<'_>,
        about: &About<'_>,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<Fit, Refused> {
        if !self.algorithms.contains(&proof.algorithm) {
            let why = format!("alg is {}", proof.algorithm.name());
            return Err(Refused::because(fault::ALGORITHM, why));
        }
        let thumbprint = proof.key.thumbprint();
        if thumbprint != *about.key {
            return Err(Refusal::ProofKeyMismatch.into());
        }
        let method = proof.text("htm").unwrap_or_default();
        if method.as_bytes() != about.method {
            return Err(seen("htm", &method, fault::METHOD));
        }
        let target = proof.text("htu").unwrap_or_default();
        if !self.is_here(&target, about.path) {
            return Err(self.elsewhere(&target, about.path));
        }
        let hash = proof.text("ath").and_then(|text| base64url::decode(text.as_bytes()));
        if hash.as_deref() != Some(&hmac_sha256::Hash::hash(about.token)) {
            return Err(fault::TOKEN.into());
        }
        let id = proof.text("jti").filter(|id| !id.is_empty()).ok_or(fault::ID)?;
        let until = self.until(proof, secret, now)?;
        Ok(Fit { digest: secret.digest(&[b"proof", &thumbprint, id.as_bytes()]), until })
    }

    /// The names of the algorithms, as a challenge tells them.
    pub(crate) fn algorithm_names(&self) -> String {
        let names: Vec<_> = self.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        names.join(" ")
    }

    /// Whether this is the request's URL, wherever the public knows this gateway.
    fn is_here(&self, url: &str, path: &[u8]) -> bool {
        let Some(Target { origin, path: theirs }) = Target::read(url) else { return false };
        self.origins.contains(&origin) && normal_path(path).is_some_and(|path| path == theirs)
    }

    fn elsewhere(&self, url: &str, path: &[u8]) -> Refused {
        let origins: Vec<_> = self.origins.iter().map(Origin::as_str).collect();
        let why = format!(
            "htu is `{}`, and the request's path at {} is `{}`",
            printable(url, MOST_OF_A_CLAIM),
            origins.join(", "),
            printable(&String::from_utf8_lossy(path), MOST_OF_A_CLAIM),
        );
        Refused::because(fault::TARGET, why)
    }

    /// Until when the proof would be taken, by when it was made: its nonce tells that, where it must
    /// have one, and else `iat` (RFC 9449 §4.3, point 11).
    fn until(&self, proof: &Proof<'_>, secret: &Secret, now: Timestamp) -> Result<u64, Refused> {
        let validity = &proof.claims.validity;
        let times = |lifetime: &Lifetime| {
            let why = |refusal| crate::why::times(refusal, validity, lifetime, now);
            validity.check(now, lifetime).map_err(|refusal| match refusal {
                Refusal::ClaimInvalid(detail) => Refusal::ProofInvalid(detail).into(),
                refusal => Refused::because(fault::TIME, why(refusal)),
            })
        };
        match &self.nonces {
            None => {
                times(&self.lifetime)?;
                let good_for = [self.lifetime.max_age.unwrap_or_default(), self.lifetime.leeway];
                let until =
                    good_for.iter().fold(validity.issued.unwrap_or_default(), |until, more| {
                        until.saturating_add(*more)
                    });
                // A part of a second counts as one: never forgotten too early.
                Ok(until.as_secs().saturating_add(1))
            }
            Some(nonces) => {
                times(&Lifetime { max_age: None, ..self.lifetime })?;
                if validity.issued.is_none() {
                    return Err(Refusal::ProofInvalid("The claim iat is required").into());
                }
                let nonce = proof.text("nonce");
                let until = nonce.and_then(|nonce| nonces.until(&nonce, secret, now));
                until.ok_or(Refusal::NonceNeeded.into())
            }
        }
    }
}

/// What is wrong with the claims of a proof.
fn of_a_proof(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::ClaimInvalid(detail) => Refusal::ProofInvalid(detail),
        _ => fault::MALFORMED,
    }
}

fn seen(claim: &str, value: &str, refusal: Refusal) -> Refused {
    Refused::because(refusal, format!("{claim} is `{}`", printable(value, MOST_OF_A_CLAIM)))
}

/// The most characters of a claim that operators are told.
const MOST_OF_A_CLAIM: usize = 64;
