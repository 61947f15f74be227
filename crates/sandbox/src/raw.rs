//! An HTTP/1.1 client that sends what it is given, byte for byte, and never waits for ever.
//!
//! For tests: an ordinary client refuses to send the requests that a gateway must survive.

mod message;
mod received;
mod request;
mod response;

use std::fmt;
use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

pub use message::Field;
pub use received::Received;
pub use request::Request;
pub use response::Response;

/// How long connecting, each read and each write may take, unless [`Connection::open_within`] says
/// otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no response.
#[derive(Debug)]
pub enum Error {
    /// Nothing listens there, or it cannot be reached.
    Connect(io::Error),
    /// Nothing came for as long as a read may take.
    Timeout,
    /// The peer closed or reset the connection before a whole message came.
    Closed,
    /// The peer sent something that is not an HTTP/1.1 message.
    Malformed(&'static str),
    /// Any other fault of the connection.
    Io(io::Error),
}

/// Opens a connection, sends one request and reads its response.
///
/// # Errors
/// See [`Error`].
pub fn send(to: SocketAddr, request: &Request) -> Result<Response, Error> {
    Connection::open(to)?.send(request)
}

/// The same over a Unix domain socket.
///
/// # Errors
/// See [`Error`].
pub fn send_to_socket(path: &Path, request: &Request) -> Result<Response, Error> {
    let mut stream = UnixStream::connect(path).map_err(Error::Connect)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(Error::Connect)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(Error::Connect)?;
    stream.write_all(&request.bytes())?;
    Response::read(&mut BufReader::new(stream), request.is_head())
}

/// A connection that stays open for several requests.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects; nothing may take longer than [`TIMEOUT`].
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub fn open(to: SocketAddr) -> Result<Self, Error> {
        Self::open_within(to, TIMEOUT)
    }

    /// Connects; neither connecting nor any read or write may take longer than `timeout`.
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub fn open_within(to: SocketAddr, timeout: Duration) -> Result<Self, Error> {
        let stream = TcpStream::connect_timeout(&to, timeout).map_err(Error::Connect)?;
        stream.set_read_timeout(Some(timeout)).map_err(Error::Connect)?;
        stream.set_write_timeout(Some(timeout)).map_err(Error::Connect)?;
        stream.set_nodelay(true).map_err(Error::Connect)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its response; the connection can be used again unless the peer
    /// closes it.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn send(&mut self, request: &Request) -> Result<Response, Error> {
        // A peer may refuse a request, and close, before it has read all of it: what it said is
        // still to be read.
        let written = self.write(&request.bytes());
        match (self.read(request.is_head()), written) {
            (Err(Error::Closed), Err(fault)) => Err(fault),
            (read, _) => read,
        }
    }

    /// Sends a request of these bytes while its response is read, and no more of them once that has
    /// come: a peer may answer a long request of which it reads only the beginning. Ends the
    /// connection.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn send_until_answered(mut self, bytes: &[u8]) -> Result<Response, Error> {
        let mut writer = self.stream.get_ref().try_clone()?;
        thread::scope(|scope| {
            // Whether all of it was sent is told by the response.
            scope.spawn(move || writer.write_all(bytes));
            let response = self.read(bytes.starts_with(b"HEAD "));
            // The writer may be waiting for a peer that reads no more.
            let _ = self.stream.get_ref().shutdown(Shutdown::Both);
            response
        })
    }

    /// Sends bytes as they are: a part of a request, several requests, or no request at all.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Timeout`] or [`Error::Io`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.get_mut().write_all(bytes).map_err(Error::from)
    }

    /// Says that nothing more will be sent; responses can still be read.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Io`].
    pub fn finish_writing(&mut self) -> Result<(), Error> {
        self.stream.get_mut().shutdown(Shutdown::Write).map_err(Error::from)
    }

    /// Reads one response. `to_head`: it answers a HEAD request, so no body follows whatever the
    /// head says.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read(&mut self, to_head: bool) -> Result<Response, Error> {
        Response::read(&mut self.stream, to_head)
    }
}

impl From<io::Error> for Error {
    fn from(fault: io::Error) -> Self {
        match fault.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected => Self::Closed,
            _ => Self::Io(fault),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(fault) => write!(out, "cannot connect: {fault}"),
            Self::Timeout => out.write_str("no answer in time"),
            Self::Closed => out.write_str("the connection was closed before a whole message came"),
            Self::Malformed(what) => write!(out, "not an HTTP/1.1 message: {what}"),
            Self::Io(fault) => write!(out, "the connection failed: {fault}"),
        }
    }
}

impl std::error::Error for Error {}
