//! What happened, in order: one list a test, which the proxy, the streams and the filters write to.

use std::cell::RefCell;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Something happened.
pub(crate) fn tell(line: impl Into<String>) {
    LINES.with_borrow_mut(|lines| lines.push(line.into()));
}

/// All that has happened since this was last asked.
pub(crate) fn take() -> Vec<String> {
    LINES.take()
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
