//! JSON documents (RFC 8259) that come in parts.
//!
//! Where a path may lead, the grammar is heeded; what no path leads into is skipped by its brackets
//! and strings alone.

use crate::name::Name;
use crate::number::Number;
use crate::paths::Set;
use crate::{Found, Paths, Told};

/// How far documents have been read. One may follow another, as in lines of JSON; of a document
/// that is an array, each item is read as one.
#[derive(Default, Debug)]
pub(crate) struct Document {
    state: State,
    /// The objects that paths lead through, the outermost first: as many as a path has names.
    objects: Vec<Object>,
    /// Whether the items of an array are read.
    in_array: bool,
    name: Name,
    number: Number,
}

#[derive(Clone, Copy, Debug)]
struct Object {
    /// The paths that lead into it.
    paths: Set,
    /// How many of their names lead there.
    names: usize,
}

#[derive(Clone, Copy, Default, Debug)]
enum State {
    /// Before a document, or an item of one; after an array's bracket it may end there.
    #[default]
    Root,
    /// Before a member's value, to which these paths lead.
    Value(Set),
    /// After an object's bracket: a name, or the end.
    First,
    /// After a comma in an object.
    Next,
    Name,
    /// After the name of a member to which these paths lead.
    Named(Set),
    /// In the number at which these paths end.
    Number(Set),
    /// In a literal, or a number that nobody looks for.
    Bare,
    /// In a string that is a value.
    String {
        is_escaped: bool,
    },
    /// In something that no path leads into, so deep, and perhaps in a string there.
    Skipped {
        depth: u32,
        string: Option<Escaped>,
    },
    /// After a value.
    After,
    /// It is no JSON: no more of it is read.
    Broken,
}

/// Whether a string's next byte is escaped.
#[derive(Clone, Copy, Debug)]
struct Escaped(bool);

impl Document {
    /// Reads on.
    pub(crate) fn read(&mut self, part: &[u8], paths: &Paths, found: &mut Found) {
        let mut rest = part;
        while let Some((byte, after)) = rest.split_first() {
            rest = match self.state {
                State::Broken => return,
                State::String { is_escaped } => {
                    let (left, is_escaped) = in_string(rest, is_escaped);
                    self.state = match is_escaped {
                        Some(Escaped(is_escaped)) => State::String { is_escaped },
                        None => State::After,
                    };
                    left
                }
                State::Skipped { depth, string } => self.skip(rest, depth, string),
                // What ends a number or a literal is looked at once more.
                State::Number(ends) if !is_of_number(*byte) => {
                    found.tell(ends, self.number.told());
                    self.state = State::After;
                    rest
                }
                State::Bare if !byte.is_ascii_alphanumeric() && !is_of_number(*byte) => {
                    self.state = State::After;
                    rest
                }
                State::After if self.objects.is_empty() && !self.in_array => {
                    self.state = State::Root;
                    rest
                }
                _ => {
                    self.step(*byte, paths, found);
                    after
                }
            };
        }
    }

