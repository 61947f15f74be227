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
    let (value, flag, depth) = whole::<true>(text, part, root, nodes, compare)?;
    if let Some(node) = nodes.get_mut(root as usize) {
        node.value = value;
        node.flags |= flag;
    }
    Ok(depth)
}

/// Checks a text in the same way and keeps nothing of it: where the value in it is, and how deep it is
/// nested.
pub(crate) fn check(text: &[u8]) -> Result<(Span, usize), Invalid> {
    let part = Span { start: 0, end: text.len() as u32 };
    let (value, _, depth) = whole::<false>(text, part, 0, &mut Vec::new(), Names::Exact)?;
    Ok((value, depth))
}

fn whole<const KEEPS: bool>(
    text: &[u8],
    part: Span,
    root: u32,
    nodes: &mut Vec<Node>,
    compare: Names,
) -> Result<(Span, u8, usize), Invalid> {
    let (start, end) = (part.start as usize, part.end as usize);
    took(end.saturating_sub(start));
    let text = text.get(..end).unwrap_or_default();
    // The root is one of them, also where nothing is kept.
    let count = (nodes.len() as u32).max(1);
    let names = Vec::with_capacity(32);
    let mut reader = Reader::<KEEPS> { text, nodes, count, compare, names, high: 0, depth: 0 };
    let first = space(text, start);
    let (last, flag) = reader.value(root, first)?;
    let after = space(text, last);
    if after != text.len() {
        return Err(syntax(after));
    }
    // Outside strings everything is ASCII already.
    if reader.high & string::HIGHS != 0
        && let Err(error) = std::str::from_utf8(text.get(start..).unwrap_or_default())
    {
        let at = start.saturating_add(error.valid_up_to());
        return Err(Invalid { fault: Fault::NotUtf8, at });
    }
    Ok((Span { start: first as u32, end: last as u32 }, flag, reader.depth))
}

/// What has been read. Where it is goes from function to function, and so stays in a register.
struct Reader<'a, const KEEPS: bool> {
    text: &'a [u8],
    /// What was found; nothing where it is not kept.
    nodes: &'a mut Vec<Node>,
    /// How many values there are.
    count: u32,
    compare: Names,
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
    names: Seen,
}

/// The names of an object so far.
#[derive(Clone, Copy)]
struct Seen {
    /// Where they begin in the list of all.
    from: usize,
    /// A bit for each hash.
    bits: u64,
    /// Whether two of them have one bit: then they may be the same.
    is_doubtful: bool,
}

