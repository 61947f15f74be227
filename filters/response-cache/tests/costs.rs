//! What hits and misses cost: calls of the host, and allocations, which a counting allocator sees.

use gatehouse_filter::{
    Attribute, Copied, Ended, Filter, Headers, OnEnd, OnResponse, OnResponseBody, Reply, Request,
    Response, ResponseStep, Step,
};
use gatehouse_filter_test::allocations::{self, Counting};
use gatehouse_filter_test::{FakeHost, configured};
use gatehouse_response_cache::{Code, ResponseCache, State};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PLAIN: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "shop.example"),
    (":path", "/products?page=1"),
    ("user-agent", "curl/8"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, br"),
    ("x-request-id", "6a2c"),
    ("x-forwarded-proto", "https"),
];

/// How often the store is called for a miss that is stored, and what that allocates.
fn fill(
    cache: &ResponseCache,
    host: &FakeHost,
    head: &[(&str, &str)],
    more: &[(&str, &str)],
) -> (u32, usize) {
    let before = host.store.calls();
    host.set(Attribute::CodeDetails, "via_upstream");
    let mut request = Request::new(Headers::from_list(&[PLAIN, more].concat()), host);
    let mut response = Response::new(Headers::from_list(head), host).with_body(true);
    let mut state = State::default();
    let body = Copied(Some(vec![b'x'; 1024]));
    let ended = Ended::new(None, Headers::default(), host);
    let (allocations, (asked, answered)) = allocations::of(|| {
        let asked = cache.on_request(&mut request, &mut state);
        let answered = cache.on_response(&mut response, &mut state);
        cache.on_copied_body(body, host, &mut state);
        cache.on_end(&ended, &mut state);
        (asked, answered)
    });
    assert_eq!(asked.step, Step::Continue);
    assert!(matches!(answered.step, ResponseStep::CopyBody { .. }));
    (host.store.calls().saturating_sub(before), allocations)
}

struct Costs {
    store: u32,
    facts: u32,
    allocations: usize,
}

fn hit(cache: &ResponseCache, host: &FakeHost, more: &[(&str, &str)]) -> Costs {
    let mut request = Request::new(Headers::from_list(&[PLAIN, more].concat()), host);
    let mut state = State::default();
    let (store, facts) = (host.store.calls(), host.facts_asked());
    let (allocations, decision) = allocations::of(|| cache.on_request(&mut request, &mut state));
    assert_eq!(decision.code, Code::Hit);
    assert!(matches!(decision.step, Step::Reply(Reply::Replay(_))));
    Costs {
        store: host.store.calls().saturating_sub(store),
        facts: host.facts_asked().saturating_sub(facts),
        allocations,
    }
}

#[test]
fn a_hit_costs_few_calls_and_few_allocations() {
    let plain = &[(":status", "200"), ("cache-control", "max-age=60"), ("content-type", "a/b")][..];
    let varied =
        &[(":status", "200"), ("cache-control", "max-age=60"), ("vary", "accept-encoding")];
    let tagged =
        &[(":status", "200"), ("cache-control", "max-age=60"), ("surrogate-key", "a b c d")];
    let public = &[(":status", "200"), ("cache-control", "public, max-age=60")];
    let rule = |members: &str| format!(r#"{{"rules": [{{{members}}}]}}"#);
    let token = &[("authorization", "Bearer a")][..];
    for (what, rule, head, more, store, facts, allocations) in [
        ("plain", rule(""), plain, &[][..], 2, 1, PLAIN_HIT),
        ("that varies", rule(r#""encodings": ["br"]"#), &varied[..], &[], 3, 1, VARIED_HIT),
        ("with tags", rule(""), &tagged[..], &[], 2, 1, PLAIN_HIT),
        ("of somebody", rule(""), &public[..], token, 2, 0, OWNED_HIT),
        ("of no identity", rule(r#""identified": "shared""#), plain, &[], 2, 0, PLAIN_HIT),
    ] {
        let cache: ResponseCache = configured(&rule).unwrap();
        let host = FakeHost::at(1_800_000_000);
        cache.start(&host).unwrap();
        fill(&cache, &host, head, more);
        // The first copies the object, and compares it with the purges.
        hit(&cache, &host, more);
        let costs = hit(&cache, &host, more);
        assert!(costs.store <= store, "{what}: {} calls of the store", costs.store);
        assert!(costs.facts <= facts, "{what}: {} facts", costs.facts);
        assert!(costs.allocations <= allocations, "{what}: {} allocations", costs.allocations);
    }
}

/// Those of the fakes are among them: each value that the store gives, the text of each fact.
const PLAIN_HIT: usize = 13;
const VARIED_HIT: usize = 22;
const OWNED_HIT: usize = 10;

#[test]
fn a_miss_that_is_stored_costs_few_calls_and_few_allocations() {
    let head = [(":status", "200"), ("cache-control", "max-age=60")];
    for (what, rule, most, most_allocations) in [
        ("that others can wait for", r#"{"rules": [{}]}"#, MISS, MISS_ALLOCATIONS),
        (
            "that nobody waits for",
            r#"{"rules": [{"collapse": "off"}]}"#,
            MISS_ALONE,
            ALONE_ALLOCATIONS,
        ),
    ] {
        let cache: ResponseCache = configured(rule).unwrap();
        let host = FakeHost::at(1_800_000_000);
        host.set_queue(Some(1));
        cache.start(&host).unwrap();
        // The first makes what is shared.
        fill(&cache, &host, &head, &[]);
        host.clock.advance(std::time::Duration::from_secs(100));
        let (calls, allocations) = fill(&cache, &host, &head, &[]);
        assert!(calls <= most, "{what}: {calls}");
        assert!(allocations <= most_allocations, "{what}: {allocations} allocations");
    }
}

/// Among them those by which the stale object was found, compared with the purges and marked, and
/// its slot was emptied.
const MISS: u32 = 21;
const MISS_ALONE: u32 = 17;
const MISS_ALLOCATIONS: usize = 60;
const ALONE_ALLOCATIONS: usize = 51;
