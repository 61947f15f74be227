//! `jwt`, `key-auth` and `basic-auth`: who a client is.
//!
//! Kong configures each plugin where it is; a filter of ours has one set of sources. So plugins that
//! say the same are one filter, and it is off on the routes of all others. They stand in Kong's
//! order, and the last one that knows a client says who it is.

use serde_json::{Map, Value, json};

use super::consumer::{Consumer, base64url, is_reference};
use super::plan::Plan;
use super::rule;
use crate::carrying::Carrying;
use crate::envoy::{Filter, Module};
use crate::source::{Node, Read};

/// One way in which clients of a route are known.
#[derive(Debug, Clone)]
pub(super) struct Credential {
    /// The name of the filter that asks for it.
    pub(super) filter: String,
    /// The header fields in which it may be.
    pub(super) fields: Vec<String>,
}

/// In the order in which Kong runs them.
const PLUGINS: [&str; 3] = ["jwt", "key-auth", "basic-auth"];

/// What plugins have to agree on to be one filter.
#[derive(Debug, PartialEq)]
struct Same {
    plugin: &'static str,
    sources: Value,
    forward: bool,
    skip_preflight: bool,
    realm: String,
    verify: Vec<String>,
    max_lifetime: u64,
    base64: bool,
}

struct Group {
    same: Same,
    fields: Vec<String>,
    rules: Vec<Value>,
    /// The places of its routes.
    plans: Vec<usize>,
}

