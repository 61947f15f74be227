//! An upstream that a case writes: it keeps each request as it came, byte for byte, and answers
//! what it is told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A server of HTTP/1.1. It ends with the process.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    answer: Vec<u8>,
    received: Vec<Received>,
    /// The request line of every request whose head has come, whole or not.
    begun: Vec<String>,
}

/// A request as the upstream got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    /// The request line and the header lines, names in lower case.
    pub(crate) head: String,
    /// The body without its chunks.
    pub(crate) body: Vec<u8>,
    /// The trailer lines.
    pub(crate) trailers: String,
}

impl Received {
    /// The value of a header line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Upstream {
    /// Starts one that answers 200 with an empty body.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let upstream = Self { address, shared: Arc::clone(&shared) };
        upstream.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        upstream
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers from now on, byte for byte: a response that says where it ends.
    pub(crate) fn answer(&self, answer: impl AsRef<[u8]>) {
        self.lock().answer = answer.as_ref().to_vec();
    }

    /// A response with a body of this content type and its length.
    pub(crate) fn answer_with(
        &self,
        status: u16,
        content_type: &str,
        more: &str,
        body: impl AsRef<[u8]>,
    ) {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\ncontent-type: {content_type}\r\n{more}content-length: {}\r\n\r\n",
            body.len()
        );
        self.answer([head.as_bytes(), body].concat());
    }

    /// The last request that came whole since this was last asked; `None` where none came.
    pub(crate) fn take(&self) -> Option<Received> {
        self.lock().received.drain(..).next_back()
    }

    /// All requests that came whole since this was last asked.
    pub(crate) fn take_all(&self) -> Vec<Received> {
        std::mem::take(&mut self.lock().received)
    }

    /// The request lines of all requests so far whose target begins so. A request counts as soon as
    /// its head has come, be it that its body never does.
    pub(crate) fn begun(&self, target: &str) -> Vec<String> {
        let is_meant =
            |line: &&String| line.split(' ').nth(1).is_some_and(|this| this.starts_with(target));
        self.lock().begun.iter().filter(is_meant).cloned().collect()
    }

    /// The next request that has come whole, waited for: an answer may have come back before it was
    /// read.
    #[track_caller]
    pub(crate) fn wait(&self) -> Received {
        for _ in 0..1_500 {
            if let Some(received) = self.take() {
                return received;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no request came");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let mut bytes = Vec::new();
    let mut chunk = [0; 65_536];
    let mut has_begun = false;
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
        if !has_begun && let Some(end) = find(&bytes, b"\r\n\r\n") {
            has_begun = true;
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let line = head.lines().next().unwrap_or_default().to_owned();
            shared.lock().unwrap_or_else(PoisonError::into_inner).begun.push(line);
        }
        // Envoy sends one request after the other, each when the one before it has been answered.
        let Some(received) = whole(&bytes) else { continue };
        bytes.clear();
        has_begun = false;
        let answer = {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.received.push(received);
            shared.answer.clone()
        };
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The request, when all of it is there.
fn whole(bytes: &[u8]) -> Option<Received> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut received = Received { head, ..Received::default() };
    let mut rest = &bytes[end + 4..];
    if let Some(length) = received.header("content-length") {
        let length: usize = length.parse().expect("Envoy writes a length");
        received.body = rest.get(..length)?.to_vec();
        return Some(received);
    }
    if received.header("transfer-encoding") != Some("chunked") {
        return Some(received);
    }
    loop {
        let line = find(rest, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            let end = if rest.starts_with(b"\r\n") { 0 } else { find(rest, b"\r\n\r\n")? };
            received.trailers = String::from_utf8_lossy(&rest[..end]).into_owned();
            return Some(received);
        }
        received.body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
