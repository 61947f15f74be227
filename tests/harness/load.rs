//! Clients that send requests all the time, each on a connection that it keeps.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gatehouse_sandbox::raw::{Connection, Request};

/// A token, and who the upstream has to be told that it is; `None` where the request has to be
/// refused.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) token: String,
    pub(crate) subject: Option<String>,
}

/// Where clients show what they have, and where the upstream is told whose it is.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    field: &'static str,
    prefix: &'static str,
    told: &'static str,
}

/// Tokens, as `jwt-auth` reads them.
const TOKENS: Shown = Shown { field: "authorization", prefix: "Bearer ", told: "x-user" };

/// API keys, as `api-key-auth` reads them.
pub(crate) const KEYS: Shown = Shown { field: "x-api-key", prefix: "", told: "x-consumer" };

/// Clients at work. Dropping it stops them.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<Client>,
}

struct Client {
    thread: Option<JoinHandle<()>>,
    /// The plan that its last whole request was of.
    followed: Arc<AtomicU64>,
}

struct Shared {
    shown: Shown,
    address: SocketAddr,
    plan: Mutex<(u64, Arc<Vec<Expected>>)>,
    is_over: AtomicBool,
    answers: AtomicUsize,
    /// What was wrong, with the time since the start of the test.
    wrong: Mutex<Vec<String>>,
}

impl Load {
    /// So many clients that send these tokens, over and over.
    pub(crate) fn start(address: SocketAddr, clients: usize, tokens: Vec<Expected>) -> Self {
        Self::of(TOKENS, address, clients, tokens)
    }

    /// The same, with what they have shown so.
    pub(crate) fn of(
        shown: Shown,
        address: SocketAddr,
        clients: usize,
        tokens: Vec<Expected>,
    ) -> Self {
        let shared = Arc::new(Shared {
            shown,
            address,
            plan: Mutex::new((1, Arc::new(tokens))),
            is_over: AtomicBool::new(false),
            answers: AtomicUsize::new(0),
            wrong: Mutex::default(),
        });
        let clients = (0..clients).map(|number| Client::start(number, &shared)).collect();
        let load = Self { shared, clients };
        load.wait_for(1);
        load
    }

    /// Gives the clients other tokens. When this returns none of them sends the old ones any more,
    /// and each has been answered by the new plan.
    pub(crate) fn send(&self, tokens: Vec<Expected>) {
        let number = {
            let mut plan = self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner);
            *plan = (plan.0 + 1, Arc::new(tokens));
            plan.0
        };
        self.wait_for(number);
    }

    /// How many answers were as they should be or not.
    pub(crate) fn answers(&self) -> usize {
        self.shared.answers.load(Ordering::SeqCst)
    }

    /// Waits until each client has gone through its tokens about once more.
    pub(crate) fn go_round(&self) {
        let tokens = self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner).1.len();
        let goal = self.answers() + tokens * self.clients.len();
        while self.answers() < goal {
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub(crate) fn assert_no_wrong_answer(&self, case: &str) {
        let wrong = self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let some: Vec<&str> = wrong.iter().take(5).map(String::as_str).collect();
        assert!(
            wrong.is_empty(),
            "{case}: {} of {} answers: {some:#?}",
            wrong.len(),
            self.answers()
        );
    }

    fn wait_for(&self, plan: u64) {
        while self.clients.iter().any(|client| client.followed.load(Ordering::SeqCst) < plan) {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for client in &mut self.clients {
            if let Some(thread) = client.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

impl Client {
    fn start(number: usize, shared: &Arc<Shared>) -> Self {
        let followed = Arc::new(AtomicU64::new(0));
        let (shared, told) = (Arc::clone(shared), Arc::clone(&followed));
        let thread = thread::spawn(move || {
            let mut connection = None;
            // Each begins elsewhere, so that all kinds of tokens are under way at any time.
            for turn in (number * 7).. {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (plan, tokens) =
                    shared.plan.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let Some(expected) = tokens.get(turn % tokens.len()) else { return };
                if let Err(what) = shared.ask(&mut connection, expected) {
                    connection = None;
                    shared.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
                }
                shared.answers.fetch_add(1, Ordering::SeqCst);
                told.store(plan, Ordering::SeqCst);
            }
        });
        Self { thread: Some(thread), followed }
    }
}

impl Shared {
    fn ask(&self, connection: &mut Option<Connection>, expected: &Expected) -> Result<(), String> {
        let open = match connection.take() {
            Some(open) => open,
            None => Connection::open(self.address).map_err(|fault| fault.to_string())?,
        };
        let open = connection.insert(open);
        let Shown { field, prefix, told } = self.shown;
        let value = format!("{prefix}{}", expected.token);
        let request = Request::get("/orders").header(field, value);
        let response = open.send(&request).map_err(|fault| fault.to_string())?;
        let is_right = match &expected.subject {
            None => response.status == 401,
            Some(subject) => {
                response.status == 200 && super::received(&response, told) == [subject.as_str()]
            }
        };
        let who = expected.subject.as_deref().unwrap_or("nobody");
        is_right
            .then_some(())
            .ok_or_else(|| format!("{who}: {} {}", response.status, response.text()))
    }
}
