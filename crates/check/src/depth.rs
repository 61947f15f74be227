//! Nesting that Envoy does not read.

use serde_json::Value;

use super::found::Found;
use super::placed::children;

/// How many mappings and lists may stand one in the other: Envoy's own limit, in JSON and YAML.
const DEEPEST: usize = 100;

/// A file that is nested too deep.
pub(super) fn check(tree: &Value) -> Option<Found> {
    is_deeper(tree, DEEPEST)
        .then(|| Found::fault(format!("is nested deeper than {DEEPEST}, Envoy's own limit")))
}

fn is_deeper(tree: &Value, left: usize) -> bool {
    if !tree.is_array() && !tree.is_object() {
        return false;
    }
    match left.checked_sub(1) {
        None => true,
        Some(left) => children(tree).any(|child| is_deeper(child, left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hundred_levels_are_read_and_one_more_is_not() {
        let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(check(&nested(DEEPEST)), None);
        assert!(check(&nested(DEEPEST + 1)).is_some());
    }
}
