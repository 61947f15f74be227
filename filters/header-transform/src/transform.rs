//! What a rule does.

use crate::refusal::Refusal;
use crate::request::RequestOperation;
use crate::response::ResponseOperation;
use gatehouse_filter::Request;
use gatehouse_filter::config::Fields;
use gatehouse_filter::rules::{self, Captures};
use gatehouse_filter::template::{Scope, Sources};
use std::rc::Rc;

/// The operations of a rule.
#[derive(Debug)]
pub(crate) struct Transform {
    request: Rc<[RequestOperation]>,
    response: Option<ResponseTransform>,
}

#[derive(Debug)]
struct ResponseTransform {
    operations: Rc<[ResponseOperation]>,
    /// Whether a template speaks of the request, which is gone when the response comes.
    needs_request: bool,
}

impl Transform {
    /// Reads the fields that a rule has beside its name and its `match`.
    pub(crate) fn read(rule: &mut Fields<'_>) -> Option<Self> {
        let captures = rules::captured_names(rule);
        let of_request = Scope { captures: &captures, ..Scope::default() };
        let of_response = Scope { response: true, captures: &captures, own: None };
        let request = rule.optional("request", |node| {
            node.nonempty_list(|node| RequestOperation::read(&node, &of_request))
        });
        let response = rule.optional("response", |node| {
            node.nonempty_list(|node| ResponseOperation::read(&node, &of_response))
        });
        let reroute = rule.with_default("reroute", false, |node| node.boolean());
        let (request, response, reroute) = (request?, response?, reroute?);
        if request.is_none() && response.is_none() {
            return rule.node().fault("must have operations: request, response or both");
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
        Some(Self { request: request.into(), response })
    }

    /// Carries out the request operations, or tells why one of them cannot be.
    pub(crate) fn edit(
        &self,
        request: &mut Request<'_>,
        captures: &Captures,
    ) -> Result<(), Refusal> {
        self.request.iter().try_for_each(|operation| operation.edit(request, captures))
    }

    /// The request operations, for the trailers that come after the body.
    pub(crate) fn for_trailers(&self) -> Rc<[RequestOperation]> {
        Rc::clone(&self.request)
    }

    /// The response operations, with what they need of the request filled in.
    pub(crate) fn for_response(
        &self,
        request: &Request<'_>,
        captures: &Captures,
    ) -> Option<Rc<[ResponseOperation]>> {
        let response = self.response.as_ref()?;
        if !response.needs_request {
            return Some(Rc::clone(&response.operations));
        }
        let sources =
            Sources { request: Some(request), captures: Some(captures), ..Sources::default() };
        Some(response.operations.iter().filter_map(|operation| operation.bind(&sources)).collect())
    }
}
