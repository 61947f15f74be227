//! What unsafe requests make invalid: a row for each rule of RFC 9111 §4.4 and RFC 9875 §3.

use gatehouse_caching::{Target, invalidated, invalidated_groups, tags};
use gatehouse_filter::Headers;

#[test]
fn an_unsafe_request_that_succeeds_invalidates_its_target() {
    let target = Target { scheme: b"https", authority: b"a.example", path: b"/b/c?d" };
    for (what, method, status, fields, want) in [
        ("4.4 the target", "POST", 200, &[][..], &["/b/c?d"][..]),
        ("4.4 a method that nobody knows", "M-SEARCH", 204, &[], &["/b/c?d"]),
        ("4.4 a redirect is no error", "PUT", 303, &[], &["/b/c?d"]),
        ("4.4 an error of the origin", "DELETE", 500, &[("location", "/x")], &[]),
        ("4.4 an error of the client", "DELETE", 404, &[], &[]),
        ("4.4 a safe method", "GET", 200, &[("location", "/x")], &[]),
        ("RFC 10008 2 QUERY is safe", "QUERY", 200, &[("content-location", "/x")], &[]),
        (
            "4.4 location and content-location",
            "POST",
            201,
            &[("location", "https://A.example/x"), ("content-location", "y?z#f")],
            &["/b/c?d", "/x", "/b/y?z"],
        ),
        ("4.4 the target once", "POST", 201, &[("location", "/b/c?d")], &["/b/c?d"]),
        (
            "4.4 MUST NOT of another origin",
            "POST",
            201,
            &[("location", "https://b.example/x"), ("content-location", "http://a.example/y")],
            &["/b/c?d"],
        ),
    ] {
        let have: Vec<String> =
            invalidated(method.as_bytes(), status, &target, &Headers::from_list(fields))
                .into_iter()
                .map(|path| String::from_utf8(path).unwrap())
                .collect();
        assert_eq!(have, want, "{what}");
    }
}

#[test]
fn groups_are_invalidated_by_unsafe_requests_alone() {
    let response = Headers::from_list(&[("cache-group-invalidation", "\"a\", \"B c\";x")]);
    for (method, want) in [("POST", &["a", "B c"][..]), ("GET", &[]), ("QUERY", &[])] {
        let have = invalidated_groups(method.as_bytes(), &response);
        let want: Vec<_> = want.iter().map(|group| group.as_bytes().to_vec()).collect();
        assert_eq!(have, want, "{method}");
    }
    // RFC 9875 §2: at least 32 groups of 32 characters.
    let many = vec![format!("\"{}\"", "g".repeat(32)); 40].join(", ");
    assert_eq!(tags(&Headers::from_list(&[("cache-groups", &many)]), "cache-groups").len(), 40);
}
