//! Fields that are lists.

use gatehouse_filter::list;
use gatehouse_filter_test::steps_of;

#[test]
fn members_are_told_apart_by_commas_that_are_not_in_quoted_strings() {
    for (line, plain, quoted) in [
        ("a, b", &["a", "b"][..], &["a", "b"][..]),
        (" a\t,,b=1 ;c, ", &["a", "b=1 ;c"], &["a", "b=1 ;c"]),
        ("a=\"b, c\" , d", &["a=\"b", "c\"", "d"], &["a=\"b, c\"", "d"]),
        ("\",\"\",\"", &["\"", "\"\"", "\""], &["\",\"\",\""]),
        ("\"a\\\", b\", c", &["\"a\\\"", "b\"", "c"], &["\"a\\\", b\"", "c"]),
        // A quote that nothing closes is none, and neither are those after it.
        ("a=\"b, c", &["a=\"b", "c"], &["a=\"b", "c"]),
        ("\"a\", \"b, c", &["\"a\"", "\"b", "c"], &["\"a\"", "\"b", "c"]),
        ("\"\\\", \\\", a", &["\"\\\"", "\\\"", "a"], &["\"\\\"", "\\\"", "a"]),
        ("\"a\\", &["\"a\\"], &["\"a\\"]),
        (", ,", &[], &[]),
        ("", &[], &[]),
    ] {
        let bytes = |members: &[&str]| -> Vec<Vec<u8>> {
            members.iter().map(|member| member.as_bytes().to_vec()).collect()
        };
        let have: Vec<Vec<u8>> = list::members(line.as_bytes()).map(<[u8]>::to_vec).collect();
        assert_eq!(have, bytes(plain), "{line}");
        let have: Vec<_> = list::quoted_members(line.as_bytes()).map(<[u8]>::to_vec).collect();
        assert_eq!(have, bytes(quoted), "{line}");
    }
}

#[test]
fn the_longest_line_is_read_twice_at_most_whatever_quotes_are_in_it() {
    for (case, start, part) in [
        ("quotes", "", "\""),
        ("escaped quotes", "\"", "\\\""),
        ("escaped quotes, and commas", "\"", "\\\","),
        ("escaped backslashes", "\"", "\\\\"),
        ("strings", "", "\"a\","),
        ("commas in one string that nothing closes", "\"", ","),
    ] {
        let line = format!("{start}{}", part.repeat(60_000 / part.len()));
        let (steps, _) = steps_of(|| list::quoted_members(line.as_bytes()).count());
        assert!(steps <= 2 * line.len() + 2, "{case}: {} times", steps / line.len());
        assert!(steps >= line.len() / 2, "{case}: it is counted");
    }
}
