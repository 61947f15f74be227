use gatehouse_filter::template::{Sources, Template};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, InvalidValue};

/// One change to a head, as configured.
///
/// `set`, `rename` and `copy` own the field that they write: afterwards it holds what the configuration
/// says, or it is gone. What a client sent under that name never survives.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// One value instead of all; the field goes where the value is missing.
    Set { name: HeaderName, value: Template },
    /// One more value; nothing where it is missing.
    Append { name: HeaderName, value: Template },
    /// A value for a field that is not there; nothing where it is missing.
    AddIfAbsent { name: HeaderName, value: Template },
    /// The field goes.
    Remove { name: HeaderName },
    /// All values move to another field, which loses its own.
    Rename { from: HeaderName, to: HeaderName },
    /// All values are written to another field too, which loses its own.
    Copy { from: HeaderName, to: HeaderName },
}

impl Operation {
    /// The field that is written.
    pub(crate) fn target(&self) -> &HeaderName {
        match self {
            Self::Set { name, .. }
            | Self::Append { name, .. }
            | Self::AddIfAbsent { name, .. }
            | Self::Remove { name } => name,
            Self::Rename { to, .. } | Self::Copy { to, .. } => to,
        }
    }

    /// What it does to a head.
    ///
    /// # Errors
    /// [`InvalidValue`] where it would write a control character.
    pub(crate) fn change(
        &self,
        headers: &Headers,
        sources: &Sources<'_>,
    ) -> Result<Change<'_>, InvalidValue> {
        Ok(match self {
            Self::Set { name, value } => match rendered(value, sources)? {
                Some(value) => Change::Set(name, value),
                None => Change::Remove(name),
            },
            Self::AddIfAbsent { name, .. } if headers.first(name.as_str()).is_some() => Change::Nothing,
            Self::Append { name, value } | Self::AddIfAbsent { name, value } => {
                match rendered(value, sources)? {
                    Some(value) => Change::Append(name, value),
                    None => Change::Nothing,
                }
            }
            Self::Remove { name } => Change::Remove(name),
            Self::Rename { from, to } => Change::Replace(to, values(headers, from)?, Some(from)),
            Self::Copy { from, to } => Change::Replace(to, values(headers, from)?, None),
        })
    }

    /// What it does where the value cannot be written.
    pub(crate) fn change_without_value(&self) -> Change<'_> {
        match self {
            Self::Append { .. } | Self::AddIfAbsent { .. } => Change::Nothing,
            operation => Change::Remove(operation.target()),
        }
    }

    /// The same operation for the time when the request is gone; `None` where nothing is left to do.
    pub(crate) fn bind(&self, sources: &Sources<'_>) -> Option<Self> {
        match self {
            Self::Set { name, value } => Some(match value.bind(sources) {
                Some(value) => Self::Set { name: name.clone(), value },
                None => Self::Remove { name: name.clone() },
            }),
            Self::Append { name, value } => {
                Some(Self::Append { name: name.clone(), value: value.bind(sources)? })
            }
            Self::AddIfAbsent { name, value } => {
                Some(Self::AddIfAbsent { name: name.clone(), value: value.bind(sources)? })
            }
            Self::Remove { .. } | Self::Rename { .. } | Self::Copy { .. } => Some(self.clone()),
        }
    }

    /// Whether it needs facts about the request, other than those in the head that it changes.
    pub(crate) fn needs_request(&self) -> bool {
        match self {
            Self::Set { value, .. } | Self::Append { value, .. } | Self::AddIfAbsent { value, .. } => {
                value.needs_request()
            }
            Self::Remove { .. } | Self::Rename { .. } | Self::Copy { .. } => false,
        }
    }
}

/// What an operation does to one head, with the values that it writes.
#[derive(Debug)]
#[must_use]
pub(crate) enum Change<'a> {
    Nothing,
    Set(&'a HeaderName, HeaderValue),
    Append(&'a HeaderName, HeaderValue),
    Remove(&'a HeaderName),
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

fn rendered(template: &Template, sources: &Sources<'_>) -> Result<Option<HeaderValue>, InvalidValue> {
    // Most values fit, so that the buffer is allocated once.
    let mut text = Vec::with_capacity(64);
    match template.render(sources, &mut text) {
        Some(()) => HeaderValue::try_from(text).map(Some),
        None => Ok(None),
    }
}

fn values(headers: &Headers, name: &HeaderName) -> Result<Vec<HeaderValue>, InvalidValue> {
    headers.values(name.as_str()).map(HeaderValue::try_from).collect()
}
