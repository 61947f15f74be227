//! Everyone there is.

use crate::certificate::{self, CertificateName};
use crate::key::{self, Key, Keyring};
use crate::names::Names;
use crate::token::{self, TokenName};
use crate::{Consumer, Unfit};
use gatehouse_filter::api_key::Secret;
use gatehouse_filter::config::Node;
use gatehouse_filter::{Caller, Identity, PeerName, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Everyone there is, found by what they show.
#[derive(Debug, Default)]
pub struct Consumers {
    /// Sorted by name.
    list: Vec<Rc<Consumer>>,
    keys: Keyring<Rc<Consumer>>,
    tokens: Names<TokenName, Rc<Consumer>>,
    certificates: Names<CertificateName, Certified>,
}

/// A consumer whom a certificate names.
#[derive(Debug)]
pub struct Certified {
    /// Who it is.
    pub consumer: Rc<Consumer>,
    /// What the filters behind are told: what is known of the consumer, and the name as subject.
    pub caller: Rc<Caller>,
}

/// What a filter goes by. What it does not use has to be right all the same, and is not kept.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// What it does with API keys.
    pub keys: Keys,
    /// What it does with what tokens say.
    pub tokens: Tokens,
    /// Whether it finds consumers by certificates.
    pub certificates: bool,
    /// What each consumer has to have.
    pub required: Required,
}

/// What each consumer has to have, be it an empty list, where all were withdrawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Required {
    /// A name.
    #[default]
    Name,
    /// Credentials of whatever kind.
    Any,
    /// Keys.
    Keys,
    /// What it is called in tokens.
    Tokens,
}

/// What a filter does with API keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Keys {
    /// Nothing.
    #[default]
    Unused,
    /// Finds consumers by them.
    Used {
        /// Whether there is a secret: without it, keyed digests are no use.
        has_secret: bool,
    },
}

/// What a filter does with what tokens say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Tokens {
    /// Nothing.
    #[default]
    Unused,
    /// Finds consumers by it.
    Used {
        /// The names of the providers whose tokens are looked up, where nobody else's may be named.
        providers: Option<Vec<String>>,
    },
}

impl Consumers {
    /// Whose key this is, which is good at this time.
    ///
    /// # Errors
    /// [`Unfit`] where it is nobody's, or no good now.
    pub fn of_key(
        &self,
        key: &[u8],
        secret: Option<&Secret>,
        now: Timestamp,
    ) -> Result<&Rc<Consumer>, Unfit> {
        self.keys.owner(key, secret, now, |owner| &owner.name)
    }

    /// Whom a token of this provider means by this value.
    pub fn of_token(&self, provider: &str, value: &str) -> Option<&Rc<Consumer>> {
        self.tokens.find(|name| name.beside(provider, value))
    }

    /// Whom a certificate means by this name.
    pub fn of_certificate(&self, kind: PeerName, value: &str) -> Option<&Certified> {
        self.certificates.find(|name| name.beside(kind, value))
    }

    /// The consumer of this name.
    pub fn named(&self, name: &str) -> Option<&Rc<Consumer>> {
        let found = self.list.binary_search_by(|consumer| consumer.name.as_str().cmp(name)).ok()?;
        self.list.get(found)
    }

    /// Whether there is a consumer in this group.
    pub fn has_group(&self, group: &str) -> bool {
        self.list.iter().any(|consumer| consumer.is_in(group))
    }

