//! An identity provider that does as it is told.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use gatehouse_sandbox::raw::{Received, Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use super::configuration;
use super::token::{Key, bearer, claims, with};

/// A server of key sets, at an address that stays its own while it is stopped. Ends with the
/// process.
pub(crate) struct IdentityProvider {
    address: SocketAddr,
    orders: Arc<Orders>,
    socket: Option<Socket>,
}

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// 200 and this body.
    Answer(String),
    /// The same, so long after the request has come.
    AnswerLate(String, Duration),
    /// Another status, and this body.
    Refuse(u16, String),
    /// Takes the request, and never answers.
    Silent,
    /// Takes the request, and does with it what it is told next.
    Hold,
    /// Closes the connection.
    HangUp,
    /// Closes it in the middle of the answer.
    BreakOff(String),
    /// 200 with this tag and this body, or 304 for whoever has it.
    Tagged(&'static str, String),
    /// The same of a body in gzip, whether or not anybody asked for it: see [`Behaviour::packed`].
    Packed(&'static str, Vec<u8>),
    /// 200 with these fields, each on a line, and this body.
    Headed(&'static str, String),
    /// The same as the other, for requests whose head has this line; 401 for all others.
    Keyed(&'static str, Box<Behaviour>),
    /// By the target; 404 for all others.
    Site(Vec<(&'static str, Behaviour)>),
}

impl Behaviour {
    /// 200 with this tag and this body in gzip, which is made now: a large one takes longer than
    /// who asks waits.
    pub(crate) fn packed(name: &'static str, body: &str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish());
        Self::Packed(name, packed.expect("it is memory"))
    }
}

/// Asks for what alice may have, with a token that this key has signed for this issuer.
pub(crate) fn ask(gateway: &Gateway, key: &Key, issuer: &str) -> Response {
    let token = key.sign(&with(claims("alice"), json!({"iss": issuer})));
    gateway.request(Request::get("/orders").header("authorization", bearer(&token)))
}

struct Orders {
    behaviour: Mutex<Behaviour>,
    requests: AtomicUsize,
    /// What was asked, in order.
    heads: Mutex<Vec<String>>,
    is_stopped: AtomicBool,
    /// Connections that nothing is said on.
    silent: Mutex<Vec<TcpStream>>,
}

enum Socket {
    Listening(JoinHandle<()>),
    /// Bound, so that nobody else gets the port; who connects is refused.
    Closed(TcpSocket),
}

impl IdentityProvider {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let orders = Arc::new(Orders {
            behaviour: Mutex::new(behaviour),
            requests: AtomicUsize::new(0),
            heads: Mutex::default(),
            is_stopped: AtomicBool::new(false),
            silent: Mutex::default(),
        });
        let address = listener.local_addr().expect("a bound socket");
        Self { address, socket: Some(listen(listener, &orders)), orders }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The example whose keys are fetched, from here, with this configuration of `jwt-auth`.
    pub(crate) fn gateway(&self, value: Value) -> Builder {
        Gateway::builder("envoy/jwt-auth-remote.yaml")
            .upstream("auth:8000", self.address)
            .edit(move |tree| configuration::set(tree, "jwt-auth", value))
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.orders.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// From the next request on it publishes these keys.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        self.behave(Behaviour::Answer(key_set(keys)));
    }

    /// How many requests have come; each has a connection of its own.
    pub(crate) fn requests(&self) -> usize {
        self.orders.requests.load(Ordering::SeqCst)
    }

    /// The heads of the requests that have come since this was last asked, in lower case.
    pub(crate) fn take_heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.orders.heads.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuses connections from now on, and breaks those that there are.
    pub(crate) fn stop(&mut self) {
        let Some(Socket::Listening(thread)) = self.socket.take() else {
            panic!("it is stopped already")
        };
        self.orders.is_stopped.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).expect("it listens");
        thread.join().expect("it ends well");
        self.orders.silent.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_reuseaddr(true)
            .and_then(|()| socket.bind(self.address))
            .expect("the port is its own");
        self.socket = Some(Socket::Closed(socket));
    }

    /// Listens again.
    pub(crate) fn restart(&mut self) {
        let Some(Socket::Closed(socket)) = self.socket.take() else { panic!("it is not stopped") };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener =
            runtime.block_on(async { socket.listen(64)?.into_std() }).expect("the port is its own");
        listener.set_nonblocking(false).expect("a socket may block");
        self.orders.is_stopped.store(false, Ordering::SeqCst);
        self.socket = Some(listen(listener, &self.orders));
    }
}

/// The set of these keys (RFC 7517).
pub(crate) fn key_set(keys: &[&Key]) -> String {
    let keys: Value = keys.iter().map(|key| key.jwk.clone()).collect();
    json!({"keys": keys}).to_string()
}

impl Orders {
    /// The behaviour itself, or where it is to hold the request, the first other one.
    fn once_released(&self, mut behaviour: Behaviour) -> Behaviour {
        while matches!(behaviour, Behaviour::Hold) && !self.is_stopped.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
            behaviour = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        behaviour
    }
}

fn listen(listener: TcpListener, orders: &Arc<Orders>) -> Socket {
    let orders = Arc::clone(orders);
    Socket::Listening(thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if orders.is_stopped.load(Ordering::SeqCst) {
                return;
            }
            orders.requests.fetch_add(1, Ordering::SeqCst);
            // What it answers is settled when the request comes, as a server's own database would.
            let behaviour = orders.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let orders = Arc::clone(&orders);
            thread::spawn(move || obey(behaviour, stream, &orders));
        }
    }))
}

fn obey(behaviour: Behaviour, stream: TcpStream, orders: &Orders) {
    if matches!(behaviour, Behaviour::HangUp) {
        return;
    }
    let mut stream = BufReader::new(stream);
    let Ok(mut request) = Received::read_head(&mut stream) else { return };
    // What is left unread when the connection closes would break it off.
    if request.read_body(&mut stream).is_err() {
        return;
    }
    let (head, target) = (request.head().to_lowercase(), request.target().to_lowercase());
    let stream = stream.into_inner();
    orders.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    let behaviour = orders.once_released(behaviour);
    match behaviour {
        Behaviour::Site(pages) => {
            let page = pages.into_iter().find(|(path, _)| *path == target);
            let missing = || Behaviour::Refuse(404, "not found".to_owned());
            answer(page.map_or_else(missing, |(_, behaviour)| behaviour), &head, stream, orders);
        }
        Behaviour::Keyed(line, behaviour) if head.lines().any(|known| known == line) => {
            answer(*behaviour, &head, stream, orders);
        }
        Behaviour::Keyed(..) => {
            answer(Behaviour::Refuse(401, "who are you?".to_owned()), &head, stream, orders);
        }
        behaviour => answer(behaviour, &head, stream, orders),
    }
}

fn answer(behaviour: Behaviour, asked: &str, mut stream: TcpStream, orders: &Orders) {
    let mut fields = String::new();
    let (status, body, promised) = match behaviour {
        Behaviour::Answer(body) => (200, body.into_bytes(), None),
        Behaviour::Tagged(name, _) | Behaviour::Packed(name, _) if knows(asked, name) => {
            fields = format!("etag: \"{name}\"\r\n");
            (304, Vec::new(), None)
        }
        Behaviour::Tagged(name, body) => {
            fields = format!("etag: \"{name}\"\r\n");
            (200, body.into_bytes(), None)
        }
        Behaviour::Packed(name, body) => {
            fields = format!("etag: \"{name}\"\r\ncontent-encoding: gzip\r\n");
            (200, body, None)
        }
        Behaviour::Headed(lines, body) => {
            fields = lines.lines().map(|line| format!("{line}\r\n")).collect();
            (200, body.into_bytes(), None)
        }
        Behaviour::AnswerLate(body, late) => {
            thread::sleep(late);
            (200, body.into_bytes(), None)
        }
        Behaviour::Refuse(status, body) => (status, body.into_bytes(), None),
        Behaviour::Silent => {
            return orders.silent.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        }
        Behaviour::HangUp | Behaviour::Hold | Behaviour::Site(_) | Behaviour::Keyed(..) => return,
        Behaviour::BreakOff(body) => {
            let promised = body.len() + 1;
            (200, body.into_bytes(), Some(promised))
        }
    };
    let length = promised.unwrap_or(body.len());
    let head = format!(
        "HTTP/1.1 {status} Done\r\ncontent-length: {length}\r\n{fields}connection: close\r\n\r\n"
    );
    // Envoy may have had enough of it before the end.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Whether who asks has the body with this tag.
fn knows(asked: &str, name: &str) -> bool {
    asked.contains(&format!("if-none-match: \"{name}\""))
}
