//! The upstream of the set-ups: a small HTTP/1 server on the core of the load, which answers from
//! memory.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::requests::PROOF;

const BODY: &str = "{\"id\":17}\n";

/// Starts it on a thread with the affinity of this one, for as long as the program runs; its port.
///
/// # Errors
/// No free port, or no thread.
pub(super) fn start() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    listener.set_nonblocking(true).context("cannot use the origin's socket")?;
    let port = listener.local_addr().context("no free port on 127.0.0.1")?.port();
    let runtime =
        Builder::new_current_thread().enable_io().build().context("cannot start the origin")?;
    let work = move || {
        if let Err(error) = serve(&runtime, listener) {
            note!("the origin ended: {error:#}");
        }
    };
    thread::Builder::new()
        .name("origin".to_owned())
        .spawn(work)
        .context("cannot start the origin")?;
    Ok(port)
}

fn serve(runtime: &Runtime, listener: TcpListener) -> Result<()> {
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A gateway that goes away ends its connections as it likes.
            tokio::spawn(async { answer_all(stream).await.unwrap_or_default() });
        }
    })
}

async fn answer_all(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let usual = answer("");
    let mut head = Vec::with_capacity(4096);
    loop {
        // The requests have no body: one ends where its head does.
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let proof = head.get(4..).is_some_and(|rest| rest.starts_with(PROOF.as_bytes()));
        if proof {
            let told = seen(&String::from_utf8_lossy(&head));
            stream.write_all(answer(&told).as_bytes()).await?;
        } else {
            stream.write_all(usual.as_bytes()).await?;
        }
        head.clear();
    }
}

fn answer(lines: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\n{lines}\r\n{BODY}",
        BODY.len()
    )
}

/// The fields that tell what the gateway wrote: `x-user` as `x-saw-user`, and `x-bench` alike.
fn seen(head: &str) -> String {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let told = fields.filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let of_interest = name == "x-user" || name == "x-bench";
        of_interest.then(|| format!("{}: {value}\r\n", name.replace("x-", "x-saw-")))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_gateway_wrote_is_told() {
        let head = "GET /proof HTTP/1.1\r\nHost: a\r\nX-User: alice\r\nx-bench: a b\r\n\r\n";
        assert_eq!(seen(head), "x-saw-user: alice\r\nx-saw-bench: a b\r\n");
        assert_eq!(seen("GET /proof HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    }
}
