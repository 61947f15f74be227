use crate::document::{Document, Id, Kind, NONE, Node, Overgrown, Span};
use crate::names::fold::folded;
use crate::names::{self, Named, Names, Twice};
use crate::string;
use std::collections::BTreeMap;

/// How the words of a name are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    /// `unitPrice`
    Camel,
    /// `unit_price`
    Snake,
}

/// Why the names of a document were not converted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseError {
    /// Two names of one object become one.
    Twice,
    /// The document would grow beyond its limit.
    Overgrown,
}

impl From<Twice> for CaseError {
    fn from(_: Twice) -> Self {
        Self::Twice
    }
}

impl From<Overgrown> for CaseError {
    fn from(_: Overgrown) -> Self {
        Self::Overgrown
    }
}

impl Case {
    /// Appends a name in this case; whether it is another one then.
    ///
    /// Only what the way back makes the same name again is converted: `EUR`, `userID` and `line_2`
    /// stay as they are. A name that is data, such as a currency or a country, would come back as
    /// another one, and nobody could tell which it was.
    fn push(self, name: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        self.join(name, out);
        let made = out.get(start..).unwrap_or_default();
        if made == name {
            return false;
        }
        let mut back = Vec::with_capacity(name.len());
        self.other().join(made, &mut back);
        if back == name {
            return true;
        }
        out.truncate(start);
        out.extend_from_slice(name);
        false
    }

    fn other(self) -> Self {
        match self {
            Self::Camel => Self::Snake,
            Self::Snake => Self::Camel,
        }
    }

    /// Underscores at the beginning and at the end stay, as do those that no letter or digit
    /// follows.
    fn join(self, name: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Camel => {
                let lead = name.iter().take_while(|byte| **byte == b'_').count();
                let (lead, rest) = name.split_at(lead);
                out.extend_from_slice(lead);
                let mut rest = rest;
                while let Some((byte, after)) = rest.split_first() {
                    rest = after;
                    match (byte, after.split_first()) {
                        (b'_', Some((next, after))) if next.is_ascii_alphanumeric() => {
                            out.push(next.to_ascii_uppercase());
                            rest = after;
                        }
                        (byte, _) => out.push(*byte),
                    }
                }
            }
            Self::Snake => {
                let mut before: Option<u8> = None;
                let mut rest = name;
                while let Some((byte, after)) = rest.split_first() {
                    rest = after;
                    if byte.is_ascii_uppercase() {
                        // `userID` is `user_id`, `HTTPCode` is `http_code`: a word begins after a
                        // small letter, and where capitals end.
                        let after_small =
                            before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                        let last_capital = before.is_some_and(|b| b.is_ascii_uppercase())
                            && after.first().is_some_and(u8::is_ascii_lowercase);
                        if after_small || last_capital {
                            out.push(b'_');
                        }
                    }
                    out.push(byte.to_ascii_lowercase());
                    before = Some(*byte);
                }
            }
        }
    }
}

/// Which names become which: some exactly, all others as a case says.
#[derive(Clone, Default, Debug)]
pub struct Naming {
    case: Option<Case>,
    exact: BTreeMap<Box<[u8]>, Box<[u8]>>,
    /// The same by the folded names, for documents where case makes no difference.
    folded: BTreeMap<String, Box<[u8]>>,
}

impl Naming {
    /// Names in this case, where one is given, but for those that have another name each.
    pub fn new(case: Option<Case>, exact: &[(String, String)]) -> Self {
        let mut naming = Self { case, ..Self::default() };
        for (from, to) in exact {
            let to: Box<[u8]> = to.as_bytes().into();
            naming.folded.entry(folded(from.as_bytes()).collect()).or_insert_with(|| to.clone());
            naming.exact.insert(from.as_bytes().into(), to);
        }
        naming
    }

    /// Appends what a name becomes; whether it is another one then.
    fn push(&self, name: &[u8], names: Names, out: &mut Vec<u8>) -> bool {
        let exact = match names {
            _ if self.exact.is_empty() => None,
            Names::Exact => self.exact.get(name),
            Names::IgnoreCase => self.folded.get(&folded(name).collect::<String>()),
        };
        match (exact, self.case) {
            (Some(to), _) => {
                out.extend_from_slice(to);
                **to != *name
            }
            (None, Some(case)) => case.push(name, out),
            (None, None) => {
                out.extend_from_slice(name);
                false
            }
        }
    }
}

