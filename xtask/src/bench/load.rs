//! The load: one request, sent again and again over a few kept connections.

use std::io::{Read as _, Write as _};
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Requests in flight: enough that one worker is never idle, few enough that all fit its socket
/// buffers.
const CONNECTIONS: usize = 16;

/// A gateway that says nothing for this long is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections that carry one request after the other.
pub(super) struct Load {
    connections: Vec<Connection>,
    requests: Requests,
}

/// Requests that are sent in turn, and again from the first when all were sent.
#[derive(Clone)]
pub(super) struct Requests {
    all: Rc<[Vec<u8>]>,
    next: usize,
}

impl Requests {
    /// At least one: of none, nothing is ever sent.
    pub(super) fn new(all: Vec<Vec<u8>>) -> Self {
        Requests { all: all.into(), next: 0 }
    }

    /// The same, from another one on.
    pub(super) fn starting_at(self, next: usize) -> Self {
        Requests { next, ..self }
    }

    pub(super) fn take(&mut self) -> &[u8] {
        let request = self.all.get(self.next).map(Vec::as_slice).unwrap_or_default();
        self.next = self.next.saturating_add(1);
        if self.next >= self.all.len() {
            self.next = 0;
        }
        request
    }
}

/// A connection that carries one request at a time.
pub(super) struct Connection {
    stream: TcpStream,
    /// Holds one response at most: the next request is sent when it has been read.
    buffer: Vec<u8>,
}

impl Load {
    /// # Errors
    /// Nobody listens there.
    pub(super) fn connect(address: SocketAddr, request: &[u8]) -> Result<Self> {
        let connections =
            (0..CONNECTIONS).map(|_| Connection::open(address)).collect::<Result<_>>()?;
        Ok(Load { connections, requests: Requests::new(vec![request.to_vec()]) })
    }

    /// From now on sends these; the ones before, with how far they came.
    pub(super) fn turn_to(&mut self, requests: Requests) -> Requests {
        mem::replace(&mut self.requests, requests)
    }

    /// Sends `requests` and reads each whole answer.
    ///
    /// # Errors
    /// A connection that ends, silence, or an answer other than 200.
    pub(super) fn serve(&mut self, requests: usize) -> Result<()> {
        let mut left = requests;
        while left > 0 {
            let flight = left.min(self.connections.len());
            for connection in self.connections.iter_mut().take(flight) {
                connection.send(self.requests.take())?;
            }
            for connection in self.connections.iter_mut().take(flight) {
                connection.receive()?;
            }
            left = left.saturating_sub(flight);
        }
        Ok(())
    }
}

/// One request on a connection of its own; the answer as text.
///
/// # Errors
/// As [`Load::serve`].
pub(super) fn ask(address: SocketAddr, request: &[u8]) -> Result<String> {
    let mut connection = Connection::open(address)?;
    connection.send(request)?;
    connection.receive()?;
    Ok(String::from_utf8_lossy(&connection.buffer).into_owned())
}

impl Connection {
    /// # Errors
    /// Nobody listens there.
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        stream.set_read_timeout(Some(PATIENCE)).context("cannot set a timeout")?;
        Ok(Connection { stream, buffer: Vec::with_capacity(4096) })
    }

    /// # Errors
    /// The connection has ended.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).context("the gateway closed the connection")
    }

    /// Reads one whole answer.
    ///
    /// # Errors
    /// As [`Load::serve`].
    pub(super) fn receive(&mut self) -> Result<()> {
        self.buffer.clear();
        let mut chunk = [0; 65_536];
        loop {
            let count = self.stream.read(&mut chunk).context("the gateway does not answer")?;
            if count == 0 {
                bail!("the gateway closed the connection");
            }
            self.buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
            match whole_response(&self.buffer)? {
                Some(length) if length == self.buffer.len() => return Ok(()),
                Some(_) => bail!("the gateway sent more than one answer"),
                None => {}
            }
        }
    }
}

/// The length of the response at the start of `bytes`, `None` while it is incomplete.
fn whole_response(bytes: &[u8]) -> Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the gateway answered: {}", String::from_utf8_lossy(bytes));
    }
    let body = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse::<usize>().ok())
        .with_context(|| format!("an answer without content-length: {head}"))?;
    let length = end.saturating_add(END.len()).saturating_add(body);
    Ok((bytes.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_when_its_body_is() {
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nserver: envoy\r\n\r\nabc";
        for length in 0..response.len() {
            assert_eq!(whole_response(&response[..length]).unwrap(), None, "{length}");
        }
        assert_eq!(whole_response(response).unwrap(), Some(response.len()));
    }

    #[test]
    fn requests_are_sent_in_turn_and_again() {
        let mut requests = Requests::new(vec![b"a".to_vec(), b"b".to_vec()]);
        let sent: Vec<Vec<u8>> = (0..5).map(|_| requests.take().to_vec()).collect();
        assert_eq!(sent.concat(), b"ababa");
        assert_eq!(requests.starting_at(0).take(), b"a");
    }

    #[test]
    fn any_status_but_200_ends_the_run_with_the_answer() {
        let error =
            whole_response(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                .unwrap_err();
        assert!(error.to_string().contains("503 Service Unavailable"), "{error}");
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        assert!(whole_response(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
