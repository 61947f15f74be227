use super::*;
use gatehouse_filter::Headers;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_790_000_000 * SECOND;

fn limit(requests: u32, seconds: u64, burst: u32) -> Limit {
    Limit { requests, window: seconds * SECOND, burst }
}

fn policy(limits: Vec<(Option<&str>, Limit)>) -> Policy {
    let limits = limits.into_iter().map(|(name, limit)| (name.map(str::to_owned), limit));
    Policy::new("orders", vec![Part::ClientAddress], limits.collect())
}

fn told(policy: &Policy, verdict: &Verdict) -> [String; 2] {
    let mut headers = Headers::from_list::<&str, &str>(&[]);
    policy.fields(verdict).unwrap().append_to(&mut headers);
    ["ratelimit-policy", "ratelimit"]
        .map(|name| String::from_utf8(headers.first(name).unwrap().to_vec()).unwrap())
}

#[test]
fn a_refused_request_spends_from_no_limit() {
    let policy = policy(vec![(None, limit(2, 1, 2)), (Some("day"), limit(100, 86_400, 100))]);
    let mut arrivals = Arrivals::default();
    for _ in 0..2 {
        let (verdict, write) = policy.spend(&mut arrivals, NOW);
        assert_eq!((verdict.refused_by, write), (None, Write::Store));
    }
    let before = arrivals;
    let (verdict, write) = policy.spend(&mut arrivals, NOW);
    assert_eq!((verdict.refused_by, write), (Some(0), Write::Nothing));
    assert_eq!(arrivals, before);
    assert_eq!(
        told(&policy, &verdict),
        [r#""orders";q=2;w=1, "day";q=100;w=86400"#, r#""orders";r=0;t=1, "day";r=98;t=1728"#],
    );
}

#[test]
fn the_limit_to_wait_for_longest_is_the_one_that_is_told() {
    let policy = policy(vec![(Some("minute"), limit(1, 60, 1)), (Some("second"), limit(1, 1, 1))]);
    let mut arrivals = Arrivals::default();
    assert!(policy.refusal(&policy.spend(&mut arrivals, NOW).0).is_none());
    let reply = policy.refusal(&policy.spend(&mut arrivals, NOW).0).unwrap();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.detail, r#"the policy "minute" allows 1 request per 60 s; try again in 60 s"#);
    assert_eq!(reply.members, [("policy", "minute".to_owned())]);
    assert_eq!(reply.headers[0].1.as_bytes(), b"60");
}

#[test]
fn limits_without_a_name_get_the_next_free_one_of_the_rule() {
    let some = limit(1, 1, 1);
    for (given, want) in [
        (vec![None], vec!["orders"]),
        (vec![None, None, None], vec!["orders", "orders-2", "orders-3"]),
        (vec![None, Some("burst"), None], vec!["orders", "burst", "orders-2"]),
        (vec![None, Some("orders"), None], vec!["orders-2", "orders", "orders-3"]),
    ] {
        let policy = policy(given.iter().map(|name| (*name, some)).collect());
        let names: Vec<_> = policy.quotas.iter().map(|quota| quota.name.as_str()).collect();
        assert_eq!(names, want, "{given:?}");
    }
}

#[test]
fn a_clock_set_back_is_stored_even_when_the_request_is_refused() {
    let policy = policy(vec![(None, limit(1, 10, 1))]);
    let mut arrivals = Arrivals::default();
    let _ = policy.spend(&mut arrivals, NOW);
    let back = NOW - 3_600 * SECOND;
    let (verdict, write) = policy.spend(&mut arrivals, back);
    assert_eq!((verdict.refused_by, write), (Some(0), Write::Store));
    let (verdict, _) = policy.spend(&mut arrivals, back + 10 * SECOND);
    assert_eq!(verdict.refused_by, None);
}
