//! A change, with its values.

use gatehouse_filter::{HeaderName, HeaderValue, Headers};

/// What an operation does to one head, with the values that it writes.
#[derive(Debug)]
#[must_use]
pub(crate) enum Change<'a> {
    Nothing,
    Set(&'a HeaderName, HeaderValue),
    Append(&'a HeaderName, HeaderValue),
    Remove(&'a HeaderName),
    RemoveAll(Vec<HeaderName>),
    /// These values instead of all; the other field goes.
    Replace(&'a HeaderName, Vec<HeaderValue>, Option<&'a HeaderName>),
}

impl Change<'_> {
    /// Records it on the head.
    pub(crate) fn make(self, headers: &mut Headers) {
        match self {
            Self::Nothing => {}
            Self::Set(name, value) => headers.set(name, value),
            Self::Append(name, value) => headers.append(name, value),
            Self::Remove(name) => headers.remove(name),
            Self::RemoveAll(names) => names.iter().for_each(|name| headers.remove(name)),
            Self::Replace(name, values, gone) => {
                if let Some(gone) = gone {
                    headers.remove(gone);
                }
                let mut values = values.into_iter();
                match values.next() {
                    Some(first) => headers.set(name, first),
                    None => headers.remove(name),
                }
                for value in values {
                    headers.append(name, value);
                }
            }
        }
    }
}
