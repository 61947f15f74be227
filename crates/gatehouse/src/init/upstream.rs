//! A service behind the gateway.

use std::collections::BTreeSet;
use std::str::FromStr;

use anyhow::{Result, bail};

/// A service, by `NAME=HOST:PORT[,PREFIX]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The paths that are its own: this one and all below it.
    pub(crate) prefix: String,
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once('=').ok_or("must be NAME=HOST:PORT[,PREFIX]")?;
        let (address, prefix) = rest.split_once(',').unwrap_or((rest, "/"));
        let (host, port) = host_and_port(address)?;
        let is_name = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("`{name}`: a name has letters, digits, `-`, `_` and `.`"));
        }
        let is_path = |each: char| each.is_ascii_alphanumeric() || "/-_.~".contains(each);
        if !prefix.starts_with('/') || !prefix.chars().all(is_path) || prefix.contains("//") {
            return Err(format!("`{prefix}`: a prefix is a path such as /orders"));
        }
        let prefix = match prefix.trim_end_matches('/') {
            "" => "/",
            prefix => prefix,
        };
        Ok(Self { name: name.to_owned(), host, port, prefix: prefix.to_owned() })
    }
}

/// A host and a port; an IPv6 address stands in brackets.
pub(super) fn host_and_port(address: &str) -> Result<(String, u16), String> {
    let (host, port) = address.rsplit_once(':').ok_or(format!("`{address}`: must be HOST:PORT"))?;
    let port = port.parse().ok().filter(|port| *port > 0);
    let port = port.ok_or(format!("`{address}`: the port is a number from 1 to 65535"))?;
    Ok((host_name(host)?, port))
}

/// A name or an address, without brackets.
pub(super) fn host_name(host: &str) -> Result<String, String> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let parsed: Result<std::net::Ipv6Addr, _> = address.parse();
        return parsed.map(|_| address.to_owned()).map_err(|_| format!("`{host}`: is no address"));
    }
    let is_name = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
    match !host.is_empty() && host.chars().all(is_name) {
        true => Ok(host.to_owned()),
        false => Err(format!("`{host}`: must be a host's name or address")),
    }
}

/// Names that come twice, and prefixes.
pub(super) fn check(upstreams: &[Upstream]) -> Result<()> {
    let (mut names, mut prefixes) = (BTreeSet::from(["issuer"]), BTreeSet::new());
    for upstream in upstreams {
        if !names.insert(upstream.name.as_str()) {
            bail!("upstream `{}`: the name is taken", upstream.name);
        }
        if !prefixes.insert(upstream.prefix.as_str()) {
            bail!(
                "upstream `{}`: `{}` is another's already: give it a prefix of its own, \
                 {}=HOST:PORT,/PREFIX",
                upstream.name,
                upstream.prefix,
                upstream.name
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_has_a_name_an_address_and_perhaps_a_prefix() {
        for (text, want) in [
            ("shop=shop:8000", Ok(("shop", "shop", 8000, "/"))),
            ("a=10.0.0.1:80,/orders/", Ok(("a", "10.0.0.1", 80, "/orders"))),
            ("a=[::1]:80,/", Ok(("a", "::1", 80, "/"))),
            ("shop:8000", Err("must be NAME=HOST:PORT[,PREFIX]")),
            ("=shop:8000", Err("``: a name has letters")),
            ("a b=shop:8000", Err("`a b`: a name has letters")),
            ("a=shop", Err("`shop`: must be HOST:PORT")),
            ("a=shop:0", Err("`shop:0`: the port is a number from 1 to 65535")),
            ("a=shop:99999", Err("`shop:99999`: the port is")),
            ("a=:80", Err("``: must be a host's name")),
            ("a=[x]:80", Err("`[x]`: is no address")),
            ("a=\"}:80", Err("`\"}`: must be a host's name")),
            ("a=b:80,orders", Err("`orders`: a prefix is a path")),
            ("a=b:80,/{x}", Err("`/{x}`: a prefix is a path")),
        ] {
            let got = text.parse::<Upstream>();
            match (&got, want) {
                (Ok(got), Ok(want)) => {
                    let got = (got.name.as_str(), got.host.as_str(), got.port, &*got.prefix);
                    assert_eq!(got, want, "{text}");
                }
                (Err(got), Err(want)) => assert!(got.starts_with(want), "{text}: {got}"),
                _ => panic!("{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn two_upstreams_of_one_name_or_prefix_are_refused() {
        let all = |texts: &[&str]| -> Vec<Upstream> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert!(check(&all(&["a=a:1", "b=b:1,/b"])).is_ok());
        for (texts, want) in [
            (["a=a:1", "a=b:1,/b"], "upstream `a`: the name is taken"),
            (["a=a:1", "issuer=b:1,/b"], "upstream `issuer`: the name is taken"),
            (["a=a:1", "b=b:1"], "upstream `b`: `/` is another's already"),
        ] {
            let error = check(&all(&texts)).unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
