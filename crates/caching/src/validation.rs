//! Asking the origin whether stored responses still hold (RFC 9111 §4.3.1, §4.3.3, §4.3.4).

use crate::entity_tag::EntityTag;
use gatehouse_filter::{HeaderName, HeaderValue, Headers};

/// What a stored response can be validated by, as it was received.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Validators {
    /// Its entity tag.
    pub etag: Option<Vec<u8>>,
    /// When it was last modified.
    pub last_modified: Option<Vec<u8>>,
}

const IF_NONE_MATCH: HeaderName = HeaderName::from_static("if-none-match");
const IF_MODIFIED_SINCE: HeaderName = HeaderName::from_static("if-modified-since");

impl Validators {
    /// Those of a response; a field that is there twice is none.
    pub fn of(response: &Headers) -> Self {
        let only = |name| response.only(name).ok().flatten().map(<[u8]>::to_vec);
        Self { etag: only("etag"), last_modified: only("last-modified") }
    }

    fn tag(&self) -> Option<EntityTag<'_>> {
        self.etag.as_deref().map(EntityTag::parse)
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }

    /// The fields that make a request ask whether one of these responses still holds (§4.3.1). With
    /// several, all that have a tag are asked about; a date, only with one.
    ///
    /// They are to replace what the client sent of [`CONDITIONAL`](crate::CONDITIONAL): its own
    /// condition is evaluated against the answer.
    pub fn conditions(stored: &[Self]) -> Vec<(HeaderName, HeaderValue)> {
        let mut conditions = Vec::new();
        let mut tags: Vec<&[u8]> = Vec::new();
        for tag in stored.iter().filter_map(|one| one.etag.as_deref()) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if let Ok(value) = HeaderValue::try_from(tags.join(&b", "[..]))
            && !tags.is_empty()
        {
            conditions.push((IF_NONE_MATCH, value));
        }
        if let [Self { last_modified: Some(date), .. }] = stored
            && let Ok(value) = HeaderValue::try_from(date.as_slice())
        {
            conditions.push((IF_MODIFIED_SINCE, value));
        }
        conditions
    }

    /// Which of the responses that were asked about a 304 says still hold (§4.3.4): positions in
    /// `stored`, which has the newest first. None, where the 304 is about none of them: it cannot
    /// be used.
    pub fn selected(stored: &[Self], not_modified: &Headers) -> Vec<usize> {
        let told = Self::of(not_modified);
        let all = || stored.iter().enumerate();
        if let Some(told) = told.tag() {
            if told.is_strong() {
                let is_one = |one: &Self| one.tag().is_some_and(|tag| tag.is_strongly(told));
                return all().filter(|(_, one)| is_one(one)).map(|(at, _)| at).collect();
            }
            // Of weak ones, the newest.
            let newest = all().find(|(_, one)| one.tag().is_some_and(|tag| tag.is_weakly(told)));
            return newest.map(|(at, _)| at).into_iter().collect();
        }
        if let Some(told) = &told.last_modified {
            let newest = all().find(|(_, one)| one.last_modified.as_ref() == Some(told));
            return newest.map(|(at, _)| at).into_iter().collect();
        }
        // A 304 should repeat the validator (RFC 9110 §15.4.5), and many do not. Where one response
        // was asked about, it is that one.
        if stored.len() == 1 { vec![0] } else { Vec::new() }
    }
}
