//! What a hit reads of a request costs no allocation: a counting allocator watches.

use gatehouse_caching::{
    Arrival, FreshnessOptions, Lifetime, Ranges, RequestDirectives, ResponseDirectives, Selection,
    if_range_holds, is_conditional, on_error, precondition, reuse,
};
use gatehouse_filter::{Headers, Timestamp};
use gatehouse_filter_test::allocations::{self, Counting};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_hit_allocates_nothing_for_fields_that_a_request_lacks() {
    let now = Timestamp::from_seconds(1_800_000_000);
    let stored = Headers::from_list(&[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    let lifetime = Lifetime::of(
        200,
        &stored,
        &ResponseDirectives::read(&stored),
        &FreshnessOptions::default(),
        Arrival { asked: now, received: now },
    );
    let bytes = lifetime.to_bytes();
    let selection = Selection::default();
    let hit = |request: &Headers| {
        let lifetime = Lifetime::from_bytes(&bytes).unwrap();
        let directives = RequestDirectives::read(request);
        let _ = reuse(&lifetime, now, &directives);
        let _ = on_error(&lifetime, now, &directives, gatehouse_caching::Failure::Unreachable);
        let _ = (lifetime.age(now), lifetime.ttl(now));
        let mut sum = 0_usize;
        selection.write_key(["accept-encoding", "accept-language", "x"], request, |bytes| {
            sum = sum.saturating_add(bytes.len());
        });
        let _ = (is_conditional(request), precondition(request, 200, &stored, now));
        let _ = (Ranges::of(request, 10), if_range_holds(request, &stored, now));
    };
    for (what, fields, want) in [
        ("nothing", &[(":path", "/")][..], 0),
        ("directives", &[("cache-control", "max-age=5, min-fresh=\"1\"")], 0),
        ("preconditions", &[("if-none-match", "\"b\", W/\"a\""), ("if-range", "\"a\"")], 0),
        ("a date", &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], 0),
        ("a selecting field of which nothing is known", &[("x", "1, 2")], 0),
    ] {
        let request = Headers::from_list(fields);
        assert_eq!(allocations::of(|| hit(&request)).0, want, "{what}");
    }
    let reordered = Headers::from_list(&[("accept-encoding", "gzip, br")]);
    assert!(allocations::of(|| hit(&reordered)).0 > 0, "the counter counts");
}
