//! The fields of a head, with the edits made on top.

mod name;
mod owned;
mod pairs;
mod value;

pub use name::{HeaderName, InvalidName};
pub use value::{HeaderValue, InvalidValue};

pub use owned::{FieldChange, Head};
use pairs::Pairs;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::fmt;

/// The fields of a head: what the host handed over in one call, with the edits made since on top.
///
/// Reads see the edits. Nothing is parsed or copied before it is asked for; names are lower case,
/// as Envoy delivers them, values are bytes from a stranger.
#[derive(Clone, Default)]
pub struct Headers {
    pairs: OnceCell<Vec<u8>>,
    fetch: Option<fn() -> Option<Vec<u8>>>,
    edits: Vec<Edit>,
    /// Whether the host did not give the fields when they were fetched.
    is_unread: Cell<bool>,
}

impl Headers {
    /// Takes fields in the proxy-wasm wire form: a little-endian `u32` count, then for each field
    /// the `u32` lengths of name and value, then for each field the name, a zero byte, the value, a
    /// zero byte.
    ///
    /// Bytes that are not of this form read as no fields from where they go wrong.
    pub fn from_pairs(pairs: Vec<u8>) -> Self {
        Self { pairs: OnceCell::from(pairs), ..Self::default() }
    }

    /// Fields that are fetched, in the same wire form, when they are first read: a filter that only
    /// adds fields does not pay for reading the head. Where there are none to be had the head reads
    /// as empty, and [`is_unread`](Self::is_unread) tells: nothing that was decided on it may be
    /// carried out.
    pub fn lazy(fetch: fn() -> Option<Vec<u8>>) -> Self {
        Self { fetch: Some(fetch), ..Self::default() }
    }

    /// Whether somebody read the head and the host did not give it.
    pub fn is_unread(&self) -> bool {
        self.is_unread.get()
    }

    /// The fields of a list of names and values, for tests and for heads that do not come from a
    /// host.
    pub fn from_list<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Self {
        Self::from_pairs(Self::to_pairs(fields))
    }

    /// Writes fields in the wire form that [`from_pairs`](Self::from_pairs) reads.
    pub fn to_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<u8> {
        pairs::with_added(&[], fields)
    }

