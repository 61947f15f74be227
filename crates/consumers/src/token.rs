//! What consumers are called in tokens.

use crate::Consumer;
use gatehouse_filter::config::Node;
use std::rc::Rc;

/// What one provider's tokens say of a consumer. Another provider's may say the same of somebody
/// else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct TokenName {
    provider: String,
    value: String,
}

/// Every name, sorted.
#[derive(Debug, Default)]
pub(crate) struct TokenNames(Vec<(TokenName, Rc<Consumer>)>);

impl TokenNames {
    pub(crate) fn new(mut names: Vec<(TokenName, Rc<Consumer>)>) -> Self {
        names.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(names)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn find(&self, provider: &str, value: &str) -> Option<&Rc<Consumer>> {
        let order = |(name, _): &(TokenName, _)| {
            (name.provider.as_str(), name.value.as_str()).cmp(&(provider, value))
        };
        let found = self.0.binary_search_by(order).ok()?;
        self.0.get(found).map(|(_, owner)| owner)
    }
}

/// Reads one; `providers` are those whose tokens are looked up here, where that is known.
pub(crate) fn read(node: &Node<'_>, providers: Option<&[String]>) -> Option<TokenName> {
    let mut fields = node.fields()?;
    let provider = fields.required("provider", |node| {
        let name = node.text()?;
        match providers {
            Some(known) if !known.iter().any(|known| known == name) => node.fault(format!(
                "no provider of this name has `consumer`, with `by: tokens`: `{name}`"
            )),
            _ => Some(name.to_owned()),
        }
    });
    let value = fields.required("value", |node| node.text().map(str::to_owned));
    fields.finish();
    Some(TokenName { provider: provider?, value: value? })
}
