use super::claim::claim_text;
use super::fault::Fault;
use super::{OwnNames, Scope, Sources};
use crate::{HeaderName, Headers, Host, Identity, Request, config, cookie_values};
use crate::{percent_decoded, query_values};

/// A fact that a template names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    Header(HeaderName),
    Query(Box<str>),
    Cookie(Box<str>),
    Capture(Box<str>),
    Method,
    Host,
    Path,
    ClientAddress,
    Time,
    Uuid,
    /// A group of the rule's pattern, by its number.
    Group(usize),
    Identity(IdentityPart),
    Claim(Box<str>),
    ResponseHeader(HeaderName),
    ResponseStatus,
    /// A fact of the filter's own, by its number.
    Own(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentityPart {
    Subject,
    Issuer,
    Consumer,
    Tier,
    Scopes,
    Roles,
    Groups,
}

impl Placeholder {
    /// Reads what stands between the braces.
    pub(super) fn parse(inner: &str, scope: &Scope<'_>) -> Result<Self, Fault> {
        if let Some(own) = scope.own.and_then(|own| own.number(inner)) {
            return own.map(Self::Own).map_err(Fault::Own);
        }
        let fault =
            |placeholder| if scope.response { Ok(placeholder) } else { Err(Fault::NoResponse) };
        match inner {
            "method" => return Ok(Self::Method),
            "host" => return Ok(Self::Host),
            "path" => return Ok(Self::Path),
            "client_address" => return Ok(Self::ClientAddress),
            "time" => return Ok(Self::Time),
            "uuid" => return Ok(Self::Uuid),
            "response.status" => return fault(Self::ResponseStatus),
            _ => {}
        }
        if let Some(name) = inner.strip_prefix("response.header.") {
            // RFC 9110 §5.3: the one field whose values a comma cannot join.
            if name.eq_ignore_ascii_case("set-cookie") {
                return Err(Fault::SetCookie);
            }
            return fault(Self::ResponseHeader(header_name(name)?));
        }
        let (kind, name) = inner.split_once('.').unwrap_or((inner, ""));
        match kind {
            // Envoy gives `host` as `:authority`, so this would never find anything.
            "header" if name.eq_ignore_ascii_case("host") => Err(Fault::HostHeader),
            "header" => header_name(name).map(Self::Header),
            "query" if plain(name, "&=#") => Ok(Self::Query(name.into())),
            "cookie" if plain(name, "=;,\"") => Ok(Self::Cookie(name.into())),
            "match" => match scope.pattern {
                Some(pattern) => pattern.group(name).map(Self::Group).ok_or(Fault::UnknownGroup),
                None => Err(Fault::NoPattern),
            },
            "path" if scope.captures.contains(&name) => Ok(Self::Capture(name.into())),
            "path" => Err(Fault::UnknownCapture(
                scope.captures.iter().map(|name| (*name).to_owned()).collect(),
            )),
            "identity" => IdentityPart::parse(name).map(Self::Identity),
            "claim" if plain(name, "") => Ok(Self::Claim(name.into())),
            "query" | "claim" | "cookie" => Err(Fault::BadName),
            kind => Err(Fault::Unknown {
                nearest: config::nearest(kind, KINDS),
                response: scope.response,
                own: scope.own.map(OwnNames::spellings),
            }),
        }
    }

    pub(super) fn is_of_response(&self) -> bool {
        matches!(self, Self::ResponseHeader(_) | Self::ResponseStatus)
    }

    /// Appends the text, or gives `None` where there is none; then `out` may have changed.
    pub(super) fn render(&self, sources: &Sources<'_>, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Header(name) => joined(&sources.request?.headers, name, out),
            Self::Query(name) => query(sources.request?, name, out),
            Self::Cookie(name) => {
                out.extend_from_slice(cookie_values(&sources.request?.headers, name).next()?);
                Some(())
            }
            Self::ClientAddress => text(Some(&sources.request?.client_address()?.to_string()), out),
            Self::Time => text(Some(&sources.request?.host().now().to_string()), out),
            Self::Uuid => uuid(sources.request?.host(), out),
            Self::Group(number) => {
                out.extend_from_slice(sources.matched?.group(*number)?);
                Some(())
            }
            Self::Capture(name) => {
                out.extend(percent_decoded(sources.captures?.get(name)?));
                Some(())
            }
            Self::Method => present(sources.request?.method(), out),
            Self::Host => host(sources.request?.host_name(), out),
            Self::Path => present(sources.request?.path(), out),
            Self::Identity(part) => part.render(sources.request?.identity()?, out),
            Self::Claim(path) => claim_text(sources.request?.identity()?.claim(path)?, out),
            Self::ResponseHeader(name) => joined(&sources.response?.headers, name, out),
            Self::Own(number) => sources.own?.render(*number, out),
            Self::ResponseStatus => present(sources.response?.headers.first(":status")?, out),
        }
    }
}

