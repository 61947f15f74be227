//! What the service answers (RFC 7662 §2.2).

use super::{Active, Said};
use crate::claims::Claims;
use crate::json::Members;
use gatehouse_filter::fetched::without_mark;
use gatehouse_filter::{Answer, essence, printable};
use gatehouse_json::push_quoted;
use std::cell::OnceCell;

/// Reads the body of an answer with status 200, which is the word of this issuer where it names
/// none.
///
/// # Errors
/// Why it says nothing.
pub(super) fn read(answer: &Answer, body: &[u8], issuer: Option<&str>) -> Result<Said, String> {
    let kind = essence(answer.headers.first("content-type").unwrap_or_default());
    if kind.eq_ignore_ascii_case(SIGNED) {
        return Err("the answer is a signed one (RFC 9701), and `accept` asks for \
             application/json"
            .to_owned());
    }
    if !kind.is_empty() && !kind.eq_ignore_ascii_case(b"application/json") {
        let kind = printable(&String::from_utf8_lossy(kind), 40);
        return Err(format!("the answer is `{kind}`, not application/json (RFC 7662 §2.2)"));
    }
    let members = Members::read(without_mark(body).to_vec())
        .ok_or("the answer is not a JSON object without repeated members")?;
    // RFC 7662 §2.2: a boolean. Whatever else would pass for one is no promise.
    match members.get("active").map(|active| active.raw()) {
        Some(b"true") => {}
        // Then nothing else of it matters.
        Some(b"false") => return Ok(Said::Inactive),
        Some(_) => return Err("`active` of the answer is neither true nor false".to_owned()),
        None => return Err("the answer has no `active`".to_owned()),
    }
    let claims = match (members.get("iss"), issuer) {
        (None, Some(issuer)) => Claims::parse(named(issuer, members.raw())),
        _ => Claims::parse(members.raw().to_vec()),
    };
    Ok(Said::Active(Box::new(Active { claims, verified: OnceCell::new() })))
}

/// The object, which has members, with the issuer whose word it is: `iss` is optional in an answer,
/// and the filters after this one are to know who vouches.
fn named(issuer: &str, object: &[u8]) -> Vec<u8> {
    let mut named = b"{\"iss\":".to_vec();
    push_quoted(issuer.as_bytes(), &mut named);
    named.extend_from_slice(b",");
    named.extend_from_slice(object.get(1..).unwrap_or_default());
    named
}

/// RFC 9701 §5.
const SIGNED: &[u8] = b"application/token-introspection+jwt";
