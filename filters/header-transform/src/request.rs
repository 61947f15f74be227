//! Changes to requests.

use crate::head::HeadOperation;
use crate::refusal::Refusal;
use crate::target::{PathRewrite, QueryOperation, host, method};
use crate::transform::Found;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources};
use gatehouse_filter::{Head, HeaderValue, Headers, Request};

/// One change to the head of a request.
#[derive(Debug)]
pub(crate) enum RequestOperation {
    Head(HeadOperation),
    Path(PathRewrite),
    Query(QueryOperation),
    Method(HeaderValue),
    Host(HeaderValue),
}

impl RequestOperation {
    const OWN_NAMES: [&'static str; 4] = ["path", "query", "method", "host"];

    /// Reads a mapping with the operation's name as its only key.
    pub(crate) fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let names = || [&HeadOperation::NAMES[..], &Self::OWN_NAMES].concat();
        crate::operation::one_operation(node, &[], names)?;
        let mut fields = node.fields()?;
        let mut operation = HeadOperation::read(&mut fields, scope)?.map(Self::Head);
        if operation.is_none() {
            let others = [
                fields.optional("path", |node| PathRewrite::read(&node, scope))?.map(Self::Path),
                fields
                    .optional("query", |node| QueryOperation::read(&node, scope))?
                    .map(Self::Query),
                fields.optional("method", |node| method(&node))?.map(Self::Method),
                fields.optional("host", |node| host(&node))?.map(Self::Host),
            ];
            operation = others.into_iter().flatten().next();
        }
        fields.finish();
        operation
    }

    /// Whether it changes what Envoy chooses routes by in the first place.
    pub(crate) fn changes_route(&self) -> bool {
        !matches!(self, Self::Head(_))
    }

    /// Whether it asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        match self {
            Self::Head(operation) => operation.needs_clock(),
            Self::Path(rewrite) => rewrite.needs_clock(),
            Self::Query(operation) => operation.needs_clock(),
            Self::Method(_) | Self::Host(_) => false,
        }
    }

    /// Takes out of a request's trailers what it writes into the head or removes from it.
    pub(crate) fn clear(&self, trailers: &mut Headers) {
        match self {
            Self::Head(operation) => operation.clear(trailers),
            Self::Path(_) | Self::Query(_) | Self::Method(_) | Self::Host(_) => {}
        }
    }

    /// Records what it does to a request.
    pub(crate) fn edit(&self, request: &mut Request<'_>, found: &Found) -> Result<(), Refusal> {
        let sources = Sources { request: Some(request), ..found.sources() };
        match self {
            Self::Head(operation) => {
                let change = operation.change(&request.headers, &sources);
                // Only a field that is written can have a wrong value.
                let change = change.map_err(|_| {
                    operation
                        .target()
                        .map_or(Refusal::PathInvalid, |name| Refusal::ValueInvalid(name.clone()))
                })?;
                change.make(Head::Request, &mut request.headers);
            }
            Self::Path(rewrite) => {
                if let Some(target) = rewrite.rewritten(request, &sources)? {
                    request.set_target(target);
                }
            }
            Self::Query(operation) => {
                if let Some(target) = operation.changed(request, &sources) {
                    request.set_target(target);
                }
            }
            // A tunnel is between the client and the one it named. The answer to HEAD must have no
            // content, and Envoy would send on what another method brought.
            Self::Method(_) if matches!(request.method(), b"CONNECT" | b"HEAD") => {}
            Self::Host(_) if request.method() == b"CONNECT" => {}
            Self::Method(method) => request.set_method(method.clone()),
            Self::Host(host) => request.set_authority(host.clone()),
        }
        Ok(())
    }
}
