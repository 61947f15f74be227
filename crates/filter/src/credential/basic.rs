//! HTTP's own scheme of a user and a password (RFC 7617), of which one may be a key.

use super::Unclear;
use ct_codecs::{Base64, Decoder as _};
use std::borrow::Cow;

/// What stands before the credentials.
pub(super) const PREFIX: &str = "Basic ";

/// A part of the credentials.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What is before the first colon: a user's name has none (RFC 7617 §2).
    User,
    /// What is behind it.
    Password,
}

impl Part {
    /// As configurations name them.
    pub(super) const NAMES: [(&'static str, Self); 2] =
        [("user", Self::User), ("password", Self::Password)];

    /// This part of credentials, which are bytes: whoever encodes them says in no place how
    /// (RFC 7617 §2.1). Where they are too long for one of `most` bytes and as many beside it,
    /// nothing is decoded.
    ///
    /// # Errors
    /// [`Unclear::Malformed`] where they are not base64 with its padding (RFC 4648 §4), or have no
    /// colon. None at all are an empty part.
    pub(super) fn of(self, credentials: &[u8], most: usize) -> Result<Cow<'_, [u8]>, Unclear> {
        if credentials.is_empty() || credentials.len() > most.saturating_mul(4) {
            return Ok(Cow::Borrowed(credentials));
        }
        let mut decoded =
            Base64::decode_to_vec(credentials, None).map_err(|_| Unclear::Malformed)?;
        let colon = decoded.iter().position(|byte| *byte == b':').ok_or(Unclear::Malformed)?;
        match self {
            Self::User => decoded.truncate(colon),
            Self::Password => decoded = decoded.into_iter().skip(colon).skip(1).collect(),
        }
        Ok(Cow::Owned(decoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_codecs::Encoder as _;

    #[test]
    fn a_key_is_one_part_of_credentials_that_are_well_formed() {
        let malformed = Err(Unclear::Malformed);
        let part = |part: Result<&'static str, Unclear>| part.map(|part| part.as_bytes().to_vec());
        for (credentials, user, password) in [
            // RFC 7617 §2.
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Ok("Aladdin"), Ok("open sesame")),
            ("a2V5Og==", Ok("key"), Ok("")),
            ("OmtleQ==", Ok(""), Ok("key")),
            ("Og==", Ok(""), Ok("")),
            // A password may have colons.
            ("YTpiOmM=", Ok("a"), Ok("b:c")),
            ("", Ok(""), Ok("")),
            // No colon.
            ("a2V5", malformed, malformed),
            // No padding, too much, of the other alphabet, bits that no byte needs.
            ("a2V5Og", malformed, malformed),
            ("a2V5Og=", malformed, malformed),
            ("a2V5Og===", malformed, malformed),
            ("a2V5Og==a2V5Og==", malformed, malformed),
            ("Pz8_Og==", malformed, malformed),
            ("a2V5Oh==", malformed, malformed),
            ("a2V5 Og==", malformed, malformed),
            ("a2V5Og== ", malformed, malformed),
            ("a2V5Og==, Basic eA==", malformed, malformed),
            ("key:", malformed, malformed),
            ("\u{e9}", malformed, malformed),
        ] {
            for (which, want) in [(Part::User, user), (Part::Password, password)] {
                let got = which.of(credentials.as_bytes(), 64).map(Cow::into_owned);
                assert_eq!(got, part(want), "{which:?} of {credentials}");
            }
        }
        // What is no text is bytes.
        let bytes = Base64::encode_to_string(b"\xff\x00:x").unwrap();
        assert_eq!(Part::User.of(bytes.as_bytes(), 64).unwrap(), &b"\xff\x00"[..]);
        // What is too long comes as it is.
        let long = Base64::encode_to_string([b'a'; 100]).unwrap();
        assert_eq!(Part::User.of(long.as_bytes(), 32).unwrap(), long.as_bytes());
    }
}
