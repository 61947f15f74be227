//! The upstream of set-ups that make requests of their own: a small HTTP/1 server on the core of the
//! load, which answers from memory.

use std::borrow::Cow;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, thread};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// The whole answer to a request with this head.
pub(super) type Answer = fn(&[u8]) -> Cow<'static, [u8]>;

/// How much later than they were to come answers came, since somebody looked.
static LATE: Mutex<Vec<Duration>> = Mutex::new(Vec::new());

/// How much later than after the delay each answer since the last look came: the timer's fault, and
/// that of the core which the load is on too.
pub(super) fn late() -> Vec<Duration> {
    mem::take(&mut LATE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Starts it on a thread with the affinity of this one, for as long as the program runs; its port.
/// Each answer comes after `delay`.
///
/// # Errors
/// No free port, or no thread.
pub(super) fn start(delay: Duration, answer: Answer) -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    listener.set_nonblocking(true).context("cannot use the origin's socket")?;
    let port = listener.local_addr().context("no free port on 127.0.0.1")?.port();
    let runtime =
        Builder::new_current_thread().enable_all().build().context("cannot start the origin")?;
    let work = move || {
        if let Err(error) = serve(&runtime, listener, delay, answer) {
            note!("the origin ended: {error:#}");
        }
    };
    thread::Builder::new()
        .name("origin".to_owned())
        .spawn(work)
        .context("cannot start the origin")?;
    Ok(port)
}

fn serve(runtime: &Runtime, listener: TcpListener, delay: Duration, answer: Answer) -> Result<()> {
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A gateway that goes away ends its connections as it likes.
            tokio::spawn(async move {
                answer_all(stream, delay, answer).await.unwrap_or_default();
            });
        }
    })
}

async fn answer_all(mut stream: TcpStream, delay: Duration, answer: Answer) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::with_capacity(4096);
    loop {
        // The requests have no body: one ends where its head does.
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let due = Instant::now().checked_add(delay);
        // A timer of no time would still wait for the next millisecond.
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        stream.write_all(&answer(&head)).await?;
        let late = due.map(|due| Instant::now().saturating_duration_since(due));
        LATE.lock().unwrap_or_else(PoisonError::into_inner).extend(late);
        head.clear();
    }
}