    /// How many there are, for operators.
    pub fn description(&self) -> String {
        let mut text = format!("{} consumers", self.list.len());
        for (count, what) in [
            (self.keys.len(), "keys"),
            (self.tokens.len(), "names in tokens"),
            (self.certificates.len(), "names in certificates"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }

    /// Reads a list of consumers, at least one. No two have the same name or credential.
    pub fn read(node: &Node<'_>, uses: &Uses) -> Option<Self> {
        // Trees: a hash set needs random numbers, which the module has no right to.
        let (mut names, mut digests) = (BTreeSet::new(), BTreeSet::new());
        let mut called: BTreeMap<TokenName, String> = BTreeMap::new();
        let mut certified: BTreeMap<CertificateName, String> = BTreeMap::new();
        let consumers = node.nonempty_list(|node| {
            let mut fields = node.fields()?;
            let consumer = Consumer::read(&mut fields, &mut names);
            let keys = |node: Node<'_>| {
                node.list(|node| key::read(&node, uses.keys.take_keyed(), &mut digests))
            };
            let keys = fields.required_if("keys", uses.required == Required::Keys, keys);
            let name = consumer.as_ref().map(|consumer| consumer.name.as_str());
            let tokens = |node: Node<'_>| {
                node.list(|node| {
                    let token = token::read(&node, uses.tokens.providers())?;
                    owned_once(&node, token, name.unwrap_or_default(), &mut called)
                })
            };
            let tokens = fields.required_if("tokens", uses.required == Required::Tokens, tokens);
            let certificates = fields.optional("certificates", |node| {
                node.list(|node| {
                    let certificate = certificate::read(&node)?;
                    owned_once(&node, certificate, name.unwrap_or_default(), &mut certified)
                })
            });
            fields.finish();
            let (keys, tokens, certificates) = (keys?, tokens?, certificates?);
            // A list that lost them would withdraw what all have, and nobody would know.
            let has_none = keys.is_none() && tokens.is_none() && certificates.is_none();
            if uses.required == Required::Any && has_none {
                return node.fault(
                    "must have keys, tokens or certificates: an empty list where all have been \
                     withdrawn",
                );
            }
            Some(Entry {
                consumer: Rc::new(consumer?),
                keys: keys.unwrap_or_default(),
                tokens: tokens.unwrap_or_default(),
                certificates: certificates.unwrap_or_default(),
            })
        })?;
        Some(Self::of(consumers, uses))
    }

    fn of(entries: Vec<Entry>, uses: &Uses) -> Self {
        let (mut list, mut keys, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        let mut certificates = Vec::new();
        for entry in entries {
            let consumer = entry.consumer;
            if uses.keys != Keys::Unused {
                keys.extend(entry.keys.into_iter().map(|key| key.of(Rc::clone(&consumer))));
            }
            if uses.tokens != Tokens::Unused {
                tokens.extend(entry.tokens.into_iter().map(|name| (name, Rc::clone(&consumer))));
            }
            if uses.certificates {
                let named = entry.certificates.into_iter().map(|name| {
                    let certified = Certified::new(&consumer, &name);
                    (name, certified)
                });
                certificates.extend(named);
            }
            list.push(consumer);
        }
        list.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            list,
            keys: Keyring::new(keys),
            tokens: Names::new(tokens),
            certificates: Names::new(certificates),
        }
    }
}

/// A consumer, and what it is known by.
struct Entry {
    consumer: Rc<Consumer>,
    keys: Vec<Key<()>>,
    tokens: Vec<TokenName>,
    certificates: Vec<CertificateName>,
}

impl Certified {
    fn new(consumer: &Rc<Consumer>, name: &CertificateName) -> Self {
        let subject = Some(name.value().to_owned());
        let identity = Identity { subject, ..consumer.caller.identity().clone() };
        Self { consumer: Rc::clone(consumer), caller: Rc::new(identity.into()) }
    }
}

impl Keys {
    /// Whether keyed digests are taken: also where nobody looks at any.
    fn take_keyed(self) -> bool {
        matches!(self, Self::Unused | Self::Used { has_secret: true })
    }
}

impl Tokens {
    fn providers(&self) -> Option<&[String]> {
        match self {
            Self::Unused => None,
            Self::Used { providers } => providers.as_deref(),
        }
    }
}

/// What shows that somebody is the consumer of this name: it can show that of one only.
fn owned_once<T: Ord + Clone>(
    node: &Node<'_>,
    shown: T,
    name: &str,
    owners: &mut BTreeMap<T, String>,
) -> Option<T> {
    match owners.get(&shown) {
        Some(owner) if owner == name => {
            node.fault(format!("must be unique: `{name}` has it twice"))
        }
        Some(owner) => node.fault(format!(
            "must be unique: `{owner}` has it too, and it cannot tell `{name}` from that one"
        )),
        None => {
            owners.insert(shown.clone(), name.to_owned());
            Some(shown)
        }
    }
}

#[cfg(test)]
mod tests;
