//! Where a claim is.

use gatehouse_filter::config::Node;
use gatehouse_filter::{Identity, claim_names};
use serde_json::Value;

/// The way to a claim; see [`claim_names`]. `[*]` behind a name stands for each item of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClaimPath {
    text: String,
    /// Where it leads through lists, its names, each with whether it is a list of which every item
    /// is meant; else empty.
    steps: Vec<(Box<str>, bool)>,
}

/// The items of a list.
const EACH: &str = "[*]";

impl ClaimPath {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let text = node.text()?.to_owned();
        let mut steps = Vec::new();
        for name in claim_names(&text) {
            let (name, is_each) = match name.strip_suffix(EACH) {
                Some(name) => (name, true),
                None => (&*name, false),
            };
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let index = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
            if name.contains(EACH) || index.is_some_and(|(_, index)| is_number(index)) {
                return node
                    .fault("has each item of a list as `[*]` behind its name, and no other");
            }
            steps.push((name.into(), is_each));
        }
        if !steps.iter().any(|(_, is_each)| *is_each) {
            steps.clear();
        }
        Some(Self { text, steps })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it may lead to several values.
    pub(crate) fn is_of_several(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The one value that it leads to. A claim whose own name is the path is found first.
    pub(crate) fn value<'i>(&self, identity: &'i Identity) -> Option<&'i Value> {
        identity.claim(&self.text)
    }

    /// Every value that it leads to but `null`, of a list at its end each item.
    pub(crate) fn values<'i>(&self, identity: &'i Identity) -> Vec<&'i Value> {
        let mut found = Vec::new();
        if let Some(value) = identity.claims.get(&self.text) {
            extend(&mut found, value);
        } else if let Some(((name, is_each), steps)) = self.steps.split_first()
            && let Some(value) = identity.claims.get(&**name)
        {
            collect(value, *is_each, steps, &mut found);
        }
        found
    }
}

/// Adds what the rest of a path leads to from here on.
fn collect<'i>(
    value: &'i Value,
    is_each: bool,
    steps: &[(Box<str>, bool)],
    found: &mut Vec<&'i Value>,
) {
    if is_each {
        let items = value.as_array().into_iter().flatten();
        return items.for_each(|item| collect(item, false, steps, found));
    }
    let Some(((name, is_each), rest)) = steps.split_first() else {
        return extend(found, value);
    };
    if let Some(value) = value.get(&**name) {
        collect(value, *is_each, rest, found);
    }
}

fn extend<'i>(found: &mut Vec<&'i Value>, value: &'i Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => found.extend(items),
        value => found.push(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::config;
    use serde_json::json;

    fn path(text: &str) -> Result<ClaimPath, String> {
        let text = json!(text).to_string();
        config::read(text.as_bytes(), |node| ClaimPath::read(&node))
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_path_leads_through_lists_to_every_value_there_is() {
        let claims = json!({
            "authorization": {"permissions": [
                {"rsname": "orders", "scopes": ["read", "write"]},
                {"rsname": "users"},
                {"scopes": ["read"]},
                "no object",
                null,
            ]},
            "groups": ["a", "b"],
            "nested": [[{"x": 1}], [{"x": 2}, {"x": 3}]],
            "own[*]": "name",
            "https://a.example/roles": [{"name": "admin"}],
            "object": {"0": {"x": 1}},
        });
        let identity =
            Identity { claims: claims.as_object().unwrap().clone(), ..Identity::default() };
        for (text, want) in [
            ("authorization.permissions[*].rsname", json!(["orders", "users"])),
            ("authorization.permissions[*].scopes", json!(["read", "write", "read"])),
            ("authorization.permissions[*].scopes[*]", json!(["read", "write", "read"])),
            ("/authorization/permissions[*]/rsname", json!(["orders", "users"])),
            ("/https:~1~1a.example~1roles[*]/name", json!(["admin"])),
            ("authorization.permissions[*].none", json!([])),
            ("authorization[*].permissions", json!([])),
            ("groups[*]", json!(["a", "b"])),
            ("groups[*].x", json!([])),
            ("object[*].x", json!([])),
            ("own[*]", json!(["name"])),
            ("absent[*]", json!([])),
            // Of a list in a list, the items are lists.
            ("nested[*].x", json!([])),
        ] {
            let path = path(text).unwrap();
            assert!(path.is_of_several(), "{text}");
            let have: Vec<_> = path.values(&identity).into_iter().cloned().collect();
            assert_eq!(json!(have), want, "{text}");
        }
        assert!(!path("authorization.permissions").unwrap().is_of_several());
    }

    #[test]
    fn brackets_that_are_not_each_item_are_told() {
        for text in ["a[0]", "a[]", "a[*]b", "a.b[12].c", "a[*][*]"] {
            let want = "has each item of a list as `[*]` behind its name, and no other";
            assert_eq!(path(text), Err(want.to_owned()), "{text}");
        }
        for text in ["a", "a.b", "https://a.example/x[y]", "a[*]", "a[*].b[*].c"] {
            assert!(path(text).is_ok(), "{text}");
        }
    }
}
