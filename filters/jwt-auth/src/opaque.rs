//! Which tokens say something by themselves, and what a bearer token can be made of.

use crate::base64url;
use crate::json::Members;
use crate::token::split_last;
use std::borrow::Cow;

/// What a token is by its form. A stranger can write either: it only says who is to judge it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A compact JWS (RFC 7515 §7.1), and the issuer that it names.
    Signed { issuer: Option<String> },
    /// Anything else: whoever issued it is to be asked.
    Opaque,
}

impl Form {
    /// Three parts in base64url of which the first is a JOSE header: a JSON object with the `alg`
    /// that each has (RFC 7515 §4.1.1).
    pub(crate) fn of(token: &[u8]) -> Self {
        Self::signed(token).unwrap_or(Self::Opaque)
    }

    fn signed(token: &[u8]) -> Option<Self> {
        let (rest, signature) = split_last(token)?;
        let (header, payload) = split_last(rest)?;
        // The decoder takes no dot: a fourth part ends here.
        Members::read(base64url::decode(header)?)?.get("alg")?.text()?;
        base64url::decode(signature)?;
        let claims = Members::read(base64url::decode(payload)?);
        let issuer = claims.and_then(|claims| claims.get("iss")?.text().map(Cow::into_owned));
        Some(Self::Signed { issuer })
    }
}

/// Whether it is a bearer token by its characters: `b64token` of RFC 6750 §2.1. What else an issuer
/// may hand out (RFC 6749 §A.12) no client can send in `authorization`.
pub(crate) fn is_bearer_token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let plain = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    !plain.is_empty() && plain.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::{Form, is_bearer_token};
    use ct_codecs::{Base64UrlSafeNoPadding, Encoder};

    fn encoded(text: &str) -> String {
        Base64UrlSafeNoPadding::encode_to_string(text).unwrap()
    }

    #[test]
    fn a_token_is_signed_by_its_form_alone() {
        let signed = |issuer: Option<&str>| Form::Signed { issuer: issuer.map(str::to_owned) };
        for (header, payload, signature, want) in [
            (r#"{"alg":"RS256"}"#, r#"{"iss":"a"}"#, "x", signed(Some("a"))),
            // Whatever its algorithm is, and whatever it asks for.
            (r#"{"alg":"none"}"#, r#"{"iss":"a"}"#, "", signed(Some("a"))),
            (r#"{"alg":"ES256K","crit":["x"]}"#, r#"{"iss":"a"}"#, "x", signed(Some("a"))),
            (r#"{"alg":"RS256"}"#, r#"{"sub":"a"}"#, "x", signed(None)),
            (r#"{"alg":"RS256"}"#, r#"{"iss":7}"#, "x", signed(None)),
            (r#"{"alg":"RS256"}"#, r#"{"iss":"a","iss":"b"}"#, "x", signed(None)),
            (r#"{"alg":"RS256"}"#, "no claims", "x", signed(None)),
            (r#"{"typ":"JWT"}"#, r#"{"iss":"a"}"#, "x", Form::Opaque),
            (r#"{"alg":7}"#, r#"{"iss":"a"}"#, "x", Form::Opaque),
            (r#"{"alg":"RS256","alg":"none"}"#, r#"{"iss":"a"}"#, "x", Form::Opaque),
            ("no header", r#"{"iss":"a"}"#, "x", Form::Opaque),
        ] {
            let token = [header, payload, signature].map(encoded).join(".");
            assert_eq!(Form::of(token.as_bytes()), want, "{header} {payload}");
        }
        let good = [r#"{"alg":"RS256"}"#, r#"{"iss":"a"}"#, "x"].map(encoded).join(".");
        for token in [
            "",
            ".",
            "..",
            "...",
            "2YotnFZFEjr1zCsicMWpAA",
            "a.b.c",
            &format!("{good}."),
            &format!("{good}.eA"),
            &format!(".{good}"),
            &format!("{good}="),
            &format!("{good}\n"),
            good.rsplit_once('.').unwrap().0,
        ] {
            assert_eq!(Form::of(token.as_bytes()), Form::Opaque, "{token:?}");
        }
    }

    #[test]
    fn a_bearer_token_has_the_characters_of_rfc_6750() {
        for (token, want) in [
            (&b"mF_9.B5f-4.1JqM"[..], true),
            (b"abc~+/==", true),
            (b"a", true),
            (b"", false),
            (b"==", false),
            (b"a=b", false),
            (b"a b", false),
            (b"a,b", false),
            (b"a&b", false),
            (b"a%20", false),
            (b"a\r\nb", false),
            (b"a\0", false),
            (b"a\x7f", false),
            (b"\xc3\xa9", false),
        ] {
            assert_eq!(is_bearer_token(token), want, "{}", token.escape_ascii());
        }
    }
}
