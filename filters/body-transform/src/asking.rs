//! What an upstream is asked for, where a rule changes its answers.

use gatehouse_coding::Coding;
use gatehouse_filter::{HeaderName, HeaderValue, Headers};

/// A part of a response would pass by the rule: the client may not ask for one.
pub(crate) fn ask_for_the_whole(head: &mut Headers) {
    for name in [RANGE, IF_RANGE] {
        if head.first(name.as_str()).is_some() {
            head.remove(&name);
        }
    }
}

/// Nor for a response in an encoding that cannot be read.
pub(crate) fn ask_for_what_can_be_read(head: &mut Headers) {
    ask_for_the_whole(head);
    let mut asked = false;
    let mut readable: Vec<u8> = Vec::new();
    let mut all = true;
    for value in head.values(ACCEPT_ENCODING.as_str()) {
        asked = true;
        for item in value.split(|byte| *byte == b',') {
            let name = item.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            if name.is_empty() || Coding::named(name).is_none() {
                all = false;
                continue;
            }
            if !readable.is_empty() {
                readable.extend_from_slice(b", ");
            }
            readable.extend_from_slice(item.trim_ascii());
        }
    }
    if asked && !all {
        if readable.is_empty() {
            readable.extend_from_slice(b"identity");
        }
        // Parts of a field's value, so it is one.
        if let Ok(value) = HeaderValue::try_from(readable) {
            head.set(&ACCEPT_ENCODING, value);
        }
    }
}

const RANGE: HeaderName = HeaderName::from_static("range");
const IF_RANGE: HeaderName = HeaderName::from_static("if-range");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("accept-encoding");
