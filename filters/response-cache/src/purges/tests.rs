//! Purges beside each other, and beside what is on its way.

use super::*;
use gatehouse_filter_test::FakeHost;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const X: Digest = [1; 16];
const Y: Digest = [2; 16];
const URL: &[u8] = b"https://a.example/x";

fn purges() -> Purges {
    Purges::new("c/t/")
}

fn is_good(host: &FakeHost, then: u64, digest: Digest) -> bool {
    purges().is_good(host, then, URL, [digest]).unwrap()
}

fn prefix(text: &str) -> Purged {
    Purged::Prefix(text.as_bytes().to_vec())
}

#[test]
fn what_was_asked_for_before_a_purge_of_it_is_no_good_and_all_else_is() {
    for (what, purged, want) in [
        ("everything", Purged::All, false),
        ("its URL or tag", Purged::One(X), false),
        ("another", Purged::One(Y), true),
        ("its beginning, of every origin", prefix("/"), false),
        ("its beginning", prefix("https://a.example/"), false),
        ("its path as a whole", prefix("/x\n"), false),
        ("another origin", prefix("https://b.example/"), true),
        ("another scheme", prefix("http://a.example/"), true),
        ("another path", prefix("/y"), true),
        ("a longer one", prefix("/xx"), true),
        ("another path as a whole", prefix("/\n"), true),
        ("an origin whose name goes on", prefix("https://a.exam\n"), true),
    ] {
        let host = FakeHost::default();
        let before = purges().count(&host).unwrap();
        purges().purge(&host, &purged).unwrap();
        let after = purges().count(&host).unwrap();
        assert_eq!(is_good(&host, before, X), want, "{what}");
        assert!(is_good(&host, after, X), "{what}: what is asked for afterwards is good");
    }
}

#[test]
fn an_answer_for_all_hosts_is_purged_with_what_begins_with_one_of_them() {
    for (url, prefix, want) in [
        ("https://<any>/x", "https://a.example/", true),
        ("https://<any>/x", "https://b.example/x\n", true),
        ("https://<any>/x", "/x", true),
        ("https://<any>/x", "https://a.example/y", false),
        ("https://a.example/x", "https://<any>/", false),
    ] {
        assert_eq!(begins(url.as_bytes(), prefix.as_bytes()), want, "{url} {prefix}");
    }
}

#[test]
fn a_url_begins_with_a_prefix_by_whole_segments() {
    for (url, prefix, want) in [
        ("https://a/x", "/x", true),
        ("https://a/x/y", "/x", true),
        ("https://a/x?y", "/x", true),
        ("https://a/xy", "/x", false),
        ("https://a/x%2Fy", "/x", false),
        ("https://a/x/y", "/x/", true),
        ("https://a/x", "/x/", false),
        ("https://a/", "/", true),
        ("https://a/xy", "/", true),
        ("https://a/xy", "https://a/", true),
        ("https://a/xy", "https://a/x", false),
        ("https://a/x/y", "https://a/x", true),
        ("https://a/x?y=12", "/x?y=1", true),
        ("https://a/x?y", "/x\n", false),
        ("https://a/x", "/x\n", true),
    ] {
        assert_eq!(begins(url.as_bytes(), prefix.as_bytes()), want, "{url} {prefix}");
    }
}

/// What another VM does between two calls of a purge: it purges something else, and asks for what
/// is being purged.
#[test]
fn whatever_another_vm_purges_meanwhile_nothing_asked_for_before_an_answer_is_good() {
    let whats = [Purged::All, Purged::One(X), prefix("/"), prefix("https://a.example/x\n")];
    for what in &whats {
        for other in [Purged::One(Y), prefix("/other"), prefix("/"), Purged::All] {
            for calls in 0.. {
                let host = Rc::new(FakeHost::default());
                // Some keys are there already, some are not.
                if calls % 2 == 0 {
                    purges().purge(&*host, &prefix("/first")).unwrap();
                }
                let asked = Rc::new(Cell::new(None));
                let (vm, seen, purged) = (Rc::clone(&host), Rc::clone(&asked), other.clone());
                host.store.interrupt_after(calls, move || {
                    let before = purges().count(&*vm).unwrap();
                    purges().purge(&*vm, &purged).unwrap();
                    seen.set(Some((before, purges().count(&*vm).unwrap())));
                });
                purges().purge(&*host, what).unwrap();
                if host.store.is_uninterrupted() {
                    break;
                }
                let (before, after) = asked.get().unwrap();
                for then in [before, after] {
                    let told = format!("{what:?} beside {other:?}, call {calls}, asked at {then}");
                    assert!(!is_good(&host, then, X), "{told}");
                }
                assert!(is_good(&host, purges().count(&*host).unwrap(), X));
            }
        }
    }
}

