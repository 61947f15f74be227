use crate::algorithm::Algorithm;
use crate::base64url;
use crate::cache::is_same;
use crate::json::Members;
use crate::kind::Kind;
use crate::refusal::Refusal;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// The longest token that is looked at unless a configuration says otherwise, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// A compact JWS (RFC 7515 §7.1), taken apart. Nothing in it is to be believed before
/// [`KeySet::verify`](crate::KeySet) says so.
pub(crate) struct Token<'t> {
    pub(crate) header: Rc<Header>,
    /// The header as it was sent.
    encoded_header: &'t [u8],
    /// What the signature is over: header and payload as they were sent.
    pub(crate) signed: &'t [u8],
    /// The decoded signature.
    pub(crate) signature: Vec<u8>,
}

/// What the header of a token says.
pub(crate) struct Header {
    /// What it says that the token is signed with. It narrows the choice of keys, it never makes
    /// it.
    pub(crate) algorithm: Algorithm,
    /// Which key it says that the token is signed with: a name, never a place.
    pub(crate) kid: Option<String>,
    /// What kind of token it says that it is.
    pub(crate) kind: Option<Kind>,
}

impl<'t> Token<'t> {
    /// Takes a token apart, of `most` bytes at most. What it says, the payload, is apart from what
    /// tells whether to believe it.
    pub(crate) fn parse(
        token: &'t [u8],
        most: usize,
        usual: &UsualHeader,
    ) -> Result<(Self, Vec<u8>), Refusal> {
        if token.len() > most {
            return Err(Refusal::TokenTooLarge);
        }
        let (signed, signature) = split_last(token).ok_or(Refusal::TokenMalformed)?;
        // A dot that is left over is no base64url: a fourth part ends here.
        let decode = |part| base64url::decode(part).ok_or(Refusal::TokenMalformed);
        let (header, encoded_header, payload) = match usual.begins(signed) {
            Some((header, encoded, payload)) => (header, encoded, payload),
            None => {
                let (encoded, payload) = split_last(signed).ok_or(Refusal::TokenMalformed)?;
                (Rc::new(Header::read(decode(encoded)?)?), encoded, payload)
            }
        };
        let payload = decode(payload)?;
        Ok((Self { header, encoded_header, signed, signature: decode(signature)? }, payload))
    }
}

impl Header {
    /// What the header of a token says that it is signed with, known or not.
    pub(crate) fn algorithm_named(token: &[u8]) -> Option<String> {
        let encoded = token.split(|byte| *byte == b'.').next()?;
        let members = Members::read(base64url::decode(encoded)?)?;
        members.get("alg")?.text().map(Cow::into_owned)
    }

    /// `jwk`, `jku`, `x5c` and `x5u` are not read: keys come from the configuration only.
    fn read(json: Vec<u8>) -> Result<Self, Refusal> {
        let members = Members::read(json).ok_or(Refusal::TokenMalformed)?;
        // RFC 7515 §4.1.11: whoever does not understand all of `crit` must refuse. There is nothing
        // to understand.
        if members.get("crit").is_some() {
            return Err(Refusal::CriticalUnsupported);
        }
        let text = |name| match members.get(name) {
            None => Ok(None),
            Some(member) => member.text().map(Some).ok_or(Refusal::TokenMalformed),
        };
        let kind = text("typ")?.map(|typ| Kind::of(&typ));
        let kid = text("kid")?.map(Cow::into_owned);
        let algorithm = text("alg")?.ok_or(Refusal::TokenMalformed)?;
        Ok(Self {
            algorithm: Algorithm::from_name(&algorithm).ok_or(Refusal::AlgorithmNotAllowed)?,
            kid,
            kind,
        })
    }
}

/// The header of the last good token: an issuer writes the same in each.
#[derive(Default)]
pub(crate) struct UsualHeader(RefCell<Option<Usual>>);

struct Usual {
    /// As it was sent.
    encoded: Box<[u8]>,
    header: Rc<Header>,
}

impl UsualHeader {
    /// Where this is how a token begins, the header, the same as it was sent, and what is behind
    /// its dot.
    fn begins<'t>(&self, signed: &'t [u8]) -> Option<(Rc<Header>, &'t [u8], &'t [u8])> {
        let usual = self.0.borrow();
        let Usual { encoded, header } = usual.as_ref()?;
        let (start, rest) = signed.split_at_checked(encoded.len())?;
        let payload = rest.strip_prefix(b".")?;
        is_same(start, encoded).then(|| (Rc::clone(header), start, payload))
    }

    /// Remembers the header of a token whose signature is good: what strangers write would only
    /// push it out.
    pub(crate) fn keep(&self, token: &Token<'_>) {
        let mut usual = self.0.borrow_mut();
        if usual.as_ref().is_none_or(|usual| !Rc::ptr_eq(&usual.header, &token.header)) {
            let (encoded, header) = (token.encoded_header.into(), Rc::clone(&token.header));
            *usual = Some(Usual { encoded, header });
        }
    }
}

/// What is before and after the last dot.
pub(crate) fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = memchr::memrchr(b'.', text)?;
    Some((text.get(..dot)?, text.get(dot.checked_add(1)?..)?))
}
