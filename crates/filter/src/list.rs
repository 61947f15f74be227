//! Fields that are lists: members with commas between them (RFC 9110 §5.6.1).

use gatehouse_steps::took;
use std::iter;

/// The members of a line, without empty ones.
///
/// ```
/// use gatehouse_filter::list;
/// assert!(list::members(b" a,b ;q=1,, c").eq([&b"a"[..], b"b ;q=1", b"c"]));
/// ```
pub fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let members = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty())
}

/// The same, where a comma within a quoted string ends no member (§5.6.4). A quote that nothing
/// closes is none: it would hide all that stands after it.
///
/// ```
/// use gatehouse_filter::list;
/// assert!(list::quoted_members(b"a=\"b, c\", d").eq([&b"a=\"b, c\""[..], b"d"]));
/// assert!(list::quoted_members(b"a=\"b, c").eq([&b"a=\"b"[..], b"c"]));
/// ```
pub fn quoted_members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut quotes) = (line, Quotes { close: true });
    let members = iter::from_fn(move || {
        let end = quotes.end_of_member(rest)?;
        let (member, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        Some(member.trim_ascii())
    });
    members.filter(|member| !member.is_empty())
}

/// What is in the quotes that may be around a value, escapes and all.
///
/// ```
/// use gatehouse_filter::list;
/// assert_eq!([b"\"a\"" as &[u8], b"a"].map(list::unquoted), [b"a", b"a"]);
/// assert_eq!(list::unquoted(b"\"a"), b"\"a");
/// ```
pub fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

/// What is known of the quotes of a line.
struct Quotes {
    /// Whether those that are to come may close each other. Where one is not closed, all that stand
    /// after it are escaped in what it would open, and so is all that they would open: none of them
    /// is looked behind any more, or a line of escaped quotes would be read once for each.
    close: bool,
}

impl Quotes {
    /// Where the next member ends; `None` where there is none.
    fn end_of_member(&mut self, line: &[u8]) -> Option<usize> {
        if line.is_empty() {
            return None;
        }
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            took(1);
            at = match byte {
                b',' => return Some(at),
                b'"' if self.close => {
                    let end = end_of_quoted(line, at);
                    self.close = end.is_some();
                    end.unwrap_or(at.saturating_add(1))
                }
                _ => at.saturating_add(1),
            };
        }
        Some(line.len())
    }
}

/// The position behind a quoted string that begins at `start`.
fn end_of_quoted(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start.saturating_add(1);
    loop {
        took(1);
        match line.get(at)? {
            b'"' => return Some(at.saturating_add(1)),
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
}
