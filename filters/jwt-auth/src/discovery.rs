//! OpenID Connect Discovery 1.0, and the metadata of an authorization server (RFC 8414): from an
//! issuer to where its keys are.

use crate::json;
use gatehouse_filter::fetched::Location;
use gatehouse_filter::printable;
use serde_json::Value;

/// Whose rule says where an issuer's document is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// OpenID Connect Discovery (section 4): below the issuer.
    OpenId,
    /// RFC 8414 (section 3.1): between the issuer's host and its path.
    OAuth,
}

impl Form {
    pub(crate) const NAMES: [(&'static str, Self); 2] =
        [("openid", Self::OpenId), ("oauth", Self::OAuth)];
}

/// Where an issuer's document is: the issuer must be a URL without query and fragment.
pub(crate) fn document_of(issuer: &str, form: Form) -> Option<Location> {
    let base = location(issuer).filter(|base| !base.path.contains('?'))?;
    let path = base.path.strip_suffix('/').unwrap_or(&base.path);
    let path = match form {
        Form::OpenId => format!("{path}/.well-known/openid-configuration"),
        Form::OAuth => format!("/.well-known/oauth-authorization-server{path}"),
    };
    Some(Location { path, ..base })
}

/// The host of an issuer that is a URL.
pub(crate) fn host_of(issuer: &str) -> Option<String> {
    location(issuer).map(|location| location.authority)
}

/// Where the keys are, by a document that is this issuer's own: it says so, exactly (OpenID Connect
/// Discovery, section 4.3; RFC 8414, section 3.3).
///
/// # Errors
/// What is wrong with the document.
pub(crate) fn keys_of(issuer: &str, document: &[u8]) -> Result<Location, String> {
    let members = json::object(document)
        .ok_or("the issuer's document is not a JSON object without repeated members")?;
    let text = |name| members.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        let seen = text("issuer").map_or_else(|| "none".to_owned(), quoted);
        return Err(format!(
            "the issuer's document is another issuer's: its `issuer` is {seen}, and the \
             provider's {}, which must be the same, character for character",
            quoted(issuer)
        ));
    }
    let Some(place) = text("jwks_uri") else {
        return Err("the issuer's document has no `jwks_uri`".to_owned());
    };
    location(place).ok_or_else(|| {
        let seen = quoted(place);
        format!("the `jwks_uri` of the issuer's document, {seen}, is no URL of https or http")
    })
}

/// What is in a document, for a line in a log.
fn quoted(text: &str) -> String {
    format!("`{}`", printable(text, MOST_OF_A_NAME))
}

/// The most characters of that.
const MOST_OF_A_NAME: usize = 80;

/// An absolute URL of `https` or `http`, without userinfo and fragment.
fn location(url: &str) -> Option<Location> {
    let (scheme, rest) = url.split_once("://")?;
    if url.len() > LONGEST
        || !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return None;
    }
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let is_of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    let is_of_a_target = |byte: u8| byte.is_ascii_graphic() && !b"#\\\"<>".contains(&byte);
    if authority.is_empty()
        || !authority.bytes().all(is_of_a_host)
        || !target.bytes().all(is_of_a_target)
    {
        return None;
    }
    let path = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    Some(Location { authority: authority.to_owned(), path })
}

/// What servers take in a request line.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(authority: &str, path: &str) -> Option<Location> {
        Some(Location { authority: authority.to_owned(), path: path.to_owned() })
    }

    #[test]
    fn the_document_is_below_the_issuer_s_own_path() {
        for (issuer, want) in [
            ("https://a.example", at("a.example", "/.well-known/openid-configuration")),
            ("https://a.example/", at("a.example", "/.well-known/openid-configuration")),
            (
                "https://a.example:8443/realms/x",
                at("a.example:8443", "/realms/x/.well-known/openid-configuration"),
            ),
            (
                "https://a.example/realms/x/",
                at("a.example", "/realms/x/.well-known/openid-configuration"),
            ),
            ("HTTP://[::1]:80/x", at("[::1]:80", "/x/.well-known/openid-configuration")),
            ("https://a.example/x?y", None),
            ("https://a.example?y", None),
            ("https://a.example/x#y", None),
            ("https://user@a.example/", None),
            ("https://a.example\\@b.example/", None),
            ("https://a b.example/", None),
            ("https:///x", None),
            ("https://", None),
            ("ftp://a.example/", None),
            ("a.example", None),
            ("//a.example/x", None),
            ("urn:example:issuer", None),
            ("", None),
        ] {
            assert_eq!(document_of(issuer, Form::OpenId), want, "{issuer}");
        }
    }

    #[test]
    fn the_metadata_of_an_authorization_server_are_between_its_host_and_its_path() {
        for (issuer, want) in [
            ("https://a.example", at("a.example", "/.well-known/oauth-authorization-server")),
            ("https://a.example/", at("a.example", "/.well-known/oauth-authorization-server")),
            (
                "https://a.example:8443/realms/x",
                at("a.example:8443", "/.well-known/oauth-authorization-server/realms/x"),
            ),
            (
                "https://a.example/realms/x/",
                at("a.example", "/.well-known/oauth-authorization-server/realms/x"),
            ),
            ("https://a.example/x?y", None),
            ("https://a.example/x#y", None),
            ("urn:example:issuer", None),
        ] {
            assert_eq!(document_of(issuer, Form::OAuth), want, "{issuer}");
        }
    }

    #[test]
    fn a_document_is_believed_about_its_own_issuer_only() {
        const ISSUER: &str = "https://a.example/x";
        let keys = "https://keys.example/certs?v=1";
        for (document, want) in [
            (json!({"issuer": ISSUER, "jwks_uri": keys}), at("keys.example", "/certs?v=1")),
            (json!({"issuer": ISSUER, "jwks_uri": "http://keys.example"}), at("keys.example", "/")),
            (
                json!({"issuer": ISSUER, "jwks_uri": "https://keys.example?a"}),
                at("keys.example", "/?a"),
            ),
            (json!({"issuer": "https://a.example/x/", "jwks_uri": keys}), None),
            (json!({"issuer": "https://A.example/x", "jwks_uri": keys}), None),
            (json!({"issuer": [ISSUER], "jwks_uri": keys}), None),
            (json!({"jwks_uri": keys}), None),
            (json!({"issuer": ISSUER}), None),
            (json!({"issuer": ISSUER, "jwks_uri": null}), None),
            (json!({"issuer": ISSUER, "jwks_uri": ""}), None),
            (json!({"issuer": ISSUER, "jwks_uri": "/certs"}), None),
            (json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}), None),
            (json!({"issuer": ISSUER, "jwks_uri": "https://a.example/\r\nx: y"}), None),
            (json!({"issuer": ISSUER, "jwks_uri": "https://a.example/#x"}), None),
            (
                json!({"issuer": ISSUER, "jwks_uri": format!("https://a.example/{}", "x".repeat(4096))}),
                None,
            ),
            (json!([ISSUER, keys]), None),
        ] {
            let found = keys_of(ISSUER, document.to_string().as_bytes());
            assert_eq!(found.ok(), want, "{document:.100}");
        }
        let twice =
            format!(r#"{{"issuer": "{ISSUER}", "issuer": "{ISSUER}", "jwks_uri": "{keys}"}}"#);
        assert!(keys_of(ISSUER, twice.as_bytes()).is_err());
        assert!(keys_of(ISSUER, b"<html>").is_err());
    }
}
