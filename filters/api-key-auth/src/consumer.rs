//! Who has keys, and which.

use crate::Event;
use crate::{Digest, Secret, rfc3339};
use gatehouse_filter::api_key::Kind;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{Caller, Identity, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Everyone who has keys.
#[derive(Debug, Default)]
pub(crate) struct Consumers {
    list: Vec<Rc<Consumer>>,
    /// Sorted by [`Digest::prefix`].
    keys: Vec<Key>,
}

/// Who a key belongs to.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) caller: Rc<Caller>,
}

/// A key, as far as it is known here, and when it is good.
#[derive(Debug)]
struct Key {
    digest: Digest,
    not_before: Timestamp,
    expires_at: Option<Timestamp>,
    owner: Rc<Consumer>,
}

/// Why a key opens nothing. Clients are not told which it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Useless {
    TooLong,
    Unknown,
    NotYetValid,
    Expired,
}

impl Useless {
    /// What operators are told.
    pub(crate) fn event(self) -> Event {
        match self {
            Self::TooLong => Event::KeyTooLong,
            Self::Unknown => Event::KeyUnknown,
            Self::NotYetValid => Event::KeyNotYetValid,
            Self::Expired => Event::KeyExpired,
        }
    }
}

/// A key that opens nothing, and whose it is, where that is known: what operators are told.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) useless: Useless,
    pub(crate) why: String,
}

impl Consumers {
    /// Whose key this is, which is good at this time.
    pub(crate) fn authenticate(
        &self,
        key: &[u8],
        secret: Option<&Secret>,
        now: Timestamp,
    ) -> Result<&Rc<Consumer>, Unfit> {
        if key.len() > crate::MAX_KEY {
            let why = format!("a key of {} bytes", key.len());
            return Err(Unfit { useless: Useless::TooLong, why });
        }
        // Sorted, so one end of the list tells whether there is any of a kind.
        let ends = [self.keys.first(), self.keys.last()];
        let has = |kind: Kind| ends.iter().flatten().any(|key| key.digest.kind == kind);
        let plain = has(Kind::Sha256).then(|| Digest::sha256(key));
        let keyed =
            secret.filter(|_| has(Kind::HmacSha256)).map(|secret| Digest::hmac_sha256(secret, key));
        let found = [plain, keyed].into_iter().flatten().find_map(|digest| self.find(&digest));
        let unknown = || Unfit { useless: Useless::Unknown, why: "a key of nobody's".to_owned() };
        let found = found.ok_or_else(unknown)?;
        let owner = &found.owner.name;
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
    fn find(&self, digest: &Digest) -> Option<&Key> {
        let prefix = digest.prefix();
        let start = self.keys.partition_point(|key| key.digest.prefix() < prefix);
        let near = self.keys.iter().skip(start).take_while(|key| key.digest.prefix() == prefix);
        near.fold(None, |found, key| if key.digest.equals(digest) { Some(key) } else { found })
    }

    /// How many there are, for operators.
    pub(crate) fn description(&self) -> String {
        format!("{} consumers, {} keys", self.list.len(), self.keys.len())
    }

    /// Whether there is a consumer of this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.list.iter().any(|consumer| consumer.name == name)
    }

    /// Whether there is a consumer in this group.
    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.list.iter().any(|consumer| consumer.is_in(group))
    }

    /// Reads a list of consumers. `secret` is whether there is one: without it, keyed digests are
    /// no use.
    pub(crate) fn read(node: Node<'_>, secret: bool) -> Option<Self> {
        // Trees: a hash set needs random numbers, which the module has no right to.
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut digests: BTreeSet<String> = BTreeSet::new();
        let consumers = node.nonempty_list(|node| {
            let mut fields = node.fields()?;
            let name = fields.required("name", |node| name(&node, &mut names));
            // None where all have been withdrawn.
            let keys =
                fields.required("keys", |node| node.list(|node| key(node, secret, &mut digests)));
            let identity = identity(&mut fields);
            fields.finish();
            let (name, keys) = (name?, keys?);
            let caller = Rc::new(Identity { consumer: Some(name.clone()), ..identity? }.into());
            Some((Rc::new(Consumer { name, caller }), keys))
        })?;
        let mut all = Self::default();
        for (owner, keys) in consumers {
            let owned = |(digest, not_before, expires_at)| Key {
                digest,
                not_before,
                expires_at,
                owner: Rc::clone(&owner),
            };
            all.keys.extend(keys.into_iter().map(owned));
            all.list.push(owner);
        }
        all.keys.sort_by_key(|key| key.digest.prefix());
        Some(all)
    }
}

impl Consumer {
    pub(crate) fn is_in(&self, group: &str) -> bool {
        self.caller.identity().groups.iter().any(|this| this == group)
    }
}

/// A name that can stand in a header, in a log line and in a list.
fn name(node: &Node<'_>, taken: &mut BTreeSet<String>) -> Option<String> {
    let name = node.text()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@:+".contains(&byte);
    if name.len() > LONGEST_NAME || !name.bytes().all(allowed) {
        return node.fault("must be at most 128 letters, digits and -_./@:+");
    }
    if !taken.insert(name.to_owned()) {
        return node.fault("must be unique: an earlier consumer has this name");
    }
    Some(name.to_owned())
}

const LONGEST_NAME: usize = 128;

type Validity = (Digest, Timestamp, Option<Timestamp>);

fn key(node: Node<'_>, secret: bool, taken: &mut BTreeSet<String>) -> Option<Validity> {
    let mut fields = node.fields()?;
    let digest = fields.required("digest", |node| digest(&node, secret, taken));
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
    Some((digest?, not_before?, expires_at?))
}

/// A digest. What is not one may be a key that somebody pasted, so no message repeats it.
fn digest(node: &Node<'_>, secret: bool, taken: &mut BTreeSet<String>) -> Option<Digest> {
    let Some(digest) = Digest::parse(&node.secret()?) else {
        return node.fault(
            "must be sha256:<64 hexadecimal digits> or hmac_sha256:<64 hexadecimal digits>; `cargo xtask hash-key` makes one",
        );
    };
    if digest.kind == Kind::HmacSha256 && !secret {
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

/// What is known of a consumer besides its name and keys.
fn identity(fields: &mut Fields<'_>) -> Option<Identity> {
    let texts = |node: Node<'_>| node.nonempty_list(|node| node.text().map(str::to_owned));
    let scopes = fields.with_default("scopes", vec![], texts);
    let roles = fields.with_default("roles", vec![], texts);
    let groups = fields.with_default("groups", vec![], texts);
    let tier = fields.optional("tier", |node| node.text().map(str::to_owned));
    let claims = fields.with_default("metadata", Map::new(), |node| match node.value() {
        Value::Object(members) => Some(members.clone()),
        _ => node.fault("must be a mapping"),
    });
    Some(Identity {
        scopes: scopes?,
        roles: roles?,
        groups: groups?,
        tier: tier?,
        claims: claims?,
        ..Identity::default()
    })
}
