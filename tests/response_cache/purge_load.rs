//! Purges under load: an answer that is older than the last purge is never given again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::json;

use super::{start, with_rules};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{configuration, trap};

const OBJECTS: usize = 4;
const PURGES: usize = 2_500;

/// Four objects with a tag each; each has one that purges, who looks on four connections what is
/// there after each purge, and one who asks all the time. The upstream's answer is the number of the
/// version, which is counted before the purge.
#[test]
fn ten_thousand_purges_by_tag_and_no_stale_answer() {
    let versions: Arc<Vec<AtomicU64>> = Arc::new((0..OBJECTS).map(|_| AtomicU64::new(1)).collect());
    let upstream = Upstream::start();
    let told = Arc::clone(&versions);
    upstream.answer_by(move |request| {
        let object = request.target().trim_start_matches("/o").parse::<usize>().unwrap_or(0);
        let head = format!("cache-control: max-age=3600\r\nsurrogate-key: tag{object} all\r\n");
        Said::response(200, "text/plain", &head, told[object].load(Ordering::SeqCst).to_string())
    });
    let builder = with_rules(upstream.address(), json!([{"name": "all"}])).edit(|tree| {
        // Each purge looks at all slots.
        configuration::shipped(tree, "response-cache")["store"] =
            json!({"size": "1MiB", "objects": 64, "max_object": "64KiB"});
    });
    let gateway = start(builder.concurrency(4));
    let address = gateway.address();
    // The version that no answer may be older than: that of the last purge that has been answered.
    let purged: Vec<AtomicU64> = (0..OBJECTS).map(|_| AtomicU64::new(0)).collect();
    let is_over = AtomicBool::new(false);
    let open = || Connection::open(address).unwrap_or_else(|fault| panic!("{fault}"));
    let read = |connection: &mut Connection, object: usize| {
        let least = purged[object].load(Ordering::SeqCst);
        let response = connection.send(&Request::get(format!("/o{object}")));
        let response = response.unwrap_or_else(|fault| panic!("{fault}"));
        let version: u64 = response.text().parse().expect("a number");
        assert!(version >= least, "object {object}: version {version} after the purge of {least}");
        response.header_text("cache-status").is_some_and(|told| told.contains("; hit"))
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..OBJECTS)
            .map(|number| {
                let (read, open, is_over) = (&read, &open, &is_over);
                scope.spawn(move || {
                    let (mut connection, mut hits) = (open(), 0_u64);
                    while !is_over.load(Ordering::SeqCst) {
                        hits += u64::from(read(&mut connection, number));
                        thread::sleep(Duration::from_millis(1));
                    }
                    hits
                })
            })
            .collect();
        let purgers: Vec<_> = (0..OBJECTS)
            .map(|object| {
                let (read, open, purged, versions) = (&read, &open, &purged, &versions);
                scope.spawn(move || {
                    let mut to_purge = open();
                    let mut to_look: Vec<_> = (0..4).map(|_| open()).collect();
                    let purge = Request::new("POST", format!("/.cache/purge?tag=tag{object}"))
                        .header("authorization", "Bearer purge-demo-key");
                    for _ in 0..PURGES {
                        let version = versions[object].fetch_add(1, Ordering::SeqCst) + 1;
                        let response =
                            to_purge.send(&purge).unwrap_or_else(|fault| panic!("{fault}"));
                        assert_eq!(response.status, 200, "{}", response.text());
                        purged[object].store(version, Ordering::SeqCst);
                        for connection in &mut to_look {
                            read(connection, object);
                        }
                    }
                })
            })
            .collect();
        let ends: Vec<_> = purgers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::SeqCst);
        let hits: u64 = askers.into_iter().map(|asker| asker.join().unwrap_or(0)).sum();
        assert!(ends.iter().all(Result::is_ok), "a purger has seen what it should not");
        assert!(hits > 0, "the test says nothing where nothing is from the store");
    });
    trap::assert_none(&gateway);
}
