//! Runs rows, many at once, on one gateway.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::{self, Response};

use super::cache_status;
use super::origin::{Origin, Seen};
use super::row::{Ask, Is, Row, Source, Step, Want};

/// Most rows wait most of the time; a worker has to answer all that ask at the same time.
const AT_ONCE: usize = 64;
/// More rows than these are not wrong by chance.
const FEW: usize = 4;

/// Runs the rows; fails with each that did not see what it says.
///
/// Of many URLs the cache takes two for one, now and then: it invalidates what another row has
/// stored. So rows that change something come last, and the few that are wrong are run once more,
/// with other URLs.
#[track_caller]
pub(super) fn run(gateway: SocketAddr, origin: &Origin, rows: &[Row]) {
    let (changing, others): (Vec<_>, Vec<_>) =
        rows.iter().enumerate().partition(|(_, row)| row.is_unsafe());
    let mut wrong = run_at_once(gateway, origin, &others, "r");
    wrong.extend(run_at_once(gateway, origin, &changing, "r"));
    if wrong.len() <= FEW {
        let again: Vec<_> =
            wrong.iter().filter_map(|(number, _)| Some((*number, rows.get(*number)?))).collect();
        wrong.iter().for_each(|(_, what)| println!("run once more: {what}"));
        wrong = run_at_once(gateway, origin, &again, "again");
    }
    wrong.sort();
    let told: Vec<&str> = wrong.iter().map(|(_, what)| what.as_str()).collect();
    assert!(told.is_empty(), "{} of {} rows:\n{}", told.len(), rows.len(), told.join("\n"));
}

