//! `cargo xtask bench cache --budget`: 2 GiB of ever new answers through a store of 64 MiB, and a
//! few that are asked for again and again in between: whether the memory stays as it is when the
//! store is full, and whether what is wanted stays in it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::load::{Load, Requests};
use super::super::options::Options;
use super::super::process::{Process, free_port};
use super::super::set_up::{request, wasm_filter};
use super::super::stage::Stage;
use super::super::{Sources, gateway};
use super::contenders::{STORE, configuration};
use super::{FILTER, NAME, answer};

/// All bytes of answers that nobody asks for again.
const VOLUME: usize = 2 << 30;

/// How often it is looked at on the way.
const READINGS: usize = 16;

/// Workers, which share the store.
const WORKERS: u32 = 2;

/// So many answers are asked for again and again, in turn, each with one of the sizes but the
/// largest; and one of so many requests is for one of them.
const WANTED: usize = 64;
const ONE_IN: usize = 5;

/// Requests that are sent in one go.
const BATCH: usize = 200;

/// What there is to see of a store.
struct Reading {
    /// Of answers that were new.
    sent: usize,
    mebibytes: f64,
    bytes: u64,
    objects: u64,
    evicted: u64,
    /// The share of the requests for what is wanted that the origin did not see, since the reading
    /// before.
    hits: f64,
}

/// Fills the store, and prints what it holds meanwhile.
///
/// # Errors
/// An Envoy that does not start, or does not answer as it must.
pub(super) fn run(options: &Options, sources: &Sources, stage: &Stage<'_>) -> Result<()> {
    let (port, admin) = (free_port()?, free_port()?);
    let process = stage.cores.start(|| spawn(sources, stage, port, admin))?;
    process.wait_for_answer(&request("/bytes/1/0"))?;

    say!(
        "{NAME} --budget: {} MiB of answers through a store of {STORE}, {WORKERS} workers",
        VOLUME >> 20
    );
    say!(
        "one of {ONE_IN} requests is for one of {WANTED} answers, of {} KiB",
        wanted_bytes() >> 10
    );
    say!("{}", stage.cores.describe());
    let mut stream = Stream::default();
    let mut readings = Vec::new();
    let mut load = Load::connect(process.address(), &[])?;
    for step in 1..=READINGS {
        let until = (VOLUME / READINGS).saturating_mul(step);
        let before = (stream.wanted, answer::wanted());
        while stream.sent < until {
            load.turn_to(Requests::new(stream.take(BATCH)));
            load.serve(BATCH)?;
        }
        let (asked, missed) =
            (stream.wanted.saturating_sub(before.0), answer::wanted().saturating_sub(before.1));
        let hits = 1.0 - missed as f64 / asked as f64;
        let reading = read(&process, admin, stream.sent, hits)?;
        note!("{}", reading.line());
        readings.push(reading);
    }
    if options.json {
        let all: Vec<Value> = readings.iter().map(Reading::json).collect();
        say!("{}", serde_json::to_string_pretty(&json!({"bench": NAME, "readings": all}))?);
        return Ok(());
    }
    say!(
        "{:>9}  {:>8}  {:>10}  {:>8}  {:>8}  {:>7}",
        "sent MiB",
        "RSS MiB",
        "store MiB",
        "objects",
        "evicted",
        "hits"
    );
    readings.iter().for_each(|reading| say!("{}", reading.line()));
    Ok(())
}

fn spawn(sources: &Sources, stage: &Stage<'_>, port: u16, admin: u16) -> Result<Process> {
    let module = sources.modules.join(format!("{FILTER}.wasm"));
    let filter = wasm_filter(FILTER, &module, Some(configuration()), &[]);
    let mut all = gateway::envoy::configuration(port, stage.origin, &[filter]);
    if let Some(fields) = all.as_object_mut() {
        let address = json!({"address": "127.0.0.1", "port_value": admin});
        fields.insert("admin".to_owned(), json!({"address": {"socket_address": address}}));
    }
    let name = format!("{NAME}-budget");
    stage.envoy(&name, port, WORKERS, &all)
}

