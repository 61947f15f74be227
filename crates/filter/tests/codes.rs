//! Names of which a set has each once.

use gatehouse_filter::are_distinct;

#[test]
fn names_are_distinct_where_none_is_there_twice() {
    for (names, want) in [
        (&[][..], true),
        (&[""], true),
        (&["a"], true),
        (&["a", "b", "c"], true),
        // Beginnings and ends of one another.
        (&["a", "ab", "b", "abc", "bc", ""], true),
        (&["a", "A"], true),
        (&["é", "è"], true),
        (&["", ""], false),
        (&["a", "a"], false),
        (&["a", "b", "a"], false),
        (&["a", "b", "b"], false),
        (&["b", "b", "a"], false),
        (&["token_missing", "token_invalid", "token_missing"], false),
    ] {
        assert_eq!(are_distinct(names), want, "{names:?}");
    }
}