#[test]
fn every_purge_changes_the_number_of_purges_so_that_nobody_relies_on_an_older_look() {
    for calls in 0.. {
        let host = Rc::new(FakeHost::default());
        purges().purge(&*host, &Purged::One(Y)).unwrap();
        let looked = Rc::new(RefCell::new(Vec::new()));
        let (vm, seen) = (Rc::clone(&host), Rc::clone(&looked));
        host.store.interrupt_after(calls, move || {
            purges().purge(&*vm, &Purged::One(Y)).unwrap();
            seen.borrow_mut().push(purges().count(&*vm).unwrap());
        });
        purges().purge(&*host, &Purged::One(X)).unwrap();
        if host.store.is_uninterrupted() {
            break;
        }
        let now = purges().count(&*host).unwrap();
        assert!(looked.borrow().iter().all(|number| *number < now), "call {calls}");
    }
}

#[test]
fn conflicts_delay_a_purge_and_a_broken_store_fails_it() {
    for conflicts in 0..20 {
        let host = FakeHost::default();
        purges().purge(&host, &prefix("/first")).unwrap();
        for what in [Purged::All, Purged::One(X), prefix("/x")] {
            let before = purges().count(&host).unwrap();
            host.store.conflict_next(conflicts);
            assert_eq!(purges().purge(&host, &what), Ok(()), "{what:?} {conflicts}");
            assert!(!is_good(&host, before, X), "{what:?} {conflicts}");
        }
    }
    for calls in 0..4 {
        let host = FakeHost::default();
        host.store.break_down_after(calls);
        assert_eq!(purges().purge(&host, &Purged::One(X)), Err(StoreError), "{calls}");
    }
    let host = FakeHost::default();
    purges().purge(&host, &Purged::All).unwrap();
    host.store.conflict_next(u32::MAX);
    assert_eq!(purges().purge(&host, &Purged::All), Err(StoreError), "it gives up");
}

#[test]
fn the_oldest_prefixes_are_forgotten_and_what_is_older_is_not_stored() {
    let host = FakeHost::default();
    let then = purges().count(&host).unwrap();
    for number in 0..PREFIXES {
        purges().purge(&host, &prefix(&format!("/p{number}/"))).unwrap();
        assert!(!purges().is_too_old(&host, then).unwrap(), "{number}");
    }
    // The same again is none more.
    purges().purge(&host, &prefix("/p5/")).unwrap();
    assert!(!purges().is_too_old(&host, then).unwrap());
    let later = purges().count(&host).unwrap();
    purges().purge(&host, &prefix("/more/")).unwrap();
    assert!(purges().is_too_old(&host, then).unwrap(), "/p0/ is forgotten");
    assert!(!purges().is_too_old(&host, later).unwrap(), "it is newer than what is forgotten");
    for number in 0..500 {
        purges().purge(&host, &prefix(&format!("/q{number}/"))).unwrap();
    }
    assert!(host.store.bytes() < 4096, "what is kept of prefixes is bounded");
}

#[test]
fn a_prefix_keeps_the_higher_of_two_numbers() {
    let mut prefixes = Prefixes::default();
    prefixes.add(7, b"/a");
    prefixes.add(6, b"/a");
    assert_eq!(prefixes.known, [(7, b"/a".to_vec())]);
}

#[test]
fn two_digests_of_one_clock_are_purged_together_and_the_clocks_are_bounded() {
    let host = FakeHost::default();
    let mut other = X;
    other[15] ^= 0xff;
    purges().purge(&host, &Purged::One(X)).unwrap();
    assert!(!is_good(&host, 0, other), "rather too much than too little");
    let mut digest = X;
    for number in 0..70_000_u32 {
        digest[..4].copy_from_slice(&number.to_le_bytes());
        purges().purge(&host, &Purged::One(digest)).unwrap();
    }
    assert!(host.store.keys() <= (1 << 16) + 3);
}

#[test]
fn what_is_not_as_it_was_written_is_a_failure_and_not_a_clean_bill() {
    for (key, value) in [("c/t/a", &b"1"[..]), ("c/t/p", b"short"), ("c/t/n", b"123456789")] {
        let host = FakeHost::default();
        host.store.put(key.as_bytes(), value);
        let told = purges().is_good(&host, 0, URL, [X]).and_then(|_| purges().count(&host));
        assert_eq!(told.map(|_| ()), Err(StoreError), "{key}");
    }
}
