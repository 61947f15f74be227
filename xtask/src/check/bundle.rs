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
    let mut list = List::default();
    let read = config::read(json, |node| {
        let mut fields = node.fields()?;
        let filters = fields.required("filters", |node| node.nonempty_list(|node| list.entry(&node)));
        fields.finish();
        filters
    });
    (list.found, read.err().unwrap_or_default())
}

/// What has been read of the list.
#[derive(Default)]
struct List {
    length: usize,
    names: BTreeSet<String>,
    found: Vec<Entry>,
}

impl List {
    /// One filter's name with its block; beside it, perhaps, the name that the filter goes by here.
    fn entry(&mut self, node: &Node<'_>) -> Option<()> {
        let index = self.length;
        self.length = index.saturating_add(1);
        let mut fields = node.fields()?;
        let given = fields.optional("name", |node| {
            let name = node.text()?;
            self.take(node.clone(), name)
        });
        let mut named = Vec::new();
        for (filter, parser) in PARSERS {
            let block = fields.optional(filter, |node| Some(node.value()));
            named.extend(block.flatten().map(|block| (filter, parser, block)));
        }
        let others = node.value().as_object().is_some_and(|members| {
            let is_read = |key: &str| named.iter().any(|(filter, ..)| *filter == key);
            members.keys().any(|key| key != "name" && !is_read(key))
        });
        fields.finish();
        match named.as_slice() {
            [(filter, parser, block)] => {
                let path = format!("filters[{index}].{filter}");
                let block = serde_json::to_vec(block).unwrap_or_default();
                self.found.push(Entry { path, parser: *parser, block });
                if given?.is_none() { self.take(node.clone(), filter) } else { Some(()) }
            }
            // What is there instead has been told.
            [] if others => None,
            [] => {
                let known = list(PARSERS.map(|(name, _)| name));
                node.fault(format!("must have one filter: {known}"))
            }
            several => {
                let several = list(several.iter().map(|(filter, ..)| *filter));
                node.fault(format!("has {several}: give each an entry of its own"))
            }
        }
    }

    /// Gives a filter this name, which no other may have.
    fn take(&mut self, node: Node<'_>, name: &str) -> Option<()> {
        if self.names.insert(name.to_owned()) { Some(()) } else { node.fault(taken(name)) }
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
    use serde_json::{Value, json};

    fn told(configuration: &Value) -> Vec<String> {
        let (entries, faults) = entries(configuration.to_string().as_bytes());
        let faults = faults.into_iter().chain(entries.iter().flat_map(Entry::faults));
        faults.map(|fault| fault.to_string()).collect()
    }

    #[test]
    fn every_fault_has_the_path_from_the_top() {
        let header = json!({"rules": [{"request": [{"set": {"name": "x-a", "value": "1"}}]}]});
        let rate = json!({"rules": [{"name": "all", "limits": [{"requests": 1, "window": 60}]}]});
        let plain = json!({"header-transform": header});
        let named = |name: &str| json!({"name": name, "header-transform": header});
        let none = format!("must have one filter: {}", list(PARSERS.map(|(name, _)| name)));
        let none = none.as_str();
        for (case, filters, want) in [
            ("good", json!([plain]), &[][..]),
            ("good, twice", json!([plain, named("b")]), &[]),
            ("an empty list", json!([]), &[("filters", "must not be empty")]),
            ("no mapping", json!([1]), &[("filters[0]", "must be a mapping of fields")]),
            ("no filter", json!([{}]), &[("filters[0]", none)]),
            (
                "an unknown filter",
                json!([{"rate-limt": {}}]),
                &[("filters[0].rate-limt", "unknown field, did you mean `rate-limit`?")],
            ),
            (
                "a filter without a block",
                json!([{"rate-limit": null}]),
                &[("filters[0].rate-limit", "has no value: give it one, or take it out")],
            ),
            (
                "two filters in one entry",
                json!([{"jwt-auth": {}, "rate-limit": {}}]),
                &[("filters[0]", "has jwt-auth, rate-limit: give each an entry of its own")],
            ),
            ("the same filter twice", json!([plain, plain]), &[("filters[1]", &*taken("header-transform"))]),
            ("the same name twice", json!([named("a"), named("a")]), &[("filters[1].name", &*taken("a"))]),
            (
                "a name that is another filter's",
                json!([named("rate-limit"), {"rate-limit": {"rules": []}}]),
                &[
                    ("filters[1]", &*taken("rate-limit")),
                    ("filters[1].rate-limit.rules", "must not be empty"),
                ],
            ),
            (
                "a fault of a filter, and one of the list",
                json!([plain, {"rate-limit": rate}, {}]),
                &[
                    ("filters[2]", none),
                    (
                        "filters[1].rate-limit.rules[0].limits[0].window",
                        "must be a duration with a unit (ms, s, m, h, d), such as 30s",
                    ),
                ],
            ),
            (
                "a block of the wrong kind",
                json!([{"rate-limit": []}]),
                &[("filters[0].rate-limit", "must be a mapping of fields")],
            ),
        ] {
            let want: Vec<String> = want.iter().map(|(path, what)| format!("{path}: {what}")).collect();
            assert_eq!(told(&json!({"filters": filters})), want, "{case}");
        }
        assert_eq!(told(&json!({})), ["filters: is required"]);
        let beside = json!({"filter": [], "filters": [plain]});
        assert_eq!(told(&beside), ["filter: unknown field, did you mean `filters`?"]);
    }
}
