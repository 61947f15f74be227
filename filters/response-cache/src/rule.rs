//! What is done with the requests of a rule.

use crate::key::KeyParts;
use gatehouse_caching::{FreshnessOptions, Selection, StoringOptions};
use gatehouse_filter::HeaderName;
use std::rc::Rc;
use std::time::Duration;

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Rc<str>,
    pub(crate) methods: Methods,
    pub(crate) key: KeyParts,
    /// That of the keys, made once.
    pub(crate) key_form: Vec<u8>,
    pub(crate) storing: StoringOptions,
    pub(crate) freshness: FreshnessOptions,
    /// Whether `Cache-Control` and `Pragma` of requests are honoured.
    pub(crate) honours_clients: bool,
    pub(crate) selection: Selection,
    /// The response fields that have tags.
    pub(crate) tags: Vec<HeaderName>,
    /// For how long a request waits for another one that asks the same.
    pub(crate) collapse: Option<Duration>,
    /// Whether answers are stored and compared, and none is served.
    pub(crate) is_shadow: bool,
}

/// The methods that are answered from the store; `GET` is always one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Methods {
    pub(crate) head: bool,
    pub(crate) query: bool,
    pub(crate) post: bool,
}

impl Methods {
    /// Whether this one is answered from the store.
    pub(crate) fn has(self, method: &[u8]) -> bool {
        match method {
            b"GET" => true,
            b"HEAD" => self.head,
            b"QUERY" => self.query,
            b"POST" => self.post,
            _ => false,
        }
    }
}
