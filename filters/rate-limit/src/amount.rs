//! How many requests a client may send, where that depends on who it is.

use crate::part;
use gatehouse_filter::config::Node;
use gatehouse_filter::{HeaderName, Identity, Request};
use serde_json::Value;

/// The most that any limit can be.
pub(crate) const MOST: u32 = 1_000_000_000;

/// A number that may be another for each client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Amount {
    /// The same for all.
    Fixed(u32),
    /// By the tier or the consumer of the identity, or by the text of a claim; for others, and for nobody in
    /// particular, the default.
    ByName { of: Name, values: Vec<(String, u32)>, default: u32 },
    /// What a claim of the identity says, cut to `most`; where it says no number, the default.
    Claim { path: String, most: u32, default: u32 },
    /// The same of a header field, which somebody before this filter has to write.
    Header { name: HeaderName, most: u32, default: u32 },
}

/// What a client's number is found by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Name {
    Consumer,
    Tier,
    Claim(String),
}

impl Amount {
    /// The number for the client that sent the request.
    pub(crate) fn of(&self, request: &Request<'_>) -> u32 {
        match self {
            Self::Fixed(number) => *number,
            Self::ByName { of, values, default } => {
                let identity = request.identity();
                let name = identity.as_ref().and_then(|identity| of.of(identity));
                let value = name.and_then(|this| values.iter().find(|(name, _)| name == this));
                value.map_or(*default, |(_, number)| *number)
            }
            Self::Claim { path, most, default } => {
                let identity = request.identity();
                let claim = identity.as_ref().and_then(|identity| identity.claim(path));
                claim.and_then(number).map_or(*default, |number| number.min(*most))
            }
            Self::Header { name, most, default } => {
                let field = request.headers.only(name.as_str()).ok().flatten();
                field.and_then(digits).map_or(*default, |number| number.min(*most))
            }
        }
    }

    /// The largest number that it can be.
    pub(crate) fn most(&self) -> u32 {
        match self {
            Self::Fixed(number) => *number,
            Self::ByName { values, default, .. } => {
                values.iter().map(|(_, number)| *number).max().unwrap_or(0).max(*default)
            }
            Self::Claim { most, default, .. } | Self::Header { most, default, .. } => {
                *most.max(default)
            }
        }
    }

    /// The smallest number that it can be.
    pub(crate) fn least(&self) -> u32 {
        match self {
            Self::Fixed(number) => *number,
            Self::ByName { values, default, .. } => {
                values.iter().map(|(_, number)| *number).min().unwrap_or(*default).min(*default)
            }
            Self::Claim { .. } | Self::Header { .. } => 0,
        }
    }

    /// Reads a number, or a mapping that tells whose it is.
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        if !node.is_mapping() {
            return integer(&node, 1).map(Self::Fixed);
        }
        let mut fields = node.fields()?;
        let by_name = [
            fields.optional("tier", |node| names(&node))?.map(|values| (Name::Tier, values)),
            fields
                .optional("consumer", |node| names(&node))?
                .map(|values| (Name::Consumer, values)),
        ];
        let claim = fields.optional("claim", |node| node.text().map(str::to_owned));
        let header = fields.optional("header", part::header);
        let values = fields.optional("values", |node| names(&node));
        let default = fields.required("default", |node| integer(&node, 0));
        let most = fields.optional("most", |node| integer(&node, 1));
        fields.finish();
        let (default, most, values) = (default?, most?, values?);
        let [by_tier, by_consumer] = by_name;
        match (by_tier, by_consumer, claim?, header?) {
            (Some((of, members)), None, None, None) | (None, Some((of, members)), None, None) => {
                match (values, most) {
                    (None, None) => Some(Self::ByName { of, values: members, default }),
                    _ => node.fault("`values` and `most` go with `claim` and `header`"),
                }
            }
            (None, None, Some(path), None) => match (values, most) {
                (Some(values), None) => {
                    Some(Self::ByName { of: Name::Claim(path), values, default })
                }
                (None, Some(most)) => Some(Self::Claim { path, most, default }),
                _ => node.fault(
                    "must have exactly one of values, most: a claim may be whatever somebody put \
                     into a token",
                ),
            },
            (None, None, None, Some(name)) => match (values, most) {
                (None, Some(most)) => Some(Self::Header { name, most, default }),
                _ => node.fault("needs `most`, and no `values`: a header may say any number"),
            },
            _ => node.not_exactly_one(&["tier", "consumer", "claim", "header"]),
        }
    }
}

impl Name {
    fn of<'i>(&self, identity: &'i Identity) -> Option<&'i str> {
        match self {
            Self::Consumer => identity.consumer.as_deref(),
            Self::Tier => identity.tier.as_deref(),
            Self::Claim(path) => identity.claim(path)?.as_str(),
        }
    }
}

/// A whole number, or text that is one: not every issuer can put numbers into a token.
fn number(claim: &Value) -> Option<u32> {
    let number = match claim {
        Value::String(text) => text.parse::<u64>().ok()?,
        claim => claim.as_u64()?,
    };
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A whole number in digits; one that does not fit is the largest that does.
pub(crate) fn digits(value: &[u8]) -> Option<u32> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(value).ok()?.parse().unwrap_or(u32::MAX))
}

/// Reads a mapping from names to numbers.
fn names(node: &Node<'_>) -> Option<Vec<(String, u32)>> {
    node.table(|name, node| Some((name.to_owned(), integer(&node, 0)?)))
}

/// A whole number from `least` to the most.
pub(crate) fn integer(node: &Node<'_>, least: u32) -> Option<u32> {
    let number = node.integer(least.into()..=MOST.into())?;
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests;
