//! What a response says of itself to a shared cache (RFC 9111 §5.2.2, RFC 9213).

use crate::scope::Scope;
use crate::structured::{Item, dictionary};
use gatehouse_filter::Headers;
use gatehouse_filter::cache_control::{Directive, MOST_SECONDS};
use std::cell::Cell;

/// The cache directives of a response that count here: those of `CDN-Cache-Control` where that is
/// there and well formed, else those of `Cache-Control`. Times are in seconds.
///
/// Of two values for a lifetime the first counts (RFC 9111 §4.2.1); one that cannot be read is 0:
/// what is wrong is stale.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResponseDirectives {
    /// Nothing of it may be stored.
    pub no_store: bool,
    /// It may not be used without validation, or these fields may not.
    pub no_cache: Scope,
    /// It is for one user, or these fields are.
    pub private: Scope,
    /// It may be stored even where it otherwise could not.
    pub public: bool,
    /// Once stale it may not be used without validation.
    pub must_revalidate: bool,
    /// The same, for shared caches.
    pub proxy_revalidate: bool,
    /// Whoever understands its status may store it, `no_store` or not.
    pub must_understand: bool,
    /// Its content may not be transformed.
    pub no_transform: bool,
    /// It does not change while it is fresh (RFC 8246).
    pub immutable: bool,
    /// How long it is fresh.
    pub max_age: Option<u32>,
    /// The same, for shared caches.
    pub s_maxage: Option<u32>,
    /// How long after that it may be used while it is validated (RFC 5861 §3).
    pub stale_while_revalidate: Option<u32>,
    /// How long after that it may be used where there is an error (RFC 5861 §4).
    pub stale_if_error: Option<u32>,
    /// They are of `CDN-Cache-Control`: `Cache-Control` and `Expires` do not count (RFC 9213
    /// §2.2).
    pub is_targeted: bool,
}

impl ResponseDirectives {
    /// Those of a response.
    pub fn read(response: &Headers) -> Self {
        let targeted = Self::targeted(response);
        if let Some((targeted, true)) = targeted {
            return targeted;
        }
        let mut read = Self::untargeted(response);
        // Of a field that is not to be consumed what forbids still does.
        if let Some((targeted, false)) = targeted {
            read.no_store |= targeted.no_store;
            read.private = read.private.and(targeted.private);
            read.no_cache = read.no_cache.and(targeted.no_cache);
        }
        read
    }

    /// Those of `Cache-Control`.
    fn untargeted(response: &Headers) -> Self {
        let mut read = Self::default();
        for directive in Directive::all(response, "cache-control") {
            let seconds = || directive.seconds_or_none_at_all();
            read.add(|name| directive.is(name), seconds, || Scope::of(&directive));
        }
        read
    }

    /// Once stale, it may be used by nobody without validation (RFC 9111 §4.2.4): `s-maxage` says
    /// so, too (§5.2.2.10).
    pub fn forbids_stale(&self) -> bool {
        self.must_revalidate || self.proxy_revalidate || self.s_maxage.is_some()
    }

    /// Those of a `CDN-Cache-Control` that is a dictionary with members (RFC 9213 §2.1), and
    /// whether all that are numbers of seconds are numbers: else it is not to be consumed.
    fn targeted(response: &Headers) -> Option<(Self, bool)> {
        let members = dictionary(response, "cdn-cache-control").filter(|all| !all.is_empty())?;
        let mut read = Self { is_targeted: true, ..Self::default() };
        let is_sound = Cell::new(true);
        for (name, item) in members {
            // `no-store=?0` says what leaving it out says.
            if item == Item::Boolean(false) {
                continue;
            }
            let seconds = || match item {
                Item::Integer(seconds) => capped(seconds),
                _ => {
                    is_sound.set(false);
                    0
                }
            };
            let scope = || match &item {
                Item::String(names) | Item::Token(names) => Scope::of_names(names),
                _ => Scope::Everything,
            };
            read.add(|known| name == known.as_bytes(), seconds, scope);
        }
        Some((read, is_sound.get()))
    }