/// Every value of a field in one (RFC 9110 §5.3); cookies with what separates them (RFC 6265 §5.4).
fn joined(headers: &Headers, name: &HeaderName, out: &mut Vec<u8>) -> Option<()> {
    let mut values = headers.values(name.as_str());
    out.extend_from_slice(values.next()?);
    for value in values {
        let separator: &[u8] = if name.as_str() == "cookie" { b"; " } else { b", " };
        out.extend_from_slice(separator);
        out.extend_from_slice(value);
    }
    Some(())
}

/// The first value of a parameter.
fn query(request: &Request<'_>, name: &str, out: &mut Vec<u8>) -> Option<()> {
    let value = query_values(request.query()?, name).next()?;
    out.extend(percent_decoded(value));
    Some(())
}

/// A random identifier (RFC 9562 §5.4).
fn uuid(host: &dyn Host, out: &mut Vec<u8>) -> Option<()> {
    let mut random = [0; 16];
    host.fill(&mut random).ok()?;
    let bits = u128::from_be_bytes(random) & !(0xf << 76) & !(0b11 << 62);
    let bits = bits | (4 << 76) | (0b10 << 62);
    let digits = format!("{bits:032x}");
    for (at, digit) in digits.bytes().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(digit);
    }
    Some(())
}

fn host(host: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    present(host, out)?;
    out.get_mut(start..)?.make_ascii_lowercase();
    Some(())
}

/// A part that each request has: empty is how its absence looks.
fn present(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(text);
    (!text.is_empty()).then_some(())
}

impl IdentityPart {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("subject", Self::Subject),
        ("issuer", Self::Issuer),
        ("consumer", Self::Consumer),
        ("tier", Self::Tier),
        ("scopes", Self::Scopes),
        ("roles", Self::Roles),
        ("groups", Self::Groups),
    ];

    fn parse(name: &str) -> Result<Self, Fault> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, part)| *part).ok_or_else(|| {
            let known = Self::ALL.map(|(known, _)| known);
            Fault::UnknownIdentityPart(config::nearest(name, &known))
        })
    }

    fn render(self, identity: &Identity, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Subject => text(identity.subject.as_deref(), out),
            Self::Issuer => text(identity.issuer.as_deref(), out),
            Self::Consumer => text(identity.consumer.as_deref(), out),
            Self::Tier => text(identity.tier.as_deref(), out),
            Self::Scopes => list(&identity.scopes, out),
            Self::Roles => list(&identity.roles, out),
            Self::Groups => list(&identity.groups, out),
        }
    }
}

fn text(text: Option<&str>, out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(text?.as_bytes());
    Some(())
}

/// An identity without roles and one with an empty list of them are the same.
fn list(items: &[String], out: &mut Vec<u8>) -> Option<()> {
    let (first, rest) = items.split_first()?;
    out.extend_from_slice(first.as_bytes());
    for item in rest {
        out.push(b',');
        out.extend_from_slice(item.as_bytes());
    }
    Some(())
}

fn header_name(name: &str) -> Result<HeaderName, Fault> {
    if plain(name, "") {
        HeaderName::try_from(name).map_err(|_| Fault::BadName)
    } else {
        Err(Fault::BadName)
    }
}

/// Whether a name has none of the characters that templates keep for themselves (`|` begins a
/// function).
fn plain(name: &str, also_not: &str) -> bool {
    let reserved = |char: char| {
        "${|".contains(char) || char.is_control() || char == ' ' || also_not.contains(char)
    };
    !name.is_empty() && !name.contains(reserved)
}

const KINDS: &[&str] = &[
    "header",
    "query",
    "cookie",
    "path",
    "method",
    "host",
    "client_address",
    "time",
    "uuid",
    "match",
    "identity",
    "claim",
    "response",
];
