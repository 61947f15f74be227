//! Changes to responses.

use crate::cookie::CookieRewrite;
use crate::head::HeadOperation;
use crate::location::LocationRewrite;
use crate::status::{StatusMap, Statuses};
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources};
use gatehouse_filter::{Head, Response};
use std::rc::Rc;

/// One change to the head of a response, and when it is made.
#[derive(Clone, Debug)]
pub(crate) struct ResponseOperation {
    when: Option<Statuses>,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Head(HeadOperation),
    Status(Rc<StatusMap>),
    Location(Rc<LocationRewrite>),
    Cookie(Rc<CookieRewrite>),
}

impl ResponseOperation {
    /// Reads a mapping with the operation's name as a key, and `when` beside it.
    pub(crate) fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let names = || [&HeadOperation::NAMES[..], &["status", "location", "cookie"]].concat();
        crate::operation::one_operation(node, &["when"], names)?;
        let mut fields = node.fields()?;
        let when = fields.optional("when", |node| Statuses::read(&node));
        let action = match HeadOperation::read(&mut fields, scope)? {
            Some(operation) => Some(Action::Head(operation)),
            None => {
                let others = [
                    fields
                        .optional("status", |node| StatusMap::read(&node))?
                        .map(|map| Action::Status(Rc::new(map))),
                    fields
                        .optional("location", |node| LocationRewrite::read(&node))?
                        .map(|rewrite| Action::Location(Rc::new(rewrite))),
                    fields
                        .optional("cookie", |node| CookieRewrite::read(&node))?
                        .map(|rewrite| Action::Cookie(Rc::new(rewrite))),
                ];
                others.into_iter().flatten().next()
            }
        };
        fields.finish();
        Some(Self { when: when?, action: action? })
    }

    /// Records what it does to a response. The response is on its way and cannot be refused: a
    /// value that cannot be written is missing.
    pub(crate) fn edit(&self, response: &mut Response<'_>) {
        if self.when.as_ref().is_some_and(|statuses| !statuses.hold(response)) {
            return;
        }
        match &self.action {
            Action::Head(operation) => {
                let sources = Sources { response: Some(response), ..Sources::default() };
                let change = operation.change(&response.headers, &sources);
                let change = change.unwrap_or_else(|_| operation.change_without_value());
                change.make(Head::Response, &mut response.headers);
            }
            Action::Status(map) => map.apply(response),
            Action::Location(rewrite) => rewrite.apply(&mut response.headers),
            Action::Cookie(rewrite) => rewrite.apply(&mut response.headers),
        }
    }

    /// The same operation for the time when the request is gone; `None` where nothing is left to
    /// do.
    pub(crate) fn bind(&self, sources: &Sources<'_>) -> Option<Self> {
        let action = match &self.action {
            Action::Head(operation) => Action::Head(operation.bind(sources)?),
            // In a tunnel (a WebSocket of HTTP/2 too, RFC 8441 §4) another status would be a broken
            // one.
            Action::Status(_)
                if sources.request.is_some_and(|request| request.method() == b"CONNECT") =>
            {
                return None;
            }
            action => action.clone(),
        };
        Some(Self { when: self.when.clone(), action })
    }

    /// Whether it needs facts about the request.
    pub(crate) fn needs_request(&self) -> bool {
        match &self.action {
            Action::Head(operation) => operation.needs_request(),
            Action::Status(_) => true,
            Action::Location(_) | Action::Cookie(_) => false,
        }
    }

    /// Whether it asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        matches!(&self.action, Action::Head(operation) if operation.needs_clock())
    }
}
