//! A set of keys (RFC 7517 §5) and which of them may have made a signature.

use crate::algorithm::Algorithm;
use crate::certificate::Term;
use crate::json;
use crate::jwk::KeyFault;
use crate::key::{Key, Material};
use crate::pem;
use crate::refusal::Refusal;
use crate::token::{Header, Token};
use crate::trial::{Choice, TooMuch, Trial};
use gatehouse_filter::Timestamp;
use serde_json::{Map, Value};
use std::fmt;

/// The keys of an issuer that are fit to verify signatures. There is at least one.
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
}

/// A key of a set that is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkippedKey {
    /// Its position in the set, from 0.
    pub index: usize,
    /// Why it is not used.
    pub fault: KeyFault,
}

/// Why a key set cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeySetError {
    /// Not a JSON object without repeated members.
    NotJson,
    /// There is no list `keys`, and it is no mapping of names to keys in PEM.
    NoList,
    /// Public keys and secrets in one set: that invites a public key to be used as a secret.
    Mixed,
    /// No key of the set can verify a signature, for these reasons.
    NoUsableKey(Vec<SkippedKey>),
}

impl KeySet {
    /// Reads a key set; or a mapping of names to keys in PEM, certificates mostly, as Google and
    /// Firebase have it.
    ///
    /// Keys for other uses and of unknown kinds are skipped, and so are weak or broken ones, and
    /// all that share a `kid` with another key that could be meant: see [`skipped`](Self::skipped).
    ///
    /// # Errors
    /// Where that leaves no key, or the set mixes public keys with secrets.
    pub fn from_json(json: &[u8]) -> Result<Self, KeySetError> {
        Self::from_members(&json::object(json).ok_or(KeySetError::NotJson)?)
    }

    /// Reads a key set from the members of its object.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeySetError> {
        let mut usable: Vec<(usize, Key)> = Vec::new();
        let mut skipped = Vec::new();
        let mut broken_kids = Vec::new();
        for (index, (kid, key)) in listed(members)?.into_iter().enumerate() {
            match key {
                Ok(key) => {
                    // A set may list one key twice.
                    match usable.iter_mut().find(|(_, known)| known.is_same(&key)) {
                        Some((_, known)) => known.term.join(key.term),
                        None => usable.push((index, key)),
                    }
                }
                Err(fault) => {
                    if !fault.is_foreign() {
                        broken_kids.extend(kid);
                    }
                    skipped.push(SkippedKey { index, fault });
                }
            }
        }
        let is_secret = |(_, key): &(usize, Key)| matches!(key.material, Material::Hmac(_));
        if usable.iter().any(is_secret) && !usable.iter().all(is_secret) {
            return Err(KeySetError::Mixed);
        }
        let keys = without_ambiguous(usable, &broken_kids, &mut skipped);
        skipped.sort_by_key(|key| key.index);
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey(skipped));
        }
        Ok(Self { keys, skipped })
    }

    /// The keys of the set that are not used, in order.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The keys in a few words, for operators: names, kinds and algorithms; of keys that are no
    /// good at all, why.
    pub(crate) fn description(&self) -> String {
        let broken = self.skipped.iter().filter(|key| !key.fault.is_foreign());
        let broken = broken.map(|key| format!("keys[{}] {}", key.index, key.fault));
        let used = list(self.keys.iter().map(Key::description));
        match list(broken) {
            broken if broken.is_empty() => used,
            broken => format!("{used}; not used: {broken}"),
        }
    }

    /// The names of the first so many keys, for operators, and of those that are not good at this
    /// time, when they are.
    pub(crate) fn names(&self, most: usize, now: Timestamp) -> String {
        let mut names: Vec<_> = self.keys.iter().take(most).map(|key| key.shown_at(now)).collect();
        if self.keys.len() > most {
            names.push("…".to_owned());
        }
        names.join(", ")
    }

    /// Whether a key of the set can verify with this algorithm.
    pub(crate) fn supports(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.algorithms.contains(&algorithm))
    }

    /// Whether the keys are secrets, rather than public. A set is one or the other.
    pub(crate) fn is_secret(&self) -> bool {
        self.keys.iter().any(|key| matches!(key.material, Material::Hmac(_)))
    }

    /// Whether a token may mean a key that is not in the set, or not good by now: a newer set may
    /// have it.
    pub(crate) fn lacks(&self, header: &Header, now: Timestamp) -> bool {
        let mut valid = self.keys.iter().filter(|key| key.term.includes(now));
        match header.kid.as_deref() {
            None => valid.next().is_none(),
            kid => !valid.any(|key| key.kid.as_deref() == kid),
        }
    }

    /// Whether a key may have signed a token, by what its header says: the check that costs
    /// nothing.
    pub(crate) fn check(
        &self,
        header: &Header,
        choice: &Choice,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.candidates(header, choice, Some(now)).next() {
            Some(_) => Ok(()),
            None => Err(self.refusal(header, choice, Some(now))),
        }
    }

    /// When the key is good that signed the token. It is where the trial is of a time.
    pub(crate) fn verify(
        &self,
        token: &Token<'_>,
        choice: &Choice,
        trial: &Trial<'_>,
    ) -> Result<Term, Refusal> {
        let algorithm = token.header.algorithm;
        let mut candidates = self.candidates(&token.header, choice, trial.now()).peekable();
        if candidates.peek().is_none() {
            return Err(self.refusal(&token.header, choice, trial.now()));
        }
        for key in candidates {
            match key.verify(algorithm, &token.signature, token.signed, trial) {
                Ok(true) => return Ok(key.term.clone()),
                Ok(false) => {}
                Err(TooMuch::OfRequest) => break,
                Err(TooMuch::OfSecond) => return Err(Refusal::VerifierBusy),
            }
        }
        Err(Refusal::SignatureInvalid)
    }

    /// The keys that may have signed a token.
    fn candidates<'a>(
        &'a self,
        header: &'a Header,
        choice: &'a Choice,
        now: Option<Timestamp>,
    ) -> impl Iterator<Item = &'a Key> {
        let is_able = move |key: &&Key| choice.allows(key, header.algorithm);
        let able = move || self.named(header.kid.as_deref(), now).filter(is_able);
        // Whoever names no key of several that have names would have each of them tried.
        let is_clear = header.kid.is_some() || choice.tries_named || able().nth(1).is_none();
        able().filter(move |key| is_clear || key.kid.is_none()).take(MAX_CANDIDATES)
    }

    /// Why there is none.
    fn refusal(&self, header: &Header, choice: &Choice, now: Option<Timestamp>) -> Refusal {
        let mut able = self.keys.iter().filter(|key| choice.allows(key, header.algorithm));
        let is_able = able.next().is_some();
        let is_known = self.named(header.kid.as_deref(), now).next().is_some();
        match &header.kid {
            None if is_able && is_known => Refusal::KidMissing,
            _ if is_able && !is_known => Refusal::KeyUnknown,
            _ => Refusal::AlgorithmNotAllowed,
        }
    }

    /// The keys that a `kid` may stand for: those of that name; where there is none, those without
    /// a name. A token without `kid` may be signed with any. What is not good at this time stands
    /// for nothing, and nothing stands in for it.
    fn named<'a>(
        &'a self,
        kid: Option<&'a str>,
        now: Option<Timestamp>,
    ) -> impl Iterator<Item = &'a Key> {
        let is_known = self.keys.iter().any(|key| key.kid.as_deref() == kid);
        let valid =
            self.keys.iter().filter(move |key| now.is_none_or(|now| key.term.includes(now)));
        valid.filter(move |key| match kid {
            None => true,
            Some(_) if is_known => key.kid.as_deref() == kid,
            Some(_) => key.kid.is_none(),
        })
    }
}

