//! What the longest head costs: each rule looks through it once for each part of its key.

use super::*;
use gatehouse_filter_test::{longest, steps_of};

#[test]
fn thousands_of_parameters_and_cookies_are_looked_through_once_by_each_part_of_a_key() {
    let (target, cookies) = (longest::parameters(), longest::cookies());
    let fields = [(":path", target.as_str()), ("cookie", cookies.as_str())];
    let head = target.len() + cookies.len();
    for rules in [1, 8, 32] {
        let rule = |number: usize| {
            format!(
                r#"{{"key": [{{"query": "b{number}"}}, {{"cookie": "c{number}"}}],
                "limits": [{{"requests": 1000, "window": "1s"}}]}}"#
            )
        };
        let list = (0..rules).map(rule).collect::<Vec<_>>().join(",");
        let host = FakeHost::at(NOW);
        let filter = filter(&format!(r#"{{"apply": "all", "rules": [{list}]}}"#), &host);
        let (steps, outcome) = steps_of(|| ask(&filter, &host, &fields));
        assert_eq!(outcome.decision.code, Code::Allowed, "{rules} rules");
        // Where the query begins is looked for, too.
        assert!(steps <= 2 * rules * head, "{rules} rules: {} times", steps / head);
        assert!(steps >= rules * head, "{rules} rules: it is counted");
    }
}
