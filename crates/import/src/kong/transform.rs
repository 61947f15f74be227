//! `request-transformer` and `response-transformer`, as operations of header-transform and
//! body-transform.

use serde_json::{Value, json};

use crate::carrying::Carrying;
use crate::source::{Node, Read};

/// What becomes of one transformer.
#[derive(Debug, Default)]
pub(super) struct Operations {
    pub(super) head: Vec<Value>,
    pub(super) body: Vec<Value>,
    /// Whether the query changes: Envoy then matches the route again, by what it was matched before.
    pub(super) query: bool,
    /// The fields that change, in lower case.
    pub(super) fields: Vec<String>,
}

/// The kinds of operations, in the order in which Kong does them.
const KINDS: [&str; 5] = ["remove", "rename", "replace", "add", "append"];
/// Fields that no module changes: they are Envoy's.
const OWNED: [&str; 11] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-proto",
];

/// Reads a transformer; `body` is what its members of bodies are called.
pub(super) fn read(
    config: &Node,
    body: &str,
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<Operations> {
    let mut operations = Operations::default();
    for kind in KINDS {
        let Some(block) = config.mapping_of(kind)? else { continue };
        for member in block.members() {
            let list = block.list_of(&member.name)?;
            for item in list {
                let text = item.text(&member.name)?;
                let why = match member.name.as_str() {
                    "headers" => operations.header(kind, text),
                    "querystring" if body == "body" => operations.parameter(kind, text),
                    name if name == body => operations.member(kind, text),
                    "json_types" => Ok(()),
                    "uri" => Err("another path is another route's: rewrite it there".to_owned()),
                    _ => Err("is not known here".to_owned()),
                };
                if let Err(why) = why {
                    let of = format!("{subject}.{kind}.{}", member.name);
                    // What stands behind the colon may be a secret.
                    let name = text.split(':').next().unwrap_or_default();
                    carrying.lost(item.line, &of, format!("`{name}`: {why}"));
                }
            }
            if member.name == "uri" && list.is_empty() && !member.value.is_null() {
                let of = format!("{subject}.{kind}.uri");
                carrying.lost(member.value.line, &of, "another path is another route's");
            }
        }
    }
    Ok(operations)
}

impl Operations {
    fn header(&mut self, kind: &str, text: &str) -> Result<(), String> {
        let (name, value) = parts(kind, text)?;
        let name = name.to_ascii_lowercase();
        for field in
            [Some(name.as_str()), (kind == "rename").then_some(value)].into_iter().flatten()
        {
            let field = field.to_ascii_lowercase();
            if OWNED.contains(&field.as_str()) || field.starts_with(':') {
                return Err(format!("the field `{field}` is Envoy's"));
            }
            if field.is_empty() || !field.bytes().all(is_token) {
                return Err(format!("`{field}` is no name of a field"));
            }
            self.fields.push(field);
        }
        self.head.push(match kind {
            "remove" => json!({"remove": {"name": name}}),
            "rename" => json!({"rename": {"from": name, "to": value.to_ascii_lowercase()}}),
            "replace" => json!({"replace_if_present": {"name": name, "value": template(value)?}}),
            "add" => json!({"add_if_absent": {"name": name, "value": template(value)?}}),
            _ => json!({"append": {"name": name, "value": template(value)?}}),
        });
        Ok(())
    }

    fn parameter(&mut self, kind: &str, text: &str) -> Result<(), String> {
        let (name, value) = parts(kind, text)?;
        let operation = match kind {
            "remove" => json!({"remove": {"name": name}}),
            "rename" => json!({"rename": {"from": name, "to": value}}),
            "replace" => json!({"replace_if_present": {"name": name, "value": template(value)?}}),
            "add" => json!({"add_if_absent": {"name": name, "value": template(value)?}}),
            _ => json!({"append": {"name": name, "value": template(value)?}}),
        };
        self.head.push(json!({"query": operation}));
        self.query = true;
        Ok(())
    }

    fn member(&mut self, kind: &str, text: &str) -> Result<(), String> {
        let (name, value) = parts(kind, text)?;
        let path = member_path(name);
        self.body.push(match kind {
            "remove" => json!({"remove": {"path": path}}),
            "rename" => json!({"rename": {"path": path, "to": value}}),
            "replace" => json!({"set": {"path": path, "value": template(value)?},
                "when": {"path": path, "exists": true}}),
            "add" => json!({"default": {"path": path, "value": template(value)?}}),
            _ => return Err("a value of a body cannot be made a list".to_owned()),
        });
        Ok(())
    }
}

/// `name:value`; of what is removed the name alone.
fn parts<'a>(kind: &str, text: &'a str) -> Result<(&'a str, &'a str), String> {
    match text.split_once(':') {
        _ if kind == "remove" => Ok((text.trim(), "")),
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => Err("must be name:value".to_owned()),
    }
}

/// Kong's templates are Lua; two forms of them are known here.
fn template(value: &str) -> Result<String, String> {
    let Some(inner) = value.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) else {
        return match value.contains("$(") {
            true => Err("a template of Lua cannot be carried over".to_owned()),
            false => Ok(value.replace('$', "$$")),
        };
    };
    let named = |prefix: &str| {
        let rest = inner.strip_prefix(prefix)?;
        let name = rest
            .strip_prefix('.')
            .or_else(|| rest.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")))
            .or_else(|| rest.strip_prefix("['").and_then(|rest| rest.strip_suffix("']")))?;
        name.bytes().all(is_token).then_some(name)
    };
    match (named("headers"), named("query_params")) {
        (Some(name), _) => Ok(format!("${{header.{}}}", name.replace('_', "-"))),
        (_, Some(name)) => Ok(format!("${{query.{name}}}")),
        _ => Err("a template of Lua cannot be carried over".to_owned()),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A member's name as a path; other signs than those of names stand in quotes.
pub(crate) fn member_path(name: &str) -> String {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-$@:".contains(&byte))
    };
    match name.split('.').all(is_plain) {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_says_what_it_said() {
        for (value, want) in [
            ("plain", Ok("plain")),
            ("5$ or ${x}", Ok("5$$ or $${x}")),
            ("$(headers.x-a)", Ok("${header.x-a}")),
            ("$(headers[\"x-a\"])", Ok("${header.x-a}")),
            ("$(query_params['q'])", Ok("${query.q}")),
            ("$(uri_captures[1])", Err("Lua")),
            ("a$(headers.x)", Err("Lua")),
            ("$((function() return 1 end)())", Err("Lua")),
        ] {
            match (template(value), want) {
                (Ok(got), Ok(want)) => assert_eq!(got, want, "{value}"),
                (Err(got), Err(want)) => assert!(got.contains(want), "{value}: {got}"),
                other => panic!("{value}: {other:?}"),
            }
        }
    }
}
