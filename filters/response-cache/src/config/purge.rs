//! `purge`: who may purge, and where.

use super::distinct;
use crate::purge::Route;
use gatehouse_filter::Network;
use gatehouse_filter::api_key::{Digest, Kind};
use gatehouse_filter::config::Node;

pub(super) fn read(node: &Node<'_>) -> Option<Route> {
    let mut fields = node.fields()?;
    let path = fields.required("path", |node| path(&node));
    let keys = fields.with_default("keys", Vec::new(), |node| keys(&node));
    let sources = fields.with_default("sources", Vec::new(), |node| distinct(&node, network));
    fields.finish();
    let (path, keys, sources) = (path?, keys?, sources?);
    if keys.is_empty() && sources.is_empty() {
        return node.fault("must have keys or sources: anybody could empty the cache");
    }
    Some(Route { path, keys, sources })
}

/// A path as it is on the wire.
fn path(node: &Node<'_>) -> Option<String> {
    let path = node.text()?;
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !b"?#%\\;".contains(&byte);
    match path.starts_with('/') && path.bytes().all(is_plain) && !path.contains("//") {
        true => Some(path.to_owned()),
        false => node.fault("must be a path such as /.cache/purge, without a query and escapes"),
    }
}

fn keys(node: &Node<'_>) -> Option<Vec<Digest>> {
    let mut keys: Vec<Digest> = Vec::new();
    node.nonempty_list(|node| {
        let key = key(&node)?;
        if keys.iter().any(|known| known.equals(&key)) {
            return node.fault("is there twice");
        }
        keys.push(key);
        Some(())
    })?;
    Some(keys)
}

/// A digest. What is not one may be a key that somebody pasted, so no message repeats it.
fn key(node: &Node<'_>) -> Option<Digest> {
    match Digest::parse(&node.secret()?) {
        Some(digest) if digest.kind != Kind::Sha256 => node.fault("must be a sha256 digest"),
        Some(digest) if digest.equals(&Digest::sha256(b"")) => {
            node.fault("is the digest of no key at all")
        }
        Some(digest) => Some(digest),
        None => node.fault(
            "must be sha256:<64 hexadecimal digits>; `gatehouse hash-key` makes one of a key",
        ),
    }
}

fn network(node: &Node<'_>) -> Option<Network> {
    Network::parse(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}
