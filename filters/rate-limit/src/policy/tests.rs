use super::*;
use crate::amount::Amount;
use crate::gcra::Arrival;
use crate::key::Absent;
use crate::layout::Layout;
use crate::quota::Pace;
use gatehouse_filter::{GrpcStatus, Headers};
use gatehouse_filter_test::FakeHost;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_790_000_000 * SECOND;

fn quota(name: &str, requests: u32, seconds: u64) -> Quota {
    let window = seconds * SECOND;
    let pace = Pace::Even { window, burst: None, ahead: window };
    Quota { name: name.to_owned(), pace, requests: Amount::Fixed(requests), gateways: 1 }
}

fn policy(quotas: Vec<Quota>) -> Policy {
    let key = Key::new("orders", vec![], Absent::Share, "");
    Policy {
        key,
        quotas,
        cost: Cost::Fixed(1),
        mode: Mode::Enforce,
        rule: 0,
        remote: None,
        in_flight: None,
        table: Rc::new(Table::new(0, 8, Layout::new(vec![]))),
    }
}

/// One request: how it comes out, and what is stored after it.
fn ask(policy: &Policy, stored: &mut Vec<Arrival>, now: u64) -> (Demand, Verdict) {
    let host = FakeHost::default();
    let request = Request::new(Headers::from_list::<&str, &str>(&[]), &host);
    let demand = policy.demand(&request);
    let mut verdict = policy.look(&demand, stored.iter().copied(), now);
    if !verdict.is_refused() {
        verdict.charge(demand.cost());
        *stored = verdict.arrivals().collect();
    }
    (demand, verdict)
}

#[test]
fn a_refused_request_spends_from_no_limit() {
    let policy = policy(vec![quota("orders", 2, 1), quota("day", 100, 86_400)]);
    let mut stored = Vec::new();
    for _ in 0..2 {
        assert!(!ask(&policy, &mut stored, NOW).1.is_refused());
    }
    let before = stored.clone();
    let (_, verdict) = ask(&policy, &mut stored, NOW);
    assert!(verdict.is_refused());
    assert_eq!(stored, before);
    assert_eq!(verdict.levels.iter().map(Level::remaining).collect::<Vec<_>>(), [0, 98]);
}

fn manner(status: u16) -> Manner {
    Manner { status, tells_wait: true }
}

#[test]
fn the_limit_to_wait_for_longest_is_the_one_that_is_told() {
    let policy = policy(vec![quota("minute", 1, 60), quota("second", 1, 1)]);
    let mut stored = Vec::new();
    let (demand, verdict) = ask(&policy, &mut stored, NOW);
    assert!(policy.refusal(manner(429), &demand, &verdict).is_none());
    let (demand, verdict) = ask(&policy, &mut stored, NOW);
    let reply = policy.refusal(manner(503), &demand, &verdict).unwrap().reply();
    assert_eq!((reply.status, reply.grpc), (503, GrpcStatus::ResourceExhausted));
    assert_eq!(reply.detail, r#"the policy "minute" allows 1 request per 60 s; try again in 60 s"#);
    assert_eq!(reply.members, [("policy", "minute".to_owned())]);
    assert_eq!(reply.headers[0].1.as_bytes(), b"60");
    let hidden = Manner { tells_wait: false, ..manner(429) };
    let reply = policy.refusal(hidden, &demand, &verdict).unwrap().reply();
    assert_eq!(reply.detail, r#"the policy "minute" allows 1 request per 60 s"#);
    assert_eq!(reply.headers, []);
}

#[test]
fn a_request_that_costs_more_than_ever_passes_is_not_told_to_wait() {
    let policy = Policy { cost: Cost::Fixed(3), ..policy(vec![quota("minute", 2, 60)]) };
    let (demand, verdict) = ask(&policy, &mut Vec::new(), NOW);
    let reply = policy.refusal(manner(429), &demand, &verdict).unwrap().reply();
    let detail = concat!(
        r#"the policy "minute" allows 2 requests per 60 s, never as "#,
        r#"many at once as this one counts for: 3"#
    );
    assert_eq!(reply.detail, detail);
    assert!(reply.headers.is_empty());
}

#[test]
fn a_clock_set_back_must_be_stored_even_when_the_request_is_refused() {
    let policy = policy(vec![quota("orders", 1, 10)]);
    let mut stored = Vec::new();
    let _ = ask(&policy, &mut stored, NOW);
    let back = NOW - 3_600 * SECOND;
    let (_, verdict) = ask(&policy, &mut stored, back);
    assert!(verdict.is_refused() && verdict.corrected());
    stored = verdict.arrivals().collect();
    assert_eq!(stored[0], Arrival { nanoseconds: back + 10 * SECOND, part: 0 });
    assert!(!ask(&policy, &mut stored, back + 10 * SECOND).1.is_refused());
}
