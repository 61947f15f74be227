//! Closed sets of names that are a contract with operators: decisions and events.

use crate::{Counter, Meter};

/// A closed set, each of whose members has a stable name. Made with [`codes!`](crate::codes) for
/// decisions and with [`events!`](crate::events) for what is counted.
///
/// The name is a contract: that of a decision is in the error body, the response-code details, the
/// metric and the access log.
pub trait Codes: Copy + Eq + core::fmt::Debug + 'static {
    /// Every code, in the order of [`index`](Self::index).
    const ALL: &'static [Self];

    /// The name without the filter's prefix: `token_missing`.
    fn name(self) -> &'static str;

    /// The position in [`ALL`](Self::ALL): the shell keeps one counter a code in a flat list.
    fn index(self) -> usize;
}

/// What a filter counts beside its decisions, by [`Filter::Event`](crate::Filter::Event).
pub trait Event: Codes {
    /// Its counter.
    fn counter(self) -> Counter {
        Counter::Event(self.index())
    }

    /// Counts it once.
    fn count(self, meter: &(impl Meter + ?Sized)) {
        meter.add(self.counter(), 1);
    }
}

/// For a filter that has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoCodes {}

impl Codes for NoCodes {
    const ALL: &'static [Self] = &[];

    fn name(self) -> &'static str {
        match self {}
    }

    fn index(self) -> usize {
        match self {}
    }
}

/// Declares a filter's decision codes: the enum, the names and the order in one place. Two codes of
/// one name do not compile.
///
/// ```
/// gatehouse_filter::codes! {
///     /// What this filter can decide.
///     pub enum Code {
///         /// The request goes on.
///         Allowed = "allowed",
///         /// There is no key.
///         KeyMissing = "key_missing",
///     }
/// }
/// use gatehouse_filter::Codes;
/// assert_eq!(Code::ALL[Code::KeyMissing.index()].name(), "key_missing");
/// ```
///
/// ```compile_fail
/// gatehouse_filter::codes! {
///     pub enum Code {
///         Allowed = "allowed",
///         Passed = "allowed",
///     }
/// }
/// ```
#[macro_export]
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $name { $($(#[$doc])* $variant),+ }

        impl $crate::Codes for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn index(self) -> usize {
                self as usize
            }
        }

        const _: () = assert!($crate::are_distinct(&[$($text),+]), "two codes have the same name");
    };
}

/// Declares what a filter counts beside its decisions, in the same way as [`codes!`](crate::codes).
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variants:tt)+ }) => {
        $crate::codes! { $(#[$meta])* $vis enum $name { $($variants)+ } }

        impl $crate::Event for $name {}
    };
}

/// Whether no name is there twice.
#[doc(hidden)]
#[must_use]
pub const fn are_distinct(mut names: &[&str]) -> bool {
    while let [first, rest @ ..] = names {
        let mut others = rest;
        while let [other, more @ ..] = others {
            if are_equal(first.as_bytes(), other.as_bytes()) {
                return false;
            }
            others = more;
        }
        names = rest;
    }
    true
}

const fn are_equal(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, rest @ ..], [second, more @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        one = rest;
        other = more;
    }
    one.is_empty() && other.is_empty()
}
