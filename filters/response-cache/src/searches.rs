//! Responses of which a part of the query says nothing (`No-Vary-Search`,
//! draft-ietf-httpbis-no-vary-search).
//!
//! Such a response is stored under a key with what its query comes down to. What the responses of a
//! path say of queries stands under the path, for requests whose own query finds nothing.

use crate::ResponseCache;
use crate::ask::Ask;
use crate::key::{Key, digest, target_of, url_of};
use crate::lookup::{Lookup, sets};
use crate::object::Object;
use crate::work::Work;
use gatehouse_caching::NoVarySearch;
use gatehouse_filter::{Headers, Request, Secret, StoreError, hex, split_target};

/// What a response says of queries.
#[derive(Debug)]
pub(crate) struct Search {
    /// As it says it.
    text: String,
    says: NoVarySearch,
}

const FIELD: &str = "no-vary-search";

/// What is longer is not remembered: the response is for its own query alone.
const LONGEST: usize = 512;
/// The same of URLs: what purges such responses has the path in it.
const LONGEST_URL: usize = 4096;

impl Search {
    /// What a response to a request with this key says; `None` where the whole query counts.
    pub(crate) fn of(response: &Headers, key: &Key) -> Option<Self> {
        let lines: Vec<&[u8]> = response.values(FIELD).collect();
        if lines.is_empty() || key.url().len() > LONGEST_URL {
            return None;
        }
        Self::read(std::str::from_utf8(&lines.join(&b", "[..])).ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST || text.contains('\n') {
            return None;
        }
        let says = NoVarySearch::read(&Headers::from_list(&[(FIELD, text)]));
        (!says.is_default()).then(|| Self { text: text.to_owned(), says })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The key of the responses that say so, for a request with this key. Where nothing is left of
    /// the query, it is that of the path: requests without a query find it at once.
    pub(crate) fn key(&self, key: &Key, secret: &Secret) -> Key {
        let (path, query) = split_target(key.url());
        let reduced = self.says.reduce(query);
        let mut text = path.to_vec();
        if !reduced.is_empty() {
            text.push(b'?');
            text.extend_from_slice(&reduced);
        }
        text.extend_from_slice(key.text.get(key.url().len()..).unwrap_or_default());
        let key = Key::new(secret, text);
        if reduced.is_empty() {
            return key;
        }
        let digest = digest(secret, self.text.as_bytes());
        let digest = hex::text(&digest);
        key.with_line(secret, FIELD, digest.as_bytes())
    }

    /// Whether a response says just this.
    fn is_said_by(&self, object: &Object) -> bool {
        let head = object.head();
        let lines: Vec<&[u8]> = head.values(FIELD).collect();
        lines.join(&b", "[..]) == self.text.as_bytes()
    }
}

/// The key under which stands what the responses of a path say of queries.
pub(crate) fn searches_key(key: &Key, secret: &Secret) -> Key {
    Key::new(secret, [split_target(key.url()).0, b"\nsearches"].concat())
}

/// By what all responses of a path are purged for which a part of the query says nothing: whatever
/// the URL of a purge has for a query may be theirs. That of its origin, and that of every origin.
pub(crate) fn search_labels(url: &[u8]) -> [Vec<u8>; 2] {
    let path = split_target(url).0;
    [[b"search ", path].concat(), search_label_of_all(path)]
}

/// The latter, for a URL or a path.
pub(crate) fn search_label_of_all(url: &[u8]) -> Vec<u8> {
    let path = split_target(url).0;
    let path = if path.starts_with(b"/") { path } else { target_of(path) };
    [b"search *", path].concat()
}

impl ResponseCache {
    /// Finds a response for which the query of the request is as good as another one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn find_search(
        &self,
        ask: &mut Ask,
        request: &Request<'_>,
        work: &Work<'_>,
    ) -> Result<Lookup, StoreError> {
        if !url_of(&ask.key.text).contains(&b'?') {
            return Ok(Lookup::Nothing);
        }
        let key = searches_key(&ask.key, work.secret);
        let Some(record) = self.config.objects.find(work.host, &key, work.now)? else {
            return Ok(Lookup::Nothing);
        };
        let mut found = Lookup::Nothing;
        for search in sets(&record.object).filter_map(Search::read) {
            let key = search.key(&ask.key, work.secret);
            match self.find_as(ask, Some(&key), request, work)? {
                Lookup::Found(object, key) if search.is_said_by(&object) => {
                    return Ok(Lookup::Found(object, key));
                }
                Lookup::OtherVariants => found = Lookup::OtherVariants,
                Lookup::Found(..) | Lookup::Nothing => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
