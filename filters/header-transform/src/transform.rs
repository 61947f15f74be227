//! What a rule does.

use crate::refusal::Refusal;
use crate::request::RequestOperation;
use crate::response::ResponseOperation;
use gatehouse_filter::Request;
use gatehouse_filter::config::Fields;
use gatehouse_filter::rules::{self, Captures};
use gatehouse_filter::template::{Matched, Pattern, Scope, Sources};
use std::rc::Rc;

/// The operations of a rule.
#[derive(Debug)]
pub(crate) struct Transform {
    /// What templates name as `${match.…}`.
    capture: Option<Pattern>,
    request: Rc<[RequestOperation]>,
    response: Option<ResponseTransform>,
}

#[derive(Debug)]
struct ResponseTransform {
    operations: Rc<[ResponseOperation]>,
    /// Whether a template speaks of the request, which is gone when the response comes.
    needs_request: bool,
}

/// What was found in a request before it was changed.
pub(crate) struct Found {
    captures: Captures,
    matched: Option<Matched>,
}

impl Found {
    /// The facts that they are to templates.
    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources {
            captures: Some(&self.captures),
            matched: self.matched.as_ref(),
            ..Sources::default()
        }
    }
}

impl Transform {
    /// Reads the fields that a rule has beside its name and its `match`.
    pub(crate) fn read(rule: &mut Fields<'_>) -> Option<Self> {
        let captures = rules::captured_names(rule);
        let captured = Scope { captures: &captures, ..Scope::default() };
        let capture =
            rule.optional("capture", |node| Some((Pattern::read(&node, &captured)?, node)))?;
        let pattern = capture.as_ref().map(|(pattern, _)| pattern);
        let of_request = Scope { pattern, ..captured };
        let of_response = Scope { response: true, ..of_request };
        let request = rule.optional("request", |node| {
            node.nonempty_list(|node| RequestOperation::read(&node, &of_request))
        });
        let response = rule.optional("response", |node| {
            node.nonempty_list(|node| ResponseOperation::read(&node, &of_response))
        });
        let reroute = rule.with_default("reroute", false, |node| node.boolean());
        let (request, response, reroute) = (request?, response?, reroute?);
        if let Some((_, node)) = capture.as_ref().filter(|(pattern, _)| !pattern.is_named()) {
            return node.fault("does nothing: name what it captures, as in `${match.1}`");
        }
        if request.is_none() && response.is_none() {
            return rule.node().fault("must have operations: request, response or both");
        }
        if let (None, Some(wording)) = (&request, rule.given("refusal")) {
            return wording.fault("does nothing without `request`: no response is refused");
        }
        let request = request.unwrap_or_default();
        if !reroute && request.iter().any(RequestOperation::changes_route) {
            return rule.node().fault(
                "must say `reroute: true`: it changes the path, the query, the method or the host, \
                 and Envoy chooses the route again by them, after the filters before this one have \
                 decided on the first route",
            );
        }
        let response = response.map(|operations| ResponseTransform {
            needs_request: operations.iter().any(ResponseOperation::needs_request),
            operations: operations.into(),
        });
        let capture = capture.map(|(pattern, _)| pattern);
        Some(Self { capture, request: request.into(), response })
    }

    /// What there is to find in a request, whose path captured this.
    pub(crate) fn find(&self, request: &Request<'_>, captures: Captures) -> Found {
        let sources =
            Sources { request: Some(request), captures: Some(&captures), ..Sources::default() };
        let matched = self.capture.as_ref().map(|pattern| pattern.find(&sources));
        Found { captures, matched }
    }

    /// Whether one of the templates asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        let mut response = self.response.iter().flat_map(|response| response.operations.iter());
        self.capture.as_ref().is_some_and(Pattern::needs_clock)
            || self.request.iter().any(RequestOperation::needs_clock)
            || response.any(ResponseOperation::needs_clock)
    }

    /// Carries out the request operations, or tells why one of them cannot be.
    pub(crate) fn edit(&self, request: &mut Request<'_>, found: &Found) -> Result<(), Refusal> {
        self.request.iter().try_for_each(|operation| operation.edit(request, found))
    }

    /// The request operations, for the trailers that come after the body.
    pub(crate) fn for_trailers(&self) -> Rc<[RequestOperation]> {
        Rc::clone(&self.request)
    }

    /// The response operations, with what they need of the request filled in.
    pub(crate) fn for_response(
        &self,
        request: &Request<'_>,
        found: &Found,
    ) -> Option<Rc<[ResponseOperation]>> {
        let response = self.response.as_ref()?;
        if !response.needs_request {
            return Some(Rc::clone(&response.operations));
        }
        let sources = Sources { request: Some(request), ..found.sources() };
        Some(response.operations.iter().filter_map(|operation| operation.bind(&sources)).collect())
    }
}
