//! Values that a configuration makes.

use crate::text::{Needs, Text};
use gatehouse_filter::config::{Node, may_be_number};
use gatehouse_filter::template::{Scope, Sources};
use gatehouse_json::{Document, Id, Path, push_quoted};
use serde_json::Value as Configured;

/// A JSON value of the configuration, with templates in its strings.
#[derive(Clone, Debug)]
pub struct Value(Form);

#[derive(Clone, Debug)]
enum Form {
    /// The JSON text of what is always the same.
    Fixed(Vec<u8>),
    /// A string.
    Text(Text),
    /// A value of the document as it is there, with its type.
    OfBody(Path),
    /// A fact of the filter's own, by its number, with its type.
    Own(usize),
    Array(Vec<Self>),
    /// The names are quoted.
    Object(Vec<(Vec<u8>, Self)>),
}

impl Value {
    /// Reads a value, and what its templates need. Its depth is that of the configuration, which
    /// has been read already.
    pub fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<(Self, Needs)> {
        let mut needs = Needs::default();
        let form = Form::of(node.any(), node, scope, &mut needs)?;
        Some((Self(form), needs))
    }

    /// Reads a value that is written as it stands: any JSON, in a text.
    pub fn read_json(node: &Node<'_>) -> Option<Self> {
        let json = node.text()?.as_bytes().to_vec();
        match Document::read(json.clone(), 0) {
            Ok(_) => Some(Self(Form::Fixed(json.trim_ascii().to_vec()))),
            Err(invalid) => node.fault(format!("must be JSON: {invalid}")),
        }
    }

    /// Appends the JSON text; `None` where the value is missing. In an object, a member whose value
    /// is missing is left out, in a list an item. Paths in the document begin at `base`.
    pub fn render(
        &self,
        facts: &Sources<'_>,
        document: &mut Document,
        base: Id,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        self.0.render(facts, document, base, out)
    }
}

impl Form {
    fn of(
        value: &Configured,
        node: &Node<'_>,
        scope: &Scope<'_>,
        needs: &mut Needs,
    ) -> Option<Self> {
        Some(match value {
            Configured::String(text) if may_be_number(text) => {
                return node.ambiguous(text, "Instead of `value`, write");
            }
            Configured::String(text) => {
                let template = Text::parse(text, node, scope)?;
                if let Some(path) = template.value_of_body() {
                    return Some(Self::OfBody(path.clone()));
                }
                if template.is_fixed(text) {
                    let mut fixed = Vec::new();
                    // Rendered, because `$$` is a dollar sign.
                    let mut document = Document::read(b"null".to_vec(), 0).ok()?;
                    let root = document.root();
                    template.render(&Sources::default(), &mut document, root, &mut fixed)?;
                    return Some(Self::fixed_text(&fixed));
                }
                *needs = needs.and(template.needs(text));
                match template.own_fact() {
                    Some(number) => Self::Own(number),
                    None => Self::Text(template),
                }
            }
            Configured::Array(items) => {
                let items: Vec<_> =
                    items.iter().map(|item| Self::of(item, node, scope, needs)).collect();
                let items: Vec<Self> = items.into_iter().collect::<Option<_>>()?;
                if items.iter().all(Self::is_fixed) {
                    return Self::fixed(value);
                }
                Self::Array(items)
            }
            Configured::Object(members) => {
                let member = |(name, value): (&String, &Configured)| {
                    let mut quoted = Vec::new();
                    push_quoted(name.as_bytes(), &mut quoted);
                    Some((quoted, Self::of(value, node, scope, needs)?))
                };
                let members: Vec<_> = members.iter().map(member).collect();
                let members: Vec<(Vec<u8>, Self)> = members.into_iter().collect::<Option<_>>()?;
                Self::Object(members)
            }
            scalar => return Self::fixed(scalar),
        })
    }

    fn fixed(value: &Configured) -> Option<Self> {
        serde_json::to_vec(value).ok().map(Self::Fixed)
    }

    fn fixed_text(text: &[u8]) -> Self {
        let mut quoted = Vec::new();
        push_quoted(text, &mut quoted);
        Self::Fixed(quoted)
    }

    fn is_fixed(&self) -> bool {
        // A fixed text may have had a `$$`, so lists of texts are written from what was read.
        matches!(self, Self::Fixed(json) if !json.starts_with(b"\""))
    }

    fn render(
        &self,
        facts: &Sources<'_>,
        document: &mut Document,
        base: Id,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let start = out.len();
        match self {
            Self::Fixed(json) => out.extend_from_slice(json),
            Self::Text(text) => {
                let mut plain = Vec::new();
                text.render(facts, document, base, &mut plain)?;
                push_quoted(&plain, out);
            }
            Self::OfBody(path) => {
                let id = *document.select(base, path).first()?;
                if document.write(id, out).is_err() {
                    out.truncate(start);
                    return None;
                }
            }
            Self::Own(number) => {
                if facts.own?.render_json(*number, out).is_none() {
                    out.truncate(start);
                    return None;
                }
            }
            Self::Array(items) => {
                out.push(b'[');
                for item in items {
                    let before = out.len();
                    separate(out, b'[');
                    if item.render(facts, document, base, out).is_none() {
                        out.truncate(before);
                    }
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (name, value) in members {
                    let before = out.len();
                    separate(out, b'{');
                    out.extend_from_slice(name);
                    out.push(b':');
                    if value.render(facts, document, base, out).is_none() {
                        out.truncate(before);
                    }
                }
                out.push(b'}');
            }
        }
        Some(())
    }
}

/// A comma, unless the container has just been opened.
fn separate(out: &mut Vec<u8>, open: u8) {
    if out.last() != Some(&open) {
        out.push(b',');
    }
}
