//! Where a request carries its credential, and how it is taken out.

mod basic;
mod member;
mod places;

pub use basic::Part;
pub use member::{Mark, Member};
pub use places::{sources, sources_with_basic};

use crate::cookie::{cookie_value, cookie_values};
use crate::target::{query_value, query_values, split_target};
use crate::{HeaderName, HeaderValue, InvalidValue, Request, percent_decoded};
use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use std::borrow::Cow;

/// A place where a credential may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A header field; with a prefix, only what follows it. Prefixes are compared without regard to
    /// case, as schemes are (RFC 9110 §11.1).
    Header {
        /// The field.
        name: HeaderName,
        /// What is before the key: `ApiKey `.
        prefix: Option<String>,
    },
    /// A part of the credentials of HTTP's scheme `Basic` (RFC 7617) in a header field.
    Basic {
        /// The field.
        name: HeaderName,
        /// What of them is the credential.
        part: Part,
    },
    /// A parameter of the query, its name compared decoded.
    Query(String),
    /// A cookie; with a prefix, only what follows it, as of a field.
    Cookie {
        /// Its name.
        name: String,
        /// What is before the key.
        prefix: Option<String>,
    },
    /// A member of a list.
    Member(Member),
}

impl Source {
    /// The field that holds it, where that is all that the field holds.
    pub fn field(&self) -> Option<&HeaderName> {
        match self {
            Self::Header { name, .. }
            | Self::Basic { name, .. }
            | Self::Member(Member { name, .. }) => Some(name),
            Self::Query(_) | Self::Cookie { .. } => None,
        }
    }
}

/// Why a request has no credential that could be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unclear {
    /// There are two, wherever they are: whoever picks one lets a client show different credentials
    /// to different readers.
    Repeated,
    /// Credentials of the scheme `Basic` that cannot be read (RFC 7617 §2).
    Malformed,
}

/// The one credential of a request, decoded; `None` where it has none. An empty one is none, and
/// the same in two places is one. Of a query, and of the scheme `Basic`, values that are longer than
/// `most` bytes even decoded come as they are.
///
/// # Errors
/// [`Unclear`].
pub fn find<'r>(
    sources: &'r [Source],
    request: &'r Request<'_>,
    most: usize,
) -> Result<Option<Cow<'r, [u8]>>, Unclear> {
    let mut found = None;
    for source in sources {
        match source {
            Source::Header { name, prefix } => {
                let Some(value) = only(name, request)? else { continue };
                take(&mut found, key_in(value, prefix.as_deref()).map(Cow::Borrowed))?;
            }
            Source::Basic { name, part } => {
                let Some(value) = only(name, request)? else { continue };
                let Some(credentials) = key_in(value, Some(basic::PREFIX)) else { continue };
                take(&mut found, Some(part.of(credentials, most)?))?;
            }
            Source::Query(name) => {
                for value in query_values(request.query().unwrap_or_default(), name) {
                    take(&mut found, Some(decoded(value, most)))?;
                }
            }
            Source::Cookie { name, prefix } => {
                let mut values = cookie_values(&request.headers, name).filter(|it| !it.is_empty());
                let Some(first) = values.next() else { continue };
                if values.any(|value| value != first) {
                    return Err(Unclear::Repeated);
                }
                take(&mut found, key_in(first, prefix.as_deref()).map(Cow::Borrowed))?;
            }
            Source::Member(member) => {
                for credential in member.credentials(request, most) {
                    take(&mut found, Some(credential))?;
                }
            }
        }
    }
    Ok(found)
}

/// The fields that credentials may be in. What an upstream may read as one of them is to be removed
/// ([`Headers::remove_other_spellings`](crate::Headers::remove_other_spellings)): nobody has
/// checked what is in it.
pub fn fields(sources: &[Source]) -> Vec<HeaderName> {
    sources.iter().filter_map(Source::field).cloned().collect()
}

/// Takes every credential out of the request; everything else stays as it is, byte by byte.
///
/// # Errors
/// [`InvalidValue`] where the rest has a control character. Envoy lets none through.
pub fn strip(sources: &[Source], request: &mut Request<'_>) -> Result<(), InvalidValue> {
    for source in sources {
        match source {
            Source::Header { name, prefix } => strip_header(name, prefix.as_deref(), request)?,
            // The password is of no use to whoever has no user.
            Source::Basic { name, .. } => strip_header(name, Some(basic::PREFIX), request)?,
            Source::Query(name) => strip_query(name, request)?,
            Source::Cookie { name, prefix } => strip_cookie(name, prefix.as_deref(), request)?,
            Source::Member(member) => member.strip(request)?,
        }
    }
    Ok(())
}

/// The value of the field.
fn only<'r>(name: &'r HeaderName, request: &'r Request<'_>) -> Result<Option<&'r [u8]>, Unclear> {
    // A second field is a second credential, of whatever scheme.
    let mut values = request.headers.values(name.as_str()).filter(|it| !it.is_empty());
    let first = values.next();
    match values.any(|value| Some(value) != first) {
        true => Err(Unclear::Repeated),
        false => Ok(first),
    }
}