    /// Takes one byte, outside strings and what is skipped.
    fn step(&mut self, byte: u8, paths: &Paths, found: &mut Found) {
        gatehouse_steps::took(1);
        let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            State::Name => {
                if self.name.ends(byte) {
                    self.state = State::Named(self.named(paths));
                }
            }
            State::Number(_) => self.number.push(byte),
            State::Bare => {}
            _ if is_space => {}
            State::Root if self.in_array && byte == b']' => self.in_array = false,
            State::Root if self.in_array => self.value(byte, paths.all(), paths, found),
            // A byte order mark is no fault of a document's (RFC 8259 §8.1).
            State::Root if matches!(byte, 0xef | 0xbb | 0xbf) => {}
            State::Root if byte == b'[' => self.in_array = true,
            State::Root => self.value(byte, paths.all(), paths, found),
            State::Value(of) => self.value(byte, of, paths, found),
            State::First | State::Next if byte == b'"' => {
                self.name.begin();
                self.state = State::Name;
            }
            State::First if byte == b'}' => self.close(),
            State::Named(of) if byte == b':' => self.state = State::Value(of),
            State::After => self.after(byte),
            State::First | State::Next | State::Named(_) => self.state = State::Broken,
            // Read by whoever calls this.
            State::String { .. } | State::Skipped { .. } | State::Broken => {}
        }
    }

    fn after(&mut self, byte: u8) {
        match (byte, self.objects.is_empty()) {
            (b',', true) => self.state = State::Root,
            (b',', false) => self.state = State::Next,
            (b'}', false) => self.close(),
            (b']', true) => {
                self.in_array = false;
                self.state = State::Root;
            }
            _ => self.state = State::Broken,
        }
    }

    fn close(&mut self) {
        self.objects.pop();
        self.state = State::After;
    }

    /// The paths that lead to the member whose name has ended.
    fn named(&self, paths: &Paths) -> Set {
        match (self.objects.last(), self.name.decoded()) {
            (Some(object), Some(name)) => paths.named(object.paths, object.names, name),
            _ => Set::default(),
        }
    }

    /// A value begins, to which these paths lead.
    fn value(&mut self, byte: u8, of: Set, paths: &Paths, found: &mut Found) {
        let names = self.objects.last().map_or(0, |object| object.names.saturating_add(1));
        let (ends, on) = (paths.ending(of, names), paths.leading_on(of, names));
        self.state = match byte {
            b'{' if !on.is_none() => {
                self.objects.push(Object { paths: on, names });
                State::First
            }
            b'{' | b'[' => State::Skipped { depth: 1, string: None },
            b'"' => State::String { is_escaped: false },
            b'-' | b'0'..=b'9' if ends.is_none() => State::Bare,
            b'-' | b'0'..=b'9' => {
                self.number.begin(byte);
                State::Number(ends)
            }
            b't' | b'f' | b'n' => State::Bare,
            _ => State::Broken,
        };
        // `null` is what writers put who have nothing to tell yet.
        let is_nonsense = matches!(byte, b'{' | b'[' | b'"' | b't' | b'f');
        if is_nonsense {
            found.tell(ends, Told::Nonsense);
        }
    }

    /// Skips what no path leads into. What is left behind it.
    fn skip<'a>(&mut self, rest: &'a [u8], depth: u32, string: Option<Escaped>) -> &'a [u8] {
        if let Some(Escaped(is_escaped)) = string {
            let (left, string) = in_string(rest, is_escaped);
            self.state = State::Skipped { depth, string };
            return left;
        }
        let is_mark = |byte: &u8| matches!(byte, b'{' | b'[' | b'}' | b']' | b'"');
        let at = rest.iter().position(is_mark);
        gatehouse_steps::took(at.map_or(rest.len(), |at| at.saturating_add(1)));
        let Some((mark, left)) = at.and_then(|at| rest.get(at..)?.split_first()) else {
            return &[];
        };
        self.state = match mark {
            b'"' => State::Skipped { depth, string: Some(Escaped(false)) },
            b'{' | b'[' => State::Skipped { depth: depth.saturating_add(1), string: None },
            _ if depth > 1 => State::Skipped { depth: depth.saturating_sub(1), string: None },
            _ => State::After,
        };
        left
    }
}

/// Whether a byte may be of a number.
fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')
}

/// Reads on in a string. What is left behind it, and whether its next byte is escaped; nothing
/// where it has ended.
fn in_string(rest: &[u8], is_escaped: bool) -> (&[u8], Option<Escaped>) {
    let from = usize::from(is_escaped);
    let tail = rest.get(from..).unwrap_or_default();
    let at = tail.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    gatehouse_steps::took(at.map_or(rest.len(), |at| at.saturating_add(1)));
    match at.and_then(|at| tail.get(at..)?.split_first()) {
        None => (&[], Some(Escaped(false))),
        Some((b'"', left)) => (left, None),
        Some((_, left)) => (left, Some(Escaped(true))),
    }
}
