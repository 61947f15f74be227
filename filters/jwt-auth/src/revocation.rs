//! Tokens that are good by all they say, and were revoked: a list that is polled.

use crate::JwtAuth;
use crate::claims::numeric_date;
use crate::event::Event;
use crate::refusal::Refusal;
use gatehouse_filter::fetched::{Fetched, Kind, Source, Whose};
use gatehouse_filter::{Filter, Identity, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

/// The largest list of revocations that is fetched, in bytes.
pub const MAX_DENYLIST: usize = 4 * 1024 * 1024;

/// The list, and what happens without one.
pub(crate) struct Revocations {
    pub(crate) list: Fetched<Denylist>,
    pub(crate) on_error: OnError,
}

/// What happens to requests while there is no list, or only one that is too old.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnError {
    Deny,
    Allow,
}

impl Revocations {
    /// The list that comes from there, of `most` entries at most, about these issuers; `None` is
    /// about all others.
    pub(crate) fn new(
        source: Source,
        most: usize,
        issuers: Vec<Option<String>>,
        on_error: OnError,
    ) -> Self {
        let read = Cell::new(0_u64);
        let kind = Kind {
            filter: JwtAuth::NAME,
            names: ["revocations", "revocations-lease"],
            whose: Whose::Filter(
                [
                    Event::RevocationsFetched,
                    Event::RevocationsFetchFailed,
                    Event::RevocationsRefused,
                    Event::RevocationsDropped,
                ]
                .map(gatehouse_filter::Event::counter),
            ),
            describe: |list: &Denylist| format!("{} entries", list.entries),
            read: Box::new(move |json| {
                read.set(read.get().wrapping_add(1));
                Denylist::read(json, &issuers, most, read.get())
            }),
        };
        Self { list: Fetched::new(source, kind), on_error }
    }

    /// The list to check against, if there is one.
    ///
    /// # Errors
    /// Where there is none, and there has to be.
    pub(crate) fn current(&self, now: Timestamp) -> Result<Option<Rc<Denylist>>, Refusal> {
        match (self.list.current(now), self.on_error) {
            (None, OnError::Deny) => Err(Refusal::RevocationsUnavailable),
            (list, _) => Ok(list),
        }
    }
}

/// What was revoked, by the position of the provider. What is about nobody's issuer is left out.
pub(crate) struct Denylist {
    /// Which of the lists that this worker has read; from 1.
    pub(crate) number: u64,
    /// How many entries it has, whomever they are about.
    entries: usize,
    issuers: Vec<Revoked>,
    /// Of issuers that no provider names, where one takes any: by `iss`.
    others: Option<HashMap<Box<str>, Revoked>>,
}

/// What was revoked of one issuer's tokens.
#[derive(Default)]
struct Revoked {
    /// By `jti`.
    tokens: HashSet<Box<str>>,
    /// By `sub`: what was issued before.
    subjects: HashMap<Box<str>, Duration>,
    /// Everything that was issued before.
    all: Option<Duration>,
}

impl Denylist {
    /// All of the list or nothing: an entry that is left out would be a token that goes on to be
    /// good.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(
        json: &[u8],
        issuers: &[Option<String>],
        most: usize,
        number: u64,
    ) -> Result<Self, String> {
        let document: Document<'_> = serde_json::from_slice(json)
            .map_err(|error| format!("is no list of revocations: {error}"))?;
        if document.revoked.len() > most {
            let have = document.revoked.len();
            return Err(format!("has {have} entries, more than {most} (`max_entries`)"));
        }
        let others = issuers.contains(&None).then(HashMap::new);
        let entries = document.revoked.len();
        let revoked = issuers.iter().map(|_| Revoked::default()).collect();
        let mut list = Self { number, entries, issuers: revoked, others };
        for (index, entry) in document.revoked.into_iter().enumerate() {
            let form = "must have iss and jti, or iss and before, perhaps with sub; before in \
                 seconds since 1970";
            let what = entry.what().ok_or_else(|| format!("revoked[{index}] {form}"))?;
            let index = issuers.iter().position(|issuer| issuer.as_deref() == Some(&*entry.iss));
            let revoked = match (index, &mut list.others) {
                (Some(index), _) => list.issuers.get_mut(index),
                (None, Some(others)) => Some(others.entry((*entry.iss).into()).or_default()),
                (None, None) => None,
            };
            if let Some(revoked) = revoked {
                revoked.add(what);
            }
        }
        Ok(list)
    }

    /// Whether a token was revoked: one of this provider, issued at this time. `number` is its
    /// `jti`, where that is one.
    pub(crate) fn revokes(
        &self,
        provider: usize,
        identity: &Identity,
        number: Option<&str>,
        issued: Option<Duration>,
    ) -> bool {
        // Nothing is listed under a provider that takes any issuer's tokens, and under no other
        // issuer's name what is listed under its own.
        let of_other = || self.others.as_ref()?.get(identity.issuer.as_deref()?);
        let lists = [self.issuers.get(provider), of_other()];
        // What does not say when it was issued may have been issued before.
        let is_before = |before: Duration| issued.is_none_or(|issued| issued < before);
        let token = number.or_else(|| identity.claims.get("jti").and_then(Value::as_str));
        lists.into_iter().flatten().any(|revoked| {
            let subject =
                identity.subject.as_deref().and_then(|subject| revoked.subjects.get(subject));
            token.is_some_and(|token| revoked.tokens.contains(token))
                || subject.is_some_and(|before| is_before(*before))
                || revoked.all.is_some_and(is_before)
        })
    }
}

