//! All that a token says, in one header field.

use crate::refusal::Refusal;
use ct_codecs::{Base64UrlSafeNoPadding, Encoder};

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PayloadForm {
    /// The JSON as the issuer wrote it, byte by byte, in base64url without padding: as it is in a
    /// token (RFC 7515 §2).
    Base64Url,
    /// The same JSON in ASCII, without blanks.
    Json,
}

/// A JSON object in a form that a header field can have.
///
/// # Errors
/// Where it takes more than `most` bytes.
pub(crate) fn written(json: &[u8], form: PayloadForm, most: usize) -> Result<Vec<u8>, Refusal> {
    // Both forms are longer than what they are made of, but for blanks.
    let written = match form {
        PayloadForm::Base64Url => {
            Base64UrlSafeNoPadding::encode_to_string(json).map_err(|_| TOO_LONG)?.into_bytes()
        }
        PayloadForm::Json => in_ascii(json),
    };
    if written.len() > most { Err(TOO_LONG) } else { Ok(written) }
}

/// JSON without what stands between its parts, and with an escape for each character that a header
/// field has not, or that its readers do not agree about: beyond ASCII some take the bytes for
/// Latin-1. Numbers, names and their order stay as they are.
fn in_ascii(json: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(json.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    // What is no UTF-8 has not been read as JSON.
    for character in String::from_utf8_lossy(json).chars() {
        match character {
            ' ' | '\t' | '\n' | '\r' if !is_in_string => continue,
            '"' if !is_escaped => is_in_string = !is_in_string,
            _ => {}
        }
        is_escaped = character == '\\' && !is_escaped;
        match u8::try_from(character) {
            Ok(byte @ b' '..=b'~') => written.push(byte),
            // Controls below the blank are in no JSON but between its parts.
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    written.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    written
}

const TOO_LONG: Refusal = Refusal::ClaimInvalid("The claims are too long for a header");

#[cfg(test)]
mod tests {
    use super::{PayloadForm, in_ascii, written};
    use serde_json::Value;

    #[test]
    fn json_in_ascii_is_the_same_json_with_nothing_that_a_header_has_not() {
        for (json, want) in [
            ("{}", "{}"),
            (" { \"a\" :\t[ 1 ,\r\n 1.50 ] } ", r#"{"a":[1,1.50]}"#),
            (
                r#"{"b":1e3,"a":12345678901234567890123}"#,
                r#"{"b":1e3,"a":12345678901234567890123}"#,
            ),
            (r#"{"a": " x y "}"#, r#"{"a":" x y "}"#),
            (r#"{"a": "\" \\", "b": " "}"#, r#"{"a":"\" \\","b":" "}"#),
            (r#"{"a\\": "\\\" "}"#, r#"{"a\\":"\\\" "}"#),
            (r#"{"a": "\n\u0000"}"#, r#"{"a":"\n\u0000"}"#),
            ("{\"\u{e9}\": \"\u{1f600}\u{7f}\"}", r#"{"\u00e9":"\ud83d\ude00\u007f"}"#),
            ("{\"a\": \"\\\u{e9}\"}", r#"{"a":"\\u00e9"}"#),
        ] {
            let have = String::from_utf8(in_ascii(json.as_bytes())).unwrap();
            assert_eq!(have, want, "{json}");
            // The last is no JSON, and never comes here.
            if let Ok(before) = serde_json::from_str::<Value>(json) {
                assert_eq!(serde_json::from_str::<Value>(&have).unwrap(), before, "{json}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_none() {
        for (form, most, want) in [
            (PayloadForm::Json, 7, true),
            (PayloadForm::Json, 6, false),
            (PayloadForm::Base64Url, 11, true),
            (PayloadForm::Base64Url, 10, false),
        ] {
            assert_eq!(written(br#"{"a": 1}"#, form, most).is_ok(), want, "{form:?} {most}");
        }
    }
}
