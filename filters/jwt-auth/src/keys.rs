use crate::JwtAuth;
use crate::event::PROVIDER_EVENTS;
use crate::jwks::KeySet;
use crate::refusal::Refusal;
use crate::token::Header;
use crate::trial::Choice;
use gatehouse_filter::fetched::{Fetched, Kind, Source, Whose};
use gatehouse_filter::{Filter, Timestamp};
use std::rc::Rc;

/// The largest key set that is fetched, in bytes.
pub const MAX_KEY_SET: usize = 256 * 1024;

/// Where the keys of a provider are.
pub(crate) enum Keys {
    /// In the configuration.
    Inline(Rc<KeySet>),
    /// Fetched.
    Fetched(Box<Fetched<KeySet>>),
    /// There are none: the issuer is asked about each token.
    Absent,
}

/// The keys for a token.
pub(crate) enum Lookup<'k> {
    /// One of these may have signed it.
    Found(Rc<KeySet>),
    /// None, and later there may be one; until then this is the answer.
    Missing(&'k Fetched<KeySet>, Refusal),
}

impl Keys {
    /// A provider's keys, that come from there.
    pub(crate) fn from(source: Source, provider: String) -> Self {
        let kind = Kind {
            filter: JwtAuth::NAME,
            names: ["keys", "lease"],
            whose: Whose::One { of: "provider", name: provider, events: PROVIDER_EVENTS },
            describe: KeySet::description,
            // What is fetched, anybody may read: a secret in it is none.
            read: Box::new(|json| {
                match KeySet::from_json(json) {
                Ok(keys) if keys.is_secret() => {
                    Err("the key set has secrets (`oct`), which anybody may read here: write them inline"
                        .to_owned())
                }
                Ok(keys) => Ok(keys),
                Err(error) => Err(format!("the key set {error}")),
            }
            }),
        };
        Self::Fetched(Box::new(Fetched::new(source, kind)))
    }

    /// The keys that may have signed a token, by what its header says: the check that costs
    /// nothing.
    pub(crate) fn seek(
        &self,
        header: &Header,
        choice: &Choice,
        now: Timestamp,
    ) -> Result<Lookup<'_>, Refusal> {
        let (keys, fetched) = match self {
            Self::Inline(keys) => (Rc::clone(keys), None),
            Self::Fetched(fetched) => match fetched.current(now) {
                Some(keys) => (keys, Some(fetched)),
                None => return Ok(Lookup::Missing(fetched, Refusal::KeysUnavailable)),
            },
            Self::Absent => return Err(Refusal::KeyUnknown),
        };
        match (keys.check(header, choice, now), fetched) {
            (Ok(()), _) => Ok(Lookup::Found(keys)),
            (Err(_), Some(fetched)) if keys.lacks(header, now) => {
                Ok(Lookup::Missing(fetched, Refusal::KeyUnknown))
            }
            (Err(refusal), _) => Err(refusal),
        }
    }

    /// The set in use.
    pub(crate) fn current(&self, now: Timestamp) -> Option<Rc<KeySet>> {
        match self {
            Self::Inline(keys) => Some(Rc::clone(keys)),
            Self::Fetched(fetched) => fetched.current(now),
            Self::Absent => None,
        }
    }

    /// The source that is fetched, if it is one.
    pub(crate) fn fetched(&self) -> Option<&Fetched<KeySet>> {
        match self {
            Self::Inline(_) | Self::Absent => None,
            Self::Fetched(fetched) => Some(fetched),
        }
    }
}
