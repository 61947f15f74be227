//! `auth/validator`: jwt-auth, and authorization for roles and scopes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::address;
use super::endpoint::Endpoint;
use super::{UNMATCHED, module};
use crate::carrying::Carrying;
use crate::envoy::{Cluster, Module};
use crate::names::rule_name;
use crate::source::{Node, Read};

const NAME: &str = "auth/validator";

/// One filter for each set of endpoints whose validators say the same of tokens.
pub(super) fn filters(
    endpoints: &mut [Endpoint<'_>],
    clusters: &mut BTreeMap<String, Cluster>,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Module>> {
    let mut modules: Vec<(Value, Module, Vec<Value>)> = Vec::new();
    for endpoint in endpoints.iter_mut() {
        let Some(node) = endpoint.extra(NAME) else { continue };
        let is_shared = node.text_of("alg")?.is_some_and(|alg| alg.starts_with("HS"));
        let read = if is_shared { None } else { config(node, clusters)? };
        let Some(config) = read else {
            let why = match is_shared {
                true => {
                    "a secret is not fetched, because who reads it signs tokens: write it into \
                         `jwks.keys` as `k: {env: NAME}`"
                }
                false => "there is no jwk_url: nobody can tell whose tokens are good",
            };
            if carrying.cannot_guard(node.line, &endpoint.subject(NAME), NAME, why) {
                endpoint.close(503);
            }
            continue;
        };
        let mut rule = endpoint.rule();
        rule.insert("require".to_owned(), json!("any"));
        let rule = Value::Object(rule);
        match modules.iter_mut().find(|(there, ..)| *there == config) {
            Some((_, module, rules)) => {
                rules.push(rule);
                endpoint.validator = Some(module.name.clone());
            }
            None => {
                let name = match modules.len() {
                    0 => "jwt-auth".to_owned(),
                    others => format!("jwt-auth-{}", others.saturating_add(1)),
                };
                endpoint.validator = Some(name.clone());
                let module = Module { name, module: "jwt-auth", config: Value::Null };
                modules.push((config, module, vec![rule]));
            }
        }
    }
    Ok(modules
        .into_iter()
        .map(|(mut config, module, rules)| {
            if let Some(config) = config.as_object_mut() {
                config.insert("rules".to_owned(), json!(rules));
            }
            Module { config, ..module }
        })
        .collect())
}

fn config(node: &Node, clusters: &mut BTreeMap<String, Cluster>) -> Read<Option<Value>> {
    let Some(url) = node.text_of("jwk_url")? else { return Ok(None) };
    let at = node.get("jwk_url").unwrap_or(node);
    let servers = address::servers(at, &[url])?;
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.find('/').and_then(|at| path.get(at..)).unwrap_or("/");
    let same = clusters.iter().find(|(_, there)| **there == servers.cluster);
    let cluster = match same {
        Some((name, _)) => name.clone(),
        None => {
            let host = servers.authority.split(':').next().unwrap_or("keys");
            let name = format!("keys.{}", rule_name(host));
            clusters.insert(name.clone(), servers.cluster);
            name
        }
    };
    let mut jwks = Map::new();
    jwks.insert("cluster".to_owned(), json!(cluster));
    jwks.insert("authority".to_owned(), json!(servers.authority));
    jwks.insert("path".to_owned(), json!(path));
    let seconds = node.number_of("cache_duration")?.unwrap_or(900).clamp(1, 43_200);
    jwks.insert("refresh".to_owned(), json!(format!("{seconds}s")));
    let mut provider = Map::new();
    let mut set = |name: &str, value: Value| provider.insert(name.to_owned(), value);
    set("name", json!("issuer"));
    match node.text_of("issuer")?.filter(|issuer| !issuer.is_empty()) {
        Some(issuer) => set("issuer", json!(issuer)),
        None => set("any_issuer", json!(true)),
    };
    set("algorithms", json!([node.text_of("alg")?.unwrap_or("RS256")]));
    // That of the library that KrakenD verifies with.
    set("leeway", json!("1s"));
    set("jwks", Value::Object(jwks));
    let audiences = node.texts_of("audience")?;
    if !audiences.is_empty() {
        set("all_audiences", json!(audiences));
    }
    let mut claims = Vec::new();
    for pair in node.list_of("propagate_claims")? {
        let crate::source::Kind::List(items) = &pair.kind else {
            return Err(pair.not("propagate_claims", "a list of pairs"));
        };
        let [claim, header] = items.as_slice() else {
            return Err(pair.not("propagate_claims", "a list of pairs"));
        };
        let header = header.text("propagate_claims")?.to_ascii_lowercase();
        claims.push(json!({"claim": claim.text("propagate_claims")?, "header": header}));
    }
    if !claims.is_empty() {
        set("claims_to_headers", json!(claims));
    }
    let mut sources = vec![json!({"header": "authorization", "prefix": "Bearer "})];
    if let Some(cookie) = node.text_of("cookie_key")? {
        sources.push(json!({"cookie": cookie}));
    }
    Ok(Some(json!({"providers": [provider], "sources": sources, "default": "any",
        "skip_preflight": false})))
}

/// authorization, where roles or scopes are asked for.
pub(super) fn permit(endpoints: &[Endpoint<'_>]) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    let mut is_used = false;
    for endpoint in endpoints {
        let mut rule = endpoint.rule();
        rule.insert("action".to_owned(), json!("allow"));
        let mut claims = Vec::new();
        if let Some(node) = endpoint.extra(NAME).filter(|_| endpoint.is_open()) {
            let roles = node.texts_of("roles")?;
            if !roles.is_empty() {
                let path = node.text_of("roles_key")?.unwrap_or("roles");
                claims.push(json!({"path": path, "any": roles}));
            }
            let scopes = node.texts_of("scopes")?;
            if !scopes.is_empty() {
                let path = node.text_of("scopes_key")?.unwrap_or("scope");
                let all = node.text_of("scopes_matcher")? == Some("all");
                let matcher = if all { "all" } else { "any" };
                claims.push(json!({"path": path, matcher: scopes, "separator": " "}));
            }
        }
        if !claims.is_empty() {
            is_used = true;
            rule.insert("principals".to_owned(), json!([{"claims": claims}]));
        }
        rules.push(Value::Object(rule));
    }
    rules.push(json!({"name": UNMATCHED, "match": {"route": UNMATCHED}, "action": "allow"}));
    let config = json!({"default": "deny", "skip_preflight": false});
    Ok(is_used.then(|| module("authorization", config, rules)).flatten())
}
