//! The configuration: what is allowed, and what is wrong with what is not.

use crate::bucket::MAX_LIMITS;
use crate::gcra::Limit;
use crate::key::Part;
use crate::policy::Policy;
use crate::table::Table;
use crate::{OnError, RateLimit, ResponseFields};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{HeaderName, Mode};
use std::cell::OnceCell;
use std::time::Duration;

/// Clients in the table, unless `keys` says otherwise: 1.8 MB with one limit a rule.
const KEYS: u64 = 65_536;

/// The shortest window: response fields tell windows in whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 86_400;

/// So that an arrival time, in nanoseconds, stays far from the end of its type.
const LONGEST_FILL: Duration = Duration::from_secs(3_650 * DAY);

pub(crate) fn read(node: Node<'_>) -> Option<RateLimit> {
    let mut fields = node.fields()?;
    let mode = fields.or("mode", Mode::Enforce, Mode::read);
    let errors = [("deny", OnError::Deny), ("allow", OnError::Allow)];
    let on_error = fields.or("on_error", OnError::Deny, |node| node.one_of(&errors));
    let keys = fields.or("keys", KEYS, |node| node.integer(8..=1_048_576));
    let forms = [("draft", ResponseFields::Draft), ("none", ResponseFields::None)];
    let response_fields = fields.or("response_fields", ResponseFields::Draft, |node| node.one_of(&forms));
    let mut most_limits = 1;
    let rules = fields.required("rules", |node| {
        if node.value().as_array().is_some_and(Vec::is_empty) {
            return node.fault("must not be empty");
        }
        Rules::read(node, |fields| {
            let rule = rule(fields)?;
            most_limits = most_limits.max(rule.limits.len());
            Some(rule)
        })
    });
    fields.finish();
    Some(RateLimit {
        mode: mode?,
        on_error: on_error?,
        response_fields: response_fields?,
        table: Table::new(u32::try_from(keys?).ok()?, most_limits),
        rules: rules?.map(|name, rule| Policy::new(name, rule.parts, rule.limits)),
        secret: OnceCell::new(),
    })
}

/// A rule before its name is known.
struct Rule {
    parts: Vec<Part>,
    limits: Vec<(Option<String>, Limit)>,
}

fn rule(fields: &mut Fields<'_>) -> Option<Rule> {
    let client = || vec![Part::ClientAddress];
    let parts = fields.optional("key", |node| node.some(part));
    let limits = fields.required("limits", limits);
    Some(Rule { parts: parts?.unwrap_or_else(client), limits: limits? })
}

fn part(node: Node<'_>) -> Option<Part> {
    if node.value().is_string() {
        return match node.value().as_str() {
            Some("client_address") => Some(Part::ClientAddress),
            Some("subject") => Some(Part::Subject),
            _ => node.fault("must be client_address, subject, {header: name} or {claim: path}"),
        };
    }
    let mut fields = node.fields()?;
    let header = fields.optional("header", |node| {
        let name = HeaderName::try_from(node.text()?);
        name.map_or_else(|invalid| node.fault(invalid.to_string()), Some)
    });
    let claim = fields.optional("claim", |node| node.text().map(str::to_owned));
    fields.finish();
    match (header?, claim?) {
        (Some(header), None) => Some(Part::Header(header)),
        (None, Some(claim)) => Some(Part::Claim(claim)),
        _ => node.fault("must have one of header, claim"),
    }
}

fn limits(node: Node<'_>) -> Option<Vec<(Option<String>, Limit)>> {
    let mut names: Vec<String> = Vec::new();
    let limits = node.some(|node| {
        let mut fields = node.fields()?;
        let name = fields.optional("name", |node| policy_name(&node, &names));
        let limit = limit(&mut fields);
        fields.finish();
        let name = name?;
        names.extend(name.clone());
        Some((name, limit?))
    })?;
    if limits.len() > MAX_LIMITS {
        return node.fault(format!("must have at most {MAX_LIMITS} limits"));
    }
    Some(limits)
}

fn limit(fields: &mut Fields<'_>) -> Option<Limit> {
    const MOST: u64 = 1_000_000_000;
    let requests = fields.required("requests", |node| node.integer(1..=MOST));
    let window = fields.required("window", window);
    let burst = fields.optional("burst", |node| Some((node.integer(1..=MOST)?, node)));
    let (requests, window, burst) = (requests?, window?, burst?);
    let number = |number: u64| u32::try_from(number).ok();
    let limit = |burst| {
        Some(Limit {
            requests: number(requests)?,
            window: u64::try_from(window.as_nanos()).ok()?,
            burst: number(burst)?,
        })
    };
    let Some((burst, node)) = burst else {
        return limit(requests);
    };
    let limit = limit(burst)?;
    if limit.fill_time() > LONGEST_FILL.as_nanos() {
        let days = LONGEST_FILL.as_secs() / DAY;
        return node.fault(format!("must be less: at this rate it takes more than {days} days to fill"));
    }
    Some(limit)
}

fn window(node: Node<'_>) -> Option<Duration> {
    let window = node.duration()?;
    if !(SHORTEST..=LONGEST).contains(&window) || window.subsec_nanos() != 0 {
        return node.fault("must be whole seconds, from 1s to 30d");
    }
    Some(window)
}

/// The name of a limit in the response fields, where it is a structured field's string.
fn policy_name(node: &Node<'_>, taken: &[String]) -> Option<String> {
    let name = node.text()?;
    if !name.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return node.fault("must be printable ASCII without \" and \\");
    }
    if taken.iter().any(|taken| taken == name) {
        return node.fault("must be unique: an earlier limit of the rule has this name");
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests;
