//! Bodies, for the filters that ask for them: collected by Envoy, read into the VM once, when they are whole.

use crate::calls::{self, BodyBuffer, HeaderMap};
use crate::exchange::{Exchange, answer, apply};
use gatehouse_filter::{Body, Collect, Decision, Filter, Headers, Reply, Request, Response, Step};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// How one direction's body is dealt with.
#[derive(Clone, Copy, Default)]
pub(crate) enum Reading {
    /// It goes by: nobody asked for it, or the filter has decided.
    #[default]
    Off,
    /// Envoy collects it until it is whole or longer than wanted.
    Until(Collect),
}

/// Where a body ended, when it did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last byte.
    Body,
    /// With trailers: its length can no longer be told in the head.
    Trailers,
    /// Not yet, but it is longer than wanted.
    TooLong,
}

/// Begins to collect a body. A head that does not wait goes on without the length, which may change.
pub(crate) fn begin(map: HeaderMap, wish: Collect, reading: &mut Reading) -> Action {
    *reading = Reading::Until(wish);
    if wish.hold_head {
        return Action::Pause;
    }
    let _ = calls::remove_header(map, CONTENT_LENGTH);
    Action::Continue
}

/// What a body callback means: the wish with the end that was reached, or what to do until then.
pub(crate) fn collected(
    reading: &mut Reading,
    size: usize,
    end_of_stream: bool,
) -> Result<(Collect, End), Action> {
    let Reading::Until(wish) = *reading else { return Err(Action::Continue) };
    let end = match (size > wish.most, end_of_stream) {
        (true, _) => End::TooLong,
        (false, true) => End::Body,
        (false, false) => return Err(Action::Pause),
    };
    *reading = Reading::Off;
    Ok((wish, end))
}

/// The same where trailers came: whatever was collected is the whole body.
pub(crate) fn ended(reading: &mut Reading) -> Option<Collect> {
    match std::mem::take(reading) {
        Reading::Until(wish) => Some(wish),
        Reading::Off => None,
    }
}

impl<F: Filter> Exchange<F> {
    /// Has the filter decide on the request's body.
    pub(crate) fn finish_request(&mut self, wish: Collect, end: End) -> Action {
        let (length, mut body) = read(BodyBuffer::Request, wish, end);
        let host = self.loaded.foreground();
        let head = Headers::lazy(|| calls::header_map(HeaderMap::Request));
        let mut request = Request::new(head, &host).with_body(true);
        let Some(stream) = self.stream.own() else { return Action::Continue };
        let filter = &self.loaded.filter;
        let Some(decision) = filter.on_request_body(&mut request, &mut body, stream) else {
            return Action::Continue;
        };
        match self.loaded.carry_out(&decision, &request) {
            Some(Action::Continue) => {}
            action => return action.unwrap_or(Action::Continue),
        }
        if write(BodyBuffer::Request, HeaderMap::Request, wish, end, length, &body) {
            return Action::Continue;
        }
        answer(&Reply::new(500, "the gateway could not change the request"), "gatehouse.edit_failed", false)
    }

    /// Has the filter decide on the response's body.
    pub(crate) fn finish_response(&mut self, wish: Collect, end: End) -> Action {
        let (length, mut body) = read(BodyBuffer::Response, wish, end);
        let loaded = Rc::clone(&self.loaded);
        let host = loaded.foreground();
        let head = Headers::lazy(|| calls::header_map(HeaderMap::Response));
        let mut response = Response::new(head, &host).with_body(true);
        let Some(stream) = self.stream.own() else { return Action::Continue };
        let filter = &loaded.filter;
        let Some(decision) = filter.on_response_body(&mut response, &mut body, stream) else {
            return Action::Continue;
        };
        match self.respond(&decision, &response) {
            Action::Continue => {}
            refused => return refused,
        }
        if write(BodyBuffer::Response, HeaderMap::Response, wish, end, length, &body) {
            return Action::Continue;
        }
        answer(&Reply::new(500, "the gateway could not change the response"), "gatehouse.edit_failed", false)
    }

    /// Carries out what a filter decided about a response's head or body.
    pub(crate) fn respond(&mut self, decision: &Decision<F::Code>, response: &Response<'_>) -> Action {
        match &decision.step {
            Step::ReadBody(wish) => {
                let applied = apply(HeaderMap::Response, &response.headers);
                match applied {
                    Action::Continue => begin(HeaderMap::Response, *wish, &mut self.response_body),
                    refused => refused,
                }
            }
            // A response cannot wait.
            Step::Continue | Step::Wait => {
                let _ = self.loaded.tell(decision, false);
                apply(HeaderMap::Response, &response.headers)
            }
            Step::Reply(reply) => match self.loaded.tell(decision, true) {
                // What a gRPC client gets is never read here, so the problem is always a document.
                Some(code) => answer(reply, code, false),
                None => Action::Continue,
            },
        }
    }
}

/// Reads a body that has ended into the VM, in one call.
fn read(buffer: BodyBuffer, wish: Collect, end: End) -> (usize, Body) {
    if end == End::TooLong {
        return (0, Body::too_long());
    }
    let bytes = calls::body(buffer, wish.most);
    (bytes.len(), Body::new(bytes))
}

/// Puts the body's replacement in its place, and the length that a waiting head tells. Whether it could.
fn write(buffer: BodyBuffer, map: HeaderMap, wish: Collect, end: End, length: usize, body: &Body) -> bool {
    let Some(bytes) = body.replacement().filter(|_| end != End::TooLong) else { return true };
    if let Err(failed) = calls::replace_body(buffer, length, bytes) {
        log::error!("the host refused to change the body, status {}", failed.0);
        return false;
    }
    if !wish.hold_head {
        return true;
    }
    let told = match end {
        End::Body => calls::replace_header(map, CONTENT_LENGTH, bytes.len().to_string().as_bytes()),
        End::Trailers | End::TooLong => calls::remove_header(map, CONTENT_LENGTH),
    };
    told.is_ok()
}

const CONTENT_LENGTH: &str = "content-length";
