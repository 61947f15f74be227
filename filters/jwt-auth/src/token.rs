use crate::json::Members;
use crate::{Algorithm, MAX_TOKEN, Refusal, base64url};
use std::borrow::Cow;

/// A compact JWS (RFC 7515 §7.1), taken apart. Nothing in it is to be believed before
/// [`KeySet::verify`](crate::KeySet) says so.
pub(crate) struct Token<'t> {
    /// What its header says that it is signed with. It narrows the choice of keys, it never makes it.
    pub(crate) algorithm: Algorithm,
    /// Which key its header says that it is signed with: a name, never a place.
    pub(crate) kid: Option<String>,
    /// What the signature is over: header and payload as they were sent.
    pub(crate) signed: &'t [u8],
    /// The decoded signature.
    pub(crate) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart. What it says, the payload, is apart from what tells whether to believe it.
    ///
    /// `jwk`, `jku`, `x5c` and `x5u` in the header are not read: keys come from the configuration only.
    pub(crate) fn parse(token: &'t [u8]) -> Result<(Self, Vec<u8>), Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::TokenTooLarge);
        }
        let (signed, signature) = split_last(token).ok_or(Refusal::TokenMalformed)?;
        let (header, payload) = split_last(signed).ok_or(Refusal::TokenMalformed)?;
        // A dot that is left over is no base64url: a fourth part ends here.
        let decode = |part| base64url::decode(part).ok_or(Refusal::TokenMalformed);
        let header = Members::read(decode(header)?).ok_or(Refusal::TokenMalformed)?;
        // RFC 7515 §4.1.11: whoever does not understand all of `crit` must refuse. There is nothing to understand.
        if header.get("crit").is_some() {
            return Err(Refusal::CriticalUnsupported);
        }
        let text = |name| match header.get(name) {
            None => Ok(None),
            Some(member) => member.text().map(Some).ok_or(Refusal::TokenMalformed),
        };
        text("typ")?;
        let kid = text("kid")?.map(Cow::into_owned);
        let algorithm = text("alg")?.ok_or(Refusal::TokenMalformed)?;
        let algorithm = Algorithm::from_name(&algorithm).ok_or(Refusal::AlgorithmNotAllowed)?;
        let payload = decode(payload)?;
        Ok((Self { algorithm, kid, signed, signature: decode(signature)? }, payload))
    }
}

/// What is before and after the last dot.
fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().rposition(|byte| *byte == b'.')?;
    Some((text.get(..dot)?, text.get(dot.checked_add(1)?..)?))
}