fn take<'r>(
    found: &mut Option<Cow<'r, [u8]>>,
    credential: Option<Cow<'r, [u8]>>,
) -> Result<(), Unclear> {
    let Some(credential) = credential.filter(|it| !it.is_empty()) else { return Ok(()) };
    match found {
        Some(known) if *known != credential => Err(Unclear::Repeated),
        _ => {
            *found = Some(credential);
            Ok(())
        }
    }
}

/// The credential in the value of a header field; `None` where the value has another prefix.
fn key_in<'v>(value: &'v [u8], prefix: Option<&str>) -> Option<&'v [u8]> {
    let Some(prefix) = prefix else { return Some(value) };
    let prefix = prefix.as_bytes();
    // A prefix with nothing behind it is one too, if a bad one: Envoy cuts the space off.
    let (start, key) = value.split_at_checked(prefix.len()).unwrap_or((value, b""));
    let is_prefix =
        start.eq_ignore_ascii_case(prefix) || value.eq_ignore_ascii_case(prefix.trim_ascii_end());
    // Spaces, and nothing else that is white: RFC 9110 §11.4.
    let spaces = key.iter().take_while(|byte| **byte == b' ').count();
    is_prefix.then(|| key.get(spaces..).unwrap_or_default())
}

fn strip_header(
    name: &HeaderName,
    prefix: Option<&str>,
    request: &mut Request<'_>,
) -> Result<(), InvalidValue> {
    let values = || request.headers.values(name.as_str());
    if !values().any(|value| key_in(value, prefix).is_some()) {
        return Ok(());
    }
    let others = values().filter(|value| key_in(value, prefix).is_none());
    let others = others.map(HeaderValue::try_from).collect::<Result<Vec<_>, _>>()?;
    request.headers.remove(name);
    others.into_iter().for_each(|value| request.headers.append(name, value));
    Ok(())
}

fn strip_query(name: &str, request: &mut Request<'_>) -> Result<(), InvalidValue> {
    let (path, Some(query)) = split_target(request.target()) else { return Ok(()) };
    if !pieces(query, b'&').any(|pair| is_named(pair, name)) {
        return Ok(());
    }
    let mut target = path.to_vec();
    let others = pieces(query, b'&').filter(|pair| !is_named(pair, name));
    for (index, pair) in others.enumerate() {
        target.push(if index == 0 { b'?' } else { b'&' });
        target.extend_from_slice(pair);
    }
    request.set_target(HeaderValue::try_from(target)?);
    Ok(())
}

fn strip_cookie(
    name: &str,
    prefix: Option<&str>,
    request: &mut Request<'_>,
) -> Result<(), InvalidValue> {
    let fields = || request.headers.values("cookie");
    let is_key = |cookie: &&[u8]| {
        cookie_value(cookie, name).is_some_and(|value| key_in(value, prefix).is_some())
    };
    if !fields().flat_map(|field| pieces(field, b';')).any(|cookie| is_key(&cookie)) {
        return Ok(());
    }
    let mut others = Vec::new();
    for field in fields() {
        let mut rest: Vec<&[u8]> = pieces(field, b';').filter(|cookie| !is_key(cookie)).collect();
        // The space belongs to the separator that went with the cookie before.
        if let (Some(first), true) =
            (rest.first_mut(), pieces(field, b';').next().is_some_and(|it| is_key(&it)))
        {
            *first = first.trim_ascii_start();
        }
        let rest = rest.join(&b';');
        if !rest.trim_ascii().is_empty() {
            others.push(HeaderValue::try_from(rest)?);
        }
    }
    request.headers.remove(&COOKIE);
    others.into_iter().for_each(|field| request.headers.append(&COOKIE, field));
    Ok(())
}

const COOKIE: HeaderName = HeaderName::from_static("cookie");

fn pieces(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    text.split(move |byte| *byte == separator)
}

fn is_named(pair: &[u8], name: &str) -> bool {
    query_value(pair, name).is_some()
}

/// Whether a value begins like this, in whatever case.
fn starts_with(value: &[u8], prefix: &str) -> bool {
    let start = value.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// What base64url without padding stands for; of what is too long even decoded, the same, which is
/// too long as well.
fn decoded_base64url(value: &[u8], most: usize) -> Cow<'_, [u8]> {
    if value.len() > most.saturating_mul(2) {
        return Cow::Borrowed(value);
    }
    let decoded = Base64UrlSafeNoPadding::decode_to_vec(value, None);
    decoded.map_or(Cow::Borrowed(UNREADABLE), Cow::Owned)
}

/// Stands for what is in no base64url: one that was sent as it is must not be taken for decoded.
/// Nothing that authenticates anybody is this, but it is there.
const UNREADABLE: &[u8] = b"=";

/// What the escapes stand for; of a value that is too long even decoded, nothing is.
fn decoded(value: &[u8], most: usize) -> Cow<'_, [u8]> {
    if value.contains(&b'%') && value.len() <= most.saturating_mul(3) {
        return Cow::Owned(percent_decoded(value).collect());
    }
    Cow::Borrowed(value)
}
