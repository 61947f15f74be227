//! What a request costs: how many requests of a limit it counts as.

use crate::amount::{digits, integer};
use crate::part;
use crate::usage::{self, Usage, Written};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{HeaderName, Headers, Request, Response};

/// The cost of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cost {
    /// The same for all.
    Fixed(u32),
    /// What a field of the request says.
    Request(Field),
    /// What a field of the response says: known only when the limit has let the request pass.
    Response(Field),
    /// What the body of the response says: known only when that has gone by.
    Body(Usage),
}

/// A header field that holds a cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Field {
    name: HeaderName,
    /// Where the field is absent.
    default: u32,
    /// Where it says more, or something that is not one whole number.
    most: u32,
}

impl Cost {
    /// What is spent when the request comes. Of a request whose cost the response tells, it is the
    /// default, so that those under way count for something.
    pub(crate) fn before(&self, request: &Request<'_>) -> u32 {
        match self {
            Self::Fixed(cost) => *cost,
            Self::Request(field) => field.of(&request.headers),
            Self::Response(field) => field.default,
            Self::Body(usage) => usage.default,
        }
    }

    /// What the request has cost, where the head of the response tells.
    pub(crate) fn after(&self, response: &Response<'_>) -> Option<u32> {
        match self {
            Self::Response(field) => Some(field.of(&response.headers)),
            Self::Fixed(_) | Self::Request(_) | Self::Body(_) => None,
        }
    }

    /// What tells it, where the body of the response does.
    pub(crate) fn usage(&self) -> Option<&Usage> {
        match self {
            Self::Body(usage) => Some(usage),
            Self::Fixed(_) | Self::Request(_) | Self::Response(_) => None,
        }
    }

    /// What is spent when the request comes, where only the response tells what it has cost.
    pub(crate) fn reserved(&self) -> Option<u32> {
        match self {
            Self::Response(field) => Some(field.default),
            Self::Body(usage) => Some(usage.default),
            Self::Fixed(_) | Self::Request(_) => None,
        }
    }

    /// Reads a number, or a mapping that says which header field holds it.
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        if !node.is_mapping() {
            return integer(&node, 1).map(Self::Fixed);
        }
        let mut fields = node.fields()?;
        let request = fields.optional("header", part::header);
        let response = fields.optional("response_header", part::header);
        let body = fields.optional("response_body", usage::read);
        let default = fields.with_default("default", 1, |node| integer(&node, 0));
        let most = fields.required("most", |node| integer(&node, 1));
        exactly_one(fields, (request?, response?, body?), default?, most?)
    }
}

fn exactly_one(
    fields: Fields<'_>,
    told_by: (Option<HeaderName>, Option<HeaderName>, Option<Written>),
    default: u32,
    most: u32,
) -> Option<Cost> {
    let node = fields.node().clone();
    fields.finish();
    if default > most {
        return node.fault("default must not be more than most");
    }
    match told_by {
        (Some(name), None, None) => Some(Cost::Request(Field { name, default, most })),
        (None, Some(name), None) => Some(Cost::Response(Field { name, default, most })),
        (None, None, Some(written)) => Usage::new(written, default, most).map(Cost::Body),
        _ => node.not_exactly_one(&["header", "response_header", "response_body"]),
    }
}

impl Field {
    fn of(&self, headers: &Headers) -> u32 {
        match headers.only(self.name.as_str()) {
            Ok(None) => self.default,
            Ok(Some(value)) => digits(value).map_or(self.most, |cost| cost.min(self.most)),
            Err(_) => self.most,
        }
    }
}

#[cfg(test)]
mod tests;
