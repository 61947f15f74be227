//! One consumer: its name, what the filters behind are told of it, and how it is known.

use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{Caller, Identity};
use serde_json::Map;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Somebody who uses what is behind the gateway.
#[derive(Debug)]
pub struct Consumer {
    /// Its name: letters, digits and `-_./@:+`.
    pub name: String,
    /// What the filters behind are told of it.
    pub caller: Rc<Caller>,
    /// Whether it is let through nowhere, whatever it shows, as long as this is so.
    pub is_disabled: bool,
}

impl Consumer {
    /// Whether it is in this group.
    pub fn is_in(&self, group: &str) -> bool {
        self.caller.identity().groups.iter().any(|this| this == group)
    }

    /// Who a token is about that is this consumer's: the token's own words, and what is known of
    /// the consumer.
    ///
    /// Scopes, roles and groups are those of both; with `own_scopes`, the scopes are the token's
    /// alone. The tier, and members of the metadata, take the place of the token's.
    pub fn with_token(&self, token: &Identity, own_scopes: bool) -> Identity {
        let own = self.caller.identity();
        let mut both = token.clone();
        let add = |to: &mut Vec<String>, more: &[String]| {
            for text in more {
                if !to.contains(text) {
                    to.push(text.clone());
                }
            }
        };
        if !own_scopes {
            add(&mut both.scopes, &own.scopes);
        }
        add(&mut both.roles, &own.roles);
        add(&mut both.groups, &own.groups);
        both.consumer = Some(self.name.clone());
        both.tier = own.tier.clone().or(both.tier);
        both.claims.extend(own.claims.clone());
        both
    }

    /// Reads all but its credentials.
    pub(crate) fn read(fields: &mut Fields<'_>, names: &mut BTreeSet<String>) -> Option<Self> {
        let name = fields.required("name", |node| name(&node, names));
        let is_disabled = fields.with_default("disabled", false, |node| node.boolean());
        let identity = identity(fields);
        let name = name?;
        let identity = Identity { consumer: Some(name.clone()), ..identity? };
        Some(Self { name, caller: Rc::new(identity.into()), is_disabled: is_disabled? })
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

/// What is known of a consumer besides its name and credentials.
fn identity(fields: &mut Fields<'_>) -> Option<Identity> {
    let texts = |node: Node<'_>| node.nonempty_list(|node| node.text().map(str::to_owned));
    let scopes = fields.with_default("scopes", vec![], texts);
    let roles = fields.with_default("roles", vec![], texts);
    let groups = fields.with_default("groups", vec![], texts);
    let tier = fields.optional("tier", |node| node.text().map(str::to_owned));
    let claims = fields.with_default("metadata", Map::new(), |node| node.members().cloned());
    Some(Identity {
        scopes: scopes?,
        roles: roles?,
        groups: groups?,
        tier: tier?,
        claims: claims?,
        ..Identity::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::config;
    use serde_json::{Value, json};

    fn consumer(json: &Value) -> Consumer {
        let read = |node: Node<'_>| {
            let mut fields = node.fields()?;
            let consumer = Consumer::read(&mut fields, &mut BTreeSet::new());
            fields.finish();
            consumer
        };
        config::read_value(json, read).unwrap()
    }

    #[test]
    fn what_is_known_of_a_consumer_joins_what_its_token_says() {
        let identity = |json: Value| serde_json::from_value::<Identity>(json).unwrap();
        let token = identity(json!({
            "issuer": "https://a", "subject": "alice", "scopes": ["r"], "roles": ["x", "y"],
            "tier": "free", "claims": {"sub": "alice", "plan": "old", "more": 1},
        }));
        let rich = json!({"name": "acme", "scopes": ["w", "r"], "roles": ["y", "z"],
            "groups": ["partners"], "tier": "gold", "metadata": {"plan": "new", "account": 17}});
        for (case, own, own_scopes, want) in [
            (
                "one of whom only the name is known",
                json!({"name": "acme"}),
                false,
                json!({
                    "issuer": "https://a", "subject": "alice", "consumer": "acme",
                    "scopes": ["r"], "roles": ["x", "y"], "tier": "free",
                    "claims": {"sub": "alice", "plan": "old", "more": 1},
                }),
            ),
            (
                "one of whom all is known",
                rich.clone(),
                false,
                json!({
                    "issuer": "https://a", "subject": "alice", "consumer": "acme",
                    "scopes": ["r", "w"], "roles": ["x", "y", "z"], "groups": ["partners"],
                    "tier": "gold",
                    "claims": {"sub": "alice", "plan": "new", "more": 1, "account": 17},
                }),
            ),
            (
                "one whose tokens say all that they may be used for",
                rich,
                true,
                json!({
                    "issuer": "https://a", "subject": "alice", "consumer": "acme",
                    "scopes": ["r"], "roles": ["x", "y", "z"], "groups": ["partners"],
                    "tier": "gold",
                    "claims": {"sub": "alice", "plan": "new", "more": 1, "account": 17},
                }),
            ),
        ] {
            let both = consumer(&own).with_token(&token, own_scopes);
            assert_eq!(both, identity(want), "{case}");
        }
    }
}
