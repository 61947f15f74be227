//! The chain of filters as it is configured, with secrets masked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::mask::{MASK, masked};
use crate::setup::text;
use crate::text::cut;

/// A filter of a chain.
#[derive(PartialEq, Debug, Serialize)]
pub(crate) struct Filter {
    /// What it is called in this chain.
    pub(crate) name: String,
    /// Which filter of ours it is (`jwt-auth`), or Envoy's name for its type.
    pub(crate) kind: String,
    /// Whether it is a module for Envoy's wasm filter.
    pub(crate) wasm: bool,
    /// The module that it is in, where that holds several filters.
    within: Option<String>,
    mode: Option<String>,
    /// The rules, in order.
    pub(crate) rules: Vec<Value>,
    /// Everything else that is configured.
    pub(crate) settings: Value,
}

/// The filters of a chain, in order; those in one module one by one.
pub(crate) fn filters<'a>(chain: impl Iterator<Item = &'a Value>) -> Vec<Filter> {
    chain.flat_map(entries).take(MOST_FILTERS).collect()
}

fn entries(filter: &Value) -> Vec<Filter> {
    let name = cut(text(filter.get("name")).unwrap_or_default(), 128);
    let config = filter.get("typed_config");
    let kind = text(config.and_then(|config| config.get("@type"))).unwrap_or_default();
    let plugin =
        config.filter(|_| kind.ends_with(".wasm.v3.Wasm")).and_then(|config| config.get("config"));
    let Some(plugin) = plugin else {
        // Not ours: what it is configured with is not for us to judge, and is not shown.
        let kind = kind.rsplit('/').next().unwrap_or_default();
        return vec![Filter::new(name, cut(kind, 200), false, None, &Value::Null)];
    };
    let kind = module(plugin).unwrap_or_else(|| name.clone());
    let configuration = configuration(plugin.get("configuration"));
    // gateway.wasm: an entry has one member, the filter's name over its configuration.
    let bundled =
        configuration.get("filters").and_then(Value::as_array).filter(|_| kind == "gateway");
    match bundled {
        Some(entries) => entries.iter().filter_map(|entry| bundled_entry(entry, &name)).collect(),
        None => vec![Filter::new(name, kind, true, None, &configuration)],
    }
}

fn bundled_entry(entry: &Value, within: &str) -> Option<Filter> {
    let members = entry.as_object()?;
    let (kind, configuration) = members.iter().find(|(name, _)| *name != "name")?;
    let name = text(members.get("name")).unwrap_or(kind);
    Some(Filter::new(cut(name, 128), cut(kind, 128), true, Some(within.to_owned()), configuration))
}

impl Filter {
    fn new(
        name: String,
        kind: String,
        wasm: bool,
        within: Option<String>,
        configuration: &Value,
    ) -> Self {
        let mut settings = match masked(&kind, configuration) {
            Value::Object(members) => members,
            Value::Null => Map::new(),
            _ => Map::from_iter([("configuration".to_owned(), MASK.into())]),
        };
        let mode = text(settings.get("mode")).map(|mode| cut(mode, 32));
        let rules = match settings.remove("rules") {
            Some(Value::Array(rules)) => rules,
            _ => Vec::new(),
        };
        Self { name, kind, wasm, within, mode, rules, settings: Value::Object(settings) }
    }
}

/// Which module it is: by the file, else by the root id.
fn module(plugin: &Value) -> Option<String> {
    let file = text(plugin.pointer("/vm_config/code/local/filename"));
    let stem = file.and_then(|file| file.rsplit('/').next()?.strip_suffix(".wasm"));
    let name = stem.or_else(|| text(plugin.get("root_id"))).filter(|name| !name.is_empty())?;
    Some(cut(name, 128))
}

/// A `Struct`, or JSON in a `StringValue` or, as base64, in a `BytesValue`.
fn configuration(any: Option<&Value>) -> Value {
    let Some(any) = any else { return Value::Null };
    let kind = text(any.get("@type")).unwrap_or_default();
    match (kind.rsplit('.').next(), any.get("value")) {
        (Some("StringValue"), Some(Value::String(json))) => {
            serde_json::from_str(json).unwrap_or_else(|_| MASK.into())
        }
        (Some("BytesValue"), Some(Value::String(base64))) => {
            let json = STANDARD.decode(base64).ok();
            json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_else(|| MASK.into())
        }
        (_, Some(value)) => value.clone(),
        _ => Value::Null,
    }
}

const MOST_FILTERS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wasm(name: &str, file: &str, configuration: &Value) -> Value {
        json!({
            "name": name,
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "root_id": "r", "vm_config": {"code": {"local": {"filename": file}}},
                    "configuration": configuration
                }
            }
        })
    }

    #[test]
    fn filters_are_told_in_every_form_of_their_configuration() {
        let json = r#"{"hmac_secret":"x","rules":[{"name":"a"}]}"#;
        let of_struct = json!({
            "@type": "type.googleapis.com/google.protobuf.Struct",
            "value": {"hmac_secret": "x", "rules": [{"name": "a"}]}
        });
        let of_string =
            json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json});
        let of_bytes = json!({
            "@type": "type.googleapis.com/google.protobuf.BytesValue",
            "value": "eyJobWFjX3NlY3JldCI6IngiLCJydWxlcyI6W3sibmFtZSI6ImEifV19"
        });
        for configuration in [of_struct, of_string, of_bytes] {
            let found =
                filters([&wasm("keys", "/etc/x/api-key-auth.wasm", &configuration)].into_iter());
            let [filter] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((filter.name.as_str(), filter.kind.as_str()), ("keys", "api-key-auth"));
            assert_eq!(filter.rules, [json!({"name": "a"})], "{configuration}");
            assert_eq!(filter.settings, json!({"hmac_secret": "***"}), "{configuration}");
        }
    }

    #[test]
    fn filters_in_one_module_are_told_apart_and_foreign_ones_show_no_configuration() {
        let bundle = json!({
            "@type": "type.googleapis.com/google.protobuf.Struct",
            "value": {
                "filters": [
                    {"authorization": {"mode": "shadow", "rules": []}},
                    {"name": "second", "rate-limit": {"keys": 7}}, 5
                ]
            }
        });
        let foreign = json!({
            "name": "envoy.filters.http.lua",
            "typed_config": {"@type": "type.googleapis.com/envoy.x.Lua", "inline_code": "s3cret"}
        });
        let text = json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "password=s3cret"
        });
        let found = filters(
            [
                &wasm("gateway", "/gateway.wasm", &bundle),
                &foreign,
                &wasm("other", "/other.wasm", &text),
                &json!(7),
            ]
            .into_iter(),
        );
        let shown: Vec<_> = found
            .iter()
            .map(|filter| format!("{}/{}/{}", filter.name, filter.kind, filter.wasm))
            .collect();
        assert_eq!(
            shown,
            [
                "authorization/authorization/true",
                "second/rate-limit/true",
                "envoy.filters.http.lua/envoy.x.Lua/false",
                "other/other/true",
                "//false"
            ]
        );
        assert_eq!(found[0].mode.as_deref(), Some("shadow"));
        assert!(!serde_json::to_string(&found).unwrap().contains("s3cret"));
    }
}
