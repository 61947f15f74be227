use super::expression::Expression;
use super::fault::Fault;
use super::{Piece, Scope};
use std::fmt;

/// A template that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateError {
    /// The placeholder as written, or what there is of it.
    pub placeholder: String,
    /// Where it begins, in characters from 1.
    pub position: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { placeholder, position, fault } = self;
        write!(f, "`{placeholder}` (character {position}): {fault}")
    }
}

impl std::error::Error for TemplateError {}

/// Where the brace is that closes a placeholder, of the text after the one that opens it.
pub fn placeholder_end(inside: &str) -> Option<usize> {
    outside_quotes(inside, '}').next()
}

/// Where this sign stands outside the quotes that arguments of `replace` and `remove_prefix` may
/// have. Elsewhere a quote is a sign like others.
pub(super) fn outside_quotes(text: &str, sign: char) -> impl Iterator<Item = usize> {
    let (mut is_quoted, mut is_escaped, mut segment) = (false, false, 0_usize);
    text.char_indices().filter_map(move |(at, char)| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match char {
            '"' if is_quoted && was_escaped => {}
            '"' if is_quoted => is_quoted = false,
            '\\' if is_quoted => is_escaped = !was_escaped,
            '"' => is_quoted = takes_quotes(text.get(segment..at).unwrap_or_default()),
            '|' | '}' if !is_quoted => segment = at.saturating_add(1),
            _ => {}
        }
        (char == sign && !is_quoted).then_some(at)
    })
}

/// Whether a quote behind this, since the last bar, opens an argument.
fn takes_quotes(before: &str) -> bool {
    let before = before.trim_start();
    before.starts_with("replace:") || before.starts_with("remove_prefix:")
}

/// Takes a template apart.
pub(super) fn pieces(text: &str, scope: &Scope<'_>) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        literal.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            literal.push('$');
            rest = after;
            continue;
        }
        let error = |placeholder: &str, fault| {
            let before = text.len().saturating_sub(after.len()).saturating_sub('$'.len_utf8());
            let before = text.char_indices().take_while(|(index, _)| *index < before);
            TemplateError {
                placeholder: format!("${placeholder}"),
                position: before.count().saturating_add(1),
                fault,
            }
        };
        let Some(inside) = after.strip_prefix('{') else {
            return Err(error("", Fault::LoneDollar));
        };
        let end = placeholder_end(inside).and_then(|end| inside.split_at_checked(end));
        let Some((inner, after)) = end else {
            return Err(error(&format!("{{{inside}"), Fault::Unclosed));
        };
        let after = after.strip_prefix('}').unwrap_or(after);
        let expression = Expression::parse(inner, scope)
            .map_err(|fault| error(&format!("{{{inner}}}"), fault))?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal).into_bytes().into()));
        }
        pieces.push(Piece::Expression(expression));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.into_bytes().into()));
    }
    Ok(pieces)
}