/// Runs rows with their numbers, and gives those that did not see what they say.
fn run_at_once(
    gateway: SocketAddr,
    origin: &Origin,
    rows: &[(usize, &Row)],
    names: &str,
) -> Vec<(usize, String)> {
    let next = AtomicUsize::new(0);
    let wrong: Mutex<Vec<(usize, String)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(rows.len()) {
            scope.spawn(|| {
                loop {
                    let next = next.fetch_add(1, Ordering::Relaxed);
                    let Some((number, row)) = rows.get(next) else { return };
                    if let Err(what) = run_row(gateway, origin, row, &format!("{names}{number}")) {
                        let what = format!("{}: {}\n    {what}", row.section, row.sentence);
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push((*number, what));
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn run_row(gateway: SocketAddr, origin: &Origin, row: &Row, name: &str) -> Result<(), String> {
    origin.script(name, row.answers.clone());
    let path = format!("/{}/{name}", row.rule);
    for (number, step) in row.steps.iter().enumerate() {
        match step {
            Step::Wait(time) => thread::sleep(*time),
            Step::AskedInAll(times) => asked_in_all(origin, name, *times)?,
            Step::Ask(ask, want) => step_of(gateway, origin, name, &path, ask, want)
                .map_err(|what| format!("step {}, {}: {what}", number + 1, ask.line()))?,
        }
    }
    Ok(())
}

fn asked_in_all(origin: &Origin, name: &str, times: usize) -> Result<(), String> {
    let began = Instant::now();
    while origin.asked(name) < times && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(10));
    }
    // Time for one that is too many.
    thread::sleep(Duration::from_millis(200));
    match origin.asked(name) {
        asked if asked == times => Ok(()),
        asked => Err(format!("the origin was asked {asked} times, not {times}")),
    }
}

fn step_of(
    gateway: SocketAddr,
    origin: &Origin,
    name: &str,
    path: &str,
    ask: &Ask,
    want: &Want,
) -> Result<(), String> {
    let before = origin.asked(name);
    let response = match (raw::send(gateway, &ask.request(path)), want.source) {
        (Err(raw::Error::Closed), Source::Nowhere) => return Ok(()),
        (response, _) => response.map_err(|fault| fault.to_string())?,
    };
    let seen = origin.seen(name);
    check(ask, want, &response, before, &seen).map_err(|what| {
        let head: Vec<String> = response
            .headers
            .iter()
            .map(|(name, value)| {
                let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
                format!("{name}: {value}")
            })
            .collect();
        format!("{what}\n      got {} {}", response.status, head.join("; "))
    })
}

fn check(
    ask: &Ask,
    want: &Want,
    response: &Response,
    before: usize,
    seen: &[Seen],
) -> Result<(), String> {
    if response.status != want.status {
        return Err(format!("{}, not {}", response.status, want.status));
    }
    let number = response.header_text("x-origin").and_then(|text| text.parse::<usize>().ok());
    check_source(want, before, seen, number)?;
    check_status_field(want, response)?;
    if want.answer.is_some() && want.answer != number {
        return Err(format!("it is answer {number:?}, not {:?}", want.answer));
    }
    let sent = number.and_then(|number| seen.get(number - 1));
    for (name, is) in &want.fields {
        let values = response.header_all(name);
        let value = (!values.is_empty()).then(|| {
            let text = |value: &&[u8]| value.iter().map(|byte| char::from(*byte)).collect();
            values.iter().map(text).collect::<Vec<String>>().join(", ")
        });
        check_field("field", name, is, value.as_deref(), sent)?;
    }
    let last = seen.last();
    for (name, is) in &want.saw {
        let last = last.ok_or("the origin was not asked")?;
        check_field("the origin saw", name, is, last.request.header(name), None)?;
    }
    check_body(ask, want, response, sent)
}

fn check_source(
    want: &Want,
    before: usize,
    seen: &[Seen],
    number: Option<usize>,
) -> Result<(), String> {
    let times = seen.len() - before;
    let expected = match want.source {
        Source::Any => return Ok(()),
        Source::Store | Source::Cache => 0,
        Source::Origin | Source::Validated | Source::Completed => 1,
        Source::Nowhere => return Err("a whole response".to_owned()),
    };
    if times != expected && !want.refreshes {
        return Err(format!("the origin was asked {times} times, not {expected}"));
    }
    let last = seen.last();
    let is_conditional = last.is_some_and(|last| {
        let has = |name| last.request.header(name).is_some();
        has("if-none-match") || has("if-modified-since")
    });
    match (want.source, number) {
        (Source::Cache, Some(number)) => Err(format!("it is the origin's answer {number}")),
        (Source::Store, Some(number)) if number > before => Err(format!("it is answer {number}")),
        (Source::Origin, Some(number)) if number <= before => {
            Err(format!("it is the stored answer {number}"))
        }
        (Source::Validated, _) if !is_conditional => Err("no conditional request".to_owned()),
        (Source::Validated, Some(number)) if number > before => {
            Err(format!("it is the new answer {number}"))
        }
        _ => Ok(()),
    }
}

/// What `Cache-Status` says goes with where the response is from (RFC 9211 §2).
fn check_status_field(want: &Want, response: &Response) -> Result<(), String> {
    let told = cache_status::of(response, "gatehouse");
    let (says, says_not): (&[&str], &[&str]) = match want.source {
        Source::Store => (&["hit"], &["fwd"]),
        Source::Origin | Source::Validated | Source::Completed => (&["fwd"], &["hit"]),
        Source::Cache | Source::Any | Source::Nowhere => (&[], &["hit"]),
    };
    let says_not = if want.source == Source::Any { &[] } else { says_not };
    let Some(told) = told else {
        let is_due = !says.is_empty() || !want.says.is_empty();
        return if is_due { Err("it has no Cache-Status".to_owned()) } else { Ok(()) };
    };
    let all = |parameters: &[&str], more: &[String]| -> Vec<String> {
        parameters.iter().map(|name| (*name).to_owned()).chain(more.iter().cloned()).collect()
    };
    for parameter in all(says, &want.says) {
        if !told.has(&parameter) {
            return Err(format!("Cache-Status does not say {parameter}"));
        }
    }
    for parameter in all(says_not, &want.says_not) {
        if told.has(&parameter) {
            return Err(format!("Cache-Status says {parameter}"));
        }
    }
    Ok(())
}

fn check_field(
    what: &str,
    name: &str,
    is: &Is,
    value: Option<&str>,
    sent: Option<&Seen>,
) -> Result<(), String> {
    let as_sent = || {
        let fields = sent.map(|sent| sent.fields.as_slice()).unwrap_or_default();
        let values: Vec<&str> = fields
            .iter()
            .filter(|(this, _)| this == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let number = || value.and_then(|value| value.parse::<u64>().ok());
    let is_so = match is {
        Is::Exactly(text) => value == Some(text),
        Is::Absent => value.is_none(),
        Is::Present => value.is_some(),
        Is::AsSent => value.is_some() && value == as_sent().as_deref(),
        Is::AtLeast(least) => number().is_some_and(|number| number >= *least),
        Is::Below(most) => number().is_some_and(|number| number < *most),
        Is::Containing(text) => value.is_some_and(|value| value.contains(text.as_str())),
    };
    match is_so {
        true => Ok(()),
        false => Err(format!("{what} {name} is {value:?}, not {is:?}")),
    }
}

fn check_body(
    ask: &Ask,
    want: &Want,
    response: &Response,
    sent: Option<&Seen>,
) -> Result<(), String> {
    for part in &want.parts {
        if !response.text().contains(part) {
            return Err(format!("the body has no {part:?}, it is {:?}", response.text()));
        }
    }
    let expected = match (&want.body, response.status, sent) {
        _ if ask.is_head() => Vec::new(),
        (Some(body), ..) => body.clone(),
        (None, 204 | 304, _) => Vec::new(),
        // What was sent whole, whatever its status.
        (None, status, Some(sent)) if status == sent.status => sent.body.clone(),
        _ => return Ok(()),
    };
    if response.body != expected {
        let (got, expected) = (response.text(), String::from_utf8_lossy(&expected).into_owned());
        return Err(format!("the body is {got:?}, not {expected:?}"));
    }
    Ok(())
}
