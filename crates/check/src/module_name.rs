//! Modules whose name is nearly that of one of ours.

use gatehouse_config_file::GATEWAY;

/// Which of ours is meant.
#[derive(Debug, PartialEq)]
pub(super) enum Near {
    /// It is the same but for its spelling.
    Surely(&'static str),
    /// It differs by a letter or two.
    Perhaps(&'static str),
}

/// The module of ours that this name is near to, where it is none itself.
pub(super) fn near(name: &str) -> Option<Near> {
    let ours = || gatehouse_gateway::FILTERS.iter().map(|filter| filter.name).chain([GATEWAY]);
    let spelt = |name: &str| -> String {
        name.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect()
    };
    let whole = spelt(name);
    // What cargo calls it: `gatehouse_jwt_auth.wasm`.
    let name = whole.strip_prefix("gatehouse").unwrap_or(&whole);
    let same = ours().find(|known| spelt(known) == name).map(Near::Surely);
    same.or_else(|| ours().find(|known| distance(&spelt(known), name) <= 2).map(Near::Perhaps))
}

/// Letters to add, take out or change (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for ((pair, left), diagonal) in other.iter().zip(row.iter().skip(1)).zip(row.iter()) {
            let changed = diagonal.saturating_add(usize::from(*pair != letter));
            let before = next.last().copied().unwrap_or_default();
            next.push(changed.min(left.saturating_add(1)).min(before.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_by_spelling_or_by_two_letters() {
        for (name, want) in [
            ("jwt_auth", Some(Near::Surely("jwt-auth"))),
            ("JWT-Auth", Some(Near::Surely("jwt-auth"))),
            ("gatehouse_rate_limit", Some(Near::Surely("rate-limit"))),
            ("gatehouse-gateway", Some(Near::Surely("gateway"))),
            ("jwt-aut", Some(Near::Perhaps("jwt-auth"))),
            ("rate-limiter", Some(Near::Perhaps("rate-limit"))),
            ("coraza", None),
            ("", None),
        ] {
            assert_eq!(near(name), want, "{name}");
        }
    }
}
