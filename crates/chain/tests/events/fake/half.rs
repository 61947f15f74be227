//! One direction of a stream, as Envoy holds it: `FilterManager` with the wasm filter's own
//! buffering (`source/common/http/filter_manager.cc`, `source/extensions/common/wasm/context.cc`).

use super::journal::{tell, text};
use gatehouse_chain::Direction;
use std::mem;

/// Whether the filters after this one are given anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Iteration {
    #[default]
    Continue,
    /// This filter has stopped what it was given; it is given what follows.
    StopOne,
    /// Nobody is given what follows.
    StopAll,
}

/// One direction of a stream.
pub(crate) struct Half {
    pub(crate) of: Direction,
    pub(crate) iteration: Iteration,
    head: Option<Vec<(String, Vec<u8>)>>,
    /// The head cannot be read, though it is there.
    pub(crate) is_unreadable: bool,
    pub(crate) has_head_gone: bool,
    /// What is held, once something was.
    pub(crate) buffer: Option<Vec<u8>>,
    /// What a callback is about.
    pub(crate) current: Option<Vec<u8>>,
    /// The wasm filter's own notice that its last body callback held: the next one is about
    /// `buffer`.
    pub(crate) is_buffering: bool,
    pub(crate) has_ended: bool,
    pub(crate) trailers: Option<String>,
    /// The stream is over for this direction: nothing of it moves any more.
    pub(crate) is_aborted: bool,
    pub(crate) sink: Sink,
}

/// What has come out at the other end.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Sink {
    pub(crate) head: Option<Vec<(String, String)>>,
    pub(crate) body: String,
    pub(crate) trailers: Option<String>,
    pub(crate) is_complete: bool,
    pub(crate) is_broken_off: bool,
}

impl Half {
    pub(crate) fn new(of: Direction) -> Self {
        Self {
            of,
            iteration: Iteration::Continue,
            head: None,
            is_unreadable: false,
            has_head_gone: false,
            buffer: None,
            current: None,
            is_buffering: false,
            has_ended: false,
            trailers: None,
            is_aborted: false,
            sink: Sink::default(),
        }
    }

    pub(crate) fn set_head(&mut self, fields: Vec<(String, Vec<u8>)>) {
        self.head = Some(fields);
    }

    pub(crate) fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// The head, while the host has it.
    pub(crate) fn readable_head(&self) -> Option<&[(String, Vec<u8>)]> {
        self.head.as_deref().filter(|_| !self.is_unreadable && !self.has_head_gone)
    }

    pub(crate) fn editable_head(&mut self) -> Option<&mut Vec<(String, Vec<u8>)>> {
        self.head.as_mut().filter(|_| !self.has_head_gone)
    }

    /// The head, with no access log in the way.
    pub(crate) fn show_head_again(&mut self) {
        self.has_head_gone = false;
    }

    /// The body as a module is shown it.
    pub(crate) fn shown(&mut self) -> Option<&mut Vec<u8>> {
        if self.is_buffering { self.buffer.as_mut() } else { self.current.as_mut() }
    }

    pub(crate) fn hold(&mut self, bytes: &[u8]) {
        self.buffer.get_or_insert_default().extend_from_slice(bytes);
    }

    fn sign(&self) -> &'static str {
        match self.of {
            Direction::Request => "upstream",
            Direction::Response => "client",
        }
    }

    /// The head goes on.
    pub(crate) fn pass_head(&mut self, is_end: bool) {
        assert!(!self.has_head_gone, "a head went on twice");
        self.has_head_gone = true;
        let head = self.head.as_deref().unwrap_or_default();
        let head: Vec<_> = head.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let fields: Vec<_> = head.iter().map(|(name, value)| format!("{name}={value}")).collect();
        tell(format!("{} head {}{}", self.sign(), fields.join(" "), end(is_end)));
        self.sink.head = Some(head);
        self.sink.is_complete = is_end;
    }

    /// A part of the body goes on.
    pub(crate) fn pass_body(&mut self, bytes: Vec<u8>, is_end: bool) {
        assert!(self.has_head_gone, "a body went on before its head");
        assert!(!self.sink.is_complete, "a body went on after its end");
        if !bytes.is_empty() || is_end {
            tell(format!("{} body {}{}", self.sign(), text(&bytes), end(is_end)));
        }
        self.sink.body.push_str(&text(&bytes));
        self.sink.is_complete = is_end;
    }

    /// The trailers go on.
    pub(crate) fn pass_trailers(&mut self) {
        assert!(self.has_head_gone, "trailers went on before their head");
        assert!(!self.sink.is_complete, "trailers went on after the end");
        let trailers = self.trailers.clone().unwrap_or_default();
        tell(format!("{} trailers {trailers}", self.sign()));
        self.sink.trailers = Some(trailers);
        self.sink.is_complete = true;
    }

    /// What was held goes on, past this filter.
    pub(crate) fn pass_held(&mut self, is_end: bool) {
        if let Some(buffer) = &mut self.buffer {
            let bytes = mem::take(buffer);
            self.pass_body(bytes, is_end);
        }
    }
}

fn end(is_end: bool) -> &'static str {
    if is_end { " end" } else { "" }
}
