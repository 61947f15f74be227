//! Consumers with their credentials, as the table of consumers of our filters has them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_filter::api_key::{Digest, MAX_KEY};
use serde_json::{Map, Value, json};

use crate::carrying::Carrying;
use crate::source::{Node, Read, Unreadable};

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Key,
    Basic,
    Jwt,
    Group,
    /// Of a plugin that is not carried over: nobody is told of by it.
    Other,
}

/// Where credentials stand, at the top of a file and in a consumer.
pub(super) const LISTS: &[(&str, Kind)] = &[
    ("keyauth_credentials", Kind::Key),
    ("basicauth_credentials", Kind::Basic),
    ("jwt_secrets", Kind::Jwt),
    ("acls", Kind::Group),
    ("hmacauth_credentials", Kind::Other),
    ("oauth2_credentials", Kind::Other),
    ("mtls_auth_credentials", Kind::Other),
];

/// The shortest key of which a plain digest is as good as the key: `hash-key` says the same.
const SHORT: usize = 16;

#[derive(Debug)]
pub(super) struct Consumer<'a> {
    pub(super) node: &'a Node,
    /// What rules call it: no other has it.
    pub(super) name: String,
    pub(super) custom_id: Option<&'a str>,
    pub(super) groups: BTreeSet<&'a str>,
    keys: Vec<&'a Node>,
    basics: Vec<&'a Node>,
    pub(super) secrets: Vec<&'a Node>,
    pub(super) disabled: bool,
}

impl<'a> Consumer<'a> {
    pub(super) fn read(node: &'a Node, others: &[Consumer<'a>]) -> Read<Self> {
        let custom_id = node.text_of("custom_id")?;
        let Some(wanted) = node.text_of("username")?.or(custom_id) else {
            return Err(node.not("username", "there, or custom_id"));
        };
        let wanted = table_name(wanted);
        let mut name = wanted.clone();
        let mut number = 1_usize;
        while others.iter().any(|other| other.name == name) {
            number = number.saturating_add(1);
            name = format!("{wanted}-{number}");
        }
        let mut consumer = Self {
            node,
            name,
            custom_id,
            groups: BTreeSet::new(),
            keys: Vec::new(),
            basics: Vec::new(),
            secrets: Vec::new(),
            disabled: false,
        };
        for (list, kind) in LISTS {
            for credential in node.list_of(list)? {
                consumer.add(*kind, credential)?;
            }
        }
        Ok(consumer)
    }

    pub(super) fn add(&mut self, kind: Kind, node: &'a Node) -> Read<()> {
        match kind {
            Kind::Key => self.keys.push(node),
            Kind::Basic => self.basics.push(node),
            Kind::Jwt => self.secrets.push(node),
            Kind::Group => {
                let group = node.text_of("group")?;
                self.groups.insert(group.ok_or_else(|| node.not("group", "there"))?);
            }
            Kind::Other => {}
        }
        Ok(())
    }

    /// What is known of it in the table of consumers, but for its credentials.
    pub(super) fn table(&self) -> Map<String, Value> {
        let mut table = Map::new();
        table.insert("name".to_owned(), json!(self.name));
        if !self.groups.is_empty() {
            table.insert("groups".to_owned(), json!(self.groups));
        }
        if let Some(id) = self.custom_id {
            table.insert("metadata".to_owned(), json!({"custom_id": id}));
        }
        if self.disabled {
            table.insert("disabled".to_owned(), json!(true));
        }
        table
    }

    /// The digests of its keys.
    pub(super) fn key_digests(&self, carrying: &mut Carrying<'_>) -> Read<Vec<Value>> {
        let mut digests = Vec::new();
        for credential in &self.keys {
            let subject = format!("consumer `{}`: key", self.name);
            let Some(key) = credential.text_of("key")? else {
                let why = "has no key: Kong makes one when it is loaded, which nobody knows here";
                carrying.lost(credential.line, &subject, why);
                continue;
            };
            if !credential.number_of("ttl")?.unwrap_or(0).eq(&0) {
                let why =
                    "has a ttl, which counts from when Kong was given it; the key is left out";
                carrying.lost(credential.line, &subject, why);
                continue;
            }
            digests.extend(digest(key, credential.line, &subject, carrying));
        }
        Ok(digests)
    }

    /// The digests of what its clients send behind `Basic `: user and password are one key, so that
    /// no password opens anything with another's name.
    pub(super) fn basic_digests(
        &self,
        is_plain: bool,
        carrying: &mut Carrying<'_>,
    ) -> Read<Vec<Value>> {
        let mut digests = Vec::new();
        for credential in &self.basics {
            let subject = format!("consumer `{}`: password", self.name);
            let Some(user) = credential.text_of("username")? else {
                return Err(credential.not("username", "there"));
            };
            if !is_plain {
                let why = "is a digest of Kong's own (`_transform: false`): give the password a new \
                           digest with `gatehouse hash-key`, of `base64(user:password)`";
                carrying.lost(credential.line, &subject, why);
                continue;
            }
            let password = credential.text_of("password")?.unwrap_or_default();
            if is_reference(user) || is_reference(password) {
                carrying.lost(credential.line, &subject, REFERENCE);
                continue;
            }
            let sent = STANDARD.encode(format!("{user}:{password}"));
            if sent.len() > MAX_KEY {
                carrying.lost(credential.line, &subject, "is longer than a key may be");
                continue;
            }
            carrying.differs(credential.line, &subject, SHORT_KEY);
            digests.push(json!({"digest": Digest::sha256(sent.as_bytes()).to_string()}));
        }
        Ok(digests)
    }
}

