//! Where a request is, and what it waits for.

use gatehouse_filter::{Ask, Collect};

/// Where a request is.
pub(crate) enum Progress {
    /// No filter has been asked.
    Fresh,
    /// The filter at this position decides when something has come.
    Held { at: usize, asked: Asked, until: Awaited },
    /// A filter holds the head until the body has come.
    Reading,
    /// All filters have let it go on.
    Passed,
    /// It was answered, or is over for another reason.
    Over,
}

/// What a held request needs.
#[derive(Clone, Copy)]
pub(crate) enum Awaited {
    /// That its filter is asked again.
    Turn,
    /// Answers to its open calls.
    Answers(Ask),
}

/// What a filter was asked about.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Head,
    /// `is_taker`: its head has gone on, or waits for another filter.
    Body {
        collect: Collect,
        is_taker: bool,
    },
}

/// How the host holds a request whose head callback held it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Everything: no body callback comes before it is let go.
    All,
    /// The head; the body comes to this module, which holds it.
    Head,
}
