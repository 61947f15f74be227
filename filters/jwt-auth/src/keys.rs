use crate::token::Header;
use crate::{JwtAuth, KeySet, Refusal};
use gatehouse_filter::remote::{Kind, Remote, Source};
use gatehouse_filter::{Filter, Timestamp};
use std::rc::Rc;

/// Where the keys of a provider are.
pub(crate) enum Keys {
    /// In the configuration.
    Inline(Rc<KeySet>),
    /// Fetched.
    Remote(Box<Remote<KeySet>>),
}

/// The keys for a token.
pub(crate) enum Sought<'k> {
    /// One of these may have signed it.
    Found(Rc<KeySet>),
    /// None, and later there may be one; until then this is the answer.
    Missing(&'k Remote<KeySet>, Refusal),
}

/// The first of the events of fetched keys.
pub(crate) const FIRST_EVENT: usize = 0;

impl Keys {
    /// Keys that come from there.
    pub(crate) fn from(source: Source) -> Self {
        let kind = Kind {
            filter: JwtAuth::NAME,
            names: ["keys", "turn"],
            first_event: FIRST_EVENT,
            // What is fetched, anybody may read: a secret in it is none.
            read: Box::new(|json| match KeySet::from_json(json) {
                Ok(keys) if keys.is_secret() => {
                    Err("the key set has secrets (`oct`), which anybody may read here: write them inline"
                        .to_owned())
                }
                Ok(keys) => Ok(keys),
                Err(error) => Err(format!("the key set {error}")),
            }),
        };
        Self::Remote(Box::new(Remote::new(source, kind)))
    }

    /// The keys that may have signed a token, by what its header says: the check that costs nothing.
    pub(crate) fn seek(&self, header: &Header, now: Timestamp) -> Result<Sought<'_>, Refusal> {
        let (keys, remote) = match self {
            Self::Inline(keys) => (Rc::clone(keys), None),
            Self::Remote(remote) => match remote.current(now) {
                Some(keys) => (keys, Some(remote)),
                None => return Ok(Sought::Missing(remote, Refusal::KeysUnavailable)),
            },
        };
        match (keys.check(header), remote) {
            (Ok(()), _) => Ok(Sought::Found(keys)),
            (Err(_), Some(remote)) if keys.lacks(header) => Ok(Sought::Missing(remote, Refusal::KeyUnknown)),
            (Err(refusal), _) => Err(refusal),
        }
    }

    /// The set in use.
    pub(crate) fn current(&self, now: Timestamp) -> Option<Rc<KeySet>> {
        match self {
            Self::Inline(keys) => Some(Rc::clone(keys)),
            Self::Remote(remote) => remote.current(now),
        }
    }

    /// The source that is fetched, if it is one.
    pub(crate) fn remote(&self) -> Option<&Remote<KeySet>> {
        match self {
            Self::Inline(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}
