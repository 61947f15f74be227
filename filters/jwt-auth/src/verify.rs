use crate::algorithm::Algorithm;
use crate::jwks::KeySet;
use crate::refusal::Refusal;
use crate::token::{MAX_TOKEN, Token, UsualHeader};
use crate::trial::{Choice, Trial};
use gatehouse_filter::{Hash, NoVerifier, Signatures};
use std::cell::Cell;

/// Verifies a compact JWS (RFC 7515 §5.2) and returns the payload: the bytes that a key of the set
/// signed.
///
/// This is all that stands between a stranger and [`crate::JwtAuth`]'s check of the claims. The
/// payload need not be JSON here. A `host` verifies RSA (PKCS#1 v1.5) and ECDSA signatures faster;
/// without one, and where it has no verifier, the answer is the same. It knows no time: the dates of
/// certificates do not count here.
///
/// ```
/// use gatehouse_jwt_auth::{KeySet, Refusal, verify_compact};
///
/// // RFC 8037, appendix A.4.
/// let keys = KeySet::from_json(
///     br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
/// )?;
/// let token = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
/// hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// assert_eq!(verify_compact(token, &keys, None).unwrap(), b"Example of Ed25519 signing");
///
/// let forged = [&token[..token.len() - 2], b"Aw"].concat();
/// assert_eq!(verify_compact(&forged, &keys, None), Err(Refusal::SignatureInvalid));
/// # Ok::<(), gatehouse_jwt_auth::KeySetError>(())
/// ```
///
/// # Errors
/// The refusal that a client would be sent.
pub fn verify_compact(
    token: &[u8],
    keys: &KeySet,
    host: Option<&dyn Signatures>,
) -> Result<Vec<u8>, Refusal> {
    let (token, payload) = Token::parse(token, MAX_TOKEN, &UsualHeader::default())?;
    let without_alg = Algorithm::NAMES.map(|(_, algorithm)| algorithm).to_vec();
    let choice = Choice { without_alg, tries_named: false };
    keys.verify(&token, &choice, &Trial::unbounded(host))?;
    Ok(payload)
}

/// A host's verifier that is not asked again once it has said that it is none.
pub(crate) struct HostVerifier<'a> {
    pub(crate) host: &'a dyn Signatures,
    pub(crate) is_absent: &'a Cell<bool>,
}

impl Signatures for HostVerifier<'_> {
    fn verify(
        &self,
        hash: Hash,
        spki: &[u8],
        signature: &[u8],
        text: &[u8],
    ) -> Result<bool, NoVerifier> {
        if self.is_absent.get() {
            return Err(NoVerifier);
        }
        let verified = self.host.verify(hash, spki, signature, text);
        self.is_absent.set(verified.is_err());
        verified
    }
}
