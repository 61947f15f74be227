//! Many clients that want the same at the same time, on four workers.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Connection, Request, Response};

use super::origin::{Answer, Seen, brief, broken, cached, fresh, not_modified, status};
use super::{SHARED, Shared};
use crate::harness::{trap, until};

const CLIENTS: usize = 100;

fn slow(answer: Answer) -> Answer {
    answer.after(Duration::from_secs(2))
}

/// So many clients at once, each on a connection of its own.
fn crowd(
    gateway: &Gateway,
    clients: usize,
    request: impl Fn(usize) -> Request + Sync,
) -> Vec<Response> {
    let ask = |number: usize| gateway.request(request(number));
    let ask = &ask;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|number| scope.spawn(move || ask(number))).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    })
}

/// What a hundred clients cost the origin, and that each got an answer.
#[test]
fn a_hundred_clients_are_one_request() {
    let hot = || brief().tag("a").body("hot");
    let again = || slow(not_modified().control("max-age=3600").tag("a"));
    type Case = (&'static str, Vec<Answer>, bool, usize, u16);
    let cases: Vec<Case> = vec![
        ("a miss", vec![slow(fresh())], false, 1, 200),
        ("an expired object that is replaced", vec![hot(), slow(fresh())], true, 2, 200),
        ("an expired object that is validated", vec![hot(), again()], true, 2, 200),
        (
            "a 404 that may be stored",
            vec![slow(status(404).control("max-age=3600"))],
            false,
            1,
            404,
        ),
        (
            "a stale one in its window",
            vec![cached("max-age=1, stale-while-revalidate=3600"), slow(fresh())],
            true,
            2,
            200,
        ),
    ];
    let Shared { gateway, origin, .. } = &*SHARED;
    for (number, (_, answers, is_primed, ..)) in cases.iter().enumerate() {
        origin.script(&format!("crowd{number}"), answers.clone());
        if *is_primed {
            let _ = gateway.get(&format!("/crowds/crowd{number}/a"), &[]);
        }
    }
    thread::sleep(Duration::from_secs(3));
    for (number, (sentence, _, _, asked, code)) in cases.into_iter().enumerate() {
        let name = format!("crowd{number}");
        let responses = crowd(gateway, CLIENTS, |_| Request::get(format!("/crowds/{name}/a")));
        // What is asked in the background ends later.
        until(sentence, || origin.asked(&name) >= asked);
        assert_eq!(origin.asked(&name), asked, "{sentence}");
        let bodies: Vec<Vec<u8>> = origin.seen(&name).into_iter().map(|seen| seen.body).collect();
        for response in &responses {
            assert_eq!(response.status, code, "{sentence}");
            assert!(bodies.contains(&response.body), "{sentence}: {}", response.text());
        }
        let collapsed = responses.iter().filter(|response| {
            response.header_text("cache-status").is_some_and(|told| told.contains("collapsed"))
        });
        println!("{sentence}: {} say that they were collapsed", collapsed.count());
    }
    trap::assert_none(gateway);
}

/// The one that asks for all leaves: another asks, and not all others.
#[test]
fn where_the_leader_leaves_one_more_asks() {
    let expired = || brief().tag("a").body("hot");
    // Long after the leader has left.
    let away = |answer: Answer| answer.after(Duration::from_secs(20));
    let Shared { gateway, origin, .. } = &*SHARED;
    for (sentence, name, answers, primed) in [
        ("a miss", "leaves1", vec![away(fresh()), fresh()], 0),
        ("an expired object", "leaves2", vec![expired(), away(fresh()), fresh()], 1),
    ] {
        origin.script(name, answers);
        let path = format!("/crowds/{name}/a");
        if primed == 1 {
            let _ = gateway.get(&path, &[]);
            thread::sleep(Duration::from_secs(3));
        }
        let mut leader = gateway.connect();
        leader.write(&Request::get(&path).bytes()).expect("it can be sent");
        until("the leader's request is there", || origin.asked(name) == primed + 1);
        thread::scope(|scope| {
            let others = scope.spawn(|| crowd(gateway, CLIENTS - 1, |_| Request::get(&path)));
            // They are there when they have been counted.
            until("the others wait", || active(gateway) >= CLIENTS as u64);
            drop::<Connection>(leader);
            let responses = others.join().expect("the others");
            assert!(responses.iter().all(|response| response.status == 200), "{sentence}");
        });
        assert_eq!(origin.asked(name), primed + 2, "{sentence}");
    }
    trap::assert_none(gateway);
}

fn active(gateway: &Gateway) -> u64 {
    let stats = gateway.stats();
    stats.get("http.gateway.downstream_rq_active").copied().unwrap_or(0)
}

/// The leader gets no answer: one more asks, and if that one gets one, so do all.
#[test]
fn where_the_leader_fails_one_more_asks() {
    let Shared { gateway, origin, .. } = &*SHARED;
    for (sentence, name, first) in [
        ("no answer", "fails1", slow(broken())),
        ("half an answer", "fails2", slow(fresh().body("0123456789").cut())),
        ("a failure of the origin's own", "fails3", slow(status(503))),
    ] {
        origin.script(name, vec![first, fresh()]);
        let path = format!("/crowds/{name}/a");
        let mut whole = 0;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| gateway.try_request(&Request::get(&path))))
                .collect();
            for client in clients {
                let response = client.join().expect("a client");
                whole += usize::from(response.is_ok_and(|response| response.status == 200));
            }
        });
        assert!(whole >= CLIENTS - 1, "{sentence}: {whole} have an answer");
        assert_eq!(origin.asked(name), 2, "{sentence}");
    }
    trap::assert_none(gateway);
}