impl<const KEEPS: bool> Reader<'_, KEEPS> {
    /// Reads a value from its first byte on, as the node `root`: where it ends, and its flag.
    fn value(&mut self, root: u32, start: usize) -> Result<(usize, u8), Invalid> {
        let (mut open, mut at) = match self.begin(root, start, 0)? {
            Begun::Open { frame, first } => (frame, first),
            Begun::Ended { end, flag } => return Ok((end, flag)),
        };
        let mut around = Vec::with_capacity(16);
        loop {
            // A child of the innermost array or object begins here.
            let id = self.count;
            if id as usize > MOST_VALUES {
                return Err(Invalid { fault: Fault::TooManyValues, at });
            }
            let mut node = Node { parent: open.node, ..Node::EMPTY };
            if open.object {
                at = self.name(at, &mut node, &mut open.names)?;
            }
            self.link(&mut open, id);
            node.value.start = at as u32;
            match self.begin(id, at, around.len().wrapping_add(1))? {
                Begun::Open { frame, first } => {
                    self.push(node);
                    around.push(open);
                    (open, at) = (frame, first);
                    continue;
                }
                Begun::Ended { end, flag } => {
                    node.value.end = end as u32;
                    node.flags |= flag;
                    self.push(node);
                    at = end;
                }
            }
            // It ends here, and maybe what it is in.
            loop {
                at = space(self.text, at);
                match (byte(self.text, at), open.object) {
                    (b',', _) => {
                        at = space(self.text, at.wrapping_add(1));
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.distinct(open.names, at)?;
                        at = at.wrapping_add(1);
                        let Some(outer) = around.pop() else { return Ok((at, 0)) };
                        if let Some(node) = self.nodes.get_mut(open.node as usize) {
                            node.value.end = at as u32;
                        }
                        open = outer;
                    }
                    _ => return Err(syntax(at)),
                }
            }
        }
    }

    /// Begins a value in so many arrays and objects.
    #[inline(always)]
    fn begin(&mut self, node: u32, start: usize, around: usize) -> Result<Begun, Invalid> {
        match byte(self.text, start) {
            b'{' | b'[' => self.open(node, start, around),
            _ => self.scalar(start).map(|(end, flag)| Begun::Ended { end, flag }),
        }
    }

    /// Begins an array or object in so many others.
    fn open(&mut self, node: u32, start: usize, around: usize) -> Result<Begun, Invalid> {
        let object = byte(self.text, start) == b'{';
        let first = space(self.text, start.wrapping_add(1));
        if around >= MOST_DEPTH {
            return Err(Invalid { fault: Fault::TooDeep, at: first });
        }
        self.depth = self.depth.max(around.wrapping_add(1));
        if byte(self.text, first) == if object { b'}' } else { b']' } {
            return Ok(Begun::Ended { end: first.wrapping_add(1), flag: 0 });
        }
        let names = Seen { from: self.names.len(), bits: 0, is_doubtful: false };
        Ok(Begun::Open { frame: Frame { node, last: 0, object, names }, first })
    }

    /// Makes a node the next one in its array or object.
    #[inline(always)]
    fn link(&mut self, open: &mut Frame, id: u32) {
        if !KEEPS {
            return;
        }
        let is_first = open.last == 0;
        let before = if is_first { open.node } else { open.last };
        if let Some(before) = self.nodes.get_mut(before as usize) {
            if is_first { before.first = id } else { before.next = id }
        }
        open.last = id;
    }

    #[inline(always)]
    fn push(&mut self, node: Node) {
        if KEEPS {
            self.nodes.push(node);
        }
        self.count = self.count.wrapping_add(1);
    }

    /// The name of a member, for its node. Where the value begins.
    fn name(&mut self, start: usize, node: &mut Node, seen: &mut Seen) -> Result<usize, Invalid> {
        if byte(self.text, start) != b'"' {
            return Err(syntax(start));
        }
        let (end, flag) = self.string(start)?;
        node.key = Span { start: start as u32, end: end as u32 };
        let inner = names::inner(self.text, node.key);
        let hash = if flag == 0 {
            names::hash(inner, self.compare)
        } else {
            node.flags |= Node::KEY_ESCAPED;
            names::hash(&names::decoded(self.text, node.key), self.compare)
        };
        self.names.push(Named { hash, key: node.key, escaped: flag != 0 });
        let bit = 1_u64 << (hash & 63);
        seen.is_doubtful |= seen.bits & bit != 0;
        seen.bits |= bit;
        let colon = space(self.text, end);
        if byte(self.text, colon) != b':' {
            return Err(syntax(colon));
        }
        Ok(space(self.text, colon.wrapping_add(1)))
    }

    /// Ends an object's list of names, none of which may be there twice.
    fn distinct(&mut self, seen: Seen, at: usize) -> Result<(), Invalid> {
        let own = self.names.get_mut(seen.from..).unwrap_or_default();
        if seen.is_doubtful && names::twice(own, self.text, self.compare) {
            return Err(Invalid { fault: Fault::DuplicateName, at });
        }
        self.names.truncate(seen.from);
        Ok(())
    }

    /// A value that is no array and no object: where it ends, and its flag.
    #[inline(always)]
    fn scalar(&mut self, start: usize) -> Result<(usize, u8), Invalid> {
        let word = |word: &[u8]| {
            let rest = self.text.get(start..).unwrap_or_default();
            if rest.starts_with(word) {
                Ok(start.wrapping_add(word.len()))
            } else {
                Err(syntax(start))
            }
        };
        let end = match byte(self.text, start) {
            b'"' => return self.string(start),
            b'-' | b'0'..=b'9' => number(self.text, start)?,
            b't' => word(b"true")?,
            b'f' => word(b"false")?,
            b'n' => word(b"null")?,
            _ => return Err(syntax(start)),
        };
        Ok((end, 0))
    }

    /// A string from its opening quote on: where it ends, and the flag of one with escapes.
    #[inline(always)]
    fn string(&mut self, start: usize) -> Result<(usize, u8), Invalid> {
        let first = start.wrapping_add(1);
        // Most have no escapes.
        if let Some((end, high)) = string::plain(self.text, first) {
            self.high |= high;
            return Ok((end.wrapping_add(1), 0));
        }
        let scanned = string::scan(self.text, first);
        let scanned = scanned.map_err(|(fault, at)| Invalid { fault, at })?;
        self.high |= scanned.high;
        let flag = if scanned.escaped { Node::VALUE_ESCAPED } else { 0 };
        Ok((scanned.end.wrapping_add(1), flag))
    }
}

/// What begins with a byte.
enum Begun {
    /// An array or object; where its first child begins.
    Open { frame: Frame, first: usize },
    /// It has ended already.
    Ended { end: usize, flag: u8 },
}

/// A number (RFC 8259 §6). Where it ends.
fn number(text: &[u8], start: usize) -> Result<usize, Invalid> {
    let mut at = if byte(text, start) == b'-' { start.wrapping_add(1) } else { start };
    at = if byte(text, at) == b'0' { at.wrapping_add(1) } else { digits(text, at)? };
    if byte(text, at) == b'.' {
        at = digits(text, at.wrapping_add(1))?;
    }
    if matches!(byte(text, at), b'e' | b'E') {
        at = at.wrapping_add(1);
        if matches!(byte(text, at), b'+' | b'-') {
            at = at.wrapping_add(1);
        }
        at = digits(text, at)?;
    }
    Ok(at)
}

/// One digit or more.
#[inline]
fn digits(text: &[u8], start: usize) -> Result<usize, Invalid> {
    let mut at = start;
    while byte(text, at).is_ascii_digit() {
        at = at.wrapping_add(1);
    }
    if at == start { Err(syntax(at)) } else { Ok(at) }
}

/// Where the white space from here on ends (RFC 8259 §2). Mostly there is none.
#[inline]
fn space(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while matches!(byte(text, at), b' ' | b'\n' | b'\r' | b'\t') {
        at = at.wrapping_add(1);
    }
    at
}

/// The byte at a place; 0, which is nowhere in JSON, beyond the end.
#[inline]
fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

fn syntax(at: usize) -> Invalid {
    Invalid { fault: Fault::Syntax, at }
}

const _: () = assert!(NONE == u32::MAX);
