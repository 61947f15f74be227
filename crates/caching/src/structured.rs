//! Structured Field Values (RFC 9651), as far as fields about caching use them: dictionaries and
//! lists of items, with inner lists and parameters.
//!
//! Reading is strict: a field that is not of the form is none at all (§4.2). A reader of our own is
//! some 200 lines; the crate `sfv` would add `indexmap`, `base64` and `ref-cast` to the module.

use gatehouse_filter::Headers;
use std::collections::BTreeMap;

/// A value without its parameters, which nothing here has a use for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    /// `?1`, and what a member of a dictionary without a value has.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A quoted string; ASCII.
    String(Vec<u8>),
    /// A word that is not quoted.
    Token(Vec<u8>),
    /// A list in parentheses.
    Inner(Vec<Item>),
    /// A decimal, a date, bytes or a display string: well formed, and of no use here.
    Other,
}

/// A dictionary (§3.2): the last of two members with one name counts. `None` where the field is
/// absent, or is not one.
pub(crate) fn dictionary(headers: &Headers, field: &str) -> Option<BTreeMap<Vec<u8>, Item>> {
    let line = joined(headers, field)?;
    let mut reader = Reader { rest: &line };
    let mut members = BTreeMap::new();
    reader.members(|reader| {
        let name = reader.key()?.to_vec();
        let item = if reader.take(b'=') {
            reader.item_or_inner()?
        } else {
            reader.parameters()?;
            Item::Boolean(true)
        };
        members.insert(name, item);
        Some(())
    })?;
    Some(members)
}

/// A list (§3.1); `None` where the field is absent, or is not one.
pub(crate) fn list(headers: &Headers, field: &str) -> Option<Vec<Item>> {
    let line = joined(headers, field)?;
    let mut reader = Reader { rest: &line };
    let mut items = Vec::new();
    reader.members(|reader| {
        items.push(reader.item_or_inner()?);
        Some(())
    })?;
    Some(items)
}

/// The lines of a field as one (§4.2).
fn joined(headers: &Headers, field: &str) -> Option<Vec<u8>> {
    let mut lines = headers.values(field);
    let mut all = lines.next()?.to_vec();
    for line in lines {
        all.extend_from_slice(b", ");
        all.extend_from_slice(line);
    }
    Some(all)
}

/// Whether a text is a token (§3.3.4).
pub(crate) fn is_token(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| begins_token(*byte))
        && text.iter().all(|byte| goes_on_in_token(*byte))
}

fn begins_token(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'*'
}

