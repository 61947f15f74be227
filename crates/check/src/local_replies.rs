//! What a connection manager makes of local replies, which answers from a store are to Envoy.

use std::collections::HashMap;

use cel::{Context, Program};
use serde_json::Value;

const CEL: &str =
    "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter";
/// What a format of bodies may say and change nothing.
const AS_IT_IS: &str = "%LOCAL_REPLY_BODY%";

/// What all answers from a store have in common.
#[derive(Clone, Copy)]
pub(super) struct Hits {
    /// Whether they have `cache-status`.
    pub(super) have_cache_status: bool,
}

/// Whether a filter of replies is for answers from a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum For {
    All,
    Some,
    None,
}

/// Where `local_reply_config` changes an answer from a store. The first mapper that is for a reply
/// is the only one; the format beside the mappers is for those that have none of their own.
pub(super) fn rewrite(manager: &Value, hits: Hits) -> Option<String> {
    let config = manager.get("local_reply_config")?;
    let formats = config.get("body_format").is_some_and(|format| !is_as_it_is(format));
    let mappers = config.get("mappers").and_then(Value::as_array);
    for (index, mapper) in mappers.into_iter().flatten().enumerate() {
        let is_for = mapper.get("filter").map_or(For::All, |filter| judged(filter, hits));
        if is_for != For::None && changes(mapper, formats) {
            return Some(format!("local_reply_config.mappers[{index}]"));
        }
        if is_for == For::All {
            return None;
        }
    }
    formats.then(|| "local_reply_config.body_format".to_owned())
}

fn changes(mapper: &Value, formats: bool) -> bool {
    let own = mapper.get("body_format_override");
    ["status_code", "body", "headers_to_add"].iter().any(|field| mapper.get(field).is_some())
        || own.map_or(formats, |format| !is_as_it_is(format))
}

fn is_as_it_is(format: &Value) -> bool {
    let text = format.pointer("/text_format_source/inline_string").or(format.get("text_format"));
    text.is_some_and(|text| text == AS_IT_IS)
}

fn judged(filter: &Value, hits: Hits) -> For {
    let all = |field: &str| {
        let filters = filter.get(field)?.get("filters")?.as_array()?;
        Some(filters.iter().map(|filter| judged(filter, hits)).collect::<Vec<_>>())
    };
    if let Some(parts) = all("and_filter") {
        return together(&parts, For::None, For::All);
    }
    if let Some(parts) = all("or_filter") {
        return together(&parts, For::All, For::None);
    }
    let config = filter.pointer("/extension_filter/typed_config");
    let config = config.filter(|config| config.get("@type").is_some_and(|kind| kind == CEL));
    match config.and_then(|config| config.get("expression")).and_then(Value::as_str) {
        Some(expression) => of_expression(expression, hits),
        None => For::Some,
    }
}

/// What filters are for together: one of this kind decides, and all of the other.
fn together(parts: &[For], decides: For, otherwise: For) -> For {
    if parts.contains(&decides) {
        decides
    } else if parts.iter().all(|part| *part == otherwise) {
        otherwise
    } else {
        For::Some
    }
}