/// Each key that an object lists, with its name, if it has one.
type Listed = Vec<(Option<Value>, Result<Key, KeyFault>)>;

fn listed(members: &Map<String, Value>) -> Result<Listed, KeySetError> {
    if let Some(Value::Array(list)) = members.get("keys") {
        let read = |jwk: &Value| match jwk.as_object() {
            Some(members) => (members.get("kid").cloned(), Key::from_jwk(members)),
            None => (None, Err(KeyFault::NotAnObject)),
        };
        return Ok(list.iter().map(read).collect());
    }
    if !is_of_names(members) {
        return Err(KeySetError::NoList);
    }
    let read = |(kid, key): (&String, &Value)| {
        let kid = Value::from(kid.as_str());
        let jwk = pem::one(key.as_str().unwrap_or_default()).map_err(KeyFault::Pem);
        let key = jwk.and_then(|mut jwk| {
            jwk.insert("kid".to_owned(), kid.clone());
            Key::from_jwk(&jwk)
        });
        (Some(kid), key)
    };
    Ok(members.iter().map(read).collect())
}

/// Whether an object has a key in PEM under each of its names.
pub(crate) fn is_of_names(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.values().all(|key| key.as_str().is_some_and(pem::is_begun))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// A token without `kid` costs no more verifications than this.
const MAX_CANDIDATES: usize = 8;

/// The keys that a `kid` stands for without doubt. Where it could mean two keys of the set, be one
/// of them broken, a signer who may use only one of them would be believed for the other: neither
/// is used.
fn without_ambiguous(
    usable: Vec<(usize, Key)>,
    broken_kids: &[Value],
    skipped: &mut Vec<SkippedKey>,
) -> Vec<Key> {
    let is_ambiguous = |(index, key): &(usize, Key)| {
        let mut others = usable.iter().filter(|(other, _)| other != index);
        let is_broken_kid = |kid: &String| broken_kids.iter().any(|broken| broken == kid);
        key.kid.as_ref().is_some_and(is_broken_kid)
            || others.any(|(_, other)| key.is_confusable(other))
    };
    let ambiguous: Vec<bool> = usable.iter().map(is_ambiguous).collect();
    let mut keys = Vec::new();
    for ((index, key), is_ambiguous) in usable.into_iter().zip(ambiguous) {
        if is_ambiguous {
            let fault = KeyFault::KidRepeated(key.kid.unwrap_or_default());
            skipped.push(SkippedKey { index, fault });
        } else {
            keys.push(key);
        }
    }
    keys
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("is not a JSON object without repeated members"),
            Self::NoList => f.write_str(
                "must have a list `keys` (RFC 7517 5), or be a mapping of names to keys in PEM",
            ),
            Self::Mixed => f.write_str(
                "mixes public keys with secrets (`oct`): make one provider for each kind",
            ),
            Self::NoUsableKey(skipped) => {
                f.write_str("has no key that can verify signatures")?;
                let mut separator = ": ";
                for SkippedKey { index, fault } in skipped {
                    write!(f, "{separator}keys[{index}] {fault}")?;
                    separator = "; ";
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for KeySetError {}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: keys may be secret.
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}
