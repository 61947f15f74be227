//! Requests that are sent when they are due, however long the answers before them take.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::super::load::Connection;

/// Connections, each with a thread of its own: more than there are ever requests under way.
const LANES: usize = 64;

/// The threads have started by then.
const LEAD: Duration = Duration::from_millis(5);

/// Connections for requests at a steady rate.
pub(super) struct Paced {
    lanes: Vec<Connection>,
}

impl Paced {
    /// # Errors
    /// Nobody listens there.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let lanes = (0..LANES).map(|_| Connection::open(address)).collect::<Result<_>>()?;
        Ok(Self { lanes })
    }

    /// Sends so many requests, one `every` so often; how long each took from when it was due.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub(super) fn serve(
        &mut self,
        request: &[u8],
        count: usize,
        every: Duration,
    ) -> Result<Vec<Duration>> {
        let start = Instant::now().checked_add(LEAD).context("the clock has ended")?;
        let due = |number: usize| {
            let after = every.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
            start.checked_add(after).unwrap_or(start)
        };
        let due = &due;
        thread::scope(|scope| {
            let lane = |(lane, connection)| {
                scope.spawn(move || run(connection, request, (lane..count).step_by(LANES).map(due)))
            };
            let threads: Vec<_> = self.lanes.iter_mut().enumerate().map(lane).collect();
            let mut latencies = Vec::with_capacity(count);
            for thread in threads {
                let lane = thread.join().ok().context("a thread of the load ended")?;
                latencies.extend(lane?);
            }
            Ok(latencies)
        })
    }
}

fn run(
    connection: &mut Connection,
    request: &[u8],
    due: impl Iterator<Item = Instant>,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for due in due {
        let wait = due.saturating_duration_since(Instant::now());
        // That a thread wakes late is no fault of the gateway's; that its connection is still busy
        // when a request is due is.
        let from = if wait.is_zero() {
            due
        } else {
            thread::sleep(wait);
            Instant::now()
        };
        connection.send(request)?;
        connection.receive()?;
        latencies.push(from.elapsed());
    }
    Ok(latencies)
}