impl Revoked {
    fn add(&mut self, what: What<'_>) {
        match what {
            What::Token(jti) => {
                self.tokens.insert(jti.into());
            }
            What::Subject(subject, before) => {
                let latest = self.subjects.entry(subject.into()).or_default();
                *latest = before.max(*latest);
            }
            What::All(before) => self.all = self.all.max(Some(before)),
        }
    }
}

/// The list as it is published. What else it says of an entry, such as a reason, is not read.
#[derive(Deserialize)]
struct Document<'j> {
    #[serde(borrow)]
    revoked: Vec<Entry<'j>>,
}

#[derive(Deserialize)]
struct Entry<'j> {
    #[serde(borrow)]
    iss: Cow<'j, str>,
    #[serde(borrow)]
    jti: Option<Cow<'j, str>>,
    #[serde(borrow)]
    sub: Option<Cow<'j, str>>,
    before: Option<Value>,
}

/// 9999-12-31T23:59:59Z.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// What an entry is about.
enum What<'e> {
    Token(&'e str),
    Subject(&'e str, Duration),
    All(Duration),
}

impl Entry<'_> {
    fn what(&self) -> Option<What<'_>> {
        // What is later is in another unit, and would revoke all there will ever be.
        let before = || numeric_date(self.before.as_ref()?).filter(|before| *before <= LATEST);
        match (&self.jti, &self.sub, &self.before) {
            (Some(jti), None, None) => Some(What::Token(jti)),
            (None, Some(sub), Some(_)) => Some(What::Subject(sub, before()?)),
            (None, None, Some(_)) => Some(What::All(before()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: &str = "https://a.example";

    fn read(document: &str) -> Option<Denylist> {
        let issuers = [Some("https://other.example".to_owned()), Some(A.to_owned())];
        Denylist::read(document.as_bytes(), &issuers, 4, 1).ok()
    }

    #[test]
    fn each_form_of_entry_revokes_what_it_says_and_nothing_else() {
        let token = (Some("t1"), Some("alice"), Some(100));
        for (entry, (jti, sub, iat), want) in [
            (json!({"iss": A, "jti": "t1"}), token, true),
            (json!({"iss": A, "jti": "t1", "reason": "stolen", "exp": 7}), token, true),
            (json!({"iss": A, "jti": "T1"}), token, false),
            (json!({"iss": A, "jti": "t1"}), (None, Some("t1"), Some(100)), false),
            (json!({"iss": "https://other.example", "jti": "t1"}), token, false),
            (json!({"iss": "https://unknown.example", "jti": "t1"}), token, false),
            (json!({"iss": A, "sub": "alice", "before": 101}), token, true),
            (json!({"iss": A, "sub": "alice", "before": 100.5}), token, true),
            (json!({"iss": A, "sub": "alice", "before": 100}), token, false),
            (json!({"iss": A, "sub": "bob", "before": 101}), token, false),
            (json!({"iss": A, "sub": "alice", "before": 1}), (None, Some("alice"), None), true),
            (json!({"iss": A, "before": 101}), token, true),
            (json!({"iss": A, "before": 101}), (None, None, Some(100)), true),
            (json!({"iss": A, "before": 101}), (None, None, None), true),
            (json!({"iss": A, "before": 100}), token, false),
            (json!({"iss": "https://other.example", "before": 101}), token, false),
        ] {
            let claims = json!({"jti": jti}).as_object().unwrap().clone();
            let identity =
                Identity { subject: sub.map(str::to_owned), claims, ..Identity::default() };
            let list = read(&json!({"revoked": [entry]}).to_string()).unwrap();
            let iat = iat.map(Duration::from_secs);
            assert_eq!(list.revokes(1, &identity, None, iat), want, "{entry}");
        }
        // Of two times the later.
        let entry = |before: u64| json!({"iss": A, "sub": "alice", "before": before});
        let list =
            read(&json!({"revoked": [entry(50), entry(200), entry(10)]}).to_string()).unwrap();
        let alice = Identity { subject: Some("alice".to_owned()), ..Identity::default() };
        assert!(list.revokes(1, &alice, None, Some(Duration::from_secs(199))));
        assert!(!list.revokes(1, &alice, None, Some(Duration::from_secs(200))));
    }

    #[test]
    fn tokens_of_any_issuer_are_found_under_their_own_name() {
        let entries = json!({"revoked": [
            {"iss": A, "jti": "t1"}, {"iss": "https://b.example", "jti": "t2"}, {"iss": "https://b.example", "sub": "bob", "before": 9},
        ]});
        let list =
            Denylist::read(entries.to_string().as_bytes(), &[Some(A.to_owned()), None], 4, 1)
                .unwrap();
        let revokes = |provider: usize, issuer: Option<&str>, jti: &str, subject: &str| {
            let identity = Identity {
                issuer: issuer.map(str::to_owned),
                subject: Some(subject.to_owned()),
                claims: json!({"jti": jti}).as_object().unwrap().clone(),
                ..Identity::default()
            };
            list.revokes(provider, &identity, None, Some(Duration::from_secs(8)))
        };
        let b = Some("https://b.example");
        assert!(revokes(0, Some(A), "t1", "alice"));
        assert!(!revokes(0, Some(A), "t2", "bob"));
        assert!(revokes(1, b, "t2", "alice") && revokes(1, b, "t3", "bob"));
        assert!(!revokes(1, b, "t1", "alice"), "another's");
        assert!(!revokes(1, None, "t2", "bob"), "nobody's");
    }

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let good = json!({"iss": A, "jti": "a"});
        for (document, want) in [
            (json!({"revoked": []}), true),
            (json!({"revoked": [good, good, good, good], "updated": "today"}), true),
            (json!({"revoked": [good, good, good, good, good]}), false),
            (json!({"revoked": [good, {"iss": A}]}), false),
            (json!({"revoked": [good, {"jti": "b"}]}), false),
            (json!({"revoked": [good, {"iss": A, "jti": 7}]}), false),
            (json!({"revoked": [good, {"iss": A, "sub": "alice"}]}), false),
            (json!({"revoked": [good, {"iss": A, "sub": "alice", "befor": 1}]}), false),
            (json!({"revoked": [good, {"iss": A, "sub": "alice", "before": "today"}]}), false),
            (json!({"revoked": [good, {"iss": A, "sub": "alice", "before": -1}]}), false),
            // Milliseconds.
            (json!({"revoked": [good, {"iss": A, "before": 1_800_000_000_000_u64}]}), false),
            (json!({"revoked": [good, {"iss": A, "sub": "alice", "jti": "a"}]}), false),
            (json!({"revoked": [good, {"iss": A, "jti": "a", "before": 1}]}), false),
            (json!({"revoked": [good, "a"]}), false),
            (json!({"revoked": good}), false),
            (json!({"tokens": [good]}), false),
            (json!([good]), false),
        ] {
            assert_eq!(read(&document.to_string()).is_some(), want, "{document}");
        }
        let deep =
            format!(r#"{{"revoked": [{{"iss": "{A}", "before": {}}}]}}"#, "[".repeat(10_000));
        let twice = format!(r#"{{"revoked": [{{"iss": "{A}", "jti": "a", "jti": "b"}}]}}"#);
        let escaped = r#"{"revoked": [{"iss": "https:\/\/a.example", "jti": "\u0061"}]}"#;
        for (document, want) in
            [("", false), ("<html>", false), (&deep, false), (&twice, false), (escaped, true)]
        {
            assert_eq!(read(document).is_some(), want, "{document:.60}");
        }
        assert!(Denylist::read(b"\xff\xfe", &[], 4, 1).is_err());
    }
}
