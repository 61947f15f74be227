use super::fault::Fault;
use super::function::{self, Function};
use super::parse::outside_quotes;
use super::placeholder::Placeholder;
use super::{Scope, Sources};

/// What stands between the braces: a fact, and what is done with it before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    fact: Placeholder,
    functions: Box<[Function]>,
}

impl Expression {
    pub(super) fn parse(inner: &str, scope: &Scope<'_>) -> Result<Self, Fault> {
        let mut parts = split(inner).into_iter();
        let fact = parts.next().unwrap_or_default();
        // Spaces belong to the bar: without one, a space is a mistake in a name.
        let fact = if fact.len() < inner.len() { fact.trim_matches(' ') } else { fact };
        let fact = Placeholder::parse(fact, scope)?;
        let functions = parts.map(Function::parse).collect::<Result<Box<[_]>, _>>()?;
        if functions.len() > function::MOST {
            return Err(Fault::TooManyFunctions);
        }
        Ok(Self { fact, functions })
    }

    pub(super) fn needs_clock(&self) -> bool {
        self.fact == Placeholder::Time
    }

    pub(super) fn is_of_response(&self) -> bool {
        self.fact.is_of_response()
    }

    pub(super) fn own(&self) -> Option<usize> {
        match &self.fact {
            Placeholder::Own(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn only_own(&self) -> Option<usize> {
        match (&self.fact, &*self.functions) {
            (Placeholder::Own(number), []) => Some(*number),
            _ => None,
        }
    }

    /// Appends the text, or gives `None` where there is none; then `out` may have changed.
    pub(super) fn render(&self, sources: &Sources<'_>, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        let mut found = bounded(self.fact.render(sources, out), out, start);
        for function in &self.functions {
            found = match (found, function) {
                (Some(()), function) => bounded(function.apply(out, start), out, start),
                (None, Function::Default(text)) => {
                    out.truncate(start);
                    out.extend_from_slice(text);
                    Some(())
                }
                (None, _) => None,
            };
        }
        found
    }
}

/// What stands between bars.
fn split(inner: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in outside_quotes(inner, '|') {
        parts.extend(inner.get(start..at));
        start = at.saturating_add(1);
    }
    parts.extend(inner.get(start..));
    parts
}

/// What is longer than a head may be counts as missing: no chain of functions makes more of it.
fn bounded(found: Option<()>, out: &[u8], start: usize) -> Option<()> {
    found.filter(|()| out.len().saturating_sub(start) <= super::MOST_OF_A_FACT)
}
