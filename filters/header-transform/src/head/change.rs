//! A change, with its values.

use super::removal::Pattern;
use gatehouse_filter::{Head, HeaderName, HeaderValue, Headers};

/// What an operation does to one head, with the values that it writes.
#[derive(Debug)]
#[must_use]
pub(crate) enum Change<'a> {
    Nothing,
    Set(&'a HeaderName, HeaderValue),
    Append(&'a HeaderName, HeaderValue),
    Remove(&'a HeaderName),
    RemoveAll(Head, &'a Pattern),
    /// These values instead of all; the other field goes.
    Replace(&'a HeaderName, Vec<HeaderValue>, Option<&'a HeaderName>),
}

impl Change<'_> {
    /// Records it on a head. In a request, whatever an upstream may take for a field that is
    /// written or removed goes too: a client that sends `x_user` would be taken at its word.
    pub(crate) fn make(self, head: Head, headers: &mut Headers) {
        let remove = |headers: &mut Headers, name: &HeaderName| match head {
            Head::Request => headers.remove_in_every_spelling(std::slice::from_ref(name)),
            Head::Response => headers.remove(name),
        };
        let set = |headers: &mut Headers, name: &HeaderName, value| {
            if head == Head::Request {
                remove(headers, name);
            }
            headers.set(name, value);
        };
        match self {
            Self::Nothing => {}
            Self::Set(name, value) => set(headers, name, value),
            Self::Append(name, value) => headers.append(name, value),
            Self::Remove(name) => remove(headers, name),
            Self::RemoveAll(head, pattern) => pattern.remove(head, headers),
            Self::Replace(name, values, gone) => {
                if let Some(gone) = gone {
                    remove(headers, gone);
                }
                let mut values = values.into_iter();
                match values.next() {
                    Some(first) => set(headers, name, first),
                    None => remove(headers, name),
                }
                for value in values {
                    headers.append(name, value);
                }
            }
        }
    }
}
