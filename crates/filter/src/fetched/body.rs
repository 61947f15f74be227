//! The body of an answer, as it is read.

use super::{Event, Failure};
use crate::{Answer, printable};
use gatehouse_coding::{Coding, Undecoded, gunzip};
use std::borrow::Cow;

/// The body of an answer that has one to go on with, of `most` bytes at most; decoded, where a
/// server thinks that everybody reads gzip.
///
/// # Errors
/// How it is counted, and why there is none.
pub fn of(answer: &Answer, most: usize) -> Result<Cow<'_, [u8]>, Failure> {
    if let Some(reason) = answer.failure() {
        return Err((Event::FetchFailed, reason));
    }
    let refused = |reason: String| (Event::Refused, reason);
    let too_large = || refused(format!("the answer is larger than {most} bytes (`max_size`)"));
    if answer.truncated || answer.body.len() > most {
        return Err(too_large());
    }
    let coding = answer.headers.first("content-encoding").unwrap_or_default();
    match Coding::named(coding) {
        Some(Coding::Plain) => return Ok(Cow::Borrowed(&answer.body)),
        Some(Coding::Gzip) => {}
        _ => {
            let coding = printable(&String::from_utf8_lossy(coding), 20);
            return Err(refused(format!(
                "the answer has the `content-encoding` `{coding}`; only gzip is read, and nothing \
                 was asked for"
            )));
        }
    }
    gunzip(&answer.body, most).map(Cow::Owned).map_err(|undecoded| match undecoded {
        Undecoded::TooLong => too_large(),
        Undecoded::Invalid => {
            refused("the answer is not the gzip that its `content-encoding` says".to_owned())
        }
    })
}
