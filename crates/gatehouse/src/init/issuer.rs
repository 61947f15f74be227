//! An issuer's URL, and that of its keys.

use std::str::FromStr;

use super::upstream::{host_and_port, host_name};

/// A URL of a service that the gateway asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As it was written: an issuer is compared to the letter.
    pub(crate) url: String,
    pub(crate) is_tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, rest) =
            url.split_once("://").ok_or("must be a URL, https://HOST/PATH or http://HOST/PATH")?;
        let is_tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(format!("`{scheme}`: must be https or http")),
        };
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        let is_plain = |each: char| each.is_ascii_graphic() && !"\"\\{}`<>".contains(each);
        if !url.chars().all(is_plain) {
            return Err("has a character that a URL has not".to_owned());
        }
        let has_port = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
        let (host, port) = match has_port {
            true => host_and_port(authority)?,
            false => (host_name(authority)?, if is_tls { 443 } else { 80 }),
        };
        Ok(Self { url: url.to_owned(), is_tls, host, port, path })
    }
}

impl Address {
    /// What `host` says in requests to it.
    pub(crate) fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_to_ask() {
        for (url, want) in [
            ("https://a.example/x/y", Ok((true, "a.example", 443, "/x/y", "a.example"))),
            ("http://a.example:8000", Ok((false, "a.example", 8000, "/", "a.example:8000"))),
            ("https://[::1]:8443/", Ok((true, "::1", 8443, "/", "[::1]:8443"))),
            ("https://[::1]", Ok((true, "::1", 443, "/", "[::1]"))),
            ("a.example", Err("must be a URL")),
            ("ftp://a", Err("`ftp`: must be https or http")),
            ("https://", Err("``: must be a host's name")),
            ("https://a b/", Err("has a character that a URL has not")),
            ("https://a/\"x", Err("has a character that a URL has not")),
            ("https://user@a/", Err("`user@a`: must be a host's name")),
        ] {
            match (url.parse::<Address>(), want) {
                (Ok(got), Ok(want)) => {
                    let authority = got.authority();
                    let got = (got.is_tls, &*got.host, got.port, &*got.path, &*authority);
                    assert_eq!(got, want, "{url}");
                }
                (Err(got), Err(want)) => assert!(got.starts_with(want), "{url}: {got}"),
                (got, _) => panic!("{url}: {got:?}"),
            }
        }
    }
}
