//! Why requests were decided as they were: for operators, and not as often as a stranger likes.

use crate::fake::{GET, ROOT, World, journal, only};
use gatehouse_chain::Direction::Request;
use serde_json::json;

/// Asks once in each of these seconds; the lines of the log.
fn lines(world: &mut World, seconds: impl Iterator<Item = u64>, context: &mut u32) -> Vec<String> {
    for second in seconds {
        world.proxy.now.set(second * 1_000_000_000);
        *context += 1;
        world.open(*context, ROOT);
        world.head(*context, Request, GET, true);
    }
    only(&journal::take(), &["info"])
}

#[test]
fn so_many_reasons_are_told_in_a_minute_and_then_how_many_more_there_were() {
    let mut world = World::of(json!([
        {"head": "rule orders because expired pass"}, {"head": "because nobody refuse"},
    ]));
    let mut context = 100;
    let first = lines(&mut world, [60].into_iter(), &mut context);
    assert_eq!(
        first,
        [
            "info: first: first.passed, rule `orders`: expired",
            "info: second: second.refused: nobody"
        ]
    );
    // Each filter has its own ten.
    let flood = lines(&mut world, (0..1000).map(|at| 60 + at % 60), &mut context);
    assert_eq!(flood.len(), 18);
    let next = lines(&mut world, [120].into_iter(), &mut context);
    assert_eq!(
        next,
        [
            "info: first: 991 reasons more were not told",
            "info: first: first.passed, rule `orders`: expired",
            "info: second: 991 reasons more were not told",
            "info: second: second.refused: nobody",
        ]
    );
    // A clock that steps back silences nobody.
    assert_eq!(lines(&mut world, [60, 60].into_iter(), &mut context).len(), 4);
}

#[test]
fn a_decision_without_a_reason_is_not_told() {
    let mut world = World::of(json!([{"head": "rule orders pass"}, {"head": "refuse"}]));
    assert_eq!(lines(&mut world, [1, 2].into_iter(), &mut 100), Vec::<String>::new());
}
