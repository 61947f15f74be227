//! Costs that the body of an answer tells, such as the `usage` of language models.

use crate::amount::integer;
use gatehouse_filter::config::Node;
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Response, claim_names};
use gatehouse_usage::{Paths, Reader, Told};

/// What an answer's body is looked through for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Usage {
    paths: Paths,
    /// What is added up.
    terms: Vec<Term>,
    /// Where the answer tells nothing.
    pub(crate) default: u32,
    /// Where it tells more, or something that is no whole number.
    pub(crate) most: u32,
}

/// One number of an answer: the largest that is found at any of its paths.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Term {
    /// The indexes of its paths.
    paths: Vec<usize>,
    /// How often it counts.
    times: u32,
}

/// The terms as they are written.
pub(crate) struct Written(Vec<(Vec<Vec<Box<str>>>, u32)>);

impl Usage {
    pub(crate) fn new(Written(written): Written, default: u32, most: u32) -> Option<Self> {
        let (mut paths, mut terms) = (Vec::new(), Vec::new());
        for (of_term, times) in written {
            let from = paths.len();
            paths.extend(of_term);
            terms.push(Term { paths: (from..paths.len()).collect(), times });
        }
        Some(Self { paths: Paths::new(paths).ok()?, terms, default, most })
    }

    /// A reader for this answer; `None` for one that cannot tell anything: it has no body, or one
    /// that is no JSON and no event stream, or is encoded.
    pub(crate) fn reader(response: &Response<'_>) -> Option<Reader> {
        let coding = response.headers.first("content-encoding").unwrap_or_default();
        let is_plain = coding.is_empty() || coding.eq_ignore_ascii_case(IDENTITY);
        if !response.body_follows() || !is_plain {
            return None;
        }
        Reader::of(response.headers.first("content-type")?)
    }

    /// Reads on.
    pub(crate) fn read(&self, part: &[u8], reader: &mut Reader) {
        reader.read(part, &self.paths);
    }

    /// What the answer has cost, by what it has told so far; `None` where that is nothing.
    pub(crate) fn cost(&self, reader: &Reader) -> Option<u32> {
        let mut cost: Option<u64> = None;
        for term in &self.terms {
            match term.paths.iter().map(|path| reader.told(*path)).max().unwrap_or_default() {
                Told::Nothing => {}
                Told::Units(units) => {
                    let more = units.saturating_mul(term.times.into());
                    cost = Some(cost.unwrap_or(0).saturating_add(more));
                }
                Told::Nonsense => return Some(self.most),
            }
        }
        cost.map(|cost| u32::try_from(cost).map_or(self.most, |cost| cost.min(self.most)))
    }
}

/// Has the upstream answer so that it can be read: not encoded, and not in part.
pub(crate) fn ask_for_what_can_be_read(head: &mut Headers) {
    for name in [RANGE, IF_RANGE] {
        if head.first(name.as_str()).is_some() {
            head.remove(&name);
        }
    }
    let asks_for_others = head.values(ACCEPT_ENCODING.as_str()).any(|value| value != IDENTITY);
    if asks_for_others {
        head.set(&ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
}

const RANGE: HeaderName = HeaderName::from_static("range");
const IF_RANGE: HeaderName = HeaderName::from_static("if-range");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("accept-encoding");
const IDENTITY: &[u8] = b"identity";

/// Reads a path, a term, or a list of both.
pub(crate) fn read(node: Node<'_>) -> Option<Written> {
    let terms =
        if node.is_list() { node.nonempty_list(|node| term(&node))? } else { vec![term(&node)?] };
    let all: Vec<&Vec<Box<str>>> = terms.iter().flat_map(|(paths, _)| paths).collect();
    if let Err(fault) = Paths::new(all.iter().map(|path| path.to_vec()).collect()) {
        return node.fault(fault.to_string());
    }
    for (at, path) in all.iter().enumerate() {
        let mut others = all.iter().enumerate().filter(|(other, _)| *other != at);
        if let Some((_, other)) = others.find(|(_, other)| path.starts_with(other)) {
            let (path, other) = (path.join("."), other.join("."));
            return node.fault(if path == other {
                format!("counts `{path}` twice: say how often with `times`")
            } else {
                format!("cannot count both `{path}` and `{other}`, which it is in")
            });
        }
    }
    Some(Written(terms))
}

fn term(node: &Node<'_>) -> Option<(Vec<Vec<Box<str>>>, u32)> {
    if !node.is_mapping() {
        return Some((vec![path(node)?], 1));
    }
    let mut fields = node.fields()?;
    let paths = fields.required("path", |node| match node.is_list() {
        true => node.nonempty_list(|node| path(&node)),
        false => Some(vec![path(&node)?]),
    });
    let times = fields.with_default("times", 1, |node| integer(&node, 1));
    fields.finish();
    Some((paths?, times?))
}

/// The names on the way to a number, as those to a claim are written.
fn path(node: &Node<'_>) -> Option<Vec<Box<str>>> {
    let text = node.text()?;
    let names: Vec<Box<str>> = claim_names(text).map(|name| name.as_ref().into()).collect();
    if names.iter().any(|name| name.is_empty()) {
        return node.fault("has an empty name: a path is `usage.total_tokens`, or `/usage/a.b`");
    }
    if !text.starts_with('/') && text.contains(['[', ']', '*', '$']) {
        return node.fault(
            "has other parts than names: of a list of answers each is looked at by itself, and \
             the largest number counts",
        );
    }
    Some(names)
}

#[cfg(test)]
mod tests;