const REFERENCE: &str = "is a reference that something else fills in: import the file with the \
                         value in it, or add the digest by hand (`gatehouse hash-key`)";
const SHORT_KEY: &str = "is kept as a plain digest. Who can read the new file may find a short key \
                         or a password by trying: give it a keyed digest (`hmac_secret`, `gatehouse \
                         hash-key --hmac-secret-file`), or a new key";

fn digest(key: &str, line: usize, subject: &str, carrying: &mut Carrying<'_>) -> Option<Value> {
    if is_reference(key) {
        carrying.lost(line, subject, REFERENCE);
        return None;
    }
    if key.is_empty() || key.len() > MAX_KEY || key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let why = format!("must be 1 to {MAX_KEY} printable ASCII characters without spaces");
        carrying.lost(line, subject, why);
        return None;
    }
    if key.len() < SHORT {
        carrying.differs(line, subject, SHORT_KEY);
    }
    Some(json!({"digest": Digest::sha256(key.as_bytes()).to_string()}))
}

/// Whether something else puts another text in place of this one before Kong reads it: a vault of
/// Kong's, deck's variables, or a shell's.
pub(super) fn is_reference(text: &str) -> bool {
    let is_variable = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    };
    text.starts_with("{vault://")
        || text.contains("${")
        || text.strip_prefix('$').is_some_and(is_variable)
}

/// Two consumers with one credential would be one consumer.
pub(super) fn check(consumers: &[Consumer<'_>]) -> Read<()> {
    let mut seen = BTreeSet::new();
    let keys = consumers.iter().flat_map(|it| it.keys.iter().map(|key| ("key", *key)));
    let secrets = consumers.iter().flat_map(|it| it.secrets.iter().map(|key| ("jwt", *key)));
    let users = consumers.iter().flat_map(|it| it.basics.iter().map(|key| ("user", *key)));
    for (kind, node) in keys.chain(secrets).chain(users) {
        let field = if kind == "user" { "username" } else { "key" };
        let Some(text) = node.text_of(field)? else { continue };
        if !is_reference(text) && !seen.insert((kind, text)) {
            // The key itself is a secret.
            let fault = format!("{field}: another credential has the same");
            return Err(Unreadable::new(node.line, fault));
        }
    }
    Ok(())
}

/// A name as the table of consumers takes it.
fn table_name(name: &str) -> String {
    let fit = |letter: char| letter.is_ascii_alphanumeric() || "-_./@:+".contains(letter);
    name.chars().map(|letter| if fit(letter) { letter } else { '-' }).take(120).collect()
}

/// A secret as a key set has it.
pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
