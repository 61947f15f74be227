//! A provider's keys: here, or where they are to be fetched.

use crate::algorithm::Algorithm;
use crate::discovery::Form;
use crate::jwks::{KeySet, KeySetError, is_of_names};
use crate::keys::Keys;
use crate::keys::MAX_KEY_SET;
use crate::{discovery, pem};
use gatehouse_filter::config::{Kind, Node};
use gatehouse_filter::fetched::{Fetch, Lead, Limits, Location, Sent, Source, without_mark};
use serde_json::{Map, Value};
use std::rc::Rc;
use std::time::Duration;

/// Inline keys, or, in a mapping with `cluster`, their source. The issuer is `None` where it is at
/// fault, and `Some(None)` where it may be anybody.
pub(super) fn keys(
    node: &Node<'_>,
    provider: Option<&str>,
    issuer: Option<Option<&str>>,
) -> Option<Keys> {
    if node.has("cluster") {
        let source = source(node, issuer)?;
        return Some(Keys::from(source, provider?.to_owned()));
    }
    inline(node).map(|keys| Keys::Inline(Rc::new(keys)))
}

/// Whether a key may verify with this algorithm. What is fetched anybody can read: there are no
/// secrets in it.
pub(super) fn may_support(keys: &Keys, algorithm: Algorithm) -> bool {
    match keys {
        Keys::Inline(keys) => keys.supports(algorithm),
        Keys::Fetched(_) => !matches!(algorithm, Algorithm::Hmac(_)),
        Keys::Absent => false,
    }
}

/// A key set: a mapping, or text that holds JSON, which may be in a variable.
fn inline(node: &Node<'_>) -> Option<KeySet> {
    let keys = match node.kind() {
        Kind::Mapping if node.has("pem") => return pem(node),
        Kind::Mapping if node.is_reference() => of_text(node)?,
        Kind::Mapping if !node.has("keys") && !is_of_names(node.members()?) => {
            return node.fault(format!(
                "must have keys, pem or cluster, or be a mapping of names to keys in PEM. {CLUSTERS}"
            ));
        }
        Kind::Mapping => KeySet::from_members(node.without_references()?.as_object()?),
        Kind::Text => of_text(node)?,
        _ => return node.fault(
            "must be a key set (RFC 7517 5), a mapping or text that holds JSON; or a mapping with `pem` or `cluster`",
        ),
    };
    let keys = keys.map_err(|error| node.fault::<()>(error.to_string())).ok()?;
    // A set that an identity provider publishes has keys for others in it; one that somebody pasted
    // here and is broken is a mistake to tell.
    let broken = keys.skipped().iter().filter(|key| !key.fault.is_foreign());
    let faults =
        broken.map(|key| node.fault::<()>(format!("keys[{}] {}", key.index, key.fault))).count();
    (faults == 0).then_some(keys)
}

fn of_text(node: &Node<'_>) -> Option<Result<KeySet, KeySetError>> {
    let text = node.secret()?;
    Some(match without_mark(text.trim_ascii().as_bytes()) {
        json if json.starts_with(b"{") => KeySet::from_json(json),
        text if text.windows(3).any(|part| part == b"://") => {
            return node.fault(format!("must not be a URL. {CLUSTERS}"));
        }
        other => KeySet::from_json(other),
    })
}

const CLUSTERS: &str =
    "Keys are fetched through an Envoy cluster, as in {cluster: auth, path: /jwks.json}";

/// Public keys in PEM, without names: they may have signed any token, whatever its `kid`.
fn pem(node: &Node<'_>) -> Option<KeySet> {
    let mut fields = node.fields()?;
    let keys = fields.required("pem", |node| {
        let keys = pem::keys(&node.secret()?).map_err(|reason| node.fault::<()>(reason)).ok()?;
        let count = keys.len();
        let set = KeySet::from_members(&Map::from_iter([("keys".to_owned(), Value::Array(keys))]));
        let set = set.map_err(|error| node.fault::<()>(error.to_string())).ok()?;
        let faults = set
            .skipped()
            .iter()
            .map(|key| node.fault::<()>(format!("keys[{}] {}", key.index, key.fault)));
        (faults.count() == 0 && count > 0).then_some(set)
    });
    fields.finish();
    keys
}

fn source(node: &Node<'_>, issuer: Option<Option<&str>>) -> Option<Source> {
    let mut fields = node.fields()?;
    let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
    let authority = fields.optional("authority", Location::read_authority);
    let path = fields.optional("path", Location::read_path);
    let keys_cluster = fields.optional("jwks_cluster", |node| node.text().map(str::to_owned));
    let form = fields.optional("discovery", |node| node.one_of(&Form::NAMES));
    let document_path = fields.optional("discovery_path", Location::read_path);
    let sent = Sent::read(&mut fields);
    let fetch = Fetch::read(&mut fields, &LIMITS);
    fields.finish();
    let (cluster, authority, sent, fetch) = (cluster?, authority?, sent?, fetch?);
    let (path, keys_cluster, form, document_path) = (path?, keys_cluster?, form?, document_path?);
    let accept = "application/json, application/jwk-set+json";
    if let Some(path) = path {
        let of_documents = [
            ("jwks_cluster", keys_cluster.is_some()),
            ("discovery", form.is_some()),
            ("discovery_path", document_path.is_some()),
        ];
        if let Some((name, _)) = of_documents.into_iter().find(|(_, is_there)| *is_there) {
            return node
                .fault(format!("{name} is for keys without path: a document says where they are"));
        }
        let authority = authority.unwrap_or_else(|| cluster.clone());
        let location = Location { authority, path };
        return Some(Source { cluster, location, lead: None, accept, sent, fetch });
    }
    let Some(issuer) = issuer? else {
        return node
            .fault("must have path: with any_issuer there is nobody whose document tells it");
    };
    let location = match (form, document_path) {
        (Some(_), Some(_)) => {
            return node.fault("discovery says where a document is that has no discovery_path");
        }
        (None, Some(path)) => {
            let host = discovery::host_of(issuer).unwrap_or_else(|| cluster.clone());
            Location { authority: host, path }
        }
        (form, None) => match discovery::document_of(issuer, form.unwrap_or(Form::OpenId)) {
            Some(document) => document,
            None => return node.fault(
                "must have path or discovery_path: the issuer is no URL (https or http, without \
                 query) that a document could be below",
            ),
        },
    };
    let location = Location { authority: authority.unwrap_or(location.authority), ..location };
    let issuer = issuer.to_owned();
    let lead = Lead {
        name: issuer.clone(),
        cluster: keys_cluster.unwrap_or_else(|| cluster.clone()),
        locate: Box::new(move |document| discovery::keys_of(&issuer, document)),
    };
    Some(Source { cluster, location, lead: Some(lead), accept, sent, fetch })
}

const LIMITS: Limits = Limits {
    refresh: Duration::from_secs(5 * 60),
    timeout: Duration::from_secs(2),
    max_age: Duration::from_secs(24 * 60 * 60),
    max_size: 64 * 1024,
    most: MAX_KEY_SET,
    retry: Duration::from_secs(5),
};
