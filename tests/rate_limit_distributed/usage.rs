//! Costs that answers tell, counted by a service.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use gatehouse_rate_limit_service::Refused;
use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::json;

use super::{Day, builder, limits, redis, rules, start, until};
use crate::harness::rate_limit_service::Service;
use crate::harness::trap;
use crate::harness::upstream::{Said, Upstream};

/// Each answer says that it has cost 10 of 100; the service is asked about 1, and told of 9.
#[test]
fn what_answers_cost_is_told_to_the_service_and_counts_for_all_gateways() {
    let Some(redis) = redis() else { return };
    let upstream = Upstream::start();
    upstream.answer_by(|_| Said::json(r#"{"usage":{"total":10}}"#));
    for mode in ["global", "hybrid"] {
        let domain = format!("tokens-{mode}");
        let limits = limits(100).replace("domain: gatehouse", &format!("domain: {domain}"));
        let service = Service::start(&redis, &limits, Refused::Counted);
        let counting = json!({"mode": mode, "domain": domain, "timeout": "5s"});
        let gateways = [(); 2].map(|()| {
            let mut rules = rules(100, &counting);
            rules["rules"][0]["cost"] = json!({"response_body": "usage.total", "most": 90});
            start(builder(&service.address, rules).upstream("echo:8000", upstream.address()))
        });
        let day = Day::now();
        let mut passed = 0;
        for at in 0..30 {
            let calls = service.stats.calls();
            let response = gateways[at % 2].request(Request::get("/"));
            if response.status != 200 {
                assert_eq!(response.status, 429, "{mode}");
                continue;
            }
            passed += 1;
            // It is told when the answer has gone: the next request comes after that. With leases
            // not every request is a call.
            let least = if mode == "global" { 2 } else { 1 };
            until("it is told", || service.stats.calls() >= calls + least);
        }
        // With leases, up to a batch of 5 a gateway was counted that nobody used, or is let pass
        // by the gateway that does not know yet.
        let want = if mode == "global" { 10..=10 } else { 9..=15 };
        assert!(want.contains(&passed) || day.since() > 1, "{mode}: {passed}");
        gateways.iter().for_each(trap::assert_none);
    }
}

/// What is not charged yet when the client leaves is told then.
#[test]
fn what_a_stream_has_told_when_its_client_leaves_is_told_to_the_service() {
    let Some(redis) = redis() else { return };
    let upstream = Upstream::start();
    upstream.answer_by(|_| Said {
        bytes: b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
            data: {\"usage\":{\"total\":10}}\n\ndata: {\"usage\":{\"total\":30}}\n\n"
            .to_vec(),
        then: vec![
            (Duration::from_millis(300), b"data: {\"usage\":{\"total\":40}}\n\ndata: x".to_vec()),
            (Duration::from_secs(60), Vec::new()),
        ],
        closes: true,
        ..Said::default()
    });
    let limits = limits(100).replace("domain: gatehouse", "domain: streams");
    let service = Service::start(&redis, &limits, Refused::Counted);
    let mut rules = rules(100, &json!({"mode": "global", "domain": "streams", "timeout": "5s"}));
    rules["rules"][0]["cost"] = json!({"response_body": "usage.total", "most": 90});
    rules["tell_costs"] = json!(true);
    let gateway = start(builder(&service.address, rules).upstream("echo:8000", upstream.address()));
    for stream in 1..=2 {
        let mut client = TcpStream::connect(gateway.address()).expect("a connection");
        client.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        client.write_all(&Request::get("/").bytes()).expect("it can be sent");
        let (mut received, mut part) = (Vec::new(), [0; 4096]);
        while !received.ends_with(b"data: x\r\n") {
            let read = client.read(&mut part).expect("a part");
            assert_ne!(read, 0, "it ended");
            received.extend_from_slice(&part[..read]);
        }
        drop(client);
        // It is asked about the request, and told when the stream begins and when it ends.
        until("it is told", || service.stats.calls() == 3 * stream);
    }
    // 80 of 100 are used: a budget of 100 has room for one more that passes, and is over then.
    until("it is refused", || {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        connection.write(&Request::get("/").bytes()).expect("it can be sent");
        connection.read(true).expect("a head").status == 429
    });
    trap::assert_none(&gateway);
}
