//! What consumers are called in tokens.

use gatehouse_filter::config::Node;
use std::cmp::Ordering;

/// What one provider's tokens say of a consumer. Another provider's may say the same of somebody
/// else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct TokenName {
    provider: String,
    value: String,
}

impl TokenName {
    /// Where it is beside what this provider's tokens say.
    pub(crate) fn beside(&self, provider: &str, value: &str) -> Ordering {
        (self.provider.as_str(), self.value.as_str()).cmp(&(provider, value))
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
