//! What is looked for: the paths of numbers.

use std::fmt;

/// Where in a document numbers are looked for: each path as the names of the members on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paths(Vec<Vec<Box<str>>>);

/// What is wrong with paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathsError {
    /// There are none, or more than [`Paths::MOST`].
    Count,
    /// One has no names, or more than [`Paths::MOST_NAMES`].
    Length,
    /// A name is longer than [`Paths::LONGEST_NAME`] bytes.
    Name,
}

impl fmt::Display for PathsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "must be 1 to {} paths", Paths::MOST),
            Self::Length => write!(f, "must have 1 to {} names", Paths::MOST_NAMES),
            Self::Name => write!(f, "must have names of at most {} bytes", Paths::LONGEST_NAME),
        }
    }
}

impl std::error::Error for PathsError {}

/// Some of the paths, a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Set(u32);

impl Set {
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The indexes of the paths.
    pub(crate) fn indexes(self) -> impl Iterator<Item = usize> {
        (0..Paths::MOST).filter(move |at| self.0 >> at & 1 == 1)
    }
}

impl Paths {
    /// The most paths.
    pub const MOST: usize = 16;
    /// The most names on the way to a number.
    pub const MOST_NAMES: usize = 8;
    /// The longest name, in bytes.
    pub const LONGEST_NAME: usize = 64;

    /// These paths.
    ///
    /// # Errors
    /// [`PathsError`].
    pub fn new(paths: Vec<Vec<Box<str>>>) -> Result<Self, PathsError> {
        if !(1..=Self::MOST).contains(&paths.len()) {
            return Err(PathsError::Count);
        }
        if paths.iter().any(|path| !(1..=Self::MOST_NAMES).contains(&path.len())) {
            return Err(PathsError::Length);
        }
        if paths.iter().flatten().any(|name| name.len() > Self::LONGEST_NAME) {
            return Err(PathsError::Name);
        }
        Ok(Self(paths))
    }

    /// All of them.
    pub(crate) fn all(&self) -> Set {
        self.that(Set(u32::MAX), |_| true)
    }

    /// Those of these that have this name after so many others.
    pub(crate) fn named(&self, of: Set, after: usize, name: &[u8]) -> Set {
        self.that(of, |path| path.get(after).is_some_and(|it| it.as_bytes() == name))
    }

    /// Those of these that end after so many names.
    pub(crate) fn ending(&self, of: Set, after: usize) -> Set {
        self.that(of, |path| path.len() == after)
    }

    /// Those of these that lead further.
    pub(crate) fn leading_on(&self, of: Set, after: usize) -> Set {
        self.that(of, |path| path.len() > after)
    }

    fn that(&self, of: Set, is_it: impl Fn(&[Box<str>]) -> bool) -> Set {
        let bits =
            self.0.iter().enumerate().filter(|(at, path)| of.0 >> at & 1 == 1 && is_it(path));
        Set(bits.fold(0, |all, (at, _)| all | 1 << at))
    }
}
