//! Whether a response may be stored, and for whom (RFC 9111 §3).

use crate::lifetime::{Lifetime, Source};
use crate::location::Target;
use crate::partial::ContentRange;
use crate::response_directives::ResponseDirectives;
use crate::status::{is_heuristically_cacheable, is_never_stored, is_understood};
use gatehouse_filter::{Headers, list};

/// What counts of the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// How its method lets the response be stored.
    pub method: Storable,
    /// Whether it said `no-store`, and that is honoured.
    pub no_store: bool,
    /// Whether it had an identity or `authorization`.
    pub is_identified: bool,
}

/// How a method lets a response be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storable {
    /// `GET`, `QUERY`: as usual.
    Always,
    /// `POST`: only if the response has a lifetime of its own (RFC 9110 §9.3.3).
    IfExplicit,
    /// All others.
    Never,
}

impl Storable {
    /// Of a method, as the RFCs alone have it. A `POST` that is not keyed by its content answers a
    /// `GET` then, and only where [`answers_get`] says so.
    pub fn of(method: &[u8]) -> Self {
        match method {
            b"GET" | b"QUERY" => Self::Always,
            b"POST" => Self::IfExplicit,
            _ => Self::Never,
        }
    }
}

/// What an operator says of storing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoringOptions {
    /// Of answers to identified requests.
    pub identified: Identified,
    /// Of responses with `set-cookie`.
    pub set_cookie: SetCookie,
}

/// For whom answers to requests with an identity or `authorization` are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Identified {
    /// For all if the response says `public` or `s-maxage`; with `must-revalidate` for that
    /// identity; else not (RFC 9111 §3.5).
    #[default]
    Strict,
    /// For that identity.
    Own,
    /// For all.
    Shared,
}

/// What becomes of a response with `set-cookie`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SetCookie {
    /// It is stored only if it says `public` or `s-maxage`.
    #[default]
    Refuse,
    /// It is stored without the field.
    Strip,
    /// It is stored as it is.
    Store,
}

/// A response that may be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Storing {
    /// For whom.
    pub partition: Partition,
    /// Whether `set-cookie` is not stored with it.
    pub strip_set_cookie: bool,
}

/// For whom a response is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Partition {
    /// For everybody.
    Shared,
    /// For requests of the same identity and `authorization` alone.
    Own,
}

/// Why a response is not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotStored {
    /// The method's responses are not.
    Method,
    /// The status is one that is never stored, or one that nobody here understands and the response
    /// says `must-understand`.
    Status,
    /// A partial response that is not one range of bytes.
    NotOneRange,
    /// The request says `no-store`.
    RequestNoStore,
    /// The response says `no-store`.
    NoStore,
    /// The response says `private`.
    Private,
    /// `Vary` has a `*`.
    VaryAny,
    /// It answers an identified request, and does not say that it is for others.
    Identified,
    /// It sets a cookie, and does not say that it is for others.
    SetCookie,
    /// It says nothing of its lifetime, and its status is not one that may be stored then.
    NoLifetime,
    /// It could never answer a request: it is stale at once and has no validator.
    Useless,
}

impl NotStored {
    /// The word for it in `Cache-Status; detail=`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Status => "status",
            Self::NotOneRange => "content-range",
            Self::RequestNoStore => "request-no-store",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::VaryAny => "vary-any",
            Self::Identified => "identified",
            Self::SetCookie => "set-cookie",
            Self::NoLifetime => "no-lifetime",
            Self::Useless => "stale-without-validator",
        }
    }
}

/// Decides whether a response may be stored.
///
/// # Errors
/// [`NotStored`].
pub fn may_store(
    asked: &Asked,
    options: &StoringOptions,
    status: u16,
    response: &Headers,
    directives: &ResponseDirectives,
    lifetime: &Lifetime,
) -> Result<Storing, NotStored> {
    let is_method_good = match asked.method {
        Storable::Always => true,
        Storable::IfExplicit => lifetime.source.is_explicit(),
        Storable::Never => false,
    };
    if !is_method_good {
        return Err(NotStored::Method);
    }
    check_status(status, response, directives)?;
    if asked.no_store {
        return Err(NotStored::RequestNoStore);
    }
    // Who understands the status may pass over `no-store` (RFC 9111 §5.2.2.3).
    if directives.no_store && !directives.must_understand {
        return Err(NotStored::NoStore);
    }
    if directives.private.is_everything() {
        return Err(NotStored::Private);
    }
    if response.values("vary").flat_map(list::members).any(|member| member == b"*") {
        return Err(NotStored::VaryAny);
    }
    let is_for_others = directives.public || directives.s_maxage.is_some();
    let partition = match options.identified {
        _ if !asked.is_identified => Partition::Shared,
        Identified::Shared => Partition::Shared,
        Identified::Own => Partition::Own,
        Identified::Strict if is_for_others => Partition::Shared,
        Identified::Strict if directives.must_revalidate => Partition::Own,
        Identified::Strict => return Err(NotStored::Identified),
    };
    let strip_set_cookie = check_cookies(options.set_cookie, response, directives, is_for_others)?;
    let is_allowed =
        lifetime.source != Source::None || directives.public || is_heuristically_cacheable(status);
    if !is_allowed {
        return Err(NotStored::NoLifetime);
    }
    if !lifetime.is_of_use() {
        return Err(NotStored::Useless);
    }
    Ok(Storing { partition, strip_set_cookie })
}

/// Whether the response to a `POST` is what a `GET` of the same target would be answered with: its
/// `content-location` says so (RFC 9110 §9.3.3).
pub fn answers_get(target: &Target<'_>, response: &Headers) -> bool {
    let location = response.only("content-location").ok().flatten();
    location.is_some_and(|location| target.is(location))
}

/// §3, the second and the third point.
fn check_status(
    status: u16,
    response: &Headers,
    directives: &ResponseDirectives,
) -> Result<(), NotStored> {
    if is_never_stored(status) {
        return Err(NotStored::Status);
    }
    if directives.must_understand && !is_understood(status) {
        return Err(NotStored::Status);
    }
    if status == 206 && ContentRange::of(response).is_none_or(|range| range.span.is_none()) {
        return Err(NotStored::NotOneRange);
    }
    Ok(())
}

/// Whether the cookies are left out. RFC 9111 §7.3 leaves it to the origin to say that a cookie is
/// for one; many do not know.
fn check_cookies(
    option: SetCookie,
    response: &Headers,
    directives: &ResponseDirectives,
    is_for_others: bool,
) -> Result<bool, NotStored> {
    let name = b"set-cookie";
    let is_left_out = directives.private.names(name) || directives.no_cache.names(name);
    match option {
        _ if is_left_out || response.first("set-cookie").is_none() => Ok(false),
        SetCookie::Store => Ok(false),
        SetCookie::Strip => Ok(true),
        SetCookie::Refuse if is_for_others => Ok(false),
        SetCookie::Refuse => Err(NotStored::SetCookie),
    }
}
