//! What is fetched: by whom, when, how long it is used, and who waits for it. Two workers share one
//! host.

#[path = "fetched/gzip.rs"]
mod gzip;
#[path = "fetched/refresh.rs"]
mod refresh;
#[path = "fetched/sent.rs"]
mod sent;
#[path = "fetched/waiters.rs"]
mod waiters;

use gatehouse_filter::fetched::{
    Event, Fetch, Fetched, Kind, Lead, Location, Refresh, Sent, Source, Whose,
};
use gatehouse_filter::{
    Answer, CallId, CallRefused, Callout, Clock, Counter, HeaderName, HeaderValue, Headers, Store,
};
use gatehouse_filter_test::FakeHost;
use std::rc::Rc;
use std::time::Duration;

const NOW: u64 = 1_800_000_000;

/// The counters of the four events.
const COUNTERS: [Counter; 4] =
    [Counter::Event(10), Counter::Event(11), Counter::Event(12), Counter::Event(13)];

fn source() -> Source {
    let location = Location { authority: "lists.example".to_owned(), path: "/list?v=1".to_owned() };
    let fetch = Fetch {
        refresh: Refresh::every(seconds(60)),
        timeout: seconds(2),
        max_age: seconds(600),
        max_size: 100,
        retry: seconds(5),
    };
    Source {
        cluster: "lists".to_owned(),
        location,
        lead: None,
        accept: "text/plain",
        sent: Sent::default(),
        fetch,
    }
}

/// A worker that fetches a text that begins with `list`, started on this host.
fn worker_of(host: &FakeHost, source: Source) -> Fetched<String> {
    let read = |body: &[u8]| match String::from_utf8(body.to_vec()) {
        Ok(text) if text.starts_with("list") => Ok(text),
        _ => Err("is no list".to_owned()),
    };
    let kind = Kind {
        filter: "test",
        names: ["list", "lease"],
        whose: Whose::Filter(COUNTERS),
        read: Box::new(read),
        describe: |list| list.clone(),
    };
    let worker = Fetched::new(source, kind);
    worker.prepare(host);
    worker
}

fn worker(host: &FakeHost) -> Fetched<String> {
    worker_of(host, source())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answer(status: &str, body: &str) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", status)]),
        body: body.into(),
        ..Answer::default()
    }
}

fn tagged(status: &str, tag: &str, body: &str) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", status), ("etag", tag)]),
        ..answer(status, body)
    }
}

fn field(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// The one call made since this was last asked.
fn call(host: &FakeHost) -> (CallId, Callout) {
    let mut calls = host.take_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

/// The worker fetches, and gets this answer.
fn fetch(host: &FakeHost, worker: &Fetched<String>, answer: &Answer) {
    worker.tick(host);
    assert!(worker.answered(call(host).0, answer, host));
}

fn current(host: &FakeHost, worker: &Fetched<String>) -> Option<String> {
    worker.current(host.now()).map(|list| (*list).clone())
}

fn counted(host: &FakeHost, event: Event) -> u64 {
    let [fetched, fetch_failed, refused, dropped] = COUNTERS;
    host.count_of(match event {
        Event::Fetched => fetched,
        Event::FetchFailed => fetch_failed,
        Event::Refused => refused,
        Event::Dropped => dropped,
    })
}

#[test]
fn it_asks_as_the_source_says() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    worker.tick(&host);
    let (id, call) = call(&host);
    assert_eq!((call.cluster.as_str(), call.authority.as_str()), ("lists", "lists.example"));
    assert_eq!((&*call.method, call.path.as_str(), call.timeout), ("GET", "/list?v=1", seconds(2)));
    assert_eq!(call.headers, [field("accept", "text/plain"), field("accept-encoding", "identity")]);
    assert!(
        !worker.answered(CallId(id.0 + 1), &answer("200", "list"), &host),
        "another call's answer"
    );
    assert!(worker.answered(id, &answer("200", "list"), &host));
    assert!(!worker.answered(id, &answer("200", "list 2"), &host), "once only");
    assert_eq!(current(&host, &worker).as_deref(), Some("list"));
}

#[test]
fn whoever_loses_the_race_for_the_lease_does_not_fetch() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    host.store.conflict_next(1);
    worker.tick(&host);
    assert!(host.take_calls().is_empty());
    worker.tick(&host);
    call(&host);
}

