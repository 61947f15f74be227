//! Requests that change resources: what is stored of them no longer holds (RFC 9111 §4.4).

use crate::ask::{Ask, Place};
use crate::asking::Asking;
use crate::keep::group_label;
use crate::key::digest;
use crate::purges::Purged;
use crate::searches::search_labels;
use crate::{Event, ResponseCache};
use gatehouse_caching::{invalidated, invalidated_groups};
use gatehouse_filter::{Event as _, Response, split_target};

/// A request that may change something.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) method: Vec<u8>,
    pub(crate) place: Place,
    /// A `POST`, as far as its answer may be one to a `GET`.
    pub(crate) post: Option<Box<Ask>>,
}

impl ResponseCache {
    /// Invalidates what a request has changed, as its response says.
    pub(crate) fn change(&self, changes: &Changes, response: &Response<'_>) {
        let host = response.host();
        let (Some(status), Ok(secret)) = (response.status(), self.secret(host)) else { return };
        let Changes { method, place, .. } = changes;
        let target = place.target();
        let paths = invalidated(method, status, &target, &response.headers);
        if paths.is_empty() {
            return;
        }
        // A URL is written in as many ways as rules make keys of it.
        let mut urls: Vec<Vec<u8>> = Vec::new();
        for path in &paths {
            for rule in self.config.rules.of_path(split_target(path).0) {
                let url = rule.action.key.url(&place.scheme, &place.authority, path);
                if !urls.contains(&url) {
                    urls.push(url);
                }
            }
        }
        let mut searches: Vec<Vec<u8>> = Vec::new();
        for url in &urls {
            let [label, _] = search_labels(url);
            if !searches.contains(&label) {
                searches.push(label);
            }
        }
        let groups = invalidated_groups(method, &response.headers);
        let groups = groups.iter().map(|group| group_label(&place.origin(), group));
        for bytes in urls.into_iter().chain(searches).chain(groups.take(MOST_GROUPS)) {
            let purged = Purged::One(digest(secret, &bytes));
            match self.config.purges.purge(host, &purged) {
                Ok(()) => Event::Invalidated.count(host),
                Err(_) => Event::StoreFailed.count(host),
            }
        }
    }

    /// The answer to a `POST` that says that it is what a `GET` would get (RFC 9110 §9.3.3): how it
    /// is stored. It is asked for after what the request has changed is invalidated.
    pub(crate) fn keeps_post(
        &self,
        changes: &mut Changes,
        response: &Response<'_>,
    ) -> Option<Box<Asking>> {
        let (host, status) = (response.callouts(), response.status()?);
        let head = response.headers.settled();
        let location = head.only("content-location").ok()??;
        if status != 200 || !changes.place.target().is(location) {
            return None;
        }
        let ask = *changes.post.take()?;
        let purges = self.config.purges.count(host).ok()?;
        let asking = Asking::after(ask, purges, host.now());
        Some(Box::new(asking))
    }
}

/// Groups that one response can invalidate (RFC 9875 §2: at least 32).
const MOST_GROUPS: usize = 64;
