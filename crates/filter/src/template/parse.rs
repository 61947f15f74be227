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
        let Some((inner, after)) = inside.split_once('}') else {
            return Err(error(&format!("{{{inside}"), Fault::Unclosed));
        };
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