#[test]
fn a_lease_whose_holder_is_gone_is_taken_over_and_the_late_answer_is_not_shared() {
    let host = FakeHost::at(NOW);
    let (first, second) = (worker(&host), worker(&host));
    first.tick(&host);
    let (lost, _) = call(&host);
    host.clock.advance(Duration::from_millis(2999));
    second.tick(&host);
    assert!(host.take_calls().is_empty());
    host.clock.advance(Duration::from_millis(1));
    second.tick(&host);
    let (taken, _) = call(&host);
    second.answered(taken, &answer("200", "list new"), &host);
    first.answered(lost, &answer("200", "list old"), &host);
    first.tick(&host);
    for worker in [&first, &second] {
        assert_eq!(current(&host, worker).as_deref(), Some("list new"));
    }
}

#[test]
fn what_came_stays_until_something_better_does_or_it_is_too_old() {
    let host = FakeHost::at(NOW);
    let (worker, other) = (worker(&host), worker(&host));
    fetch(&host, &worker, &answer("200", "list"));
    let truncated = Answer { truncated: true, ..answer("200", "list 2") };
    for (bad, event) in [
        (Answer::default(), Event::FetchFailed),
        (answer("404", "list 2"), Event::FetchFailed),
        (answer("200", "<html>"), Event::Refused),
        (answer("200", &format!("list {}", "x".repeat(100))), Event::Refused),
        (truncated, Event::Refused),
        (tagged("304", "\"1\"", ""), Event::FetchFailed),
    ] {
        host.clock.advance(seconds(60));
        let before = counted(&host, event);
        fetch(&host, &worker, &bad);
        assert_eq!(counted(&host, event), before + 1);
        other.tick(&host);
        assert_eq!(current(&host, &worker).as_deref(), Some("list"));
        assert_eq!(current(&host, &other).as_deref(), Some("list"));
    }
    host.clock.advance(seconds(600 - 6 * 60));
    assert_eq!(current(&host, &worker), None);
    fetch(&host, &worker, &answer("200", "list 3"));
    assert_eq!(counted(&host, Event::Dropped), 1);
    other.tick(&host);
    assert_eq!(current(&host, &other).as_deref(), Some("list 3"));
}

#[test]
fn a_gauge_shows_when_something_came_last_or_was_confirmed() {
    const CAME_AT: &str = "gatehouse_event_timestamp_seconds filter=test event=list_fetched";
    let host = FakeHost::at(NOW);
    let first = worker(&host);
    assert_eq!(host.gauge(CAME_AT), Some(0), "nothing came yet");
    for (after, came, shown) in [
        (0, tagged("200", "\"1\"", "list"), NOW),
        (60, answer("503", ""), NOW),
        (60, answer("200", "<html>"), NOW),
        (60, tagged("304", "\"1\"", ""), NOW + 180),
        (60, tagged("200", "\"2\"", "list 2"), NOW + 240),
    ] {
        host.clock.advance(seconds(after));
        fetch(&host, &first, &came);
        assert_eq!(host.gauge(CAME_AT), Some(shown), "{came:?}");
    }
    host.clock.advance(seconds(30));
    worker(&host);
    assert_eq!(host.gauge(CAME_AT), Some(NOW + 240), "by one that finds it in the store");
}

#[test]
fn the_same_again_is_the_same_and_only_younger() {
    let host = FakeHost::at(NOW);
    let (worker, other) = (worker(&host), worker(&host));
    fetch(&host, &worker, &tagged("200", "\"1\"", "list"));
    other.tick(&host);
    let firsts = [&worker, &other].map(|worker| worker.current(host.now()).unwrap());
    for again in
        [tagged("200", "\"1\"", "list"), tagged("304", "\"1\"", ""), tagged("200", "\"2\"", "list")]
    {
        host.clock.advance(seconds(599));
        worker.tick(&host);
        let (id, call) = call(&host);
        assert!(call.headers.contains(&field("if-none-match", "\"1\"")));
        worker.answered(id, &again, &host);
        other.tick(&host);
        assert!(host.take_calls().is_empty());
        for (worker, first) in [&worker, &other].into_iter().zip(&firsts) {
            assert!(Rc::ptr_eq(&worker.current(host.now()).unwrap(), first));
        }
    }
}

#[test]
fn with_nothing_to_go_on_with_tries_start_close_together() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    host.refuse_calls(Some(CallRefused::Failed));
    let mut starts = Vec::new();
    for tick in 0..200_u64 {
        let before = counted(&host, Event::FetchFailed);
        worker.tick(&host);
        if counted(&host, Event::FetchFailed) > before {
            starts.push(tick * 100);
        }
        host.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(starts, [0, 500, 1500, 3500, 7500, 12_500, 17_500]);
}