/// The requests, one after the other.
#[derive(Default)]
struct Stream {
    /// Requests so far.
    all: usize,
    /// Of them, for what is wanted.
    wanted: usize,
    /// The bytes of the answers to the others.
    sent: usize,
}

impl Stream {
    fn take(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| request(&self.next())).collect()
    }

    fn next(&mut self) -> String {
        let number = self.all;
        self.all = number.saturating_add(1);
        if number.is_multiple_of(ONE_IN) {
            let which = self.wanted % WANTED;
            self.wanted = self.wanted.saturating_add(1);
            return format!("/bytes/{}{}{which}", wanted_size(which), answer::WANTED);
        }
        let size = size(number);
        self.sent = self.sent.saturating_add(size);
        format!("/bytes/{size}/{number}")
    }
}

/// The size of the answer that has this place in the row: seven tenths have 16 KiB, a quarter
/// 64 KiB, and one in twenty 1 MiB: that is the largest that is stored.
fn size(place: usize) -> usize {
    match (place % 20, place % 4) {
        (16, _) => 1 << 20,
        (_, 1) => 64 << 10,
        _ => 16 << 10,
    }
}

fn wanted_size(which: usize) -> usize {
    size(which).min(64 << 10)
}

/// What all that is wanted takes.
fn wanted_bytes() -> usize {
    (0..WANTED).map(wanted_size).sum()
}

fn read(process: &Process, admin: u16, sent: usize, hits: f64) -> Result<Reading> {
    let stats = stats(admin)?;
    let value = |part: &str| {
        let lines = stats.lines().filter_map(|line| line.trim().rsplit_once(": "));
        let values = lines.filter(|(name, _)| name.contains(part));
        values.filter_map(|(_, value)| value.parse::<u64>().ok()).max().unwrap_or_default()
    };
    Ok(Reading {
        sent,
        mebibytes: process.mebibytes()?,
        bytes: value("gatehouse_cache_bytes"),
        objects: value("gatehouse_cache_objects"),
        evicted: value(EVICTED),
        hits,
    })
}

/// What only the counter of evictions has in its name.
const EVICTED: &str = ".event=evicted;";

/// What Envoy counts of our filters.
fn stats(admin: u16) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, admin)).context("no admin")?;
    stream
        .write_all(b"GET /stats?filter=gatehouse HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .context("the admin closed the connection")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("the admin does not answer")?;
    Ok(answer)
}

impl Reading {
    fn line(&self) -> String {
        format!(
            "{:>9}  {:>8.1}  {:>10.1}  {:>8}  {:>8}  {:>6.1}%",
            self.sent >> 20,
            self.mebibytes,
            self.bytes as f64 / f64::from(1 << 20),
            self.objects,
            self.evicted,
            self.hits * 100.0
        )
    }

    fn json(&self) -> Value {
        json!({
            "sent_bytes": self.sent,
            "rss_mebibytes": self.mebibytes,
            "store_bytes": self.bytes,
            "objects": self.objects,
            "evicted": self.evicted,
            "hit_ratio": self.hits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_tenths_are_small_a_quarter_is_larger_and_one_in_twenty_is_the_largest() {
        let count = |bytes| (0..20).filter(|place| size(*place) == bytes).count();
        assert_eq!([16 << 10, 64 << 10, 1 << 20].map(count), [14, 5, 1]);
    }

    #[test]
    fn what_is_new_comes_once_and_what_is_wanted_again_and_again() {
        let mut stream = Stream::default();
        let paths: Vec<String> = (0..1000).map(|_| stream.next()).collect();
        let (wanted, new): (Vec<_>, Vec<_>) =
            paths.into_iter().partition(|path| path.contains(answer::WANTED));
        let different =
            |paths: &[String]| paths.iter().collect::<std::collections::HashSet<_>>().len();
        assert_eq!((wanted.len(), different(&wanted)), (200, WANTED));
        assert_eq!((new.len(), different(&new)), (800, 800));
        let sizes = new.iter().filter_map(|path| path.split('/').nth(2)?.parse::<usize>().ok());
        assert_eq!(sizes.sum::<usize>(), stream.sent);
        assert!(new.iter().any(|path| path.starts_with("/bytes/1048576/")));
    }
}
