use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::ops::Deref;

/// Who a request is from, as an authentication filter found out.
///
/// It travels between filters in filter state, under [`Identity::STATE`], as compact JSON: a client can
/// send any header, but cannot write filter state.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Who vouches for the subject: a token's `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Who it is: a token's `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The API consumer that the credential belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// What the credential may be used for (RFC 8693 §4.2 `scope`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The subject's roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The subject's groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The consumer's plan, such as `free` or `gold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Everything else that the credential says.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
}

impl Identity {
    /// The filter state name. It has one part: an access log format can name no other.
    pub const STATE: &'static str = "gatehouse.identity";

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Compact JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, lists and a JSON map always serialise; an empty identity grants nothing.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The claim at a path of member names separated by dots; a member whose own name has dots
    /// (`https://example.com/tier`) is found first.
    pub fn claim(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.claims.get(path) {
            return Some(value);
        }
        let mut members = path.split('.');
        let first = self.claims.get(members.next()?)?;
        members.try_fold(first, |value, member| value.get(member))
    }
}

/// Whoever an authentication filter knows already: the identity, and its JSON, which is written once however
/// many requests it is handed on with.
#[derive(Debug)]
pub struct Caller {
    identity: Identity,
    json: OnceCell<Vec<u8>>,
}

impl Caller {
    /// What [`Identity::to_bytes`] writes.
    pub fn json(&self) -> &[u8] {
        self.json.get_or_init(|| self.identity.to_bytes())
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        Self { identity, json: OnceCell::new() }
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}
