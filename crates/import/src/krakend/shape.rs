//! What KrakenD makes of a backend's answer, as operations of body-transform and aggregate.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::carrying::Carrying;
use crate::source::{Node, Read};

/// The operations, in KrakenD's order: `target`, then the collection, `allow` or `deny`, `mapping`.
/// Where there is a `flatmap_filter`, it takes the place of the last three.
pub(super) fn operations(
    backend: &Node,
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Value>> {
    let mut all = Vec::new();
    if let Some(target) = backend.text_of("target")?.filter(|target| !target.is_empty()) {
        all.push(json!({"unwrap": {"path": path(target)}}));
    }
    if backend.flag_of("is_collection")?.unwrap_or(false) {
        all.push(json!({"wrap": {"name": "collection"}}));
    }
    let proxy = backend.mapping_of("extra_config")?.and_then(|extra| extra.get("proxy"));
    if let Some(filters) = proxy.filter(|proxy| proxy.get("flatmap_filter").is_some()) {
        for filter in filters.list_of("flatmap_filter")? {
            let kind = filter.text_of("type")?.unwrap_or_default();
            let args = filter.texts_of("args")?;
            match (kind, args.as_slice()) {
                ("move", [from, to]) => {
                    all.push(json!({"move": {"from": path(from), "to": path(to)}}));
                }
                ("del", paths) if !paths.is_empty() => {
                    let paths: Vec<String> = paths.iter().map(|it| path(it)).collect();
                    all.push(json!({"remove": {"paths": paths}}));
                }
                _ => {
                    let why = format!("flatmap_filter: `{kind}` is not known here");
                    carrying.lost(filter.line, subject, why);
                }
            }
        }
        return Ok(all);
    }
    let (allow, deny) = (backend.texts_of("allow")?, backend.texts_of("deny")?);
    if !allow.is_empty() {
        let mut kept = Kept::default();
        allow.iter().for_each(|name| kept.insert(name));
        kept.operations("", &mut all);
    } else if !deny.is_empty() {
        let paths: Vec<String> = deny.iter().map(|name| path(name)).collect();
        all.push(json!({"remove": {"paths": paths}}));
    }
    if let Some(mapping) = backend.mapping_of("mapping")? {
        for member in mapping.members() {
            let to = member.value.text(&member.name)?;
            all.push(json!({"rename": {"path": path(&member.name), "to": to}}));
        }
    }
    Ok(all)
}

/// Names that stay, level by level.
#[derive(Default)]
struct Kept(BTreeMap<String, Kept>);

impl Kept {
    fn insert(&mut self, name: &str) {
        let (first, rest) = name.split_once('.').map_or((name, None), |(a, b)| (a, Some(b)));
        let below = self.0.entry(first.to_owned()).or_default();
        if let Some(rest) = rest {
            below.insert(rest);
        }
    }

    fn operations(&self, at: &str, all: &mut Vec<Value>) {
        let names: Vec<&String> = self.0.keys().collect();
        match at {
            "" => all.push(json!({"keep": {"names": names}})),
            at => all.push(json!({"keep": {"names": names, "path": at}})),
        }
        for (name, below) in self.0.iter().filter(|(_, below)| !below.0.is_empty()) {
            let name = segment(name);
            let at = if at.is_empty() { name } else { format!("{at}.{name}") };
            below.operations(&at, all);
        }
    }
}

/// `coins.*.roi` is `coins[*].roi`.
pub(super) fn path(text: &str) -> String {
    let mut path = String::new();
    for part in text.split('.') {
        match part {
            "*" => path.push_str("[*]"),
            part => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(&segment(part));
            }
        }
    }
    path
}

fn segment(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-$@:".contains(&byte);
    match !name.is_empty() && name.bytes().all(is_plain) {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrying::Options;
    use crate::report::Report;
    use crate::source::read;

    #[test]
    fn the_operations_are_in_krakend_s_order() {
        let options = Options::default();
        for (backend, want) in [
            (
                "{allow: [a, b.c, b.d]}",
                json!([
                {"keep": {"names": ["a", "b"]}}, {"keep": {"names": ["c", "d"], "path": "b"}}]),
            ),
            (
                "{target: data, deny: [x, y.z], mapping: {a: b}}",
                json!([
                {"unwrap": {"path": "data"}}, {"remove": {"paths": ["x", "y.z"]}},
                {"rename": {"path": "a", "to": "b"}}]),
            ),
            (
                "{is_collection: true, mapping: {collection: repos}}",
                json!([
                {"wrap": {"name": "collection"}}, {"rename": {"path": "collection", "to": "repos"}}]),
            ),
            (
                "{allow: [no], extra_config: {proxy: {flatmap_filter: [{type: move, args: [a, b]}, \
              {type: del, args: ['b.*.c']}]}}}",
                json!([
                {"move": {"from": "a", "to": "b"}}, {"remove": {"paths": ["b[*].c"]}}]),
            ),
        ] {
            let node = read(backend).unwrap();
            let mut carrying = Carrying { options: &options, report: Report::default() };
            let got = operations(&node, "b", &mut carrying).unwrap();
            assert_eq!(json!(got), want, "{backend}");
        }
    }
}
