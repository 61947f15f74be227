//! Where in a text the values of a tree stand.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A line and a column, both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The places of a document's values. Where nothing is known of them, none is found.
#[derive(Debug, Default)]
pub struct Places(pub(crate) Option<Rc<Place>>);

/// Where one value stands, and those in it. An alias has the place of what it stands for.
#[derive(Debug)]
pub(crate) struct Place {
    /// Where it begins.
    pub(crate) at: Position,
    pub(crate) inside: Inside,
}

#[derive(Debug)]
pub(crate) enum Inside {
    Nothing,
    List(Vec<Item>),
    Mapping(BTreeMap<String, Item>),
}

/// A member of a collection.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where it is seen: where its name is, or where it is in its list.
    pub(crate) at: Position,
    pub(crate) place: Rc<Place>,
}

impl Places {
    /// Where the value with this path stands, `rules[2].limits[0].window`: where its name is, or
    /// where it begins in a list. Of a value that is not there, where the nearest one around it is.
    ///
    /// A name may be written as Envoy takes it too (`vmConfig` for `vm_config`), and the fields of
    /// a message may be in the `value` beside its `type_url`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Position> {
        let place = self.0.as_ref()?;
        let (mut at, mut place, mut rest) = (place.at, place, path);
        while let Some((item, left)) = step(place, rest) {
            (at, place, rest) = (item.at, &item.place, left);
        }
        Some(at)
    }
}

/// The member that a path begins with, and the rest of the path.
fn step<'a, 'b>(place: &'a Rc<Place>, path: &'b str) -> Option<(&'a Item, &'b str)> {
    match &place.inside {
        Inside::Nothing => None,
        Inside::List(items) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            Some((item, rest.strip_prefix('.').unwrap_or(rest)))
        }
        Inside::Mapping(members) if path.is_empty() || members.is_empty() => None,
        Inside::Mapping(members) => named(members, path).or_else(|| {
            let message = members.get("value")?;
            let is_typed = members.contains_key("type_url") || members.contains_key("typeUrl");
            let (item, rest) = if is_typed { step(&message.place, path)? } else { return None };
            Some((item, rest))
        }),
    }
}

/// The member whose name the path begins with. A name may have dots in it, so the longest one wins.
fn named<'a, 'b>(
    members: &'a BTreeMap<String, Item>,
    path: &'b str,
) -> Option<(&'a Item, &'b str)> {
    let rest = |name: &str| -> Option<&'b str> {
        let rest = path.strip_prefix(name)?;
        match rest.strip_prefix('.') {
            Some(rest) => Some(rest),
            None => (rest.is_empty() || rest.starts_with('[')).then_some(rest),
        }
    };
    let spellings = members.iter().flat_map(|(name, item)| {
        let snake = snake_case(name);
        let other = (snake != *name).then_some(snake);
        [Some(name.clone()), other].into_iter().flatten().map(move |name| (name, item))
    });
    let found = spellings.filter_map(|(name, item)| Some((name.len(), item, rest(&name)?)));
    found.max_by_key(|(length, ..)| *length).map(|(_, item, rest)| (item, rest))
}

/// `vm_config` for `vmConfig`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
