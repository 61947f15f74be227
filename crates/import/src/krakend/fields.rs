//! Header fields: KrakenD hands on those that are named, and no others.

use std::collections::BTreeMap;

/// What KrakenD sends without being told, and what Envoy sends to itself and to upstreams.
const ALWAYS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "x-forwarded-*",
    "x-request-id",
];

/// A pattern that finds every name of a field but these, and but what always goes. `None` where all
/// go.
pub(super) fn all_but(names: &[&str]) -> Option<String> {
    if names.contains(&"*") {
        return None;
    }
    let mut tree = Letters::default();
    let names = names.iter().map(|name| name.to_ascii_lowercase());
    let always = ALWAYS.iter().chain(["x-envoy-*", "grpc-*"].iter()).map(|name| (*name).to_owned());
    names.chain(always).for_each(|name| tree.insert(&name));
    Some(format!("^{}", tree.others()))
}

/// Names, letter by letter.
#[derive(Default)]
struct Letters {
    next: BTreeMap<char, Letters>,
    /// Whether a name ends here.
    is_name: bool,
    /// Whether every name that begins so is one.
    is_prefix: bool,
}

impl Letters {
    fn insert(&mut self, name: &str) {
        let mut letters = name.chars();
        match letters.next() {
            None => self.is_name = true,
            Some('*') => self.is_prefix = true,
            Some(letter) => self.next.entry(letter).or_default().insert(letters.as_str()),
        }
    }

    /// What follows in a name that is none of these: patterns have no way to say "not".
    fn others(&self) -> String {
        let mut ways = Vec::new();
        if !self.is_name {
            ways.push("$".to_owned());
        }
        let known: String = self.next.keys().map(|letter| escaped(*letter)).collect();
        ways.push(if known.is_empty() { ".".to_owned() } else { format!("[^{known}]") });
        for (letter, rest) in self.next.iter().filter(|(_, rest)| !rest.is_prefix) {
            ways.push(format!("{}{}", escaped(*letter), rest.others()));
        }
        format!("(?:{})", ways.join("|"))
    }
}

fn escaped(letter: char) -> String {
    match letter.is_ascii_alphanumeric() {
        true => letter.to_string(),
        false => format!("\\{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    #[test]
    fn it_finds_every_name_but_those_that_are_named() {
        let pattern = all_but(&["Authorization", "x-a", "x-a-b"]).unwrap();
        let pattern = Regex::new(&pattern).unwrap();
        for (name, goes) in [
            ("authorization", false),
            ("x-a", false),
            ("x-a-b", false),
            ("content-type", false),
            ("x-forwarded-for", false),
            ("x-envoy-expected", false),
            ("cookie", true),
            ("authorizatio", true),
            ("authorization2", true),
            ("x-", true),
            ("x-b", true),
            ("x-a-", true),
            ("x-a-bc", true),
            ("x-forwarded", true),
            ("", true),
        ] {
            assert_eq!(pattern.is_match(name), goes, "{name}");
        }
        assert_eq!(all_but(&["*"]), None);
    }
}