/// Puts answers of every kind to an expression.
fn of_expression(expression: &str, hits: Hits) -> For {
    let Ok(program) = Program::compile(expression) else { return For::Some };
    let codes = ["hit", "stale", "stale_on_error", "revalidated"];
    let statuses = [200_i64, 206, 304, 404, 416, 500];
    let replies = codes.iter().flat_map(|code| statuses.iter().map(move |status| (code, status)));
    let verdicts = replies.map(|(code, status)| {
        let details = format!("response_cache.{code}");
        let status_field = hits.have_cache_status.then_some(("cache-status", "gatehouse; hit"));
        let headers: HashMap<&str, &str> = status_field.into_iter().collect();
        let response: HashMap<&str, cel::Value> = HashMap::from([
            ("code_details", cel::Value::from(details)),
            ("code", cel::Value::from(*status)),
            ("headers", cel::Value::from(headers)),
        ]);
        let mut context = Context::default();
        context.add_variable_from_value("response", response);
        match program.execute(&context) {
            Ok(cel::Value::Bool(true)) => For::All,
            Ok(cel::Value::Bool(false)) => For::None,
            _ => For::Some,
        }
    });
    let verdicts: Vec<For> = verdicts.collect();
    match verdicts.first() {
        Some(first) if verdicts.iter().all(|verdict| verdict == first) => *first,
        _ => For::Some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cel(expression: &str) -> Value {
        json!({"extension_filter": {"name": "cel",
               "typed_config": {"@type": CEL, "expression": expression}}})
    }

    const NO_HIT: &str = "!response.code_details.startsWith('response_cache.')";
    const HIT: &str = "response.code_details.startsWith('response_cache.')";

    #[test]
    fn what_rewrites_answers_from_a_store_is_found_and_what_passes_them_is_not() {
        let errors = json!({"status_code_filter": {"comparison": {"op": "GE"}}});
        let maps = |filter: &Value| json!({"filter": filter, "status_code": 599});
        let passes = json!({"text_format_source": {"inline_string": AS_IT_IS}});
        let format = json!({"json_format": {"code": "%RESPONSE_CODE%"}});
        let and = |filters: &[&Value]| json!({"and_filter": {"filters": filters}});
        let or = |filters: &[&Value]| json!({"or_filter": {"filters": filters}});
        let (hit, no_hit) = (cel(HIT), cel(NO_HIT));
        let has_field = cel("'cache-status' in response.headers");
        let has_none = cel("!('cache-status' in response.headers)");
        let aside = json!({"filter": hit, "body_format_override": passes});
        for (case, config, want) in [
            ("no mappers and no format", json!({}), None),
            ("a format for all", json!({"body_format": format}), Some("body_format")),
            ("a format that is none", json!({"body_format": passes}), None),
            ("a mapper of errors", json!({"mappers": [maps(&errors)]}), Some("mappers[0]")),
            ("the same without hits", json!({"mappers": [maps(&and(&[&errors, &no_hit]))]}), None),
            ("by their field", json!({"mappers": [maps(&and(&[&errors, &has_none]))]}), None),
            ("a mapper of hits", json!({"mappers": [maps(&has_field)]}), Some("mappers[0]")),
            (
                "errors, or no hits",
                json!({"mappers": [maps(&or(&[&errors, &no_hit]))]}),
                Some("s[0]"),
            ),
            ("a mapper that changes nothing", json!({"mappers": [{"filter": errors}]}), None),
            (
                "hits aside, and a format for the rest",
                json!({"mappers": [aside], "body_format": format}),
                None,
            ),
            (
                "hits aside, too late",
                json!({"mappers": [maps(&errors), aside], "body_format": format}),
                Some("mappers[0]"),
            ),
            (
                "hits aside, and formatted all the same",
                json!({"mappers": [{"filter": hit}], "body_format": format}),
                Some("mappers[0]"),
            ),
            (
                "of one status alone",
                json!({"mappers": [maps(&cel("response.code == 404"))]}),
                Some("s[0]"),
            ),
            ("of requests", json!({"mappers": [maps(&cel("request.path == '/'"))]}), Some("s[0]")),
        ] {
            let have =
                rewrite(&json!({"local_reply_config": config}), Hits { have_cache_status: true });
            let is_right = match (&have, want) {
                (Some(have), Some(want)) => have.ends_with(want),
                (have, want) => have.is_none() && want.is_none(),
            };
            assert!(is_right, "{case}: {have:?}");
        }
    }

    #[test]
    fn hits_without_a_field_are_not_told_by_it() {
        let mapper =
            json!({"filter": cel("!('cache-status' in response.headers)"), "status_code": 599});
        let manager = json!({"local_reply_config": {"mappers": [mapper]}});
        for (have_cache_status, is_rewritten) in [(true, false), (false, true)] {
            let have = rewrite(&manager, Hits { have_cache_status });
            assert_eq!(have.is_some(), is_rewritten, "{have_cache_status}");
        }
    }
}
