//! The configuration of `gateway.wasm`: `filters`, a list of entries, each with one filter's block.

use std::collections::BTreeSet;

use gatehouse_filter::config::{self, ConfigError, Node};

use super::parsers::{PARSERS, Parser};

/// One filter of a gateway.
pub(super) struct Entry {
    /// Where its block is: `filters[1].rate-limit`.
    pub(super) path: String,
    parser: Parser,
    /// The very block that the filter's own module takes, as JSON.
    pub(super) block: Vec<u8>,
}

impl Entry {
    /// What the filter's own parser says of the block, with the path from the top.
    pub(super) fn faults(&self) -> Vec<ConfigError> {
        (self.parser)(&self.block).into_iter().map(|fault| self.place(fault)).collect()
    }

    fn place(&self, fault: ConfigError) -> ConfigError {
        let path = match fault.path.as_str() {
            "" => self.path.clone(),
            path => format!("{}.{path}", self.path),
        };
        ConfigError { path, ..fault }
    }
}

/// The entries that name one filter, and what is wrong with the others.
pub(super) fn entries(json: &[u8]) -> (Vec<Entry>, Vec<ConfigError>) {
    let mut found = Vec::new();
    let read = config::read(json, |node| {
        let mut fields = node.fields()?;
        let (mut index, mut names) = (0_usize, BTreeSet::new());
        let filters = fields.required("filters", |node| {
            node.some(|node| {
                let path = format!("filters[{index}]");
                index = index.saturating_add(1);
                entry(&node, &path, &mut names, &mut found)
            })
        });
        fields.finish();
        filters
    });
    (found, read.err().unwrap_or_default())
}

/// One filter's name with its block; beside it, perhaps, the name that the filter goes by here.
fn entry(node: &Node<'_>, path: &str, names: &mut BTreeSet<String>, found: &mut Vec<Entry>) -> Option<()> {
    let mut fields = node.fields()?;
    let given = fields.optional("name", |node| {
        let name = node.text()?;
        if names.insert(name.to_owned()) { Some(name) } else { node.fault(taken(name)) }
    });
    let mut named = Vec::new();
    for (filter, parser) in PARSERS {
        let block = fields.optional(filter, |node| Some(node.value()));
        named.extend(block.flatten().map(|block| (filter, parser, block)));
    }
    let others = node.value().as_object().is_some_and(|members| {
        members.keys().any(|key| key != "name" && !named.iter().any(|(filter, ..)| filter == key))
    });
    fields.finish();
    match named.as_slice() {
        [(filter, parser, block)] => {
            let block = serde_json::to_vec(block).unwrap_or_default();
            found.push(Entry { path: format!("{path}.{filter}"), parser: *parser, block });
            if given?.is_none() && !names.insert((*filter).to_owned()) {
                return node.fault(taken(filter));
            }
            Some(())
        }
        // What is there instead has been told.
        [] if others => None,
        [] => node.fault(format!("must have one filter: {}", list(PARSERS.map(|(name, _)| name)))),
        several => {
            let several = list(several.iter().map(|(filter, ..)| *filter));
            node.fault(format!("has {several}: give each an entry of its own"))
        }
    }
}

fn taken(name: &str) -> String {
    format!("a filter before this one is called `{name}` too: give this one another `name`")
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"rules": [{"request": [{"set": {"name": "x-a", "value": "1"}}]}]}"#;

    #[test]
    fn every_fault_has_the_path_from_the_top() {
        let rate = r#"{"rules": [{"name": "all", "limits": [{"requests": 1, "window": 60}]}]}"#;
        let one = |entry: &str| format!(r#"{{"filters": [{entry}]}}"#);
        let known = "authorization, api-key-auth, body-transform, header-transform, jwt-auth, rate-limit";
        for (case, json, want) in [
            ("good", one(&format!(r#"{{"header-transform": {HEADER}}}"#)), vec![]),
            (
                "good, twice",
                one(&format!(
                    r#"{{"header-transform": {HEADER}}}, {{"name": "b", "header-transform": {HEADER}}}"#
                )),
                vec![],
            ),
            ("no list", "{}".to_owned(), vec!["filters: is required".to_owned()]),
            ("an empty list", one(""), vec!["filters: must not be empty".to_owned()]),
            ("no mapping", one("1"), vec!["filters[0]: must be a mapping of fields".to_owned()]),
            ("no filter", one("{}"), vec![format!("filters[0]: must have one filter: {known}")]),
            (
                "an unknown filter",
                one(r#"{"rate-limt": {}}"#),
                vec!["filters[0].rate-limt: unknown field, did you mean `rate-limit`?".to_owned()],
            ),
            (
                "a filter without a block",
                one(r#"{"rate-limit": null}"#),
                vec!["filters[0].rate-limit: has no value: give it one, or take it out".to_owned()],
            ),
            (
                "two filters in one entry",
                one(r#"{"jwt-auth": {}, "rate-limit": {}}"#),
                vec!["filters[0]: has jwt-auth, rate-limit: give each an entry of its own".to_owned()],
            ),
            (
                "the same filter twice",
                one(&format!(r#"{{"header-transform": {HEADER}}}, {{"header-transform": {HEADER}}}"#)),
                vec![format!("filters[1]: {}", taken("header-transform"))],
            ),
            (
                "the same name twice",
                one(&format!(
                    r#"{{"name": "a", "header-transform": {HEADER}}}, {{"name": "a", "header-transform": {HEADER}}}"#
                )),
                vec![format!("filters[1].name: {}", taken("a"))],
            ),
            (
                "a fault of a filter, and one of the list",
                one(&format!(r#"{{"header-transform": {HEADER}}}, {{"rate-limit": {rate}}}, {{}}"#)),
                vec![
                    format!("filters[2]: must have one filter: {known}"),
                    "filters[1].rate-limit.rules[0].limits[0].window: must be a duration with a unit \
                     (ms, s, m, h, d), such as 30s"
                        .to_owned(),
                ],
            ),
            (
                "a block of the wrong kind",
                one(r#"{"rate-limit": []}"#),
                vec!["filters[0].rate-limit: must be a mapping of fields".to_owned()],
            ),
            (
                "a field beside the list",
                format!(r#"{{"filter": [], "filters": [{{"header-transform": {HEADER}}}]}}"#),
                vec!["filter: unknown field, did you mean `filters`?".to_owned()],
            ),
        ] {
            let (entries, faults) = entries(json.as_bytes());
            let faults = faults.into_iter().chain(entries.iter().flat_map(Entry::faults));
            let told: Vec<String> = faults.map(|fault| fault.to_string()).collect();
            assert_eq!(told, want, "{case}");
        }
    }
}
