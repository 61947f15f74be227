//! Header fields that a fetch sends, as the configuration says.

use crate::config::{Fields, Node};
use crate::{HeaderName, HeaderValue, hex};
use std::fmt;

/// Fields that a fetch sends beside those of its own, such as the key to an API. Values may be
/// secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sent(Vec<(HeaderName, HeaderValue)>);

impl Sent {
    /// Reads `headers`: a list of `{name, value}`.
    pub fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut known: Vec<HeaderName> = Vec::new();
        let list = |node: Node<'_>| {
            node.nonempty_list(|node| {
                let mut fields = node.fields()?;
                let name = fields.required("name", |node| {
                    let name = name(&node)?;
                    if known.contains(&name) {
                        return node.fault("must be unique: an earlier one is the same");
                    }
                    known.push(name.clone());
                    Some(name)
                });
                let value = fields.required("value", |node| value(&node));
                fields.finish();
                Some((name?, value?))
            })
        };
        fields.with_default("headers", Vec::new(), list).map(Self)
    }

    /// The fields.
    pub(super) fn fields(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }

    /// What tells these from others, and does not tell what they are; `None` where there are none.
    pub(super) fn digest(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut hash = hmac_sha256::Hash::new();
        for (name, value) in &self.0 {
            // Neither has a line break.
            for part in [name.as_str().as_bytes(), b"\n", value.as_bytes(), b"\n"] {
                hash.update(part);
            }
        }
        Some(hex::text(&hash.finalize()))
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name.as_str(), "***"))).finish()
    }
}

fn name(node: &Node<'_>) -> Option<HeaderName> {
    if node.text()?.starts_with(':') {
        return node.fault("is no field: authority and path say what is asked for");
    }
    let name = match HeaderName::try_from(node.text()?) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    match name.as_str() {
        "host" => node.fault("is what authority says"),
        "accept" | "accept-encoding" | "if-none-match" => node.fault("is the gateway's own"),
        "if-match" | "if-modified-since" | "if-range" | "if-unmodified-since" | "range" => {
            node.fault("would have something else answered than the whole")
        }
        _ if name.is_framing() => node.fault("belongs to the connection or frames the message"),
        _ => Some(name),
    }
}

/// A value, of which nothing is told.
fn value(node: &Node<'_>) -> Option<HeaderValue> {
    let value = node.secret()?;
    // Blanks around it do not arrive (RFC 9110 §5.5).
    if value.trim_matches([' ', '\t']).len() != value.len() {
        return node.fault("must not begin or end with a blank");
    }
    HeaderValue::try_from(value.as_bytes())
        .map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use serde_json::{Value, json};

    fn read(headers: &Value) -> Result<Sent, Vec<String>> {
        let text = json!({"headers": headers}).to_string();
        let read = |node: Node<'_>| {
            let mut fields = node.fields()?;
            let sent = Sent::read(&mut fields);
            fields.finish();
            sent
        };
        config::read(text.as_bytes(), read)
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_field_that_a_fetch_cannot_send_is_told_and_its_value_is_not() {
        let one = |name: &str| json!([{"name": name, "value": "s3cret"}]);
        let of = |value: &str| json!([{"name": "x-key", "value": value}]);
        for (headers, want) in [
            (one(":path"), "headers[0].name: is no field: authority and path say"),
            (one(":x"), "headers[0].name: is no field"),
            (one("Host"), "headers[0].name: is what authority says"),
            (one("Accept"), "headers[0].name: is the gateway's own"),
            (one("accept-encoding"), "headers[0].name: is the gateway's own"),
            (one("if-none-match"), "headers[0].name: is the gateway's own"),
            (one("Range"), "headers[0].name: would have something else answered"),
            (one("if-modified-since"), "headers[0].name: would have something else answered"),
            (one("Transfer-Encoding"), "headers[0].name: belongs to the connection"),
            (one("content-length"), "headers[0].name: belongs to the connection"),
            (one("connection"), "headers[0].name: belongs to the connection"),
            (one("x key"), "headers[0].name: must be a header field name"),
            (one("x-key\r\n"), "headers[0].name: must be a header field name"),
            (one(""), "headers[0].name: must not be empty"),
            (of("s3cret\r\nx: y"), "headers[0].value: must not contain CR"),
            (of("s3cret\0"), "headers[0].value: must not contain CR"),
            (of(" s3cret"), "headers[0].value: must not begin or end with a blank"),
            (of("s3cret\t"), "headers[0].value: must not begin or end with a blank"),
            (of(""), "headers[0].value: must not be empty"),
            (json!([{"name": "x-key"}]), "headers[0].value: is required"),
            (json!([{"value": "s3cret"}]), "headers[0].name: is required"),
            (
                json!([{"name": "x-key", "value": "s3cret", "values": 1}]),
                "headers[0].values: unknown field",
            ),
            (
                json!([{"name": "x-key", "value": "s3cret"}, {"name": "X-Key", "value": "s3cret"}]),
                "headers[1].name: must be unique",
            ),
            (json!([]), "headers: must not be empty"),
            (json!({"x-key": "s3cret"}), "headers: must be a list"),
            (json!("s3cret"), "headers: must be a list"),
        ] {
            let faults = read(&headers).unwrap_err();
            assert!(faults.concat().contains(want), "{headers}: {faults:?}");
            assert!(!faults.concat().contains("s3cret"), "{headers}: {faults:?}");
        }
    }

    #[test]
    fn what_is_sent_is_told_apart_and_never_told() {
        let key = |value: &str| read(&json!([{"name": "X-Key", "value": value}])).unwrap();
        assert_eq!(key("a").fields()[0].0.as_str(), "x-key");
        assert_eq!(format!("{:?}", key("s3cret")), r#"{"x-key": "***"}"#);
        assert_eq!(key("a").digest(), key("a").digest());
        assert_ne!(key("a").digest(), key("b").digest());
        assert_eq!(Sent::default().digest(), None);
    }
}
