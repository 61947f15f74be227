//! What can be wrong with a proof: what its client is told to mend. Quoted in `error_description`, so
//! without quotes and backslashes.

use crate::refusal::Refusal;

pub(crate) const TOO_LARGE: Refusal = Refusal::ProofInvalid("The proof is longer than 8192 bytes");
pub(crate) const MALFORMED: Refusal = Refusal::ProofInvalid(
    "The proof is not a JWT: three base64url parts without padding, header and claims JSON objects without repeated members",
);
pub(crate) const TYPE: Refusal = Refusal::ProofInvalid("The proof's typ must be dpop+jwt");
pub(crate) const CRITICAL: Refusal =
    Refusal::ProofInvalid("The proof has a crit header; no extensions are supported");
pub(crate) const ALGORITHM: Refusal =
    Refusal::ProofInvalid("The proof must be signed with one of algs");
pub(crate) const KEY: Refusal = Refusal::ProofInvalid(
    "The proof's jwk must be a public key: EC, OKP or RSA of 2048 to 4096 bits",
);
pub(crate) const PRIVATE: Refusal =
    Refusal::ProofInvalid("The proof's jwk has private parts: that key is no secret any more");
pub(crate) const SIGNATURE: Refusal =
    Refusal::ProofInvalid("The proof's signature is not that of its jwk over it");
pub(crate) const ID: Refusal = Refusal::ProofInvalid("The proof must have a jti, which is text");
pub(crate) const METHOD: Refusal =
    Refusal::ProofInvalid("The proof's htm must be the method of the request");
pub(crate) const TARGET: Refusal = Refusal::ProofInvalid(
    "The proof's htu must be the URL of the request, as the public knows it, without query and fragment",
);
pub(crate) const TOKEN: Refusal =
    Refusal::ProofInvalid("The proof's ath must be the SHA-256 hash of the token, in base64url");
pub(crate) const TIME: Refusal =
    Refusal::ProofInvalid("The proof must have been made just now: iat, and exp and nbf if any");
