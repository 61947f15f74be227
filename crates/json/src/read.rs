use crate::document::{NONE, Node, Span};
use crate::names::{self, Named, Names};
use crate::string;
use gatehouse_steps::took;
use std::fmt;

/// How deep arrays and objects may be nested in one text.
pub const MOST_DEPTH: usize = 128;

/// How many values a document may have. Each takes 32 bytes beside its text, and a list of short
/// ones is mostly that: without a bound, a text of 64 MiB could take a gigabyte.
pub const MOST_VALUES: usize = 4_000_000;

/// Why a text is not taken for JSON, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// What is wrong.
    pub fault: Fault,
    /// The offset of the byte where it shows.
    pub at: usize,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is not JSON (RFC 8259). Half of a surrogate pair counts as that: it is no character.
    Syntax,
    /// It is not UTF-8 (RFC 8259 §8.1).
    NotUtf8,
    /// An object has two members of one name: which of them counts is a parser's choice (RFC 8259
    /// §4).
    DuplicateName,
    /// It is nested deeper than [`MOST_DEPTH`].
    TooDeep,
    /// It has more values than [`MOST_VALUES`].
    TooManyValues,
    /// It is longer than 2 GiB.
    TooLong,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        match self.fault {
            Fault::Syntax => write!(f, "it is not JSON (byte {at})"),
            Fault::NotUtf8 => write!(f, "it is not UTF-8 (byte {at})"),
            Fault::DuplicateName => write!(f, "an object has the same name twice (byte {at})"),
            Fault::TooDeep => write!(f, "it is nested deeper than {MOST_DEPTH} (byte {at})"),
            Fault::TooManyValues => write!(f, "it has more than {MOST_VALUES} values (byte {at})"),
            Fault::TooLong => f.write_str("it is too long"),
        }
    }
}

impl std::error::Error for Invalid {}

/// Reads the value in a part of `text`, which becomes the node `root`; what is in it is added to
/// `nodes`. How deep it is nested.
pub(crate) fn read(
    text: &[u8],
    part: Span,
    root: u32,
    nodes: &mut Vec<Node>,
    compare: Names,
) -> Result<usize, Invalid> {
    let end = part.end as usize;
    took(end.saturating_sub(part.start as usize));
    let text = text.get(..end).unwrap_or_default();
    let mut reader = Reader {
        text,
        at: part.start as usize,
        nodes,
        compare,
        frames: Vec::with_capacity(16),
        names: Vec::with_capacity(32),
        high: 0,
        depth: 0,
    };
    reader.document(root).map_err(|fault| Invalid { fault, at: reader.at })?;
    // Outside strings everything is ASCII already.
    if reader.high & 0x8080_8080_8080_8080 != 0
        && let Err(error) = std::str::from_utf8(text.get(part.start as usize..).unwrap_or_default())
    {
        return Err(Invalid {
            fault: Fault::NotUtf8,
            at: (part.start as usize).saturating_add(error.valid_up_to()),
        });
    }
    Ok(reader.depth)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
    compare: Names,
    frames: Vec<Frame>,
    /// The names of the objects that are open, one object after the other.
    names: Vec<Named>,
    high: u64,
    depth: usize,
}

/// An array or object that is open.
struct Frame {
    node: u32,
    /// Its last child so far; 0 for none.
    last: u32,
    object: bool,
    /// Where its names begin.
    names: usize,
}

