//! API keys, as far as they are known here.

use crate::rfc3339;
use gatehouse_filter::Timestamp;
use gatehouse_filter::api_key::{Digest, Kind, MAX_KEY, Secret};
use gatehouse_filter::config::Node;
use std::collections::BTreeSet;

/// When a key is good, and whose it is: `O`.
#[derive(Debug)]
pub(crate) struct Key<O> {
    digest: Digest,
    not_before: Timestamp,
    expires_at: Option<Timestamp>,
    owner: O,
}

/// All keys, sorted by [`Digest::prefix`].
#[derive(Debug)]
pub(crate) struct Keyring<O>(Vec<Key<O>>);

/// Why a key opens nothing. Clients are not told which it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Useless {
    /// It is longer than any is.
    TooLong,
    /// It is nobody's.
    Unknown,
    /// It is not good yet.
    NotYetValid,
    /// It is not good any more.
    Expired,
}

/// A key that opens nothing, and whose it is, where that is known: what operators are told.
#[derive(Debug)]
pub struct Unfit {
    /// The reason, as it is counted.
    pub useless: Useless,
    /// The reason in words, without the key.
    pub why: String,
}

impl<O> Key<O> {
    /// The same key of somebody else.
    pub(crate) fn of<P>(self, owner: P) -> Key<P> {
        let Self { digest, not_before, expires_at, .. } = self;
        Key { digest, not_before, expires_at, owner }
    }
}

impl<O> Default for Keyring<O> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<O> Keyring<O> {
    pub(crate) fn new(mut keys: Vec<Key<O>>) -> Self {
        keys.sort_by_key(|key| key.digest.prefix());
        Self(keys)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whose key this is, which is good at this time; `name` names an owner to operators.
    pub(crate) fn owner(
        &self,
        key: &[u8],
        secret: Option<&Secret>,
        now: Timestamp,
        name: impl Fn(&O) -> &str,
    ) -> Result<&O, Unfit> {
        if key.len() > MAX_KEY {
            let why = format!("a key of {} bytes", key.len());
            return Err(Unfit { useless: Useless::TooLong, why });
        }
        // Sorted, so one end of the list tells whether there is any of a kind.
        let ends = [self.0.first(), self.0.last()];
        let has = |kind: Kind| ends.iter().flatten().any(|key| key.digest.kind == kind);
        let plain = has(Kind::Sha256).then(|| Digest::sha256(key));
        let keyed =
            secret.filter(|_| has(Kind::HmacSha256)).map(|secret| Digest::hmac_sha256(secret, key));
        let found = [plain, keyed].into_iter().flatten().find_map(|digest| self.find(&digest));
        let unknown = || Unfit { useless: Useless::Unknown, why: "a key of nobody's".to_owned() };
        let found = found.ok_or_else(unknown)?;
        let owner = name(&found.owner);
        if now < found.not_before {
            let wait = found.not_before.seconds().saturating_sub(now.seconds());
            let why = format!("a key of `{owner}` that is good in {wait} s");
            return Err(Unfit { useless: Useless::NotYetValid, why });
        }
        if let Some(expired_at) = found.expires_at.filter(|expires_at| *expires_at <= now) {
            let ago = now.seconds().saturating_sub(expired_at.seconds());
            let why = format!("a key of `{owner}` that expired {ago} s ago");
            return Err(Unfit { useless: Useless::Expired, why });
        }
        Ok(&found.owner)
    }

    /// The key with this digest. What the time tells is whether any digest begins with the same two
    /// bytes, which is no step towards a key; whole digests are compared in constant time.
    fn find(&self, digest: &Digest) -> Option<&Key<O>> {
        let prefix = digest.prefix();
        let start = self.0.partition_point(|key| key.digest.prefix() < prefix);
        let near = self.0.iter().skip(start).take_while(|key| key.digest.prefix() == prefix);
        near.fold(None, |found, key| if key.digest.equals(digest) { Some(key) } else { found })
    }
}

/// Reads a key; with `has_secret`, it may have a keyed digest. `taken` are the digests of earlier
/// ones.
pub(crate) fn read(
    node: &Node<'_>,
    has_secret: bool,
    taken: &mut BTreeSet<String>,
) -> Option<Key<()>> {
    let mut fields = node.fields()?;
    let digest = fields.required("digest", |node| digest(&node, has_secret, taken));
    let not_before = fields.with_default("not_before", Timestamp::default(), |node| time(&node));
    let expires_at = fields.optional("expires_at", |node| {
        let expires_at = time(&node)?;
        match not_before {
            Some(not_before) if expires_at <= not_before => {
                node.fault("must be later than `not_before`")
            }
            _ => Some(expires_at),
        }
    });
    fields.finish();
    Some(Key { digest: digest?, not_before: not_before?, expires_at: expires_at?, owner: () })
}

/// A digest. What is not one may be a key that somebody pasted, so no message repeats it.
fn digest(node: &Node<'_>, has_secret: bool, taken: &mut BTreeSet<String>) -> Option<Digest> {
    let Some(digest) = Digest::parse(&node.secret()?) else {
        return node.fault(
            "must be sha256:<64 hexadecimal digits> or hmac_sha256:<64 hexadecimal digits>; `gatehouse \
             hash-key` makes one",
        );
    };
    if digest.kind == Kind::HmacSha256 && !has_secret {
        return node.fault("needs `hmac_secret`, which there is none of");
    }
    if digest.equals(&Digest::sha256(b"")) {
        return node.fault("is the digest of no key at all");
    }
    if !taken.insert(digest.to_string()) {
        return node.fault("must be unique: an earlier key has this digest");
    }
    Some(digest)
}

fn time(node: &Node<'_>) -> Option<Timestamp> {
    rfc3339::parse(node.text()?)
        .or_else(|| node.fault("must be a time as in RFC 3339, such as 2027-01-31T00:00:00Z"))
}