pub(super) fn filters(
    plans: &mut [Plan<'_>],
    consumers: &[Consumer<'_>],
    is_plain: bool,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Module>> {
    let mut groups: Vec<Group> = Vec::new();
    for plugin in PLUGINS {
        for (at, plan) in plans.iter_mut().enumerate() {
            let Some(config) = plan.config(plugin) else { continue };
            let same = same(plugin, config)?;
            if plugin == "jwt" && config.text_of("key_claim_name")?.is_some_and(|it| it != "iss") {
                let why = "key_claim_name: a provider is found by the claim `iss` alone";
                if carrying.cannot_guard(plan.line(plugin), &plan.subject(plugin), plugin, why) {
                    plan.close(503);
                }
                continue;
            }
            let required = if plugin == "jwt" { "any" } else { "key" };
            let is_optional = anonymous(plan, config)?;
            plan.needs_credential |= !is_optional;
            let require = if is_optional { "optional" } else { required };
            let mut rule = rule(&plan.name);
            rule.insert("require".to_owned(), json!(require));
            let (_, fields) = sources(plugin, config)?;
            match groups.iter_mut().find(|group| group.same == same) {
                Some(group) => {
                    group.rules.push(Value::Object(rule));
                    group.plans.push(at);
                }
                None => groups.push(Group {
                    same,
                    fields,
                    rules: vec![Value::Object(rule)],
                    plans: vec![at],
                }),
            }
        }
    }
    let mut modules: Vec<Module> = Vec::new();
    for group in groups {
        let module = if group.same.plugin == "jwt" { "jwt-auth" } else { "api-key-auth" };
        let known = match group.same.plugin {
            "jwt" => issuers(&group.same, consumers, carrying)?,
            _ => keys(&group.same, consumers, is_plain, carrying)?,
        };
        let Some(mut config) = known else {
            for at in &group.plans {
                if let Some(plan) = plans.get_mut(*at) {
                    let why = "no consumer has a credential that is carried over: all are refused";
                    carrying.differs(plan.node.line, &plan.subject(group.same.plugin), why);
                    plan.close(401);
                }
            }
            continue;
        };
        let others = modules.iter().filter(|other| other.module == module).count();
        let name = match others {
            0 => module.to_owned(),
            others => format!("{module}-{}", others.saturating_add(1)),
        };
        config.insert("realm".to_owned(), json!(group.same.realm));
        config.insert("sources".to_owned(), group.same.sources);
        config.insert("skip_preflight".to_owned(), json!(group.same.skip_preflight));
        config.insert("rules".to_owned(), json!(group.rules));
        for at in &group.plans {
            if let Some(plan) = plans.get_mut(*at) {
                let fields = group.fields.clone();
                plan.credentials.push(Credential { filter: name.clone(), fields });
            }
        }
        modules.push(Module { name, module, config: Value::Object(config) });
    }
    Ok(modules)
}

/// Who somebody is whom a plugin does not know. Where one of a route's plugins has no `anonymous`,
/// its credential is needed.
fn anonymous(plan: &mut Plan<'_>, config: &Node) -> Read<bool> {
    let Some(said) = config.text_of("anonymous")?.filter(|said| !said.is_empty()) else {
        return Ok(false);
    };
    let value = config.get("anonymous").unwrap_or(config);
    match plan.set_anonymous(said) {
        true => Ok(true),
        false => Err(value.not("anonymous", "the name or the id of a consumer")),
    }
}

fn same(plugin: &'static str, config: &Node) -> Read<Same> {
    let (sources, _) = sources(plugin, config)?;
    let verify = config.texts_of("claims_to_verify")?;
    Ok(Same {
        plugin,
        sources,
        forward: !config.flag_of("hide_credentials")?.unwrap_or(false),
        skip_preflight: plugin != "basic-auth"
            && !config.flag_of("run_on_preflight")?.unwrap_or(true),
        realm: config.text_of("realm")?.unwrap_or("gatehouse").to_owned(),
        verify: verify.into_iter().map(str::to_owned).collect(),
        max_lifetime: config.number_of("maximum_expiration")?.unwrap_or(0),
        base64: config.flag_of("secret_is_base64")?.unwrap_or(false),
    })
}

/// Where credentials are, and the names of the header fields among them.
fn sources(plugin: &str, config: &Node) -> Read<(Value, Vec<String>)> {
    let or = |name: &str, usual: &'static str| -> Read<Vec<String>> {
        let names = config.texts_of(name)?;
        let is_there = config.get(name).is_some();
        let usual = (!usual.is_empty() && !is_there).then(|| usual.to_owned());
        Ok(names.into_iter().map(str::to_owned).chain(usual).collect())
    };
    let mut sources = Vec::new();
    let mut fields = Vec::new();
    match plugin {
        "jwt" => {
            for name in or("header_names", "authorization")? {
                let name = name.to_ascii_lowercase();
                sources.push(match name.as_str() {
                    "authorization" => json!({"header": name, "prefix": "Bearer "}),
                    _ => json!({"header": name}),
                });
                fields.push(name);
            }
            sources.extend(or("uri_param_names", "jwt")?.iter().map(|it| json!({"query": it})));
            sources.extend(or("cookie_names", "")?.iter().map(|it| json!({"cookie": it})));
        }
        "key-auth" => {
            let names = or("key_names", "apikey")?;
            if config.flag_of("key_in_header")?.unwrap_or(true) {
                let names = names.iter().map(|name| name.to_ascii_lowercase());
                fields.extend(names.clone());
                sources.extend(names.map(|name| json!({"header": name})));
            }
            if config.flag_of("key_in_query")?.unwrap_or(true) {
                sources.extend(names.iter().map(|name| json!({"query": name})));
            }
        }
        _ => {
            sources.push(json!({"header": "authorization", "prefix": "Basic "}));
            fields.push("authorization".to_owned());
        }
    }
    Ok((json!(sources), fields))
}

/// api-key-auth with the keys of all consumers that have some.
fn keys(
    same: &Same,
    consumers: &[Consumer<'_>],
    is_plain: bool,
    carrying: &mut Carrying<'_>,
) -> Read<Option<Map<String, Value>>> {
    let mut table = Vec::new();
    for consumer in consumers {
        let digests = match same.plugin {
            "key-auth" => consumer.key_digests(carrying)?,
            _ => consumer.basic_digests(is_plain, carrying)?,
        };
        if !digests.is_empty() {
            let mut entry = consumer.table();
            entry.insert("keys".to_owned(), json!(digests));
            table.push(Value::Object(entry));
        }
    }
    if table.is_empty() {
        return Ok(None);
    }
    let mut config = Map::new();
    config.insert("consumers".to_owned(), json!(table));
    config.insert("forward".to_owned(), json!(same.forward));
    if same.plugin == "basic-auth" {
        config.insert("schemes".to_owned(), json!(["Basic"]));
    }
    config.insert("default".to_owned(), json!("key"));
    Ok(Some(config))
}

/// jwt-auth with a provider for each credential.
fn issuers(
    same: &Same,
    consumers: &[Consumer<'_>],
    carrying: &mut Carrying<'_>,
) -> Read<Option<Map<String, Value>>> {
    let mut providers = Vec::new();
    let mut table = Vec::new();
    for consumer in consumers {
        let mut tokens = Vec::new();
        for secret in &consumer.secrets {
            let subject = format!("consumer `{}`: jwt", consumer.name);
            let Some(issuer) = secret.text_of("key")? else {
                carrying.lost(
                    secret.line,
                    &subject,
                    "has no key: Kong makes one, which nobody knows here",
                );
                continue;
            };
            let Some((mut provider, algorithm)) = provider(secret, same, &subject, carrying)?
            else {
                continue;
            };
            let name = format!("{}-{}", consumer.name, tokens.len().saturating_add(1));
            provider.insert("name".to_owned(), json!(name));
            provider.insert("issuer".to_owned(), json!(issuer));
            provider.insert("algorithms".to_owned(), json!([algorithm]));
            // Kong allows for no clock but its own.
            provider.insert("leeway".to_owned(), json!("0s"));
            let verifies = |claim: &str| same.verify.iter().any(|it| it == claim);
            provider.insert("require_expiration".to_owned(), json!(verifies("exp")));
            if verifies("nbf") {
                provider.insert("required_claims".to_owned(), json!([{"claim": "nbf"}]));
            }
            if same.max_lifetime > 0 {
                provider.insert("require_expiration".to_owned(), json!(true));
                let lifetime = format!("{}s", same.max_lifetime);
                provider.insert("max_lifetime".to_owned(), json!(lifetime));
            }
            provider.insert("consumer".to_owned(), json!({"claim": "iss"}));
            providers.push(Value::Object(provider));
            tokens.push(json!({"provider": name, "value": issuer}));
        }
        if !tokens.is_empty() {
            let mut entry = consumer.table();
            entry.insert("tokens".to_owned(), json!(tokens));
            table.push(Value::Object(entry));
        }
    }
    if providers.is_empty() {
        return Ok(None);
    }
    let mut config = Map::new();
    config.insert("providers".to_owned(), json!(providers));
    config.insert("consumers".to_owned(), json!(table));
    config.insert("default".to_owned(), json!("any"));
    Ok(Some(config))
}

/// A provider's keys, and the one algorithm that they are for.
fn provider(
    secret: &Node,
    same: &Same,
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<Option<(Map<String, Value>, String)>> {
    let algorithm = secret.text_of("algorithm")?.unwrap_or("HS256");
    let mut lost = |why: &str| {
        carrying.lost(secret.line, subject, format!("{why}; its tokens are refused"));
        Ok(None)
    };
    let jwks = match algorithm {
        "HS256" | "HS384" | "HS512" => {
            let Some(text) = secret.text_of("secret")? else {
                return lost("has no secret: Kong makes one, which nobody knows here");
            };
            let variable = text
                .strip_prefix("{vault://env/")
                .and_then(|rest| rest.strip_suffix('}'))
                .map(|name| name.replace('-', "_").to_ascii_uppercase());
            if variable.is_some() || is_reference(text) {
                return lost(
                    "has a secret that something else fills in: write `k: {env: NAME}` \
                             into the provider (docs/secrets.md)",
                );
            }
            let bytes = match same.base64 {
                true => decoded(text),
                false => Some(text.as_bytes().to_vec()),
            };
            let Some(bytes) = bytes else { return lost("has a secret that is no base64") };
            let shortest = match algorithm {
                "HS256" => 32,
                "HS384" => 48,
                _ => 64,
            };
            if bytes.len() < shortest {
                return lost(&format!(
                    "has a secret of less than the {shortest} bytes that RFC 7518 §3.2 asks for"
                ));
            }
            json!({"keys": [{"kty": "oct", "alg": algorithm, "k": base64url(&bytes)}]})
        }
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512"
        | "EdDSA" => match secret.text_of("rsa_public_key")? {
            Some(pem) if !is_reference(pem) => json!({"pem": pem}),
            _ => return lost("has no public key that is written in the file"),
        },
        _ => return lost(&format!("has the algorithm {algorithm}, which is not known here")),
    };
    let mut provider = Map::new();
    provider.insert("jwks".to_owned(), jwks);
    Ok(Some((provider, algorithm.to_owned())))
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let plain = text.trim_end_matches('=');
    STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(plain)).ok()
}

/// Turns off the filters that ask who a client is, on a route that does not use them.
pub(super) fn off(filters: &[Filter], uses: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut off = Map::new();
    for filter in filters {
        let Filter::Wasm(module) = filter else { continue };
        if ["jwt-auth", "api-key-auth"].contains(&module.module) && !uses(&module.name) {
            let kind = crate::envoy::kind("envoy.config.route.v3.FilterConfig");
            off.insert(module.name.clone(), json!({"@type": kind, "disabled": true}));
        }
    }
    off
}