    /// Every value of a field, in order, edits included. The name is lower case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        // The last `set` or `remove` of the name hides everything before it.
        let hides =
            |edit: &Edit| edit.name.as_str() == name && !matches!(edit.kind, EditKind::Append(_));
        let last = self.edits.iter().rposition(hides);
        let mut received = last.is_none().then(|| self.pairs());
        let mut edits = self.edits.iter().skip(last.unwrap_or(0));
        std::iter::from_fn(move || {
            if let Some(pairs) = &mut received {
                match pairs.next_named(name.as_bytes()) {
                    None => received = None,
                    value => return value,
                }
            }
            edits.by_ref().filter(|edit| edit.name.as_str() == name).find_map(|edit| {
                match &edit.kind {
                    EditKind::Set(value) | EditKind::Append(value) => Some(value.as_bytes()),
                    EditKind::Remove => None,
                }
            })
        })
    }

    /// The first value of a field.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The value of a field that may be there once only; `None` where it is absent.
    ///
    /// # Errors
    /// [`Repeated`] where the field is there more than once: whoever picks one of them lets a
    /// client choose which of two parsers it speaks to.
    pub fn only<'a>(&'a self, name: &'a str) -> Result<Option<&'a [u8]>, Repeated> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Repeated),
        }
    }

    /// How long the body is, as the head says it (RFC 9110 §8.6); `None` where it does not, or not in
    /// a number.
    pub fn content_length(&self) -> Option<u64> {
        std::str::from_utf8(self.first("content-length")?).ok()?.parse().ok()
    }

    /// Replaces every value of the field by one.
    pub fn set(&mut self, name: &HeaderName, value: HeaderValue) {
        self.forget(name);
        self.edits.push(Edit { name: name.clone(), kind: EditKind::Set(value) });
    }

    /// Adds a value to those that the field has.
    pub fn append(&mut self, name: &HeaderName, value: HeaderValue) {
        self.edits.push(Edit { name: name.clone(), kind: EditKind::Append(value) });
    }

    /// Removes the field. An absent field costs nothing.
    pub fn remove(&mut self, name: &HeaderName) {
        self.forget(name);
        if self.received(name.as_str()).next().is_some() {
            self.edits.push(Edit { name: name.clone(), kind: EditKind::Remove });
        }
    }

    /// Removes these fields, and all that an upstream may take for them: `x_user`, `x.user` and
    /// `x--user` beside `x-user`. Absent fields cost nothing.
    pub fn remove_in_every_spelling(&mut self, names: &[HeaderName]) {
        if names.is_empty() {
            return;
        }
        self.remove_where(|received| names.iter().any(|name| name.is_spelt(received)));
    }

    /// Removes what an upstream may take for one of these fields, and leaves the fields themselves.
    pub fn remove_other_spellings(&mut self, names: &[HeaderName]) {
        if names.is_empty() {
            return;
        }
        self.remove_where(|received| {
            names.iter().any(|name| name.is_spelt(received))
                && !names.iter().any(|name| name.as_str().as_bytes() == received)
        });
    }

    /// Removes every field of whose name this is said. Each field is looked at once, however many
    /// go.
    pub fn remove_where(&mut self, is_removed: impl Fn(&[u8]) -> bool) {
        self.edits.retain(|edit| !is_removed(edit.name.as_str().as_bytes()));
        let mut seen = BTreeSet::new();
        let mut found: Vec<HeaderName> = Vec::new();
        for (received, _) in self.pairs() {
            if !is_removed(received) || !seen.insert(received) {
                continue;
            }
            // Envoy has no names that are none.
            found.extend(HeaderName::try_from(received));
        }
        self.edits.extend(found.into_iter().map(|name| Edit { name, kind: EditKind::Remove }));
    }

    /// Whether the client sent one of these fields, or what an upstream may take for one.
    pub fn has_in_any_spelling(&self, names: &[HeaderName]) -> bool {
        self.pairs().any(|(received, _)| names.iter().any(|name| name.is_spelt(received)))
    }

    /// Whether the client sent what an upstream may take for this field, beside the field itself.
    pub fn has_another_spelling(&self, name: &HeaderName) -> bool {
        let is_other = |sent: &[u8]| sent != name.as_str().as_bytes() && name.is_spelt(sent);
        self.pairs().any(|(received, _)| is_other(received))
    }

    /// Drops the edits of a field that the next one makes void. Whoever applies the edits relies on
    /// it: a `set` always meets the field as it was received.
    fn forget(&mut self, name: &HeaderName) {
        self.edits.retain(|edit| edit.name != *name);
    }

    /// The edits, in the order made: what the shell applies.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The edits so far, to go back to.
    pub fn mark(&self) -> Mark {
        Mark(self.edits.clone())
    }

    /// Forgets the edits that were made since.
    pub fn undo_to(&mut self, mark: Mark) {
        self.edits = mark.0;
    }

    /// The same head with the edits carried out: what whoever comes next receives.
    #[must_use]
    pub fn settled(&self) -> Self {
        if self.edits.is_empty() {
            let pairs = OnceCell::from(self.fetched().to_vec());
            return Self { pairs, is_unread: self.is_unread.clone(), ..Self::default() };
        }
        let is_replaced = |name: &[u8]| {
            self.edits.iter().any(|edit| {
                edit.name.as_str().as_bytes() == name && !matches!(edit.kind, EditKind::Append(_))
            })
        };
        let mut fields: Vec<(&[u8], &[u8])> =
            self.pairs().filter(|(name, _)| !is_replaced(name)).collect();
        for edit in &self.edits {
            match &edit.kind {
                EditKind::Set(value) | EditKind::Append(value) => {
                    fields.push((edit.name.as_str().as_bytes(), value.as_bytes()));
                }
                EditKind::Remove => {}
            }
        }
        Self { is_unread: self.is_unread.clone(), ..Self::from_list(&fields) }
    }

    /// The fields with the edits carried out, in the form that [`from_pairs`](Self::from_pairs)
    /// takes. Without edits nothing is copied; with fields that are only added, nothing is parsed.
    pub fn wire(&self) -> Cow<'_, [u8]> {
        let added: Option<Vec<_>> = self.edits.iter().map(Edit::added).collect();
        let pairs = self.fetched();
        match added {
            Some(added) if added.is_empty() => Cow::Borrowed(pairs),
            Some(added) => Cow::Owned(pairs::with_added(pairs, &added)),
            None => Cow::Owned(self.settled().pairs.into_inner().unwrap_or_default()),
        }
    }

    /// Whether the fields have been read.
    pub fn is_read(&self) -> bool {
        self.pairs.get().is_some()
    }

    /// Whether nobody has read or changed the head, which is still to be fetched.
    pub fn is_untouched(&self) -> bool {
        !self.is_read() && self.fetch.is_some() && self.edits.is_empty()
    }

    /// Every field as it was received, without the edits.
    pub fn iter_received(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.pairs()
    }

    /// How often the field was received, where the head has been read; `None` where it has not.
    pub fn count_if_read(&self, name: &str) -> Option<usize> {
        self.pairs.get().map(|_| self.received(name).count())
    }

    /// Every value of a field as it was received, without the edits.
    pub fn received<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        let mut pairs = self.pairs();
        std::iter::from_fn(move || pairs.next_named(name.as_bytes()))
    }

    fn pairs(&self) -> Pairs<'_> {
        Pairs::new(self.fetched())
    }

    fn fetched(&self) -> &[u8] {
        let fetched = || match self.fetch.map(|fetch| fetch()) {
            Some(Some(pairs)) => pairs,
            Some(None) => {
                self.is_unread.set(true);
                Vec::new()
            }
            None => Vec::new(),
        };
        self.pairs.get_or_init(fetched)
    }
}

impl PartialEq for Headers {
    /// Whether whoever comes next receives the same fields in the same order.
    fn eq(&self, other: &Self) -> bool {
        self.settled().pairs().eq(other.settled().pairs())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: values hold credentials.
        let names = self.iter_received().map(|(name, _)| String::from_utf8_lossy(name));
        f.debug_list().entries(names).finish()
    }
}

/// The edits of a head at some time; see [`Headers::mark`].
#[derive(Default, Debug)]
pub struct Mark(Vec<Edit>);

/// A change to a head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// The field.
    pub name: HeaderName,
    /// What happens to it.
    pub kind: EditKind,
}

impl Edit {
    /// The field that it adds, where it changes nothing else.
    fn added(&self) -> Option<(&[u8], &[u8])> {
        match &self.kind {
            EditKind::Append(value) => Some((self.name.as_str().as_bytes(), value.as_bytes())),
            EditKind::Set(_) | EditKind::Remove => None,
        }
    }
}

/// What happens to a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditKind {
    /// All values are replaced by this one.
    Set(HeaderValue),
    /// This value is added.
    Append(HeaderValue),
    /// All values go.
    Remove,
}

/// A field that may be there once is there more often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeated;

#[cfg(test)]
mod tests;
