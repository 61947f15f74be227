//! Other queries.

use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources, Template};
use gatehouse_filter::{HeaderValue, Request, percent_encoded, query_value};

/// One change to the query. Parameters that it does not concern stay as they came, byte for byte.
#[derive(Debug)]
pub(crate) enum QueryOperation {
    /// One value instead of all; the parameter goes where the value is missing.
    Set { name: Name, value: Template },
    /// One more value; nothing where it is missing.
    Append { name: Name, value: Template },
    /// A value for a parameter that is not there; nothing where it is missing.
    AddIfAbsent { name: Name, value: Template },
    /// One value instead of all of a parameter that is there; it goes where the value is missing.
    ReplaceIfPresent { name: Name, value: Template },
    /// The parameter goes.
    Remove { name: Name },
    /// All values are another parameter's, which loses its own.
    Rename { from: Name, to: Name },
    /// All other parameters go.
    KeepOnly { names: Vec<Name> },
}

/// A parameter's name, decoded.
///
/// Names are compared decoded: whoever encodes a letter of a name means the same parameter to the
/// upstream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name(Box<str>);

impl QueryOperation {
    pub(crate) fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        crate::operation::one_operation(node, &[], || NAMES.to_vec())?;
        let written = |node: Node<'_>| written(&node, scope);
        let mut fields = node.fields()?;
        let operations = [
            fields.optional("set", written)?.map(|(name, value)| Self::Set { name, value }),
            fields.optional("append", written)?.map(|(name, value)| Self::Append { name, value }),
            fields
                .optional("add_if_absent", written)?
                .map(|(name, value)| Self::AddIfAbsent { name, value }),
            fields
                .optional("replace_if_present", written)?
                .map(|(name, value)| Self::ReplaceIfPresent { name, value }),
            fields.optional("remove", |node| named(&node))?.map(|name| Self::Remove { name }),
            fields
                .optional("rename", |node| moved(&node))?
                .map(|(from, to)| Self::Rename { from, to }),
            fields
                .optional("keep_only", |node| node.list(|node| Name::read(&node)))?
                .map(|names| Self::KeepOnly { names }),
        ];
        fields.finish();
        operations.into_iter().flatten().next()
    }

    /// The new request target; `None` where it stays the same.
    pub(crate) fn changed(
        &self,
        request: &Request<'_>,
        sources: &Sources<'_>,
    ) -> Option<HeaderValue> {
        let path = request.path();
        if !path.starts_with(b"/") {
            return None;
        }
        let query = request.query().unwrap_or_default();
        let new = self.apply(query, sources);
        if new == query {
            return None;
        }
        let mut target = path.to_vec();
        if !new.is_empty() {
            target.push(b'?');
            target.extend_from_slice(&new);
        }
        // The rest came in a head, and what is written is encoded: there is nothing to refuse.
        HeaderValue::try_from(target).ok()
    }

    /// Whether it asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        match self {
            Self::Set { value, .. }
            | Self::Append { value, .. }
            | Self::AddIfAbsent { value, .. }
            | Self::ReplaceIfPresent { value, .. } => value.needs_clock(),
            Self::Remove { .. } | Self::Rename { .. } | Self::KeepOnly { .. } => false,
        }
    }

    fn apply(&self, query: &[u8], sources: &Sources<'_>) -> Vec<u8> {
        let is_there = |name: &Name| pairs(query).any(|pair| name.is_of(pair));
        let mut new = Written::default();
        match self {
            Self::ReplaceIfPresent { name, .. } if !is_there(name) => return query.to_vec(),
            Self::Set { name, value } | Self::ReplaceIfPresent { name, value } => {
                let mut value = encoded(value, sources);
                for pair in pairs(query) {
                    match name.is_of(pair) {
                        false => new.pair(pair),
                        // In the place of the first.
                        true => new.value(name, value.take()),
                    }
                }
                new.value(name, value);
            }
            Self::AddIfAbsent { name, .. } if is_there(name) => return query.to_vec(),
            Self::Append { name, value } | Self::AddIfAbsent { name, value } => {
                pairs(query).for_each(|pair| new.pair(pair));
                new.value(name, encoded(value, sources));
            }
            Self::Remove { name } => {
                pairs(query).filter(|pair| !name.is_of(pair)).for_each(|pair| new.pair(pair));
            }
            Self::Rename { from, to } => {
                for pair in pairs(query).filter(|pair| !to.is_of(pair)) {
                    if !from.is_of(pair) {
                        new.pair(pair);
                        continue;
                    }
                    let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
                    new.pair(&[&to.encoded(), pair.get(end..).unwrap_or_default()].concat());
                }
            }
            Self::KeepOnly { names } => {
                let kept = |pair: &&[u8]| names.iter().any(|name| name.is_of(pair));
                pairs(query).filter(kept).for_each(|pair| new.pair(pair));
            }
        }
        new.bytes
    }
}

const NAMES: [&str; 7] =
    ["set", "append", "add_if_absent", "replace_if_present", "remove", "rename", "keep_only"];

/// The parameters, each with its value as it came.
fn pairs(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    let some = (!query.is_empty()).then_some(query);
    some.into_iter().flat_map(|query| query.split(|byte| *byte == b'&'))
}

/// The new query so far.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    /// Whether it has a parameter, which may be an empty one.
    begun: bool,
}

impl Written {
    fn pair(&mut self, pair: &[u8]) {
        if self.begun {
            self.bytes.push(b'&');
        }
        self.begun = true;
        self.bytes.extend_from_slice(pair);
    }

    fn value(&mut self, name: &Name, value: Option<Vec<u8>>) {
        if let Some(value) = value {
            self.pair(&[&name.encoded(), &b"="[..], &value].concat());
        }
    }
}

fn encoded(template: &Template, sources: &Sources<'_>) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(64);
    template.render(sources, &mut text)?;
    Some(percent_encoded(&text).collect())
}

impl Name {
    fn read(node: &Node<'_>) -> Option<Self> {
        let text = node.text()?;
        // A form would write a space as a plus: two spellings of one name.
        if text.contains(|char: char| char.is_control() || " +%&=#".contains(char)) {
            return node
                .fault("must be a parameter's name as it is read, without spaces and +%&=#");
        }
        Some(Self(text.into()))
    }

    /// Whether a parameter, with its value, has this name.
    fn is_of(&self, pair: &[u8]) -> bool {
        query_value(pair, &self.0).is_some()
    }

    /// The name as it is written: brackets too, which every client leaves as they are.
    fn encoded(&self) -> Vec<u8> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:@,/!$'()*;".contains(&byte);
        self.0
            .bytes()
            .flat_map(
                |byte| if plain(byte) { vec![byte] } else { percent_encoded(&[byte]).collect() },
            )
            .collect()
    }
}

fn written(node: &Node<'_>, scope: &Scope<'_>) -> Option<(Name, Template)> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| Name::read(&node));
    let value = fields.required("value", |node| Template::read(&node, scope));
    fields.finish();
    Some((name?, value?))
}

fn named(node: &Node<'_>) -> Option<Name> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| Name::read(&node));
    fields.finish();
    name
}

fn moved(node: &Node<'_>) -> Option<(Name, Name)> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| Name::read(&node));
    let to = fields.required("to", |node| Name::read(&node));
    fields.finish();
    let (from, to) = (from?, to?);
    if from == to {
        return node.fault("from and to must differ");
    }
    Some((from, to))
}
