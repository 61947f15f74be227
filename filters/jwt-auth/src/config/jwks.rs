//! A provider's keys: here, or where they are to be fetched.

use crate::keys::Keys;
use crate::remote::{Discovery, Location, Remote, Source};
use crate::{Algorithm, KeySet, MAX_KEY_SET};
use gatehouse_filter::config::Node;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

/// Inline keys, or, in a mapping with `cluster`, their source. The issuer is `None` where it is at fault.
pub(super) fn keys(node: &Node<'_>, issuer: Option<&str>) -> Option<Keys> {
    match node.value() {
        Value::Object(members) if members.contains_key("cluster") => {
            source(node, issuer).map(|source| Keys::Remote(Box::new(Remote::new(source))))
        }
        _ => inline(node).map(|keys| Keys::Inline(Rc::new(keys))),
    }
}

/// Whether a key may verify with this algorithm. What is fetched anybody can read: there are no secrets in it.
pub(super) fn may_support(keys: &Keys, algorithm: Algorithm) -> bool {
    match keys {
        Keys::Inline(keys) => keys.supports(algorithm),
        Keys::Remote(_) => !matches!(algorithm, Algorithm::Hmac(_)),
    }
}

/// A key set: a mapping, or text that holds JSON.
fn inline(node: &Node<'_>) -> Option<KeySet> {
    let keys = match node.value() {
        Value::Object(members) => KeySet::from_members(members),
        Value::String(json) => KeySet::from_json(json.as_bytes()),
        _ => return node.fault(
            "must be a key set (RFC 7517 5), a mapping or text that holds JSON; or a mapping with `cluster`",
        ),
    };
    let keys = keys.map_err(|error| node.fault::<()>(error.to_string())).ok()?;
    // A set that an identity provider publishes has keys for others in it; one that somebody pasted here
    // and is broken is a mistake to tell.
    let broken = keys.skipped().iter().filter(|key| !key.fault.is_foreign());
    let faults = broken.map(|key| node.fault::<()>(format!("keys[{}] {}", key.index, key.fault))).count();
    (faults == 0).then_some(keys)
}

fn source(node: &Node<'_>, issuer: Option<&str>) -> Option<Source> {
    const SECOND: Duration = Duration::from_secs(1);
    let minutes =
        |minutes: u64| SECOND.saturating_mul(60).saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX));
    let mut fields = node.fields()?;
    let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
    let authority = fields.optional("authority", |node| visible(&node));
    let path = fields.optional("path", |node| path(&node));
    let keys_cluster = fields.optional("jwks_cluster", |node| node.text().map(str::to_owned));
    let refresh = fields.or("refresh", minutes(5), |node| between(&node, SECOND..=minutes(24 * 60)));
    let timeout = fields.or("timeout", SECOND.saturating_mul(2), |node| {
        between(&node, Duration::from_millis(10)..=minutes(1))
    });
    let max_age =
        fields.or("max_age", minutes(24 * 60), |node| between(&node, SECOND..=minutes(30 * 24 * 60)));
    let max_size = fields.or("max_size", 64 * 1024, |node| size(&node));
    let retry = fields.or("retry", SECOND.saturating_mul(5), |node| between(&node, SECOND..=minutes(60)));
    fields.finish();
    if let (Some(refresh), Some(max_age)) = (refresh, max_age)
        && max_age <= refresh
    {
        return node
            .fault("max_age must be longer than refresh: the keys would be too old before new ones come");
    }
    let (cluster, authority, keys_cluster) = (cluster?, authority?, keys_cluster?);
    let (location, discovery) = match (path?, keys_cluster) {
        (Some(_), Some(_)) => {
            return node.fault("jwks_cluster is for keys without path: a document says where they are");
        }
        (Some(path), None) => {
            (Location { authority: authority.unwrap_or_else(|| cluster.clone()), path }, None)
        }
        (None, keys_cluster) => {
            let issuer = issuer?;
            let Some(document) = Location::of_document(issuer) else {
                return node.fault("must have path: the issuer is no URL (https or http, without query) that a document could be below");
            };
            let discovery = Discovery {
                issuer: issuer.to_owned(),
                keys_cluster: keys_cluster.unwrap_or_else(|| cluster.clone()),
            };
            (Location { authority: authority.unwrap_or(document.authority), ..document }, Some(discovery))
        }
    };
    Some(Source {
        cluster,
        location,
        discovery,
        refresh: refresh?,
        timeout: timeout?,
        max_age: max_age?,
        max_size: max_size?,
        retry: retry?,
    })
}

fn path(node: &Node<'_>) -> Option<String> {
    let path = visible(node)?;
    if path.starts_with('/') { Some(path) } else { node.fault("must begin with /") }
}

/// What can stand in a request line as it is.
fn visible(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return node.fault("must be printable ASCII without spaces");
    }
    Some(text.to_owned())
}

fn between(node: &Node<'_>, range: RangeInclusive<Duration>) -> Option<Duration> {
    let duration = node.duration()?;
    if !range.contains(&duration) {
        return node.fault(format!("must be from {:?} to {:?}", range.start(), range.end()));
    }
    Some(duration)
}

fn size(node: &Node<'_>) -> Option<usize> {
    match usize::try_from(node.size()?) {
        Ok(size @ 1..=MAX_KEY_SET) => Some(size),
        _ => node.fault("must be from 1B to 256KiB"),
    }
}