/// What turns out not to be for all is asked for by each, and is not waited for again.
#[test]
fn what_cannot_be_shared_is_asked_for_by_each() {
    let Shared { gateway, origin, .. } = &*SHARED;
    for (number, (sentence, answer)) in [
        ("no-store", slow(cached("no-store"))),
        ("private", slow(cached("private, max-age=3600"))),
        ("a cookie", slow(fresh().field("set-cookie", "a=b"))),
        ("a star in Vary", slow(fresh().field("vary", "*"))),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("apart{number}");
        origin.script(&name, vec![answer]);
        let responses = crowd(gateway, 20, |_| Request::get(format!("/all/{name}/a")));
        let mut numbers: Vec<String> =
            responses.iter().filter_map(|response| response.header_text("x-origin")).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 20, "{sentence}: each has its own answer");
        assert_eq!(origin.asked(&name), 20, "{sentence}");
    }
    trap::assert_none(gateway);
}

/// Whoever waits for another's answer and has another variant gets that.
#[test]
fn variants_are_not_mixed_up_by_waiting() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("variants", vec![slow(fresh().field("vary", "foo"))]);
    let responses = crowd(gateway, 40, |number| {
        Request::get("/all/variants/a").header("foo", (number % 2).to_string())
    });
    let seen = origin.seen("variants");
    for (number, response) in responses.iter().enumerate() {
        assert_eq!(response.status, 200);
        let answer: usize =
            response.header_text("x-origin").and_then(|text| text.parse().ok()).expect("a number");
        let foo = seen[answer - 1].request.header("foo").map(str::to_owned);
        assert_eq!(foo, Some((number % 2).to_string()), "client {number}");
    }
    assert!(seen.len() < 40, "{} requests", seen.len());
    trap::assert_none(gateway);
}

/// What clients ask in the crowd beside a plain GET.
#[test]
fn each_of_a_crowd_gets_what_it_asked_for() {
    let answer = slow(fresh().tag("a").body("0123456789"));
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("each", vec![answer]);
    let path = "/all/each/a";
    let responses = crowd(gateway, 40, |number| match number % 4 {
        0 => Request::get(path),
        1 => Request::new("HEAD", path),
        2 => Request::get(path).header("if-none-match", "\"a\""),
        _ => Request::get(path).header("range", "bytes=2-3"),
    });
    for (number, response) in responses.iter().enumerate() {
        let got = (response.status, response.text());
        let expected: &[(u16, &str)] = match number % 4 {
            0 => &[(200, "0123456789")],
            1 => &[(200, "")],
            // One that asked before anything was stored has what the origin said to it.
            2 => &[(304, ""), (200, "0123456789")],
            _ => &[(206, "23"), (200, "0123456789")],
        };
        let is_right = expected.iter().any(|(code, body)| got == (*code, (*body).to_owned()));
        assert!(is_right, "client {number}: {got:?}");
    }
    // What does not fill the store waits for nobody.
    let is_plain = |seen: &&Seen| {
        let has = |name| seen.request.header(name).is_some();
        seen.request.head.starts_with("GET ") && !has("if-none-match") && !has("range")
    };
    assert_eq!(origin.seen("each").iter().filter(is_plain).count(), 1);
    trap::assert_none(gateway);
}

#[test]
fn nobody_waits_longer_than_the_rule_says_or_at_all() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("patient", vec![fresh().after(Duration::from_secs(6))]);
    let responses = crowd(gateway, 20, |_| Request::get("/patient/patient/a"));
    assert!(responses.iter().all(|response| response.status == 200));
    assert!(origin.asked("patient") > 1, "they went on by themselves");

    origin.script("alone", vec![slow(fresh())]);
    let responses = crowd(gateway, 20, |_| Request::get("/alone/alone/a"));
    assert!(responses.iter().all(|response| response.status == 200));
    assert_eq!(origin.asked("alone"), 20, "each by itself");
    trap::assert_none(gateway);
}