fn goes_on_in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Members with commas between them, to the end of the field; one that ends with a comma is
    /// none (§4.2.1, §4.2.2).
    fn members(&mut self, mut member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(b" ");
        if self.rest.is_empty() {
            return Some(());
        }
        loop {
            member(self)?;
            self.skip(b" \t");
            if self.rest.is_empty() {
                return Some(());
            }
            self.expect(b',')?;
            self.skip(b" \t");
        }
    }

    fn item_or_inner(&mut self) -> Option<Item> {
        let item = if self.take(b'(') { self.inner()? } else { self.bare()? };
        self.parameters()?;
        Some(item)
    }

    /// What follows the opening parenthesis (§4.2.1.2).
    fn inner(&mut self) -> Option<Item> {
        let mut items = Vec::new();
        loop {
            self.skip(b" ");
            if self.take(b')') {
                return Some(Item::Inner(items));
            }
            items.push(self.bare()?);
            self.parameters()?;
            if !matches!(self.rest.first()?, b' ' | b')') {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.skip(b" ");
            self.key()?;
            if self.take(b'=') {
                self.bare()?;
            }
        }
        Some(())
    }

    /// §4.2.3.3
    fn key(&mut self) -> Option<&'a [u8]> {
        if !matches!(self.rest.first()?, b'a'..=b'z' | b'*') {
            return None;
        }
        Some(self.take_while(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*'),
        ))
    }

    /// §4.2.3.1
    fn bare(&mut self) -> Option<Item> {
        match self.rest.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            byte if begins_token(*byte) => {
                Some(Item::Token(self.take_while(goes_on_in_token).to_vec()))
            }
            b':' => self.bytes(),
            b'?' => self.boolean(),
            b'@' => {
                self.expect(b'@')?;
                match self.number()? {
                    Item::Integer(_) => Some(Item::Other),
                    _ => None,
                }
            }
            b'%' => self.display_string(),
            _ => None,
        }
    }

    /// §4.2.4
    fn number(&mut self) -> Option<Item> {
        let is_negative = self.take(b'-');
        let whole = self.take_while(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 {
            return None;
        }
        if self.take(b'.') {
            let fraction = self.take_while(|byte| byte.is_ascii_digit());
            let is_decimal = whole.len() <= 12 && (1..=3).contains(&fraction.len());
            return is_decimal.then_some(Item::Other);
        }
        let number = whole.iter().fold(0_i64, |number, digit| {
            let digit = i64::from(digit.wrapping_sub(b'0'));
            number.saturating_mul(10).saturating_add(digit)
        });
        Some(Item::Integer(if is_negative { number.saturating_neg() } else { number }))
    }

    /// §4.2.5
    fn string(&mut self) -> Option<Item> {
        self.expect(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(Item::String(text)),
                b'\\' => match self.next()? {
                    byte @ (b'"' | b'\\') => text.push(byte),
                    _ => return None,
                },
                byte @ 0x20..=0x7e => text.push(byte),
                _ => return None,
            }
        }
    }

    /// §4.2.7
    fn bytes(&mut self) -> Option<Item> {
        self.expect(b':')?;
        self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        self.expect(b':')?;
        Some(Item::Other)
    }

    /// §4.2.8
    fn boolean(&mut self) -> Option<Item> {
        self.expect(b'?')?;
        match self.next()? {
            b'0' => Some(Item::Boolean(false)),
            b'1' => Some(Item::Boolean(true)),
            _ => None,
        }
    }

    /// §4.2.10
    fn display_string(&mut self) -> Option<Item> {
        self.expect(b'%')?;
        self.expect(b'"')?;
        loop {
            match self.next()? {
                b'"' => return Some(Item::Other),
                b'%' => {
                    for _ in 0..2 {
                        if !matches!(self.next()?, b'0'..=b'9' | b'a'..=b'f') {
                            return None;
                        }
                    }
                }
                0x20..=0x7e => {}
                _ => return None,
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.rest.strip_prefix(&[byte]) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.take_while(|byte| bytes.contains(&byte));
    }

    fn take_while(&mut self, is_one: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !is_one(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Item {
        Item::String(text.as_bytes().to_vec())
    }

    #[test]
    fn a_dictionary_is_read_whole_or_not_at_all() {
        let yes = Item::Boolean(true);
        for (lines, want) in [
            (&["a"][..], Some(vec![("a", yes.clone())])),
            (
                &["a=1, b=-2;x=\"y\";z"],
                Some(vec![("a", Item::Integer(1)), ("b", Item::Integer(-2))]),
            ),
            (&["a=1", "b"], Some(vec![("a", Item::Integer(1)), ("b", yes.clone())])),
            (&["a=1, a=2"], Some(vec![("a", Item::Integer(2))])),
            (&["a=?0, b;x"], Some(vec![("a", Item::Boolean(false)), ("b", yes.clone())])),
            (&["a=\"x\\\"\\\\\""], Some(vec![("a", string("x\"\\"))])),
            (
                &["a=( \"x\" y;p=1  2 )"],
                Some(vec![(
                    "a",
                    Item::Inner(vec![string("x"), Item::Token(b"y".to_vec()), Item::Integer(2)]),
                )]),
            ),
            (&["a=()"], Some(vec![("a", Item::Inner(vec![]))])),
            (
                &["a=1.5, b=:aGk=:, c=@1659578233, d=%\"f%c3%bc\""],
                Some(["a", "b", "c", "d"].map(|name| (name, Item::Other)).to_vec()),
            ),
            (&["a=99999999999"], Some(vec![("a", Item::Integer(99_999_999_999))])),
            (&[""], Some(vec![])),
            (&["  "], Some(vec![])),
            (&[], None),
            (&["a=1, &&&&&"], None),
            (&["a =1"], None),
            (&["a= 1"], None),
            (&["A=1"], None),
            (&["a=1,"], None),
            (&["a=1 b=2"], None),
            (&["a,,b"], None),
            (&["a=1234567890123456"], None),
            (&["a=1."], None),
            (&["a=1.1234"], None),
            (&["a=\"x"], None),
            (&["a=\"\\x\""], None),
            (&["a=\"ü\""], None),
            (&["a=(\"x\"\"y\")"], None),
            (&["a=(1"], None),
            (&["a=?2"], None),
            (&["a=@1.5"], None),
            (&["a=%\"%C3\""], None),
            (&["a;=1"], None),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("x", *line)).collect();
            let want = want.map(|members| {
                members.into_iter().map(|(name, item)| (name.as_bytes().to_vec(), item)).collect()
            });
            assert_eq!(dictionary(&Headers::from_list(&fields), "x"), want, "{lines:?}");
        }
    }

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        for (line, want) in [
            ("\"a\", \"b\";x=1", Some(vec![string("a"), string("b")])),
            (
                "a, (b 1)",
                Some(vec![
                    Item::Token(b"a".to_vec()),
                    Item::Inner(vec![Item::Token(b"b".to_vec()), Item::Integer(1)]),
                ]),
            ),
            ("", Some(vec![])),
            ("\"a\",", None),
            ("\"a\" \"b\"", None),
        ] {
            assert_eq!(list(&Headers::from_list(&[("x", line)]), "x"), want, "{line}");
        }
    }
}
