//! How old something is fetched anew where the answer has a say in it.

use super::*;

/// Fetched anew after a minute; or, as the answer says, after ten seconds to ten minutes.
fn heeding() -> Source {
    let refresh = Refresh::heeding(seconds(60), seconds(10)..=seconds(600));
    let fetch = Fetch { refresh, max_age: seconds(3600), ..source().fetch };
    Source { fetch, ..source() }
}

fn saying(status: &str, cache_control: &str) -> Answer {
    let fields = [(":status", status), ("etag", "\"a\""), ("cache-control", cache_control)];
    Answer { headers: Headers::from_list(&fields), ..answer(status, "list") }
}

/// After how many seconds one of the workers asks again.
fn pause(host: &FakeHost, workers: &[Fetched<String>]) -> u64 {
    for passed in 0..2000 {
        workers.iter().for_each(|worker| worker.tick(host));
        let calls = host.take_calls();
        if let [(id, _)] = calls[..] {
            // And the next answer comes from there.
            workers.iter().for_each(|worker| {
                worker.answered(id, &Answer::default(), host);
            });
            return passed;
        }
        host.clock.advance(seconds(1));
    }
    u64::MAX
}

#[test]
fn an_answer_says_how_long_it_is_good_within_the_bounds_and_every_worker_heeds_it() {
    for (cache_control, want) in [
        ("max-age=100", 100),
        ("max-age=30", 30),
        ("public", 60),
        ("", 60),
        ("max-age=1", 10),
        ("max-age=0", 10),
        ("no-store", 10),
        ("no-cache", 10),
        ("max-age=86400", 600),
        ("max-age=99999999999999999999999", 600),
        ("max-age=x", 10),
    ] {
        let host = FakeHost::at(NOW);
        let workers = [worker_of(&host, heeding()), worker_of(&host, heeding())];
        fetch(&host, &workers[0], &saying("200", cache_control));
        // A worker that comes later knows it too.
        let late = worker_of(&host, heeding());
        assert_eq!(pause(&host, &[late]), want, "{cache_control}");
        // And where that fetch fails, the next is as soon as ever.
        assert_eq!(pause(&host, &workers), 5, "{cache_control}");
    }
}

#[test]
fn a_confirmation_says_it_anew() {
    let host = FakeHost::at(NOW);
    let workers = [worker_of(&host, heeding())];
    fetch(&host, &workers[0], &saying("200", "max-age=100"));
    host.clock.advance(seconds(100));
    fetch(&host, &workers[0], &saying("304", "max-age=20"));
    assert_eq!(pause(&host, &workers), 20);
}

#[test]
fn who_is_not_told_to_heed_it_does_not() {
    let host = FakeHost::at(NOW);
    let other = || worker_of(&host, source());
    // What another configuration has stored there says it all the same.
    fetch(&host, &worker_of(&host, heeding()), &saying("200", "max-age=500"));
    assert_eq!(pause(&host, &[other()]), 60);
    fetch_after(&host, &other(), "no-store");
    assert_eq!(pause(&host, &[other()]), 60);
}

fn fetch_after(host: &FakeHost, worker: &Fetched<String>, cache_control: &str) {
    host.clock.advance(seconds(5));
    fetch(host, worker, &saying("200", cache_control));
}

#[test]
fn what_must_not_be_kept_is_kept_and_makes_no_storm() {
    let host = FakeHost::at(NOW);
    let workers = [worker_of(&host, heeding()), worker_of(&host, heeding())];
    let mut calls = 0;
    for _ in 0..600 {
        for worker in &workers {
            worker.tick(&host);
            for (id, _) in host.take_calls() {
                calls += 1;
                worker.answered(id, &saying("200", "no-store, no-cache, max-age=0"), &host);
            }
        }
        assert_eq!(current(&host, &workers[0]).as_deref(), Some("list"));
        host.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(calls, 6, "in a minute");
}
