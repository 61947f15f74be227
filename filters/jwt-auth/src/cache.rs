//! Tokens that were verified before.
//!
//! What is found here was decided under the same configuration, of which the keys and the time
//! alone change: whoever asks compares the first and checks the second. A token is found by all its
//! bytes, never by a digest alone.

use crate::certificate::Term;
use crate::claims::Validity;
use crate::consumer::Owned;
use crate::jwks::KeySet;
use crate::kind::Kind;
use crate::possession::Owner;
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::revocation::Denylist;
use crate::token::Header;
use gatehouse_filter::{Caller, HeaderName, HeaderValue, Timestamp};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// What a good token says.
pub(crate) struct Verified {
    /// The position of its provider.
    pub(crate) provider: usize,
    /// What vouches for its signature; `None` where its issuer was asked about it.
    pub(crate) signer: Option<Signer>,
    pub(crate) validity: Validity,
    /// Its `jti`, where that is a number.
    pub(crate) numeric_token: Option<Box<str>>,
    pub(crate) caller: Rc<Caller>,
    /// The number of the last list of revocations that it was not found in; 0 for none.
    pub(crate) checked: Cell<u64>,
    /// Who may use it.
    pub(crate) owner: Owner,
    /// Whose it is, where there is a table that says so.
    pub(crate) owned: Option<Owned>,
    /// The header fields that its claims are written to.
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
}

/// The key that made a signature.
pub(crate) struct Signer {
    /// The set that has it.
    pub(crate) keys: Rc<KeySet>,
    /// When it is good.
    pub(crate) term: Term,
    /// The header of the token.
    pub(crate) header: Rc<Header>,
}

impl Verified {
    /// What kind of token it says that it is.
    pub(crate) fn kind(&self) -> Option<&Kind> {
        self.signer.as_ref()?.header.kind.as_ref()
    }

    /// Whether a key of this very set made its signature, and is good at this time.
    pub(crate) fn is_of(&self, keys: &Rc<KeySet>, now: Timestamp) -> bool {
        self.signer
            .as_ref()
            .is_some_and(|signer| Rc::ptr_eq(&signer.keys, keys) && signer.term.includes(now))
    }

    /// Whether the token, which was issued then, has been revoked meanwhile: looked up once in each
    /// list.
    pub(crate) fn check_revoked(
        &self,
        list: Option<&Denylist>,
        issued: Option<Duration>,
    ) -> Result<(), Refusal> {
        let Some(list) = list.filter(|list| list.number != self.checked.get()) else {
            return Ok(());
        };
        let number = self.numeric_token.as_deref();
        if list.revokes(self.provider, self.caller.identity(), number, issued) {
            return Err(Refusal::TokenRevoked);
        }
        self.checked.set(list.number);
        Ok(())
    }
}

/// The tokens of a worker, so many at most.
pub(crate) struct Cache(Recent<End, Entry>);

/// The last bytes of a token: of its signature, so those of any two differ, and fewer to hash than
/// all. Only what an issuer signed is kept under them; of two with the same end, the later.
type End = [u8; 32];

struct Entry {
    token: Box<[u8]>,
    verified: Rc<Verified>,
}

impl Cache {
    /// Room for so many tokens; for none, nothing is kept.
    pub(crate) fn new(most: usize) -> Self {
        Self(Recent::new(most))
    }

    pub(crate) fn find(&self, token: &[u8]) -> Option<Rc<Verified>> {
        let verified =
            |entry: &Entry| is_same(&entry.token, token).then(|| Rc::clone(&entry.verified));
        self.0.find(token.last_chunk::<32>()?, verified)
    }

    pub(crate) fn keep(&self, token: &[u8], verified: &Rc<Verified>) {
        let Some(end) = token.last_chunk::<32>().filter(|_| token.len() <= LONGEST) else { return };
        self.0.keep(*end, || Entry { token: token.into(), verified: Rc::clone(verified) });
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Compares 32 bytes at a time: what the wasm target has for slices goes byte by byte.
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((blocks, rest), (other_blocks, other_rest)) =
        (one.as_chunks::<32>(), other.as_chunks::<32>());
    let is_same_rest = match (one.last_chunk::<32>(), other.last_chunk::<32>()) {
        (Some(end), Some(other_end)) => end == other_end,
        _ => rest == other_rest,
    };
    one.len() == other.len()
        && is_same_rest
        && blocks.iter().zip(other_blocks).all(|(one, other)| one == other)
}

/// Longer tokens are verified each time, which bounds the memory.
const LONGEST: usize = 4096;
