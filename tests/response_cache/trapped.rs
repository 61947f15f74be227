//! What is served when the VM of a worker has trapped.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Connection, Request};

use super::origin::{Answer, Origin, cached, fresh, ok, status};
use super::{purge, with_all_rules};
use crate::harness::trapping::{self, Callback};
use crate::harness::{configuration, trap, until};

/// A gateway of so many workers, each with a VM that traps when it is told to.
fn start(origin: &Origin, workers: u32) -> Gateway {
    let builder =
        with_all_rules(origin.address()).concurrency(workers).edit(configuration::keep_trailers);
    trapping::start(builder, "response-cache", Callback::RequestTrailers)
}

/// Traps the VM of the one worker that there is, and waits for the next one.
fn lose_the_vm(gateway: &Gateway, origin: &Origin) {
    let before = origin.asked("trap");
    let told = trap::signs(gateway).len();
    let _ = gateway.try_request(&trapping::request("/all/trap/a"));
    until("the VM has trapped", || trap::signs(gateway).len() > told);
    // What the cache takes no part in tells when there is a VM again.
    let asks = Request::new("OPTIONS", "/all/trap/a");
    until("there is a VM again", || {
        gateway.try_request(&asks).is_ok_and(|response| response.status == 200)
    });
    assert!(origin.asked("trap") > before, "it is the origin's answer");
}

/// What a path is answered with before the VM traps and after, and what is done just before it
/// does.
#[test]
fn a_new_vm_serves_what_the_old_one_would_have() {
    // The number of the origin's answer, counted from 1, before and after.
    type Row = (&'static str, fn() -> Answer, &'static str, [u16; 2]);
    let rows: [Row; 6] = [
        ("fresh", fresh, "", [1, 1]),
        ("fresh, and varied", || fresh().field("vary", "foo"), "", [1, 1]),
        ("a 404", || status(404).control("max-age=3600"), "", [1, 1]),
        ("not stored", || cached("no-store"), "", [1, 2]),
        ("purged by its URL", fresh, "url=/all/trapped4/a", [1, 2]),
        ("purged by a tag", || fresh().field("surrogate-key", "gone"), "tag=gone", [1, 2]),
    ];
    let origin = Origin::start();
    origin.script("trap", vec![ok()]);
    let gateway = start(&origin, 1);
    let get = |name: &str, number: u16, told: &str| {
        let response = gateway.get(&format!("/all/{name}/a"), &[]);
        let answer = response.header_text("x-origin");
        assert_eq!(answer.as_deref(), Some(number.to_string().as_str()), "{told}");
    };
    let named = |number: usize| format!("trapped{number}");
    for (number, (sentence, answer, purged, [before, _])) in rows.into_iter().enumerate() {
        let name = named(number);
        origin.script(&name, vec![answer()]);
        get(&name, before, sentence);
        if !purged.is_empty() {
            purge::purge(&gateway, purged);
        }
    }
    lose_the_vm(&gateway, &origin);
    for (number, (sentence, .., [_, after])) in rows.into_iter().enumerate() {
        get(&named(number), after, sentence);
    }
    // What was stored by the VM that is gone can be purged by the next.
    purge::purge(&gateway, "url=/all/trapped0/a");
    get("trapped0", 2, "purged after the trap");
    lose_the_vm(&gateway, &origin);
    get("trapped0", 2, "stored anew");
}

/// The worker that was to ask for all has lost its VM: the lease ends, and of those who wait on the
/// other worker one asks.
#[test]
fn where_the_vm_of_the_leader_traps_one_more_asks() {
    let origin = Origin::start();
    // Long after the VM has trapped.
    origin.script("led", vec![fresh().after(Duration::from_secs(60)), fresh()]);
    let gateway = start(&origin, 2);
    let mut leader = on_worker(&gateway, 0);
    let mut trapping = on_worker(&gateway, 0);
    let mut others: Vec<Connection> = (0..10).map(|_| on_worker(&gateway, 1)).collect();
    let get = Request::get("/all/led/a").bytes();
    leader.write(&get).expect("it can be sent");
    until("the leader's request is there", || origin.asked("led") == 1);
    // So that they wait for longer than the lease lasts.
    thread::sleep(Duration::from_secs(3));
    for other in &mut others {
        other.write(&get).expect("it can be sent");
    }
    until("the others wait", || {
        let stats = gateway.stats();
        stats.get("http.gateway.downstream_rq_active").is_some_and(|active| *active >= 11)
    });
    trapping.write(&trapping::request("/all/trap/a").bytes()).expect("it can be sent");
    until("the VM has trapped", || !trap::signs(&gateway).is_empty());
    assert_eq!(origin.asked("led"), 1);
    for mut other in others {
        let response = other.read(false).expect("an answer");
        assert_eq!(response.status, 200);
        assert_eq!(response.header_text("x-origin").as_deref(), Some("2"));
    }
    assert_eq!(origin.asked("led"), 2);
}

/// A connection that this worker has: which one takes it is up to the kernel.
fn on_worker(gateway: &Gateway, number: u32) -> Connection {
    let suffix = format!(".worker_{number}.downstream_cx_total");
    let taken = |suffix: &str| -> u64 {
        let stats = gateway.stats();
        stats
            .iter()
            .filter(|(name, _)| name.starts_with("listener.") && name.ends_with(suffix))
            .filter(|(name, _)| !name.contains("admin"))
            .map(|(_, count)| count)
            .sum()
    };
    for _ in 0..100 {
        let (all, own) = (taken(".downstream_cx_total"), taken(&suffix));
        let connection = gateway.connect();
        until("it is taken", || taken(".downstream_cx_total") > all);
        if taken(&suffix) > own {
            return connection;
        }
    }
    panic!("a hundred connections, and none for worker {number}");
}