impl Reader<'_> {
    fn document(&mut self, root: u32) -> Result<(), Fault> {
        self.space();
        let mut node = root;
        let mut start = self.at;
        loop {
            // A value begins here.
            let opened = match self.peek() {
                Some(b'"') => {
                    let string = self.string()?;
                    if string.escaped {
                        self.flag(node, Node::VALUE_ESCAPED);
                    }
                    false
                }
                Some(b'{') => self.open(node, true, b'}')?,
                Some(b'[') => self.open(node, false, b']')?,
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                    false
                }
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(Fault::Syntax),
            };
            if !opened {
                // It ends here, and maybe what it is in.
                self.close(node, start);
                loop {
                    self.space();
                    let Some(frame) = self.frames.last() else {
                        return if self.at == self.text.len() {
                            Ok(())
                        } else {
                            Err(Fault::Syntax)
                        };
                    };
                    match (self.peek(), frame.object) {
                        (Some(b','), _) => {
                            self.at = self.at.wrapping_add(1);
                            self.space();
                            break;
                        }
                        (Some(b'}'), true) | (Some(b']'), false) => {
                            let (ended, object, names) = (frame.node, frame.object, frame.names);
                            if object {
                                self.distinct(names)?;
                            }
                            self.at = self.at.wrapping_add(1);
                            self.frames.pop();
                            let end = self.at;
                            if let Some(node) = self.nodes.get_mut(ended as usize) {
                                node.value.end = end as u32;
                            }
                        }
                        _ => return Err(Fault::Syntax),
                    }
                }
            }
            (node, start) = self.child()?;
        }
    }

    /// Opens an array or object; `false` where it is empty and so closed again.
    fn open(&mut self, node: u32, object: bool, close: u8) -> Result<bool, Fault> {
        let start = self.at;
        self.at = self.at.wrapping_add(1);
        self.space();
        if self.frames.len() >= MOST_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.depth = self.depth.max(self.frames.len().wrapping_add(1));
        if self.peek() == Some(close) {
            self.at = self.at.wrapping_add(1);
            return Ok(false);
        }
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.value.start = start as u32;
        }
        self.frames.push(Frame { node, last: 0, object, names: self.names.len() });
        Ok(true)
    }

    /// The next child of the innermost frame: its name is read, its value begins here.
    fn child(&mut self) -> Result<(u32, usize), Fault> {
        let id = self.nodes.len() as u32;
        if self.nodes.len() > MOST_VALUES {
            return Err(Fault::TooManyValues);
        }
        let Some(frame) = self.frames.last_mut() else { return Err(Fault::Syntax) };
        let (parent, before, object) = (frame.node, frame.last, frame.object);
        frame.last = id;
        let mut node = Node { parent, ..Node::EMPTY };
        if object {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(Fault::Syntax);
            }
            let name = self.string()?;
            node.key = Span { start: start as u32, end: self.at as u32 };
            let inner = self.text.get(start.wrapping_add(1)..name.end).unwrap_or_default();
            let hash = if name.escaped {
                node.flags |= Node::KEY_ESCAPED;
                let mut decoded = Vec::with_capacity(inner.len());
                string::push_decoded(inner, &mut decoded);
                names::hash(&decoded, self.compare)
            } else {
                names::hash(inner, self.compare)
            };
            self.names.push(Named { hash, node: id });
            self.space();
            if self.peek() != Some(b':') {
                return Err(Fault::Syntax);
            }
            self.at = self.at.wrapping_add(1);
            self.space();
        }
        self.nodes.push(node);
        let link = if before == 0 { parent } else { before };
        if let Some(link) = self.nodes.get_mut(link as usize) {
            if before == 0 { link.first = id } else { link.next = id }
        }
        Ok((id, self.at))
    }

    fn close(&mut self, node: u32, start: usize) {
        let end = self.at as u32;
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.value = Span { start: start as u32, end };
        }
    }

    fn flag(&mut self, node: u32, flag: u8) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.flags |= flag;
        }
    }

    /// Ends an object's list of names, none of which may be there twice.
    fn distinct(&mut self, from: usize) -> Result<(), Fault> {
        let own = self.names.get_mut(from..).unwrap_or_default();
        let twice = names::twice(own, self.text, self.nodes, self.compare);
        self.names.truncate(from);
        if twice.is_some() { Err(Fault::DuplicateName) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<string::Scanned, Fault> {
        match string::scan(self.text, self.at.wrapping_add(1)) {
            Ok(scanned) => {
                self.at = scanned.end.wrapping_add(1);
                self.high |= scanned.high;
                Ok(scanned)
            }
            Err((fault, at)) => {
                self.at = at;
                Err(fault)
            }
        }
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at = self.at.wrapping_add(1);
        }
        match self.peek() {
            Some(b'0') => self.at = self.at.wrapping_add(1),
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at = self.at.wrapping_add(1);
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at = self.at.wrapping_add(1);
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at = self.at.wrapping_add(1);
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at = self.at.wrapping_add(count);
        if count == 0 { Err(Fault::Syntax) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<bool, Fault> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Fault::Syntax);
        }
        self.at = self.at.wrapping_add(word.len());
        Ok(false)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at = self.at.wrapping_add(1);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

const _: () = assert!(NONE == u32::MAX);
