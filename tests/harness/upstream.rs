//! An upstream that a case writes: it keeps each request as it came, byte for byte, and answers
//! what it is told.

mod http2;

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw;

/// A server of HTTP/1.1, or of HTTP/2. It ends with the process.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

/// What a server says to a request, and how.
#[derive(Clone, Default)]
pub(crate) struct Said {
    /// How long it thinks.
    pub(crate) after: Duration,
    /// Byte for byte.
    pub(crate) bytes: Vec<u8>,
    /// What follows, part by part, each after this time.
    pub(crate) then: Vec<(Duration, Vec<u8>)>,
    /// Whether it closes the connection then.
    pub(crate) closes: bool,
}

impl Said {
    /// A response with a body of this content type, its length, and these header lines.
    pub(crate) fn response(
        status: u16,
        content_type: &str,
        more: &str,
        body: impl AsRef<[u8]>,
    ) -> Self {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\ncontent-type: {content_type}\r\n{more}content-length: {}\r\n\r\n",
            body.len()
        );
        Self { bytes: [head.as_bytes(), body].concat(), ..Self::default() }
    }

    /// A response with JSON.
    pub(crate) fn json(body: impl AsRef<[u8]>) -> Self {
        Self::response(200, "application/json", "", body)
    }

    /// The same, after this time.
    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

/// A body in chunks of this size (RFC 9112 §7.1), and these trailer lines.
pub(crate) fn chunked(body: &[u8], size: usize, trailers: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("0\r\n{trailers}\r\n").into_bytes());
    bytes
}

type Answerer = Arc<dyn Fn(&Received) -> Said + Send + Sync>;

struct Shared {
    answer: Answerer,
    received: Vec<Received>,
    /// The request line of every request whose head has come, whole or not.
    begun: Vec<String>,
}

/// A request as the upstream got it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The request line and the header lines, names in lower case.
    pub(crate) head: String,
    /// The body without its chunks.
    pub(crate) body: Vec<u8>,
    /// The trailer lines.
    pub(crate) trailers: String,
}

impl From<raw::Received> for Received {
    fn from(request: raw::Received) -> Self {
        Self { head: request.head(), trailers: request.trailer_lines(), body: request.body }
    }
}

impl Shared {
    fn keep(&mut self, request: Received) {
        self.received.push(request);
    }
}

impl Received {
    /// The value of a header line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Its target: path and query.
    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Upstream {
    /// Starts one that answers 200 with an empty body.
    pub(crate) fn start() -> Self {
        let (upstream, listener) = Self::listen();
        upstream.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let shared = Arc::clone(&upstream.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        upstream
    }

    /// Starts one of HTTP/2 that answers 200 with an empty body, whatever it is told.
    pub(crate) fn start_http2() -> Self {
        let (upstream, listener) = Self::listen();
        let shared = Arc::clone(&upstream.shared);
        thread::spawn(move || http2::serve(listener, &shared));
        upstream
    }

    fn listen() -> (Self, TcpListener) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("it has an address");
        let answer: Answerer = Arc::new(|_| Said::default());
        let (received, begun) = (Vec::new(), Vec::new());
        let shared = Arc::new(Mutex::new(Shared { answer, received, begun }));
        (Self { address, shared }, listener)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers from now on, byte for byte: a response that says where it ends.
    pub(crate) fn answer(&self, answer: impl AsRef<[u8]>) {
        let said = Said { bytes: answer.as_ref().to_vec(), ..Said::default() };
        self.answer_by(move |_| said.clone());
    }

    /// What it answers to which request from now on.
    pub(crate) fn answer_by(&self, answer: impl Fn(&Received) -> Said + Send + Sync + 'static) {
        self.lock().answer = Arc::new(answer);
    }

    /// A response with a body of this content type and its length.
    pub(crate) fn answer_with(
        &self,
        status: u16,
        content_type: &str,
        more: &str,
        body: impl AsRef<[u8]>,
    ) {
        self.answer(Said::response(status, content_type, more, body).bytes);
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

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    // Parts of an answer go when they are sent.
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    // Envoy sends one request after the other, each when the one before it has been answered.
    while let Ok(mut request) = raw::Received::read_head(&mut stream) {
        lock().begun.push(String::from_utf8_lossy(&request.line).into_owned());
        if request.read_body(&mut stream).is_err() {
            return;
        }
        let request = Received::from(request);
        let answer = {
            let mut shared = lock();
            shared.keep(request.clone());
            Arc::clone(&shared.answer)
        };
        let Said { after, bytes, then, closes } = answer(&request);
        let parts = [(after, bytes)].into_iter().chain(then);
        let mut sent = parts.map(|(after, bytes)| {
            thread::sleep(after);
            stream.get_mut().write_all(&bytes)
        });
        if sent.any(|sent| sent.is_err()) || closes {
            return;
        }
    }
}
