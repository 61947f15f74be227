//! What a client asks of caches (RFC 9111 §5.2.1).

use gatehouse_filter::cache_control::{Directive, MOST_SECONDS};
use gatehouse_filter::{Headers, list};

/// The cache directives of a request; times are in seconds. Reading them allocates nothing.
///
/// Where a directive is there twice, the stricter counts; where its seconds cannot be read, it
/// demands the most, or allows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestDirectives {
    /// Nothing of this exchange may be stored.
    pub no_store: bool,
    /// No stored response may be used without validation.
    pub no_cache: bool,
    /// Nothing but a stored response is wanted.
    pub only_if_cached: bool,
    /// No response that is older is wanted.
    pub max_age: Option<u32>,
    /// A response that is stale for so long at most will do; without a value, for however long.
    pub max_stale: Option<u32>,
    /// The response has to stay fresh for so long.
    pub min_fresh: Option<u32>,
    /// A response that is stale for so long at most will do where there is an error (RFC 5861 §4).
    pub stale_if_error: Option<u32>,
}

impl RequestDirectives {
    /// Those of a request, of `Cache-Control` or, where that is absent, of `Pragma` (RFC 9111
    /// §5.4).
    pub fn read(request: &Headers) -> Self {
        let mut read = Self::default();
        if request.first("cache-control").is_none() {
            let is_no_cache = |member: &[u8]| member.eq_ignore_ascii_case(b"no-cache");
            read.no_cache = request.values("pragma").flat_map(list::members).any(is_no_cache);
            return read;
        }
        for directive in Directive::all(request, "cache-control") {
            read.add(&directive);
        }
        read
    }

    fn add(&mut self, directive: &Directive<'_>) {
        if directive.is("max-age") {
            at_most(&mut self.max_age, directive.seconds_or_none_at_all());
        } else if directive.is("no-cache") {
            self.no_cache = true;
        } else if directive.is("no-store") {
            self.no_store = true;
        } else if directive.is("only-if-cached") {
            self.only_if_cached = true;
        } else if directive.is("max-stale") {
            let any = if directive.has_value() { 0 } else { MOST_SECONDS };
            at_most(&mut self.max_stale, directive.seconds().unwrap_or(any));
        } else if directive.is("min-fresh") {
            let seconds = directive.seconds_or_most();
            self.min_fresh = Some(self.min_fresh.unwrap_or(0).max(seconds));
        } else if directive.is("stale-if-error") {
            at_most(&mut self.stale_if_error, directive.seconds_or_none_at_all());
        }
    }
}

fn at_most(seconds: &mut Option<u32>, more: u32) {
    *seconds = Some(seconds.unwrap_or(MOST_SECONDS).min(more));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directive_is_read_and_the_stricter_of_two_counts() {
        const NONE: RequestDirectives = RequestDirectives {
            no_store: false,
            no_cache: false,
            only_if_cached: false,
            max_age: None,
            max_stale: None,
            min_fresh: None,
            stale_if_error: None,
        };
        let no_cache = RequestDirectives { no_cache: true, ..NONE };
        for (what, fields, want) in [
            ("nothing", &[][..], NONE),
            ("5.2.1.4 no-cache", &[("cache-control", "no-cache")], no_cache),
            ("names have no case", &[("cache-control", "No-CaChE")], no_cache),
            ("5.4 pragma", &[("pragma", "foo, No-Cache")], no_cache),
            (
                "5.4 pragma beside cache-control says nothing",
                &[("pragma", "no-cache"), ("cache-control", "x")],
                NONE,
            ),
            ("5.4 any other pragma says nothing", &[("pragma", "no-store")], NONE),
            (
                "5.2.1.5 no-store, 5.2.1.7 only-if-cached, in two lines",
                &[("cache-control", "no-store"), ("cache-control", "only-if-cached")],
                RequestDirectives { no_store: true, only_if_cached: true, ..NONE },
            ),
            (
                "5.2.1.1 max-age, quoted",
                &[("cache-control", "max-age=\"10\"")],
                RequestDirectives { max_age: Some(10), ..NONE },
            ),
            (
                "max-age twice",
                &[("cache-control", "max-age=10, max-age=5, max-age=20")],
                RequestDirectives { max_age: Some(5), ..NONE },
            ),
            (
                "max-age that cannot be read",
                &[("cache-control", "max-age=x")],
                RequestDirectives { max_age: Some(0), ..NONE },
            ),
            (
                "5.2.1.2 max-stale without a value",
                &[("cache-control", "max-stale")],
                RequestDirectives { max_stale: Some(MOST_SECONDS), ..NONE },
            ),
            (
                "max-stale with a value",
                &[("cache-control", "max-stale, max-stale=7")],
                RequestDirectives { max_stale: Some(7), ..NONE },
            ),
            (
                "max-stale that cannot be read allows nothing",
                &[("cache-control", "max-stale=")],
                RequestDirectives { max_stale: Some(0), ..NONE },
            ),
            (
                "5.2.1.3 min-fresh",
                &[("cache-control", "min-fresh=5, min-fresh=6")],
                RequestDirectives { min_fresh: Some(6), ..NONE },
            ),
            (
                "min-fresh that cannot be read",
                &[("cache-control", "min-fresh=-1")],
                RequestDirectives { min_fresh: Some(MOST_SECONDS), ..NONE },
            ),
            (
                "RFC 5861 4 stale-if-error",
                &[("cache-control", "stale-if-error=60")],
                RequestDirectives { stale_if_error: Some(60), ..NONE },
            ),
            (
                "directives of others in a quoted string",
                &[("cache-control", "x=\"no-store, max-age=0\"")],
                NONE,
            ),
        ] {
            assert_eq!(RequestDirectives::read(&Headers::from_list(fields)), want, "{what}");
        }
    }
}
