//! Bodies that a filter asked for.

/// How much of a body a filter wants to see, what becomes of the head meanwhile, and of the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collect {
    /// The most bytes that are read into the VM. A longer body is not cut: it arrives as
    /// [`Body::too_long`].
    pub max_bytes: usize,
    /// Whether the head waits for the body, so that it can still be edited, and a response still be
    /// refused. Only where Envoy is told `allow_on_headers_stop_iteration`: without it the body
    /// would never come.
    pub hold_head: bool,
    /// Whether the body may be replaced. Where it may and the head has gone on, the length is taken
    /// out of the head; a body that is only looked at keeps it.
    pub may_replace: bool,
}

/// A body that a filter asked for: all of it, or the news that it is longer than wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Body {
    bytes: Option<Vec<u8>>,
    replacement: Option<Vec<u8>>,
}

impl Body {
    /// A body that has come to its end.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Some(bytes), replacement: None }
    }

    /// A body that is longer than the filter wanted. It may go on as it is or be refused.
    pub fn too_long() -> Self {
        Self::default()
    }

    /// The bytes, to keep; `None` where the body is too long, and after they have been taken.
    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        self.bytes.take()
    }

    /// Puts other bytes in place of the body. A body that is too long cannot be replaced: the rest
    /// of it would follow.
    pub fn replace(&mut self, bytes: Vec<u8>) {
        self.replacement = Some(bytes);
    }

    /// What takes the body's place; `None` where it goes on as it came.
    pub fn replacement(&self) -> Option<&[u8]> {
        self.replacement.as_deref()
    }

    /// The replacement, or the bytes that were not taken.
    pub fn into_parts(self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        (self.bytes, self.replacement)
    }
}

/// A copy of a body that went by: all of it, or `None` where it was longer than wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied(pub Option<Vec<u8>>);