impl From<Case> for Naming {
    fn from(case: Case) -> Self {
        Self::new(Some(case), &[])
    }
}

/// Names repeat, as the items of a list look alike: each is converted once, as long as no other
/// takes its seat.
const SEATS: usize = 128;

/// How many seats a name may have.
const ROW: usize = 4;

struct Converter<'a> {
    naming: &'a Naming,
    seats: Vec<Seat>,
}

/// A name that was converted.
#[derive(Clone, Copy, Default)]
struct Seat {
    from: Span,
    /// The same span where the name stays.
    to: Span,
    /// Of what it has become.
    hash: u32,
}

impl Document {
    /// Gives all members in a value other names, at every depth, but not in the values `except`.
    ///
    /// # Errors
    /// [`CaseError`]; then some names are converted.
    pub fn convert(&mut self, id: Id, naming: &Naming, except: &[Id]) -> Result<(), CaseError> {
        self.flag(except, true);
        let converted = self.convert_unflagged(id, naming);
        self.flag(except, false);
        converted
    }

    /// Converts what the string says, as if it were a name; nothing else is touched.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn convert_text(&mut self, id: Id, naming: &Naming) -> Result<(), Overgrown> {
        let Some(text) = self.string(id) else { return Ok(()) };
        let mut other = Vec::with_capacity(text.len().saturating_add(8));
        if naming.push(&text, self.names, &mut other) {
            let mut quoted = Vec::with_capacity(other.len().saturating_add(2));
            string::push_quoted(&other, &mut quoted);
            let put = self.put(&quoted)?;
            self.set(id, put);
        }
        Ok(())
    }

    fn flag(&mut self, ids: &[Id], keep: bool) {
        for id in ids {
            self.update(*id, |node| match keep {
                true => node.flags |= Node::KEEPS_NAMES,
                false => node.flags &= !Node::KEEPS_NAMES,
            });
        }
    }

    fn convert_unflagged(&mut self, id: Id, naming: &Naming) -> Result<(), CaseError> {
        let mut converter =
            Converter { naming, seats: vec![Seat::default(); SEATS.wrapping_add(ROW)] };
        let mut own = Vec::new();
        let mut at = id;
        loop {
            self.look_into(at);
            let stays = self.node(at).is(Node::KEEPS_NAMES);
            if !stays && self.kind(at) == Kind::Object {
                self.convert_members(at, &mut converter, &mut own)?;
            }
            let node = self.node(at);
            if !stays && node.first != 0 {
                at = Id(node.first);
                continue;
            }
            loop {
                if at == id {
                    return Ok(());
                }
                let node = self.node(at);
                if node.next != 0 {
                    at = Id(node.next);
                    break;
                }
                if node.parent == NONE {
                    return Ok(());
                }
                at = Id(node.parent);
            }
        }
    }

    fn convert_members(
        &mut self,
        object: Id,
        converter: &mut Converter<'_>,
        own: &mut Vec<Named>,
    ) -> Result<(), CaseError> {
        own.clear();
        let mut changed = false;
        let mut next = self.node(object).first;
        while next != 0 {
            let id = Id(next);
            let node = *self.node(id);
            next = node.next;
            let (key, hash) = self.converted(&node, converter)?;
            if key != node.key {
                changed = true;
                self.update(id, |node| node.key = key);
            }
            own.push(Named { hash, key, escaped: key == node.key && node.is(Node::KEY_ESCAPED) });
        }
        if changed {
            self.mark(object);
            if names::twice(own, &self.text, self.names) {
                return Err(CaseError::Twice);
            }
        }
        Ok(())
    }

    /// The converted name, and its hash.
    fn converted(
        &mut self,
        node: &Node,
        converter: &mut Converter<'_>,
    ) -> Result<(Span, u32), Overgrown> {
        let inner = names::inner(&self.text, node.key);
        // Escapes are rare in names. What is converted is what the name says.
        if node.is(Node::KEY_ESCAPED) {
            let mut name = Vec::with_capacity(inner.len());
            string::push_decoded(inner, &mut name);
            let seat = self.seat(&name, node.key, converter.naming)?;
            return Ok((seat.to, seat.hash));
        }
        let number = names::hash(inner, Names::Exact) as usize % SEATS;
        // One of a few seats, so that two names of one object do not take turns.
        let seats = converter.seats.get(number..number.wrapping_add(ROW)).unwrap_or_default();
        let mut free = number;
        for (place, known) in (number..).zip(seats) {
            if known.from.end == 0 {
                free = place;
                break;
            }
            if names::equal(names::inner(&self.text, known.from), inner) {
                return Ok((if known.from == known.to { node.key } else { known.to }, known.hash));
            }
        }
        let inner = inner.to_vec();
        let seat = self.seat(&inner, node.key, converter.naming)?;
        if let Some(place) = converter.seats.get_mut(free) {
            *place = seat;
        }
        Ok((seat.to, seat.hash))
    }

    fn seat(&mut self, name: &[u8], from: Span, naming: &Naming) -> Result<Seat, Overgrown> {
        let mut other = Vec::with_capacity(name.len().saturating_add(8));
        let changed = naming.push(name, self.names, &mut other);
        let hash = names::hash(&other, self.names);
        if !changed {
            return Ok(Seat { from, to: from, hash });
        }
        let mut quoted = Vec::with_capacity(other.len().saturating_add(2));
        string::push_quoted(&other, &mut quoted);
        Ok(Seat { from, to: self.room(&quoted)?, hash })
    }

    fn room(&mut self, quoted: &[u8]) -> Result<Span, Overgrown> {
        if self.text.len().saturating_add(quoted.len()) > self.most {
            return Err(Overgrown);
        }
        Ok(self.append(quoted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case() {
        for (snake, camel) in [
            ("unit_price", "unitPrice"),
            ("id", "id"),
            ("user_id", "userId"),
            ("_links", "_links"),
            ("__typename", "__typename"),
            ("is_a_test", "isATest"),
            ("trailing_", "trailing_"),
            ("größe_in_cm", "größeInCm"),
            ("kebab-case", "kebab-case"),
            ("", ""),
        ] {
            let mut out = Vec::new();
            assert_eq!(Case::Camel.push(snake.as_bytes(), &mut out), snake != camel, "{snake}");
            assert_eq!(String::from_utf8(out).unwrap(), camel, "{snake}");
        }
        for (camel, snake) in [
            ("unitPrice", "unit_price"),
            ("unit_price", "unit_price"),
            ("line2Text", "line2_text"),
            ("aB", "a_b"),
            ("größeInCm", "größe_in_cm"),
        ] {
            let mut out = Vec::new();
            assert_eq!(Case::Snake.push(camel.as_bytes(), &mut out), snake != camel, "{camel}");
            assert_eq!(String::from_utf8(out).unwrap(), snake, "{camel}");
        }
    }

    #[test]
    fn a_name_that_would_not_come_back_as_it_was_stays() {
        for (case, name) in [
            (Case::Snake, "EUR"),
            (Case::Snake, "DE"),
            (Case::Snake, "X"),
            (Case::Snake, "Name"),
            (Case::Snake, "userID"),
            (Case::Snake, "HTTPCode"),
            (Case::Snake, "en-US"),
            (Case::Snake, "MON-27"),
            (Case::Snake, "user_Id"),
            (Case::Snake, "A_B"),
            (Case::Snake, "T1"),
            (Case::Camel, "line_2"),
            (Case::Camel, "line_2_text"),
            (Case::Camel, "a_b_c"),
            (Case::Camel, "a__b"),
            (Case::Camel, "DE_de"),
            (Case::Camel, "EUR_USD"),
            (Case::Camel, "de_DE"),
            (Case::Camel, "MAX_SIZE"),
        ] {
            let mut out = Vec::new();
            assert!(!case.push(name.as_bytes(), &mut out), "{name}");
            assert_eq!(String::from_utf8(out).unwrap(), name);
        }
    }
}