#[test]
fn a_cluster_that_is_only_late_is_no_failure() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    let tick = || workers.iter().for_each(|worker| worker.tick(&host));
    let run = |time: Duration| {
        for _ in 0..time.as_millis() / 100 {
            tick();
            host.clock.advance(Duration::from_millis(100));
        }
    };
    host.refuse_calls(Some(CallRefused::BadArgument));
    run(Duration::from_millis(14_900));
    assert_eq!((counted(&host, Event::FetchFailed), host.take_warnings().len()), (0, 0));
    // And it is fetched as soon as it is there.
    host.refuse_calls(None);
    run(Duration::from_millis(300));
    assert!(workers[0].answered(call(&host).0, &answer("200", "list"), &host));
    assert_eq!(host.take_lines(), ["list from the cluster `lists`, /list?v=1: now in use: list"]);
    tick();

    // One that is taken away may come back as well, but one that never comes is told.
    host.clock.advance(seconds(60));
    host.refuse_calls(Some(CallRefused::BadArgument));
    run(seconds(14));
    assert_eq!((counted(&host, Event::FetchFailed), host.take_warnings().len()), (0, 0));
    run(seconds(30));
    assert!(counted(&host, Event::FetchFailed) > 0);
    let told =
        "list from the cluster `lists`, /list?v=1: cluster `lists`: Envoy has no such cluster";
    assert!(host.take_warnings().iter().all(|line| line == told));
}

#[test]
fn a_document_may_lead_to_it() {
    let host = FakeHost::at(NOW);
    let locate = |document: &[u8]| match document.strip_prefix(b"at ") {
        Some(path) => Ok(Location {
            authority: "else.example".to_owned(),
            path: String::from_utf8(path.to_vec()).unwrap(),
        }),
        None => Err("leads nowhere".to_owned()),
    };
    let lead = Lead { name: "x".to_owned(), cluster: "else".to_owned(), locate: Box::new(locate) };
    let worker = worker_of(&host, Source { lead: Some(lead), ..source() });
    fetch(&host, &worker, &answer("200", "<html>"));
    assert!(host.take_warnings().concat().ends_with("leads nowhere"));
    host.clock.advance(seconds(5));
    fetch(&host, &worker, &answer("200", "at /b"));
    let (id, call) = call(&host);
    let asked = (call.cluster.as_str(), call.authority.as_str(), call.path.as_str());
    assert_eq!(asked, ("else", "else.example", "/b"));
    worker.answered(id, &answer("200", "list"), &host);
    assert_eq!(current(&host, &worker).as_deref(), Some("list"));
    assert_eq!(worker.patience(), seconds(4), "two answers");
}

#[test]
fn a_clock_that_is_set_back_holds_up_no_fetch() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &answer("200", "list"));
    host.clock.step_back(seconds(3600));
    worker.tick(&host);
    let (held, _) = call(&host);
    host.clock.step_back(seconds(3600));
    worker.tick(&host);
    let (taken, _) = call(&host);
    worker.answered(held, &Answer::default(), &host);
    worker.answered(taken, &answer("200", "list 2"), &host);
    assert_eq!(current(&host, &worker).as_deref(), Some("list 2"));
    worker.tick(&host);
    assert!(host.take_calls().is_empty());
}

#[test]
fn garbage_in_the_shared_store_is_nothing() {
    for garbage in [&b""[..], b"x", &[0xff; 56], &[0xff; 64], &[0xff; 4096]] {
        let host = FakeHost::at(NOW);
        for name in ["list", "lease"] {
            let key = format!("test/3/{name}\nlists\nlists.example\n/list?v=1");
            Store::set(&host, key.as_bytes(), garbage, None).unwrap();
        }
        let worker = worker(&host);
        // Numbers that could be times are of another clock.
        fetch(&host, &worker, &answer("200", "list"));
        assert_eq!(current(&host, &worker).as_deref(), Some("list"), "{}", garbage.len());
        assert_eq!(host.store.keys(), 2);
    }
}

#[test]
fn operators_are_told_what_the_filter_may_not_do() {
    let host = FakeHost::at(NOW);
    let silent = worker(&host);
    silent.tick(&host);
    call(&host);
    host.clock.advance(seconds(3));
    silent.tick(&host);
    let said = host.take_warnings().concat();
    assert!(said.contains("the last call was never answered"), "{said}");
    host.store.break_down();
    silent.tick(&host);
    silent.tick(&host);
    let said = host.take_warnings();
    assert!(matches!(&said[..], [line] if line.contains("shared data cannot be read")), "{said:?}");
}
