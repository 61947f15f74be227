//! What a set-up is sent: the same URL again and again, or ever new ones, for answers of a size.

use super::super::load::Requests;
use super::super::set_up::request;

/// The size of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    Small,
    Middle,
    Large,
}

/// What the request asks of a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    /// An answer that is in the store.
    Hit,
    /// The same, of an answer that is selected by a field of the request.
    Variant,
    /// One that is not, and then is.
    Miss,
    /// One that may not be stored.
    Unstorable,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) work: Work,
    pub(super) size: Size,
}

impl Size {
    pub(super) const ALL: [Self; 3] = [Self::Small, Self::Middle, Self::Large];

    /// Of the body, in bytes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Small => 1 << 10,
            Self::Middle => 16 << 10,
            Self::Large => 256 << 10,
        }
    }

    /// As the table and paths spell it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Small => "1KiB",
            Self::Middle => "16KiB",
            Self::Large => "256KiB",
        }
    }

    /// How many times fewer requests there are of it: the larger ones take so long that fewer tell
    /// as much.
    pub(super) fn slowness(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Middle => 2,
            Self::Large => 4,
        }
    }
}

impl Work {
    pub(super) const ALL: [Self; 4] = [Self::Hit, Self::Variant, Self::Miss, Self::Unstorable];

    /// Whether the origin is not to be asked.
    pub(super) fn is_of_the_store(self) -> bool {
        matches!(self, Self::Hit | Self::Variant)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Variant => "variant",
            Self::Miss => "miss",
            Self::Unstorable => "unstorable",
        }
    }
}

impl Kind {
    /// All, in the order of the table.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Size::ALL.into_iter().flat_map(|size| Work::ALL.map(|work| Kind { work, size }))
    }

    /// So many requests, and `next` is what no request had yet.
    pub(super) fn requests(self, count: usize, next: &mut usize) -> Requests {
        if self.work.is_of_the_store() {
            return Requests::new(vec![request(&self.path(0))]);
        }
        let first = *next;
        *next = first.saturating_add(count);
        Requests::new((first..*next).map(|number| request(&self.path(number))).collect())
    }

    fn path(self, number: usize) -> String {
        let (work, size) = (self.work.name(), self.size.name());
        format!("/{work}/{size}/orders/{number}?expand=items")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_misses_ask_for_the_same() {
        let mut next = 1;
        let mut seen = std::collections::HashSet::new();
        for kind in Kind::all().filter(|kind| !kind.work.is_of_the_store()) {
            let mut requests = kind.requests(5, &mut next);
            for _ in 0..5 {
                assert!(seen.insert(requests.take().to_vec()), "{kind:?}");
            }
        }
        assert_eq!((seen.len(), next), (30, 31));
    }
}
