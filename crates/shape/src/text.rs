use crate::path::NO_VALUE_AT_END;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources, Template};
use gatehouse_json::{Document, Id, Kind, Path};

/// A template that can also name values of the document at hand: `${body.customer.id}`.
#[derive(Clone, Debug)]
pub struct Text(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    /// Literal text, and facts about request and response.
    Facts(Template),
    /// The value at a path in the body.
    Body(Path),
}

/// What a template, or a value with templates, is made of beside fixed text and the document.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Needs {
    /// Facts about the request.
    pub request: bool,
    /// Facts about the response.
    pub response: bool,
    /// The time.
    pub clock: bool,
}

impl Needs {
    /// What both need together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            request: self.request || other.request,
            response: self.response || other.response,
            clock: self.clock || other.clock,
        }
    }
}

impl Text {
    /// Reads a template, and what it needs; a fault is reported on the node.
    pub fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<(Self, Needs)> {
        if node.is_reference() {
            let text = Template::read(node, scope)?;
            return Some((Self(vec![Part::Facts(text)]), Needs::default()));
        }
        let text = node.text()?;
        let template = Self::parse(text, node, scope)?;
        let needs = template.needs(text);
        Some((template, needs))
    }

    pub(crate) fn parse(text: &str, node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, inner, after)) = next_of_body(rest) {
            parts.extend(facts(before, node, scope)?);
            parts.push(Part::Body(body_path(inner, node)?));
            rest = after;
        }
        parts.extend(facts(rest, node, scope)?);
        Some(Self(parts))
    }

    /// The path where the text is one value of the body and nothing else: then the value keeps its
    /// type.
    pub(crate) fn value_of_body(&self) -> Option<&Path> {
        match self.0.as_slice() {
            [Part::Body(path)] => Some(path),
            _ => None,
        }
    }

    /// The fact of the filter's own that the text is, where it is that and nothing else: then it
    /// keeps its type too.
    pub(crate) fn own_fact(&self) -> Option<usize> {
        match self.0.as_slice() {
            [Part::Facts(template)] => template.only_own(),
            _ => None,
        }
    }

    pub(crate) fn needs(&self, text: &str) -> Needs {
        let any = |asks: fn(&Template) -> bool| {
            self.0.iter().any(|part| matches!(part, Part::Facts(template) if asks(template)))
        };
        Needs {
            request: any(Template::needs_request),
            response: text.contains("${response."),
            clock: any(Template::needs_clock),
        }
    }

    /// Whether it says the same whatever the request.
    pub(crate) fn is_fixed(&self, text: &str) -> bool {
        let needs = self.needs(text);
        !needs.request
            && !needs.response
            && self.0.iter().all(|part| matches!(part, Part::Facts(_)))
    }

    /// Appends the text; `None` where something that it names is missing, and then a part may have
    /// been appended. Paths in the document begin at `base`.
    pub fn render(
        &self,
        facts: &Sources<'_>,
        document: &mut Document,
        base: Id,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        for part in &self.0 {
            match part {
                Part::Facts(template) => template.render(facts, out)?,
                Part::Body(path) => {
                    let id = *document.select(base, path).first()?;
                    match document.kind(id) {
                        Kind::Null => return None,
                        Kind::String => out.extend_from_slice(&document.string(id)?),
                        _ => document.write(id, out).ok()?,
                    }
                }
            }
        }
        Some(())
    }
}

/// The first placeholder of the body: what is before it, what is in it, what is after.
fn next_of_body(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = text.get(from..)?.find('$')?.saturating_add(from);
        let rest = text.get(at..)?;
        if rest.starts_with("$$") {
            from = at.saturating_add(2);
            continue;
        }
        let inside = rest.strip_prefix("${body");
        if let Some(inside) = inside.filter(|inside| inside.starts_with(['.', '}'])) {
            let (inner, after) = inside.split_once('}')?;
            return Some((text.get(..at)?, inner, after));
        }
        from = at.saturating_add(1);
    }
}

fn body_path(inner: &str, node: &Node<'_>) -> Option<Path> {
    if inner.contains('|') {
        return node.fault(format!("`${{body{inner}}}`: a value of the body takes no functions"));
    }
    let path = inner.strip_prefix('.').unwrap_or("$");
    match Path::parse(path) {
        Ok(path) if path.has_wildcard() => {
            node.fault(format!("`${{body{inner}}}`: must name one value, without `*`"))
        }
        Ok(path) if path.has_end() => {
            node.fault(format!("`${{body{inner}}}`: the path {NO_VALUE_AT_END}"))
        }
        Ok(path) => Some(path),
        Err(error) => node.fault(format!("`${{body{inner}}}`: the path {error}")),
    }
}

/// The template of what stands between values of the body; nothing where nothing does.
fn facts(text: &str, node: &Node<'_>, scope: &Scope<'_>) -> Option<Option<Part>> {
    if text.is_empty() {
        return Some(None);
    }
    match Template::parse(text, scope) {
        Ok(template) => Some(Some(Part::Facts(template))),
        Err(error) => node.fault(error.to_string()),
    }
}
