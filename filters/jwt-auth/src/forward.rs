//! Claims that are written to header fields for the upstream.

use crate::claims::Claims;
use crate::json::Member;
use crate::payload::{self, PayloadForm};
use crate::refusal::Refusal;
use gatehouse_filter::{HeaderName, HeaderValue};
use gatehouse_json::Kind;

/// A claim and the field it is written to.
pub(crate) struct ClaimToHeader {
    pub(crate) what: Forwarded,
    pub(crate) header: HeaderName,
}

/// What is written to a field.
pub(crate) enum Forwarded {
    /// The claim at a path; see [`claim_names`](gatehouse_filter::claim_names).
    Claim(String, Form),
    /// All that the token says.
    All(PayloadForm),
}

/// How a list or an object is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// The items, separated by commas.
    Csv,
    /// JSON, for texts too.
    Json,
    /// A field for each item.
    Repeated,
}

/// The header fields for the claims of a verified token; a claim that is not there has none, and
/// all that it says takes no more than `most` bytes.
///
/// # Errors
/// Where a claim cannot be written so that the upstream reads what the issuer wrote.
pub(crate) fn fields(
    forwards: &[ClaimToHeader],
    claims: &Claims,
    most: usize,
) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
    let mut fields = Vec::new();
    for forward in forwards {
        let values = match &forward.what {
            Forwarded::All(form) => vec![payload::written(claims.raw(), *form, most)?],
            Forwarded::Claim(path, form) => match claims.at(path) {
                Some(claim) => values(claim, *form)?,
                None => continue,
            },
        };
        for value in values {
            // HTTP takes blanks off (RFC 9110 §5.5): ` alice` would arrive as another user.
            if has_blank_end(&value) {
                return Err(BLANK);
            }
            let value = HeaderValue::try_from(value).map_err(|_| CONTROL)?;
            fields.push((forward.header.clone(), value));
        }
    }
    Ok(fields)
}

/// The values of the field: none for `null` and for an empty list.
fn values(claim: Member<'_>, form: Form) -> Result<Vec<Vec<u8>>, Refusal> {
    match (claim.kind(), form) {
        (Kind::Null, _) => Ok(vec![]),
        (Kind::String, Form::Csv | Form::Repeated)
        // As it was written: a float does not hold every number.
        | (Kind::Number | Kind::Boolean, _) => item(claim).map(|value| vec![value]),
        (Kind::Array, Form::Repeated) => claim.items().map(item).collect(),
        (Kind::Array, Form::Csv) => {
            let items: Vec<Vec<u8>> = claim.items().map(item).collect::<Result<_, _>>()?;
            // One role named `a,b` must not become two.
            if items.iter().any(|item| item.contains(&b',')) {
                return Err(COMMA);
            }
            if items.iter().any(|item| has_blank_end(item)) {
                return Err(BLANK);
            }
            Ok(if items.is_empty() { vec![] } else { vec![items.join(&b',')] })
        }
        (Kind::String | Kind::Array, Form::Json) | (Kind::Object, _) => {
            Ok(vec![claim.value().to_string().into_bytes()])
        }
    }
}

/// A value that is no list or object.
fn item(item: Member<'_>) -> Result<Vec<u8>, Refusal> {
    match item.kind() {
        Kind::String => Ok(item.text().unwrap_or_default().into_owned().into_bytes()),
        Kind::Number | Kind::Boolean => Ok(item.raw().to_vec()),
        Kind::Null | Kind::Array | Kind::Object => Err(NESTED),
    }
}

/// Whether a reader that takes blanks off, of whatever alphabet, would read something else.
fn has_blank_end(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.trim().len() != text.len())
}

const CONTROL: Refusal = Refusal::ClaimInvalid(
    "A claim that goes into a header has a line break or another control character",
);
const COMMA: Refusal =
    Refusal::ClaimInvalid("An item of a claim that goes into a header has a comma");
const BLANK: Refusal =
    Refusal::ClaimInvalid("A claim that goes into a header begins or ends with a blank");
const NESTED: Refusal =
    Refusal::ClaimInvalid("A claim that goes into a header is a list of lists or objects");
