//! What the longest head costs: it is read a few times for each place where a key may be.

use super::*;
use gatehouse_filter_test::{longest, steps_of};

#[test]
fn thousands_of_parameters_and_cookies_are_looked_through_a_few_times() {
    let sources = json!([{"header": "x-api-key"}, {"query": "api_key"}, {"cookie": "api_key"}]);
    let (target, cookies) = (longest::parameters(), longest::cookies());
    let head = target.len() + cookies.len();
    let one = format!("{target}api_key=acme-new");
    for (case, path, default, code, most) in [
        ("no key", &target, "key", "key_missing", 3),
        ("no key is wanted", &target, "none", "not_required", 3),
        // It is taken out of what goes on.
        ("a key behind all of it", &one, "key", "allowed", 6),
    ] {
        let filter = filter(json!({"sources": sources, "default": default}));
        let fields = [(":path", path.as_str()), ("cookie", cookies.as_str())];
        let (steps, outcome) = steps_of(|| decide(&filter, &fields));
        assert_eq!(outcome.decision.code.name(), code, "{case}");
        assert!(steps <= most * head, "{case}: {} times", steps / head);
    }
}
