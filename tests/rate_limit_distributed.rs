//! `rate-limit` on `envoy/rate-limit-global.yaml`: several gateways that count together.

/// Costs that the bodies of answers tell.
mod usage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gatehouse_rate_limit_service::Refused;
use gatehouse_sandbox::raw::{Connection, Request};
use gatehouse_sandbox::{Builder, Gateway, Redis};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::rate_limit_service::{Behaviour, Puppet, Service};
use crate::harness::{Exchange, Shared, configuration, received, start, trap};

const CONFIG: &str = "envoy/rate-limit-global.yaml";

/// `RateLimitResponse { overall_code: OK }`: all that Limitador says.
const OK: [u8; 2] = [0x08, 1];

#[test]
fn hostile_bytes_do_not_trap_it() {
    let puppet = Puppet::start(Behaviour::Message(OK.to_vec()));
    let key =
        json!([{"header": "x-a"}, {"header": "authorization"}, {"query": "a"}, {"cookie": "a"}]);
    let rule = |mode: &str, path: &str| {
        json!({"name": mode, "match": {"path": {"prefix": path}}, "key": key,
            "limits": [{"requests": 1_000_000, "window": "1s"}],
            "counting": {"mode": mode, "cluster": "rate-limit", "timeout": "5s"}})
    };
    let gateway = start(builder(
        &puppet.address,
        json!({"rules": [rule("global", "/orders"), rule("hybrid", "/")]}),
    ));
    for path in ["/orders", "/users"] {
        let honest = Honest { path, headers: &[("authorization", "Bearer a")], refused: &[] };
        hostile::survive(&gateway, &honest);
    }
}

#[test]
fn two_gateways_pass_exactly_a_global_limit() {
    let Some(redis) = redis() else { return };
    for limit in [1, 10, 100, 1000] {
        let fleet = Fleet::start(&redis, limit, Refused::Free, json!({"mode": "global"}));
        let day = Day::now();
        let got = fleet.flood(limit / 2 + 100);
        assert_eq!(got.others, 0, "{limit}: {got:?}");
        assert_eq!(got.passed, limit * day.since(), "{limit}: {got:?}");
        fleet.assert_no_trap();
    }
}

#[test]
fn two_gateways_pass_a_hybrid_limit_but_for_what_they_hold() {
    let Some(redis) = redis() else { return };
    for refused in [Refused::Free, Refused::Counted] {
        let (limit, batch) = (2000, 50);
        let fleet = Fleet::start(&redis, limit, refused, json!({"mode": "hybrid", "batch": batch}));
        let day = Day::now();
        let got = fleet.flood(2000);
        // Two gateways, two batches each: what is on the way, and what has come and is not used.
        let held = 2 * 2 * batch;
        assert_eq!(got.others, 0, "{refused:?}: {got:?}");
        assert!(got.passed <= limit * day.since(), "{refused:?}: {got:?}");
        assert!(got.passed + held >= limit, "{refused:?}: {got:?}");
        let calls = fleet.calls();
        println!(
            "hybrid, {refused:?}: {} of {limit} passed, {calls} calls for {} requests",
            got.passed,
            got.passed + got.refused
        );
        assert!(calls * 20 < got.passed + got.refused, "{refused:?}: {calls} calls; {got:?}");
        fleet.assert_no_trap();
    }
}

#[test]
fn a_hybrid_limit_makes_few_calls_at_a_steady_rate() {
    let Some(redis) = redis() else { return };
    let fleet = Fleet::start(&redis, 100_000, Refused::Free, json!({"mode": "hybrid"}));
    // Two gateways, four connections each, one request every 8 ms on each: 1000 a second.
    let (seconds, connections, pause) = (5, 4, Duration::from_millis(8));
    let got = fleet.load(connections, seconds * 125, Some(pause));
    let calls = fleet.calls();
    println!(
        "hybrid at {} requests/s: {calls} calls for {} requests",
        got.passed as u64 / got.took.as_secs().max(1),
        got.passed
    );
    assert_eq!((got.refused, got.others), (0, 0), "{got:?}");
    assert!(calls * 20 < got.passed, "{calls} calls for {} requests", got.passed);
    fleet.assert_no_trap();
}

