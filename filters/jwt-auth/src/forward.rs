//! Claims that are written to header fields for the upstream.

use crate::Refusal;
use gatehouse_filter::{HeaderName, HeaderValue, Identity};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A claim and the field it is written to.
pub(crate) struct ClaimToHeader {
    /// A member name, or a path of them separated by dots.
    pub(crate) claim: String,
    pub(crate) header: HeaderName,
    pub(crate) form: Form,
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

/// The header fields for the claims of a verified token; a claim that is not there has none.
///
/// # Errors
/// Where a claim cannot be written so that the upstream reads what the issuer wrote.
pub(crate) fn fields(
    forwards: &[ClaimToHeader],
    identity: &Identity,
    payload: &[u8],
) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
    let mut fields = Vec::new();
    for forward in forwards {
        let Some(claim) = identity.claim(&forward.claim) else { continue };
        for value in values(forward, claim, payload)? {
            // HTTP takes blanks off (RFC 9110 §5.5): ` alice` would arrive as another user.
            if value.trim() != value {
                return Err(BLANK);
            }
            let value = HeaderValue::try_from(value.into_bytes()).map_err(|_| CONTROL)?;
            fields.push((forward.header.clone(), value));
        }
    }
    Ok(fields)
}

/// The values of the field: none for `null` and for an empty list.
fn values(forward: &ClaimToHeader, claim: &Value, payload: &[u8]) -> Result<Vec<String>, Refusal> {
    match (claim, forward.form) {
        (Value::Null, _) => Ok(vec![]),
        // As it was written: a float does not hold every number.
        (Value::Number(number), _) => {
            let raw = number.is_f64().then(|| raw(payload, &forward.claim)).flatten();
            Ok(vec![raw.map_or_else(|| number.to_string(), str::to_owned)])
        }
        (Value::String(text), Form::Csv | Form::Repeated) => Ok(vec![text.clone()]),
        (Value::Array(list), Form::Repeated) => list.iter().map(item).collect(),
        (Value::Array(list), Form::Csv) => {
            let items: Vec<String> = list.iter().map(item).collect::<Result<_, _>>()?;
            // One role named `a,b` must not become two.
            if items.iter().any(|item| item.contains(',')) {
                return Err(COMMA);
            }
            if items.iter().any(|item| item.trim() != item) {
                return Err(BLANK);
            }
            Ok(if items.is_empty() { vec![] } else { vec![items.join(",")] })
        }
        (other, _) => Ok(vec![other.to_string()]),
    }
}

/// An item of a list.
fn item(item: &Value) -> Result<String, Refusal> {
    match item {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(item.to_string()),
        _ => Err(NESTED),
    }
}

/// A claim as it is written in the payload; found as [`Identity::claim`] finds it.
fn raw<'p>(payload: &'p [u8], path: &str) -> Option<&'p str> {
    type Members<'p> = HashMap<String, &'p RawValue>;
    let members: Members<'p> = serde_json::from_slice(payload).ok()?;
    if let Some(value) = members.get(path) {
        return Some(value.get());
    }
    let mut names = path.split('.');
    let first = *members.get(names.next()?)?;
    let value = names.try_fold(first, |value, name| {
        serde_json::from_str::<Members<'p>>(value.get()).ok()?.get(name).copied()
    });
    value.map(RawValue::get)
}

const CONTROL: Refusal =
    Refusal::ClaimInvalid("A claim that goes into a header has a line break or another control character");
const COMMA: Refusal = Refusal::ClaimInvalid("An item of a claim that goes into a header has a comma");
const BLANK: Refusal = Refusal::ClaimInvalid("A claim that goes into a header begins or ends with a blank");
const NESTED: Refusal =
    Refusal::ClaimInvalid("A claim that goes into a header is a list of lists or objects");
