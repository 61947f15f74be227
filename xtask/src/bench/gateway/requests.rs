//! The requests of the bench: the same path with the same token or ever another one, and those of
//! the proofs.

use anyhow::Result;

use super::super::identity::token::{Says, Signed, different, with_token};
use super::super::load;
use super::super::set_up::{PATH, request};

/// Answered by the gateway itself.
const DIRECT: &str = "/direct/17?expand=items";

/// The origin tells what it saw.
pub(super) const PROOF: &str = "/proof";

/// Allowed once.
pub(super) const LIMITED: &str = "/limited";

/// Different tokens: four times what any cache of the set-ups holds, so that each has been
/// forgotten when its turn comes again.
pub(super) const POOL: usize = 4096;

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Via {
    /// By the origin.
    Proxy,
    /// By the gateway itself.
    Direct,
}

/// What the token of a request was before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    /// In every request before this one.
    Remembered,
    /// Never seen, or forgotten.
    New,
}

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) via: Via,
    pub(super) token: Token,
}

/// All kinds, in the order of the columns.
pub(super) const KINDS: [Kind; 4] = [
    Kind { via: Via::Proxy, token: Token::Remembered },
    Kind { via: Via::Proxy, token: Token::New },
    Kind { via: Via::Direct, token: Token::Remembered },
    Kind { via: Via::Direct, token: Token::New },
];

/// Every request that is sent.
pub(super) struct Requests {
    kinds: [load::Requests; 4],
    /// The one whose answer proves what the set-up writes.
    pub(super) proof: Vec<u8>,
    /// The one that is allowed once.
    pub(super) limited: Vec<u8>,
    /// The one with a forged token.
    pub(super) forged: Vec<u8>,
    /// The one without token.
    pub(super) anonymous: Vec<u8>,
    /// The one that every set-up answers with 200.
    pub(super) good: Vec<u8>,
}

impl Requests {
    /// # Errors
    /// A token cannot be signed.
    pub(super) fn new(key: &Signed, says: Says) -> Result<Self> {
        let pool = different(says, POOL)?;
        let same = |path| load::Requests::new(vec![with_token(path, &key.token)]);
        let new =
            |path| load::Requests::new(pool.iter().map(|token| with_token(path, token)).collect());
        Ok(Requests {
            // The two kinds with new tokens are half a pool apart: a token that the one sent was
            // forgotten when the other sends it.
            kinds: [same(PATH), new(PATH), same(DIRECT), new(DIRECT).starting_at(POOL / 2)],
            proof: with_token(PROOF, &key.token),
            limited: with_token(LIMITED, &key.token),
            forged: with_token(PATH, &key.forged),
            anonymous: request(PATH),
            good: with_token(PATH, &key.token),
        })
    }

    /// Those of each of [`KINDS`], from the first.
    pub(super) fn kinds(&self) -> [load::Requests; 4] {
        self.kinds.clone()
    }
}