#[test]
fn what_the_service_tells_of_a_limit_is_told_to_the_client() {
    let Some(redis) = redis() else { return };
    let service = Service::start(&redis, &limits(2), Refused::Free);
    let gateway = Shared::start(builder(&service.address, rules(2, &json!({"mode": "global"}))));
    let first = gateway.ask(Request::get("/"));
    assert_eq!(first.response.status, 200);
    assert_eq!(first.logged("rate_limit"), "rate_limit.allowed;rule=all");
    let field = |name| first.response.header_text(name).unwrap_or_default();
    assert_eq!(field("ratelimit-policy"), "\"all\";q=2;w=86400");
    assert!(field("ratelimit").starts_with("\"all\";r=1;t="), "{}", field("ratelimit"));
    assert_eq!(gateway.ask(Request::get("/")).response.status, 200);
    let refused = gateway.ask(Request::get("/"));
    refused.assert_refused("the third", 429, "rate_limit.exceeded");
    let wait: u64 = refused
        .response
        .header_text("retry-after")
        .and_then(|text| text.parse().ok())
        .expect("a number");
    assert!((1..=86_400).contains(&wait), "{wait}");
    gateway.assert_no_trap();
}

/// `RateLimitResponse { overall_code, statuses: [{duration_until_reset}], response_headers_to_add,
/// request_headers_to_add }`, without the status where there is no time.
fn ruling(
    code: u8,
    reset: Option<u8>,
    response: &[(&str, &str)],
    request: &[(&str, &str)],
) -> Behaviour {
    let bytes = |number: u8, value: &[u8]| {
        let length = i8::try_from(value.len()).expect("short").unsigned_abs();
        [&[number << 3 | 2, length][..], value].concat()
    };
    let mut message = vec![0x08, code];
    if let Some(reset) = reset {
        message.extend(bytes(2, &bytes(4, &[0x08, reset])));
    }
    for (number, fields) in [(3, response), (4, request)] {
        for (name, value) in fields {
            let field = [bytes(1, name.as_bytes()), bytes(2, value.as_bytes())].concat();
            message.extend(bytes(number, &field));
        }
    }
    Behaviour::Message(message)
}

