use crate::{Algorithm, MAX_TOKEN, Refusal, base64url, json};
use serde_json::{Map, Value};

/// A compact JWS (RFC 7515 §7.1), taken apart. Nothing in it is to be believed before
/// [`KeySet::verify`](crate::KeySet) says so.
pub(crate) struct Token<'t> {
    /// What its header says that it is signed with. It narrows the choice of keys, it never makes it.
    pub(crate) algorithm: Algorithm,
    /// Which key its header says that it is signed with: a name, never a place.
    pub(crate) kid: Option<String>,
    /// What the signature is over: header and payload as they were sent.
    pub(crate) signed: &'t [u8],
    /// The decoded payload.
    pub(crate) payload: Vec<u8>,
    /// The decoded signature.
    pub(crate) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart.
    ///
    /// `jwk`, `jku`, `x5c` and `x5u` in the header are not read: keys come from the configuration only.
    pub(crate) fn parse(token: &'t [u8]) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::TokenTooLarge);
        }
        let (signed, signature) = split_last(token).ok_or(Refusal::TokenMalformed)?;
        let (header, payload) = split_last(signed).ok_or(Refusal::TokenMalformed)?;
        // A dot that is left over is no base64url: a fourth part ends here.
        let decode = |part| base64url::decode(part).ok_or(Refusal::TokenMalformed);
        let header = json::object(&decode(header)?).ok_or(Refusal::TokenMalformed)?;
        // RFC 7515 §4.1.11: whoever does not understand all of `crit` must refuse. There is nothing to understand.
        if header.contains_key("crit") {
            return Err(Refusal::CriticalUnsupported);
        }
        text(&header, "typ")?;
        let kid = text(&header, "kid")?.map(str::to_owned);
        let algorithm = text(&header, "alg")?.ok_or(Refusal::TokenMalformed)?;
        Ok(Self {
            algorithm: Algorithm::from_name(algorithm).ok_or(Refusal::AlgorithmNotAllowed)?,
            kid,
            signed,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

/// What is before and after the last dot.
fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().rposition(|byte| *byte == b'.')?;
    Some((text.get(..dot)?, text.get(dot.checked_add(1)?..)?))
}

/// A member that is text, where it is there.
fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, Refusal> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::TokenMalformed),
    }
}
