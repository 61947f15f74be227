//! The configuration: what is told, of whose decisions.

use crate::record::FilterName;
use crate::refusals::Refusals;
use gatehouse_filter::LinesAMinute;
use gatehouse_filter::config::Node;

/// What the filter is configured with.
#[derive(Debug)]
pub(crate) struct Config {
    /// Whose decisions are told.
    pub(crate) filters: Vec<FilterName>,
    /// Whether there is a record of each request.
    pub(crate) record: bool,
    /// Whether each part of it is a text of its own.
    pub(crate) attributes: bool,
    pub(crate) refusals: Option<Refusals>,
}

/// Those that decide: all but those that look on.
const FILTERS: [&str; 8] = [
    "aggregate",
    "api-key-auth",
    "authorization",
    "body-transform",
    "header-transform",
    "jwt-auth",
    "rate-limit",
    "response-cache",
];

impl Config {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let all = || FILTERS.iter().map(|name| FilterName::of(name)).collect();
        let filters = fields.with_default("filters", all(), |node| node.nonempty_list(name));
        let record = fields.with_default("record", false, |node| node.boolean());
        let attributes = fields.with_default("attributes", false, |node| node.boolean());
        let refusals = fields.optional("refusals", |node| {
            let mut fields = node.fields()?;
            let most = fields.with_default("per_minute", 60, |node| node.integer(1..=10_000));
            fields.finish();
            Some(Refusals { lines: LinesAMinute::new(most?) })
        });
        fields.finish();
        let (filters, record, attributes) = (filters?, record?, attributes?);
        let refusals = refusals?;
        if !record && !attributes && refusals.is_none() {
            return node
                .fault("does nothing: it needs `record: true`, `attributes: true` or `refusals`");
        }
        Some(Self { filters, record, attributes, refusals })
    }
}

fn name(node: Node<'_>) -> Option<FilterName> {
    let name = node.text()?;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name {
        "" => node.fault("must be the name of a filter"),
        "telemetry" | "audit" => node.fault("decides nothing"),
        name if name.bytes().all(is_plain) => Some(FilterName::of(name)),
        _ => node.fault("must be the name of a filter, as its module has it: jwt-auth"),
    }
}

#[cfg(test)]
mod tests {
    use crate::Audit;
    use gatehouse_filter_test::configured;

    #[test]
    fn a_fault_is_named_with_its_path() {
        for (json, fault) in [
            ("{}", "does nothing: it needs `record: true`, `attributes: true` or `refusals`"),
            (r#"{"record": false, "attributes": false}"#, "does nothing: it needs"),
            (r#"{"attributes": "code"}"#, "attributes: must be"),
            (r#"{"record": true, "filters": []}"#, "filters: must not be empty"),
            (
                r#"{"record": true, "filters": ["jwt_auth"]}"#,
                "filters[0]: must be the name of a filter, as its module has it: jwt-auth",
            ),
            (r#"{"record": true, "filters": ["audit"]}"#, "filters[0]: decides nothing"),
            (r#"{"refusals": {"per_minute": 0}}"#, "refusals.per_minute: must be"),
            (r#"{"recrod": true}"#, "recrod: unknown field, did you mean `record`?"),
        ] {
            let faults = configured::<Audit>(json).err().unwrap_or_default();
            assert!(faults.iter().any(|line| line.contains(fault)), "{json}: {faults:?}");
        }
    }
}
