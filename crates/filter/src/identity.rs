mod part;

pub use part::IdentityPart;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::OnceCell;

/// Who a request is from, as an authentication filter found out.
///
/// It travels between filters in filter state, under [`Identity::STATE`], as compact JSON: a client
/// can send any header, but cannot write filter state.
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

    /// The claim at a path; see [`claim_names`]. A member whose own name is the path
    /// (`https://example.com/tier`) is found first.
    pub fn claim(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.claims.get(path) {
            return Some(value);
        }
        let mut names = claim_names(path);
        let first = self.claims.get(&*names.next()?)?;
        names.try_fold(first, |value, name| value.as_object()?.get(&*name))
    }
}

/// The member names on the way to a claim: separated by dots, `realm_access.roles`; or, where a
/// name has dots itself, by slashes, `/resource_access/my.client/roles`, with `~1` for a slash in a
/// name and `~0` for a tilde (RFC 6901 §3).
pub fn claim_names(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let (names, separator, is_pointer) = match path.strip_prefix('/') {
        Some(names) => (names, '/', true),
        None => (path, '.', false),
    };
    names.split(separator).map(move |name| match is_pointer && name.contains('~') {
        true => Cow::Owned(name.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(name),
    })
}

/// An identity whose parts are JSON already, as a token has them: each is copied, and none is read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawIdentity<'a> {
    /// A string.
    pub issuer: Option<&'a [u8]>,
    /// A string.
    pub subject: Option<&'a [u8]>,
    /// A string.
    pub consumer: Option<&'a [u8]>,
    /// A list of strings.
    pub scopes: Option<Cow<'a, [u8]>>,
    /// A list of strings.
    pub roles: Option<Cow<'a, [u8]>>,
    /// A list of strings.
    pub groups: Option<Cow<'a, [u8]>>,
    /// A string.
    pub tier: Option<&'a [u8]>,
    /// An object.
    pub claims: &'a [u8],
}

impl RawIdentity<'_> {
    /// What [`Identity::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let lists = [&self.scopes, &self.roles, &self.groups].map(Option::as_deref);
        let [scopes, roles, groups] = lists;
        let members = [
            (&b",\"issuer\":"[..], self.issuer),
            (b",\"subject\":", self.subject),
            (b",\"consumer\":", self.consumer),
            (b",\"scopes\":", scopes),
            (b",\"roles\":", roles),
            (b",\"groups\":", groups),
            (b",\"tier\":", self.tier),
            (b",\"claims\":", Some(self.claims)),
        ];
        let present = || members.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let length = present().fold(1_usize, |length, (name, value)| {
            length.saturating_add(name.len()).saturating_add(value.len())
        });
        let mut json = Vec::with_capacity(length);
        for (name, value) in present() {
            json.extend_from_slice(name);
            json.extend_from_slice(value);
        }
        json.push(b'}');
        // The first member has no comma before it.
        if let Some(first) = json.first_mut() {
            *first = b'{';
        }
        json
    }
}

/// Whoever an authentication filter knows: the identity, and its JSON, of which the one is made of
/// the other when it is first asked for, and kept.
#[derive(Debug)]
pub struct Caller {
    identity: OnceCell<Identity>,
    json: OnceCell<Vec<u8>>,
    /// What the identity has, too: known without reading it.
    subject: Option<String>,
    consumer: Option<String>,
}

impl Caller {
    /// A caller by the JSON of an identity, which has subject and consumer, too.
    pub fn from_json(subject: Option<String>, consumer: Option<String>, json: Vec<u8>) -> Self {
        Self { identity: OnceCell::new(), json: OnceCell::from(json), subject, consumer }
    }

    /// [`Identity::subject`].
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// [`Identity::consumer`].
    pub fn consumer(&self) -> Option<&str> {
        self.consumer.as_deref()
    }

    /// All of it.
    pub fn identity(&self) -> &Identity {
        // JSON that cannot be read is nobody's: an empty identity grants nothing.
        let read =
            || self.json.get().and_then(|json| Identity::from_bytes(json)).unwrap_or_default();
        self.identity.get_or_init(read)
    }

    /// What [`Identity::from_bytes`] reads.
    pub fn json(&self) -> &[u8] {
        self.json.get_or_init(|| self.identity.get().map(Identity::to_bytes).unwrap_or_default())
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        let (subject, consumer) = (identity.subject.clone(), identity.consumer.clone());
        Self { identity: OnceCell::from(identity), json: OnceCell::new(), subject, consumer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_from_parts_is_read_as_their_identity() {
        let claims = json!({"a": [1]}).as_object().unwrap().clone();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        for (raw, want) in [
            (RawIdentity { claims: b"{}", ..RawIdentity::default() }, Identity::default()),
            (
                RawIdentity {
                    issuer: Some(br#""https:\/\/a""#),
                    subject: Some(r#""\u00e9é""#.as_bytes()),
                    scopes: Some(Cow::Borrowed(br#"["r", "w"]"#)),
                    consumer: Some(br#""acme""#),
                    roles: Some(Cow::Owned(br#"["admin"]"#.to_vec())),
                    groups: Some(Cow::Borrowed(b"[ ]")),
                    tier: Some(br#""gold""#),
                    claims: br#"{ "a": [1] }"#,
                },
                Identity {
                    issuer: Some("https://a".to_owned()),
                    subject: Some("éé".to_owned()),
                    consumer: Some("acme".to_owned()),
                    tier: Some("gold".to_owned()),
                    scopes: texts(&["r", "w"]),
                    roles: texts(&["admin"]),
                    claims,
                    ..Identity::default()
                },
            ),
        ] {
            let json = raw.to_bytes();
            assert_eq!(
                Identity::from_bytes(&json).as_ref(),
                Some(&want),
                "{}",
                json.escape_ascii()
            );
            let (subject, consumer) = (want.subject.clone(), want.consumer.clone());
            assert_eq!(Caller::from_json(subject, consumer, json).identity(), &want);
            assert_eq!(Identity::from_bytes(Caller::from(want.clone()).json()), Some(want));
        }
    }

    #[test]
    fn a_claim_is_found_by_its_path() {
        let claims = json!({
            "a": {"b": {"c": 1}, "b.c": 2, "d/e": 3, "~1": 4, "list": [5]},
            "a.b": 6,
            "/a/b": 7,
            "": {"": 8},
        });
        let identity =
            Identity { claims: claims.as_object().unwrap().clone(), ..Identity::default() };
        for (path, want) in [
            ("a.b", Some(json!(6))),
            ("a.b.c", Some(json!(1))),
            ("/a/b", Some(json!(7))),
            ("/a/b/c", Some(json!(1))),
            ("/a/b.c", Some(json!(2))),
            ("/a/d~1e", Some(json!(3))),
            ("/a/~01", Some(json!(4))),
            ("/a.b", Some(json!(6))),
            ("/a/list/0", None),
            ("a.list.0", None),
            ("a.x", None),
            ("/a/", None),
            ("/", Some(json!({"": 8}))),
            ("", Some(json!({"": 8}))),
            ("//", Some(json!(8))),
        ] {
            assert_eq!(identity.claim(path), want.as_ref(), "{path}");
        }
    }

    #[test]
    fn json_that_is_none_is_nobody() {
        assert_eq!(*Caller::from_json(None, None, b"{".to_vec()).identity(), Identity::default());
    }
}