    fn add(
        &mut self,
        is: impl Fn(&str) -> bool,
        seconds: impl Fn() -> u32,
        scope: impl Fn() -> Scope,
    ) {
        let first = |known: &mut Option<u32>| {
            known.get_or_insert_with(&seconds);
        };
        if is("max-age") {
            first(&mut self.max_age);
        } else if is("s-maxage") {
            first(&mut self.s_maxage);
        } else if is("no-cache") {
            self.no_cache = std::mem::take(&mut self.no_cache).and(scope());
        } else if is("no-store") {
            self.no_store = true;
        } else if is("private") {
            self.private = std::mem::take(&mut self.private).and(scope());
        } else if is("public") {
            self.public = true;
        } else if is("must-revalidate") {
            self.must_revalidate = true;
        } else if is("proxy-revalidate") {
            self.proxy_revalidate = true;
        } else if is("must-understand") {
            self.must_understand = true;
        } else if is("no-transform") {
            self.no_transform = true;
        } else if is("immutable") {
            self.immutable = true;
        } else if is("stale-while-revalidate") {
            first(&mut self.stale_while_revalidate);
        } else if is("stale-if-error") {
            first(&mut self.stale_if_error);
        }
    }
}

/// A negative number is none that a lifetime can have.
fn capped(seconds: i64) -> u32 {
    u32::try_from(seconds.clamp(0, MOST_SECONDS.into())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::HeaderName;

    fn read(fields: &[(&str, &str)]) -> ResponseDirectives {
        ResponseDirectives::read(&Headers::from_list(fields))
    }

    fn names(names: &[&str]) -> Scope {
        Scope::Fields(names.iter().map(|name| HeaderName::try_from(*name).unwrap()).collect())
    }

    #[test]
    fn cache_control_is_read_as_whoever_wrote_it_meant_it() {
        let none = ResponseDirectives::default;
        let aged = |max_age| ResponseDirectives { max_age: Some(max_age), ..none() };
        for (what, lines, want) in [
            ("nothing", &[][..], none()),
            ("5.2.2.1 max-age", &["max-age=3600"], aged(3600)),
            ("5.2 names have no case", &["MaX-aGe=3600"], aged(3600)),
            ("5.2 a quoted value", &["max-age=\"3600\""], aged(3600)),
            ("leading zeros", &["max-age=003600"], aged(3600)),
            ("1.2.2 more than 2^31", &["max-age=99999999999"], aged(1 << 31)),
            ("quotes that are none", &["max-age='3600'"], aged(0)),
            ("a space before =", &["max-age =3600"], aged(0)),
            ("a space after =", &["max-age= 3600"], aged(0)),
            ("a negative number", &["max-age=-3600"], aged(0)),
            ("a decimal", &["max-age=3600.0"], aged(0)),
            ("letters before", &["max-age=a3600"], aged(0)),
            ("letters behind", &["max-age=3600a"], aged(0)),
            ("no value", &["max-age"], aged(0)),
            ("4.2.1 the first of two", &["max-age=1, max-age=1800"], aged(1)),
            ("4.2.1 the first of two lines", &["max-age=1800", "max-age=1"], aged(1800)),
            ("a quoted string of another", &["x=\"max-age=3600\", max-age=1"], aged(1)),
            ("5.2.3 an extension", &["foobar, max-age=3600"], aged(3600)),
            (
                "5.2.2.10 s-maxage",
                &["max-age=1, s-maxage=2"],
                ResponseDirectives { s_maxage: Some(2), ..aged(1) },
            ),
            ("5.2.2.5 no-store", &["No-StOrE"], ResponseDirectives { no_store: true, ..none() }),
            (
                "no-store with a value is no less one",
                &["no-store =1"],
                ResponseDirectives { no_store: true, ..none() },
            ),
            (
                "no-store behind a quote that nothing closes",
                &["x=\"y, no-store"],
                ResponseDirectives { no_store: true, ..none() },
            ),
            (
                "5.2.2.4 no-cache",
                &["no-cache"],
                ResponseDirectives { no_cache: Scope::Everything, ..none() },
            ),
            (
                "5.2.2.4 no-cache with field names",
                &["no-cache=\"a, B\""],
                ResponseDirectives { no_cache: names(&["a", "b"]), ..none() },
            ),
            (
                "5.2.2.4 a field name as a token",
                &["no-cache=a", "no-cache=\"b\""],
                ResponseDirectives { no_cache: names(&["a", "b"]), ..none() },
            ),
            (
                "no-cache with and without",
                &["no-cache=\"a\", no-cache"],
                ResponseDirectives { no_cache: Scope::Everything, ..none() },
            ),
            (
                "5.2.2.7 private",
                &["private"],
                ResponseDirectives { private: Scope::Everything, ..none() },
            ),
            (
                "5.2.2.7 private with field names",
                &["private=\"set-cookie\""],
                ResponseDirectives { private: names(&["set-cookie"]), ..none() },
            ),
            (
                "private of nothing is private",
                &["private=\"\""],
                ResponseDirectives { private: Scope::Everything, ..none() },
            ),
            (
                "the rest",
                &["public, must-revalidate, proxy-revalidate, must-understand, no-transform, \
                  immutable, stale-while-revalidate=5, stale-if-error=6"],
                ResponseDirectives {
                    public: true,
                    must_revalidate: true,
                    proxy_revalidate: true,
                    must_understand: true,
                    no_transform: true,
                    immutable: true,
                    stale_while_revalidate: Some(5),
                    stale_if_error: Some(6),
                    ..none()
                },
            ),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("cache-control", *line)).collect();
            assert_eq!(read(&fields), want, "{what}: {lines:?}");
        }
    }

    #[test]
    fn a_targeted_field_counts_where_it_is_well_formed() {
        let theirs = ResponseDirectives { no_store: true, ..ResponseDirectives::default() };
        let ours = || ResponseDirectives { is_targeted: true, ..ResponseDirectives::default() };
        for (what, line, want) in [
            (
                "RFC 9213 2.2 it hides cache-control",
                "max-age=10000",
                ResponseDirectives { max_age: Some(10_000), ..ours() },
            ),
            (
                "a large number",
                "max-age=99999999999",
                ResponseDirectives { max_age: Some(1 << 31), ..ours() },
            ),
            (
                "RFC 9213 2.1 parameters say nothing",
                "max-age=1;x=2, foobar",
                ResponseDirectives { max_age: Some(1), ..ours() },
            ),
            ("a negative number", "max-age=-1", ResponseDirectives { max_age: Some(0), ..ours() }),
            ("RFC 9213 2.1 another type than a number", "max-age=\"10000\"", theirs.clone()),
            (
                "RFC 9213 2.1 another type, and what forbids",
                "max-age=1.5, private, no-cache=\"a\"",
                ResponseDirectives {
                    private: Scope::Everything,
                    no_cache: names(&["a"]),
                    ..theirs.clone()
                },
            ),
            (
                "the last of two, as dictionaries have it",
                "max-age=1, max-age=2",
                ResponseDirectives { max_age: Some(2), ..ours() },
            ),
            (
                "private, no-cache with field names",
                "private=\"a\", no-cache",
                ResponseDirectives {
                    private: names(&["a"]),
                    no_cache: Scope::Everything,
                    ..ours()
                },
            ),
            ("said not to be", "no-store=?0, x", ours()),
            ("RFC 9213 2.1 empty", "", theirs.clone()),
            ("RFC 9213 2.1 not a dictionary", "max-age=10000, &&&&&", theirs.clone()),
            ("a name in capitals is no key", "Max-Age=10000", theirs.clone()),
            ("a space before =", "max-age =10000", theirs.clone()),
        ] {
            let fields = [("cache-control", "no-store"), ("cdn-cache-control", line)];
            assert_eq!(read(&fields), want, "{what}: {line}");
        }
    }

    #[test]
    fn stale_is_forbidden_by_three_directives() {
        for (line, want) in [
            ("max-age=1, must-revalidate", true),
            ("max-age=1, proxy-revalidate", true),
            ("s-maxage=1", true),
            ("max-age=1, immutable, stale-if-error=1", false),
        ] {
            assert_eq!(read(&[("cache-control", line)]).forbids_stale(), want, "{line}");
        }
    }
}
