//! What a filter leaves of its decision in filter state.

use crate::percent_decoded;

/// A note as the shell writes it, for the access log and for whoever reads it there:
/// `jwt_auth.allowed;rule=orders;subject=alice`.
///
/// ```
/// let note = gatehouse_filter::Note::read(b"jwt_auth.expired;rule=a;why=exp%201%3B").unwrap();
/// assert_eq!((note.filter, note.code), (&b"jwt_auth"[..], &b"expired"[..]));
/// let parts: Vec<_> = note.parts().collect();
/// assert_eq!(parts, [(&b"rule"[..], "a".to_owned()), (b"why", "exp 1;".to_owned())]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note<'a> {
    /// The filter, as codes call it.
    pub filter: &'a [u8],
    /// What it has decided.
    pub code: &'a [u8],
    parts: &'a [u8],
}

impl<'a> Note<'a> {
    /// Reads a note; `None` where it does not begin with the code of a filter.
    pub fn read(note: &'a [u8]) -> Option<Self> {
        let (code, parts) = halves(note, b';').unwrap_or((note, b""));
        let (filter, code) = halves(code, b'.')?;
        Some(Self { filter, code, parts })
    }

    /// What is told beside the code, each with its name, in order. What is not UTF-8 stands as a
    /// replacement character.
    pub fn parts(&self) -> impl Iterator<Item = (&'a [u8], String)> {
        let parts = self.parts.split(|byte| *byte == b';');
        parts.filter_map(|part| {
            let (name, value) = halves(part, b'=')?;
            let value: Vec<u8> = percent_decoded(value).collect();
            Some((name, String::from_utf8_lossy(&value).into_owned()))
        })
    }
}

fn halves(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let mut halves = text.splitn(2, |byte| *byte == at);
    Some((halves.next()?, halves.next()?))
}
