//! The filters' READMEs, held to what the filters decide and count: a name there is a contract.

use crate::FILTERS;
use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_audit::Audit;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::{Codes, Filter};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_response_cache::ResponseCache;
use gatehouse_telemetry::Telemetry;
use std::collections::BTreeSet;
use std::path::Path;

/// What a filter can decide, and what it counts.
struct Names {
    filter: &'static str,
    codes: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
}

fn names() -> [Names; 10] {
    [
        Names::of::<Aggregate>(),
        Names::of::<ApiKeyAuth>(),
        Names::of::<Audit>(),
        Names::of::<Authorization>(),
        Names::of::<BodyTransform>(),
        Names::of::<HeaderTransform>(),
        Names::of::<JwtAuth>(),
        Names::of::<RateLimit>(),
        Names::of::<ResponseCache>(),
        Names::of::<Telemetry>(),
    ]
}

impl Names {
    fn of<F: Filter>() -> Self {
        fn of<C: Codes>() -> impl Iterator<Item = &'static str> {
            C::ALL.iter().map(|code| code.name())
        }
        Self {
            filter: F::NAME,
            // Some decide on nothing, and tell none.
            codes: of::<F::Code>().filter(|_| F::TELLS).collect(),
            events: of::<F::Event>().chain(of::<F::RuleEvent>()).collect(),
        }
    }

    /// What codes begin with where they are told to somebody.
    fn prefix(&self) -> String {
        format!("{}.", self.filter.replace('-', "_"))
    }

    fn readme(&self) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        std::fs::read_to_string(root.join("filters").join(self.filter).join("README.md")).unwrap()
    }
}

/// The sections of a README that tell what comes of a request.
fn told(readme: &str) -> String {
    let section = |name: &str| {
        let (_, rest) = readme.split_once(&format!("\n## {name}\n")).unwrap();
        rest.split("\n## ").next().unwrap_or_default().to_owned()
    };
    section("What the client sees") + &section("What operators see")
}

/// What codes begin with, where it is told so: `response_…`.
fn stem<'a>(quoted: &'a str, prefix: &str) -> Option<&'a str> {
    quoted.strip_prefix(prefix).unwrap_or(quoted).strip_suffix('…').filter(|stem| !stem.is_empty())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names in the columns of this heading, of all tables.
fn column<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    fn cells(line: &str) -> Vec<&str> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    }
    let (mut names, mut place) = (Vec::new(), None);
    let mut is_inside = false;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        if is_row && !is_inside {
            place = cells(line).iter().position(|cell| *cell == heading);
        } else if let Some(place) = place.filter(|_| is_row) {
            names.extend(cells(line).get(place).copied().into_iter().flat_map(quoted));
        }
        is_inside = is_row;
    }
    names
}

#[test]
fn every_filter_is_held_to_its_readme() {
    let held: Vec<&str> = names().iter().map(|names| names.filter).collect();
    let all: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
    assert_eq!(held, all);
}

#[test]
fn what_a_filter_decides_or_counts_is_told_in_its_readme() {
    for names in names() {
        let told = told(&names.readme());
        let prefix = names.prefix();
        let words: BTreeSet<&str> = told
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || "._".contains(letter)))
            .map(|word| word.strip_prefix(&prefix).unwrap_or(word).trim_end_matches('.'))
            .collect();
        // Those of a response may be told as a beginning and the code of the request.
        let stems: Vec<&str> = quoted(&told).filter_map(|text| stem(text, &prefix)).collect();
        let is_told = |name: &str| {
            let rest = stems.iter().find_map(|stem| name.strip_prefix(stem));
            words.contains(name) || rest.is_some_and(|rest| words.contains(rest))
        };
        let all = names.codes.union(&names.events);
        let untold: Vec<_> = all.filter(|name| !is_told(name)).collect();
        assert!(untold.is_empty(), "{}: {untold:?}", names.filter);
    }
}

#[test]
fn what_a_readme_says_that_a_filter_decides_or_counts_it_does() {
    for names in names() {
        let (readme, prefix) = (names.readme(), names.prefix());
        let name = |quoted: &str| quoted.strip_prefix(&prefix).unwrap_or(quoted).to_owned();
        let whole: Vec<String> = quoted(&readme)
            .filter_map(|text| text.strip_prefix(&prefix))
            .map(|text| text.split([';', '"']).next().unwrap().into())
            .collect();
        let codes = column(&readme, "code").into_iter().map(name).chain(whole);
        let is_known = |code: &String| match stem(code, &prefix) {
            Some(stem) => names.codes.iter().any(|code| code.starts_with(stem)),
            None => names.codes.contains(code.as_str()),
        };
        let unknown: Vec<String> = codes.filter(|code| !is_known(code)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?} are no codes", names.filter);
        let events = column(&readme, "event").into_iter();
        let unknown: Vec<&str> = events.filter(|event| !names.events.contains(event)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?} are no events", names.filter);
    }
}
