//! Clients that ask for one thing all the time, and keep what they are answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use gatehouse_sandbox::raw::{Connection, Request, Response};

use crate::harness::until;

const CLIENTS: usize = 4;

/// Clients at work, each on a connection that it keeps until it is told that it ends.
pub(super) struct Traffic {
    is_over: Arc<AtomicBool>,
    /// Each client's in their order: the limit that was told, or what was wrong.
    answers: [Arc<Mutex<Answers>>; CLIENTS],
    clients: Vec<JoinHandle<()>>,
}

type Answers = Vec<Result<String, String>>;

impl Traffic {
    pub(super) fn start(to: SocketAddr) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let answers: [Arc<Mutex<Answers>>; CLIENTS] = Default::default();
        let clients = answers.iter().map(|told| {
            let (is_over, told) = (Arc::clone(&is_over), Arc::clone(told));
            thread::spawn(move || {
                let mut connection = None;
                while !is_over.load(Ordering::SeqCst) {
                    let answer = ask(to, &mut connection);
                    told.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                }
            })
        });
        let clients = clients.collect();
        Self { is_over, answers, clients }
    }

    /// Waits until the last that each client was told is this limit.
    #[track_caller]
    pub(super) fn wait_for(&self, case: &str, limit: &str) {
        let is_told = |told: &Arc<Mutex<Answers>>| {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.last().is_some_and(|last| last.as_deref() == Ok(limit))
        };
        until(case, || self.answers.iter().all(is_told));
    }

    /// All answers.
    pub(super) fn end(self) -> Vec<Answers> {
        self.is_over.store(true, Ordering::SeqCst);
        self.clients.into_iter().for_each(|client| client.join().expect("a client ends"));
        let take = |told: &Arc<Mutex<Answers>>| {
            std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.answers.iter().map(take).collect()
    }
}

fn ask(to: SocketAddr, connection: &mut Option<Connection>) -> Result<String, String> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(to).map_err(|fault| fault.to_string())?,
    };
    let response = open.send(&Request::get("/orders")).map_err(|fault| fault.to_string())?;
    // RFC 9112 §9.6: no other request may follow on it.
    if response.header_text("connection").as_deref() != Some("close") {
        *connection = Some(open);
    }
    limit(&response)
}

/// The limit that an answer tells.
fn limit(response: &Response) -> Result<String, String> {
    match response.header_text("ratelimit-policy") {
        Some(told) if response.status == 200 => Ok(told),
        _ => Err(format!("{}: {}", response.status, response.text())),
    }
}