#[test]
fn the_fields_that_a_service_adds_reach_the_client_and_the_upstream() {
    const FIELDS: [(&str, &str); 9] = [
        ("X-RateLimit-Limit", "100, 100;w=60"),
        ("X-RateLimit-Remaining", "41"),
        ("X-RateLimit-Reset", "17"),
        ("X-Plan", "gold"),
        // What the proxy owns, what says what the message is, and what would split it.
        ("Content-Length", "3"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Type", "text/plain"),
        (":status", "500"),
        ("X-Split", "a\r\nx-other: b"),
    ];
    let puppet = Puppet::start(Behaviour::Silent);
    let gateway = Shared::start(builder(
        &puppet.address,
        rules(100, &json!({"mode": "global", "timeout": "5s"})),
    ));
    let told = |exchange: &Exchange| {
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-plan"]
            .map(|name| exchange.response.header_text(name).unwrap_or_default())
    };
    let asked = |behaviour| {
        puppet.behave(behaviour);
        gateway.ask(Request::get("/?header=x-plan:none").header("x-score", "mine"))
    };
    let request =
        [("X-Score", "7"), ("Host", "evil"), (":path", "/admin"), ("Connection", "close")];
    let passed = asked(ruling(1, None, &FIELDS, &request));
    assert_eq!(passed.response.status, 200, "{}", passed.response.text());
    assert_eq!(told(&passed)[..3], ["100, 100;w=60", "41", "17"]);
    assert_eq!(passed.response.header_all("x-plan"), [b"none", b"gold"]);
    assert_eq!(received(&passed.response, "x-score"), ["mine", "7"]);
    assert!(passed.response.text().contains("/?header=x-plan:none"), "{}", passed.response.text());

    // (case, what is told, seconds to wait)
    for (case, behaviour, wait) in [
        ("nothing", ruling(2, None, &[], &[]), "86400"),
        ("a field", ruling(2, None, &FIELDS, &request), "17"),
        ("a status", ruling(2, Some(9), &[], &[]), "9"),
        ("both", ruling(2, Some(9), &FIELDS, &[]), "9"),
    ] {
        let has_fields = ["a field", "both"].contains(&case);
        let refused = asked(behaviour);
        refused.assert_refused(case, 429, "rate_limit.exceeded");
        assert_eq!(refused.response.header_text("retry-after").as_deref(), Some(wait), "{case}");
        let want = if has_fields { ["100, 100;w=60", "41", "17", "gold"] } else { [""; 4] };
        assert_eq!(told(&refused), want, "{case}");
        let kind = refused.response.header_all("content-type");
        assert_eq!(kind, [b"application/problem+json"], "{case}");
        for name in ["x-split", "x-other", "transfer-encoding"] {
            assert_eq!(refused.response.header(name), None, "{case}, {name}");
        }
    }
    gateway.assert_no_trap();
}

#[test]
fn without_redis_it_does_what_on_error_says_and_recovers() {
    let Some(mut redis) = redis() else { return };
    let service = Service::start(&redis, &limits(1000), Refused::Free);
    let start = |mode: &str, on_error: Value| {
        let mut counting = json!({"mode": mode, "timeout": "1s"});
        counting
            .as_object_mut()
            .expect("a mapping")
            .extend(on_error.as_object().cloned().expect("a mapping"));
        Shared::start(builder(&service.address, rules(20, &counting)))
    };
    let cases = [
        ("deny", start("global", json!({"on_error": "deny"})), 503),
        ("allow", start("global", json!({"on_error": "allow"})), 200),
        ("local_share", start("global", json!({"on_error": "local_share", "gateways": 2})), 200),
        ("hybrid, allow", start("hybrid", json!({"on_error": "allow"})), 200),
    ];
    for (case, gateway, _) in &cases {
        assert_eq!(
            gateway.ask(Request::get("/")).logged("rate_limit"),
            "rate_limit.allowed;rule=all",
            "{case}"
        );
    }
    redis.stop();
    // A lease is good for a second at most.
    thread::sleep(Duration::from_millis(1100));
    for (case, gateway, status) in &cases {
        for n in 0..10 {
            let exchange = gateway.ask(Request::get("/"));
            assert_eq!(
                exchange.response.status,
                *status,
                "{case}, {n}: {}",
                exchange.response.text()
            );
            let code = if *status == 503 { "service_unavailable" } else { "degraded" };
            assert_eq!(
                exchange.logged("rate_limit"),
                format!("rate_limit.{code};rule=all"),
                "{case}, {n}"
            );
        }
    }
    let (_, share, _) = &cases[2];
    share.ask(Request::get("/")).assert_refused(
        "more than half the limit",
        429,
        "rate_limit.exceeded",
    );
    redis.resume().expect("Redis starts again");
    for (case, gateway, _) in &cases {
        until(case, || {
            gateway.ask(Request::get("/")).logged("rate_limit") == "rate_limit.allowed;rule=all"
        });
        gateway.assert_no_trap();
    }
}

#[test]
fn a_service_that_is_slow_or_talks_nonsense_holds_nobody_up_and_traps_nothing() {
    let puppet = Puppet::start(Behaviour::Silent);
    for mode in ["global", "hybrid"] {
        let counting = json!({"mode": mode, "timeout": "200ms", "on_error": "deny"});
        let gateway = Shared::start(builder(&puppet.address, rules(100, &counting)));
        for (case, behaviour) in [
            ("silent", Behaviour::Silent),
            ("a page", Behaviour::Page),
            ("hangs up", Behaviour::HangUp),
            ("no message", Behaviour::Message(vec![])),
            (
                "garbage",
                Behaviour::Message(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
            ),
            ("a message cut short", Behaviour::Message(vec![0x08, 0x01, 0x12, 0x40, 0x08])),
            ("a code that is none", Behaviour::Message(vec![0x08, 0x07])),
            ("a megabyte", Behaviour::Message(vec![0x12; 1 << 20])),
        ] {
            puppet.behave(behaviour);
            // Some of them go away before they are answered.
            for _ in 0..3 {
                let mut gone = gateway.gateway().connect();
                gone.write(&Request::get("/").bytes()).expect("a request can be sent");
            }
            let mut connection = gateway.gateway().connect();
            let response = connection.send(&Request::get("/")).expect("an answer");
            assert_eq!(response.status, 503, "{mode}, {case}: {}", response.text());
            assert!(response.text().contains("rate_limit.service_unavailable"), "{mode}, {case}");
            puppet.behave(Behaviour::Message(OK.to_vec()));
            until(case, || gateway.gateway().get("/", &[]).status == 200);
            gateway.assert_no_trap();
        }
    }
}

/// Two gateways, each with a service of its own, on one Redis.
struct Fleet {
    gateways: [Gateway; 2],
    services: [Service; 2],
}

/// What came of requests.
#[derive(Debug)]
struct Got {
    passed: usize,
    refused: usize,
    others: usize,
    took: Duration,
}

impl Fleet {
    fn start(redis: &Redis, limit: usize, refused: Refused, mut counting: Value) -> Self {
        // Counts of their own, on a Redis that several cases may share.
        static FLEETS: AtomicUsize = AtomicUsize::new(0);
        let domain = format!("fleet-{}", FLEETS.fetch_add(1, Ordering::Relaxed));
        counting["domain"] = json!(domain);
        counting["timeout"] = json!("5s");
        let limits = limits(limit).replace("domain: gatehouse", &format!("domain: {domain}"));
        let services = [(); 2].map(|()| Service::start(redis, &limits, refused));
        let gateways = [0, 1].map(|n: usize| {
            start(builder(&services[n].address, rules(limit, &counting)).concurrency(2))
        });
        Self { gateways, services }
    }

    /// So many requests to each gateway, on eight connections each, as fast as they go.
    fn flood(&self, requests: usize) -> Got {
        self.load(8, requests.div_ceil(8), None)
    }

    /// So many requests on each of so many connections to each gateway, with a pause between their
    /// starts.
    fn load(&self, connections: usize, requests: usize, pause: Option<Duration>) -> Got {
        let counts = [(); 3].map(|()| AtomicUsize::new(0));
        let begin = Instant::now();
        thread::scope(|scope| {
            for gateway in &self.gateways {
                for _ in 0..connections {
                    let (address, counts) = (gateway.address(), &counts);
                    scope.spawn(move || {
                        let mut connection = Connection::open(address).expect("a connection");
                        let request = Request::get("/");
                        let mut next = Instant::now();
                        for _ in 0..requests {
                            let status = connection.send(&request).expect("an answer").status;
                            let kind = match status {
                                200 => 0,
                                429 => 1,
                                _ => 2,
                            };
                            counts[kind].fetch_add(1, Ordering::Relaxed);
                            if let Some(pause) = pause {
                                next += pause;
                                thread::sleep(next.saturating_duration_since(Instant::now()));
                            }
                        }
                    });
                }
            }
        });
        let [passed, refused, others] = counts.map(AtomicUsize::into_inner);
        Got { passed, refused, others, took: begin.elapsed() }
    }

    /// How often the services were called.
    fn calls(&self) -> usize {
        let calls: u64 = self.services.iter().map(|service| service.stats.calls()).sum();
        usize::try_from(calls).expect("few calls")
    }

    #[track_caller]
    fn assert_no_trap(&self) {
        self.gateways.iter().for_each(trap::assert_none);
    }
}

/// The window in which a case began: none of them asserts on how much of it is left.
struct Day(u64);

impl Day {
    fn now() -> Self {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is right");
        Self(since_1970.as_secs() / 86_400)
    }

    /// How many windows there were since: one, but at midnight.
    fn since(&self) -> usize {
        usize::try_from(Self::now().0 - self.0 + 1).expect("a short test")
    }
}

/// A Redis, or a word that there is none.
fn redis() -> Option<Redis> {
    if Redis::is_installed() {
        return Some(Redis::start().unwrap_or_else(|fault| panic!("{fault:#}")));
    }
    eprintln!("\n!!! SKIPPED: redis-server is missing; install it: {}\n", Redis::INSTALL);
    None
}

/// One limit for everybody, in the service's words …
fn limits(requests: usize) -> String {
    format!(
        "
domain: gatehouse
descriptors:
  - key: rule
    value: all
    descriptors:
      - key: client_address
        rate_limit: {{unit: day, requests_per_unit: {requests}}}
"
    )
}

/// … and in the gateway's.
fn rules(requests: usize, counting: &Value) -> Value {
    let mut counting = counting.clone();
    counting["cluster"] = json!("rate-limit");
    json!({"rules": [{"name": "all", "key": ["client_address"], "counting": counting,
        "limits": [{"requests": requests, "window": "1d"}]}]})
}

fn builder(service: &std::net::SocketAddr, value: Value) -> Builder {
    Gateway::builder(CONFIG)
        .upstream("rate-limit:8081", *service)
        .edit(move |tree| configuration::set(tree, "rate-limit", value))
}

/// Waits for what comes within seconds.
#[track_caller]
fn until(case: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "{case}: not within 10 s");
        thread::sleep(Duration::from_millis(50));
    }
}
