//! How long an answer made of several is good for (RFC 9111).

use gatehouse_filter::{Headers, list};

/// What caches may do with an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Freshness {
    /// Seconds for which it is fresh; `None` where it does not say.
    pub(crate) seconds: Option<u64>,
    /// Whether only the client may keep it.
    pub(crate) is_private: bool,
    /// Whether nobody may.
    pub(crate) is_unstorable: bool,
    /// Whether it must be checked once it is stale.
    pub(crate) must_revalidate: bool,
    /// The request fields that it depends on, in lower case.
    pub(crate) vary: Vec<String>,
}

impl Freshness {
    /// Of what never changes.
    pub(crate) const ALWAYS: Self = Self {
        seconds: Some(u64::MAX),
        is_private: false,
        is_unstorable: false,
        must_revalidate: false,
        vary: Vec::new(),
    };

    /// As the head of an answer says (RFC 9111 §4.2.1, §5.2.2). A directive that has two values, or
    /// one that is no number, leaves nothing fresh.
    pub(crate) fn of(head: &Headers) -> Self {
        let mut freshness = Self { seconds: None, ..Self::ALWAYS };
        let mut shared = None;
        for directive in head.values("cache-control").flat_map(list::quoted_members) {
            let mut halves = directive.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
            let (name, argument) = (halves.next().unwrap_or_default(), halves.next());
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            let seconds = || argument.map(list::unquoted).and_then(seconds).unwrap_or_default();
            if is("no-store") {
                freshness.is_unstorable = true;
            } else if is("private") {
                // With names of fields too: what may be kept without them is not told apart.
                freshness.is_private = true;
            } else if is("no-cache") {
                shared = Some(0);
            } else if is("s-maxage") {
                shared = Some(least(shared, seconds()));
            } else if is("max-age") {
                freshness.seconds = Some(least(freshness.seconds, seconds()));
            } else if is("must-revalidate") || is("proxy-revalidate") {
                freshness.must_revalidate = true;
            }
        }
        freshness.seconds = match (freshness.seconds, shared) {
            (own, Some(shared)) => Some(least(own, shared)),
            (own, None) => own,
        };
        freshness.seconds = freshness.seconds.map(|seconds| seconds.saturating_sub(age(head)));
        // It is for one client, and goes no further: whoever keeps the answer does not see that.
        freshness.is_private |= head.first("set-cookie").is_some();
        for name in head.values("vary").flat_map(list::members) {
            freshness.is_unstorable |= name == b"*";
            freshness.vary.push(String::from_utf8_lossy(name).to_ascii_lowercase());
        }
        freshness
    }

    /// Both together: the least of what they allow.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.seconds = match (self.seconds, other.seconds) {
            (Some(own), Some(other)) => Some(own.min(other)),
            _ => None,
        };
        self.is_private |= other.is_private;
        self.is_unstorable |= other.is_unstorable;
        self.must_revalidate |= other.must_revalidate;
        for name in &other.vary {
            if !self.vary.contains(name) {
                self.vary.push(name.clone());
            }
        }
        self
    }

    /// The value of `cache-control`.
    pub(crate) fn cache_control(&self) -> String {
        if self.is_unstorable {
            return "no-store".to_owned();
        }
        let mut text = match self.seconds {
            // RFC 9111 §4.2.2: without an explicit time a cache might guess one.
            None | Some(0) => "no-cache".to_owned(),
            Some(seconds) => format!("max-age={}", seconds.min(MOST)),
        };
        if self.is_private {
            text.insert_str(0, "private, ");
        }
        if self.must_revalidate {
            text.push_str(", must-revalidate");
        }
        text
    }
}

fn least(have: Option<u64>, other: u64) -> u64 {
    have.map_or(other, |have| have.min(other))
}

/// How old an answer is. RFC 9111 §5.1: of several values the first counts, and one that is none is
/// left out.
fn age(head: &Headers) -> u64 {
    let first = head.first("age").and_then(|age| list::members(age).next());
    first.and_then(seconds).unwrap_or_default()
}

/// RFC 9111 §1.2.2: what is larger than a cache can count is as much as it can.
fn seconds(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    Some(text.parse().unwrap_or(1 << 31))
}

/// A year: what is longer says no more.
const MOST: u64 = 31_536_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_for_the_least_of_its_parts() {
        for (parts, want) in [
            (&[&[("cache-control", "max-age=60")][..]][..], "max-age=60"),
            (
                &[
                    &[("cache-control", "max-age=60")],
                    &[("cache-control", "public, MAX-AGE=\"30\"")],
                ],
                "max-age=30",
            ),
            (&[&[("cache-control", "max-age=60")], &[("date", "x")]], "no-cache"),
            (&[&[("cache-control", "max-age=60"), ("age", "50")]], "max-age=10"),
            (&[&[("cache-control", "max-age=60"), ("age", "70")]], "no-cache"),
            (&[&[("cache-control", "max-age=60"), ("age", "99999999999999999999")]], "no-cache"),
            (&[&[("cache-control", "max-age=60"), ("age", "50, 1")]], "max-age=10"),
            (&[&[("cache-control", "max-age=60"), ("age", "-1")]], "max-age=60"),
            (&[&[("cache-control", "max-age=60"), ("set-cookie", "a=b")]], "private, max-age=60"),
            (&[&[("cache-control", "x=\"a, max-age=60\"")]], "no-cache"),
            (&[&[("cache-control", "x=\"\\\", no-store\", max-age=6")]], "max-age=6"),
            (&[&[("cache-control", "max-age=6, x=\"a, no-store")]], "no-store"),
            (&[&[("cache-control", "max-age=60, s-maxage=5")]], "max-age=5"),
            (&[&[("cache-control", "max-age=60, max-age=5")]], "max-age=5"),
            (&[&[("cache-control", "max-age=x")]], "no-cache"),
            (&[&[("cache-control", "max-age=99999999999999999999")]], "max-age=31536000"),
            (
                &[&[("cache-control", "max-age=60")], &[("cache-control", "private, max-age=9")]],
                "private, max-age=9",
            ),
            (&[&[("cache-control", "private=\"set-cookie\", max-age=9")]], "private, max-age=9"),
            (&[&[("cache-control", "max-age=9, must-revalidate")]], "max-age=9, must-revalidate"),
            (&[&[("cache-control", "no-cache, max-age=9")]], "no-cache"),
            (&[&[("cache-control", "max-age=9")], &[("cache-control", "no-store")]], "no-store"),
            (&[&[("cache-control", "max-age=9"), ("vary", "*")]], "no-store"),
            (&[], "max-age=31536000"),
        ] {
            let whole = parts.iter().fold(Freshness::ALWAYS, |whole, part| {
                whole.and(&Freshness::of(&Headers::from_list(part)))
            });
            assert_eq!(whole.cache_control(), want, "{parts:?}");
        }
    }

    #[test]
    fn an_answer_depends_on_what_its_parts_depend_on() {
        let parts = [&[("vary", "Accept-Language, x-a")][..], &[("vary", "x-a"), ("vary", "x-b")]];
        let whole = parts.iter().fold(Freshness::ALWAYS, |whole, part| {
            whole.and(&Freshness::of(&Headers::from_list(part)))
        });
        assert_eq!(whole.vary, ["accept-language", "x-a", "x-b"]);
    }
}
