//! `jwt-auth` with keys that it fetches, on `envoy/jwt-auth-remote.yaml`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::token::{self, Key, bearer, claims};
use crate::harness::{configuration, received, trap};

#[test]
fn hostile_bytes_do_not_trap_it() {
    let gateway = start(Gateway::builder(CONFIG));
    let authorization = bearer(&token::good("alice"));
    let honest = Honest { path: "/orders", headers: &[("authorization", &authorization)], refused: &[] };
    hostile::survive(&gateway, &honest);
}

#[test]
fn the_keys_of_the_demo_service_are_fetched_and_the_first_request_waits_for_them() {
    let gateway = start(Gateway::builder(CONFIG));
    let response = ask(&gateway, &token::good("alice"));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(received(&response, "x-user"), ["alice"]);
    assert_eq!(ask(&gateway, &token::flipped(&token::good("alice"))).status, 401);
    trap::assert_none(&gateway);
}

#[test]
fn a_bad_provider_gives_503_and_a_good_one_after_it_is_found() {
    for (case, bad) in [
        ("garbage", Behaviour::Answer("<html>".to_owned())),
        ("10 MB", Behaviour::Answer(" ".repeat(10_000_000))),
        ("silent", Behaviour::Silent),
        ("hangs up", Behaviour::HangUp),
    ] {
        let provider = Provider::start(bad);
        let gateway = start(provider.builder());
        let response = ask(&gateway, &KEYS[0].sign(&claims("alice")));
        assert_eq!(response.status, 503, "{case}: {}", response.text());
        assert!(response.text().contains("jwt_auth.keys_unavailable"), "{case}: {}", response.text());
        provider.behave(Behaviour::Answer(set(&[&KEYS[0]])));
        until(case, || ask(&gateway, &KEYS[0].sign(&claims("alice"))).status == 200);
        // And what was good stays, whatever comes next.
        provider.behave(Behaviour::Answer("garbage".to_owned()));
        thread::sleep(Duration::from_millis(2500));
        assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200, "{case}");
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_key_that_is_new_is_looked_for_and_a_storm_of_others_costs_one_fetch_a_second() {
    let provider = Provider::start(Behaviour::Answer(set(&[&KEYS[0]])));
    let gateway = start(provider.builder());
    assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200);
    provider.behave(Behaviour::Answer(set(&[&KEYS[0], &KEYS[1]])));
    thread::sleep(Duration::from_millis(1100));
    assert_eq!(ask(&gateway, &KEYS[1].sign(&claims("alice"))).status, 200, "at the first try");
    assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200);

    let (before, began) = (provider.fetches(), Instant::now());
    let storm = token::unsigned(&json!({"alg": KEYS[0].algorithm, "kid": "storm"}), &claims("alice"));
    while began.elapsed() < Duration::from_secs(4) {
        assert_eq!(ask(&gateway, &storm).status, 401);
    }
    let fetches = provider.fetches() - before;
    assert!((2..=5).contains(&fetches), "{fetches} fetches in 4 s");
    assert_eq!(ask(&gateway, &KEYS[1].sign(&claims("alice"))).status, 200);
    trap::assert_none(&gateway);
}

const CONFIG: &str = "envoy/jwt-auth-remote.yaml";

/// Public keys that an Envoy verifies with.
static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let mut keys = token::a_key_for_every_algorithm();
    keys.retain(|key| !key.algorithm.starts_with("HS"));
    keys
});

fn set(keys: &[&Key]) -> String {
    let keys: Value = keys.iter().map(|key| key.jwk.clone()).collect();
    json!({"keys": keys}).to_string()
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn ask(gateway: &Gateway, token: &str) -> Response {
    gateway.request(Request::get("/orders").header("authorization", bearer(token)))
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

/// An identity provider that does as it is told.
struct Provider {
    address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    fetches: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum Behaviour {
    /// 200 and this body.
    Answer(String),
    /// Takes the request, and never answers.
    Silent,
    /// Closes the connection.
    HangUp,
}

impl Provider {
    fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let behaviour = Arc::new(Mutex::new(behaviour));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (told, counted) = (Arc::clone(&behaviour), Arc::clone(&fetches));
        // Ends with the process.
        thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let behaviour = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match behaviour {
                    Behaviour::Answer(body) => answer(stream, &body),
                    Behaviour::Silent => silent.push(stream),
                    Behaviour::HangUp => drop(stream),
                }
            }
        });
        Self { address, behaviour, fetches }
    }

    fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// How many requests came; each has a connection of its own.
    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// The shipped config with this provider, asked every second.
    fn builder(&self) -> Builder {
        let jwks = json!({"cluster": "auth", "path": "/jwks.json", "refresh": "1s", "timeout": "500ms", "retry": "1s"});
        let value = json!({"providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": jwks}]});
        Gateway::builder(CONFIG)
            .upstream("auth:8000", self.address)
            .edit(move |tree| configuration::set(tree, "jwt-auth", value))
    }
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    // Envoy may have had enough of it before the end.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}
