//! Where a provider's service is that says of a token what it is (RFC 7662), and as whom it is
//! asked.

use crate::introspection::{
    Authentication, Bounds, Credentials, Introspection, Remembers, Service,
};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::fetched::Location;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The service of the provider with this name and issuer; either is `None` where it is at fault.
pub(super) fn read(
    node: &Node<'_>,
    provider: Option<&str>,
    issuer: Option<Option<&str>>,
) -> Option<Introspection> {
    let mut fields = node.fields()?;
    let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
    let authority = fields.optional("authority", Location::read_authority);
    let path = fields.required("path", Location::read_path);
    let credentials = credentials(&mut fields);
    let timeout = fields.with_default("timeout", Duration::from_secs(2), |node| {
        between(&node, Duration::from_millis(10)..=Duration::from_secs(60))
    });
    let max_size = fields.with_default("max_size", 16 * 1024, |node| max_size(&node));
    let remembers = fields.with_default("cache", USUAL, |node| remembers(&node));
    let at_once = fields.with_default("at_once", 64, |node| node.integer(1..=256));
    let per_second = fields.with_default("per_second", 100, |node| node.integer(1..=10_000));
    fields.finish();
    let cluster = cluster?;
    let authority = authority?.unwrap_or_else(|| cluster.clone());
    let service = Service {
        cluster,
        location: Location { authority, path: path? },
        credentials: credentials?,
        timeout: timeout?,
        max_size: max_size?,
    };
    let bounds = Bounds { at_once: usize::try_from(at_once?).ok()?, per_second: per_second? };
    let provider = (provider?.to_owned(), issuer?.map(str::to_owned));
    Some(Introspection::new(service, provider, bounds, remembers?))
}

const USUAL: Remembers =
    Remembers { active: Duration::from_secs(30), inactive: Duration::from_secs(5), tokens: 1024 };

fn credentials(fields: &mut Fields<'_>) -> Option<Credentials> {
    let id = fields.required("client_id", |node| credential(&node, node.text()?));
    let secret = fields.required("client_secret", |node| credential(&node, &node.secret()?));
    let form = fields.with_default("authentication", Authentication::Basic, |node| {
        node.one_of(&Authentication::NAMES)
    });
    form?.of(&id?, &secret?)
}

/// A client's identifier, or its secret (RFC 6749 §A.1, §A.2).
fn credential(node: &Node<'_>, text: &str) -> Option<String> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return node.fault("must be printable ASCII; it may have a line break at its end");
    }
    Some(text.to_owned())
}

/// How long active tokens are remembered, or all there is to say of that.
fn remembers(node: &Node<'_>) -> Option<Remembers> {
    const RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);
    if node.is_text() {
        return Some(Remembers { active: between(node, RANGE)?, ..USUAL });
    }
    let mut fields = node.fields()?;
    let active = fields.with_default("active", USUAL.active, |node| between(&node, RANGE));
    let inactive = fields.with_default("inactive", USUAL.inactive, |node| between(&node, RANGE));
    let tokens = fields.with_default("tokens", USUAL.tokens, |node| {
        usize::try_from(node.integer(64..=65_536)?).ok()
    });
    fields.finish();
    Some(Remembers { active: active?, inactive: inactive?, tokens: tokens? })
}

fn max_size(node: &Node<'_>) -> Option<usize> {
    const MOST: usize = 64 * 1024;
    match usize::try_from(node.size()?) {
        Ok(size) if (1..=MOST).contains(&size) => Some(size),
        _ => node.fault("must be from 1B to 64KiB"),
    }
}

fn between(node: &Node<'_>, range: RangeInclusive<Duration>) -> Option<Duration> {
    let duration = node.duration()?;
    if !range.contains(&duration) {
        return node.fault(format!("must be from {:?} to {:?}", range.start(), range.end()));
    }
    Some(duration)
}
