use crate::bodies::{self, End, Reading};
use crate::calls::{self, HeaderMap};
use crate::envoy::Envoy;
use crate::loaded::Loaded;
use crate::local_reply::LocalReply;
use gatehouse_filter::{Collect, EditKind, Filter, Headers, Reply, Request, Response, Step};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::mem;
use std::rc::{Rc, Weak};

/// One request and its response.
pub(crate) struct Exchange<F: Filter> {
    context_id: u32,
    pub(crate) loaded: Rc<Loaded<F>>,
    pub(crate) stream: Stream<F::State>,
    pub(crate) request_body: Reading,
    pub(crate) response_body: Reading,
}

/// What the filter remembers of the request: shared with the list of waiting requests while it waits.
pub(crate) enum Stream<S> {
    Own(S),
    Shared(Rc<RefCell<S>>),
}

impl<S> Stream<S> {
    /// What is remembered, where the request never waited.
    pub(crate) fn own(&mut self) -> Option<&mut S> {
        match self {
            Self::Own(stream) => Some(stream),
            Self::Shared(_) => None,
        }
    }
}

impl<F: Filter> Exchange<F> {
    pub(crate) fn new(context_id: u32, loaded: Rc<Loaded<F>>) -> Self {
        let stream = Stream::Own(F::State::default());
        Self { context_id, loaded, stream, request_body: Reading::Off, response_body: Reading::Off }
    }

    /// Holds the request until the filter decides. Its end, whatever the cause, ends the waiting too.
    fn wait(&mut self, stream: F::State) {
        let stream = Rc::new(RefCell::new(stream));
        let waiting = Waiting { context_id: self.context_id, stream: Rc::downgrade(&stream) };
        self.loaded.waiting.borrow_mut().push(waiting);
        self.stream = Stream::Shared(stream);
    }
}

impl<F: Filter> Context for Exchange<F> {}

impl<F: Filter> HttpContext for Exchange<F> {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let Stream::Own(stream) = &mut self.stream else { return Action::Pause };
        match ask(&self.loaded, &self.loaded.foreground(), stream, !end_of_stream) {
            Next::Go(action) => action,
            Next::Read(wish) => bodies::begin(HeaderMap::Request, wish, &mut self.request_body),
            Next::Wait => {
                let stream = mem::take(stream);
                self.wait(stream);
                Action::Pause
            }
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match bodies::collected(&mut self.request_body, size, end_of_stream) {
            Ok((wish, end)) => self.finish_request(wish, end),
            Err(action) => action,
        }
    }

    /// A body that trailers follow has no last byte of its own: whoever only waits for one is passed by.
    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        match bodies::ended(&mut self.request_body) {
            Some(wish) => self.finish_request(wish, End::Trailers),
            None => Action::Continue,
        }
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let loaded = Rc::clone(&self.loaded);
        let host = loaded.foreground();
        let head = Headers::lazy(|| calls::header_map(HeaderMap::Response));
        let mut response = Response::new(head, &host).with_body(!end_of_stream);
        let decision = match &mut self.stream {
            Stream::Own(stream) => loaded.filter.on_response_head(&mut response, stream),
            Stream::Shared(stream) => match stream.try_borrow_mut() {
                Ok(mut stream) => loaded.filter.on_response_head(&mut response, &mut stream),
                // The request is being asked about right now: it has had no response yet.
                Err(_) => return Action::Continue,
            },
        };
        match decision {
            Some(decision) => self.respond(&decision, &response),
            None => apply(HeaderMap::Response, &response.headers),
        }
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match bodies::collected(&mut self.response_body, size, end_of_stream) {
            Ok((wish, end)) => self.finish_response(wish, end),
            Err(action) => action,
        }
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        match bodies::ended(&mut self.response_body) {
            Some(wish) => self.finish_response(wish, End::Trailers),
            None => Action::Continue,
        }
    }
}

/// A request that a filter holds; dead once the request has ended.
pub(crate) struct Waiting<F: Filter> {
    context_id: u32,
    stream: Weak<RefCell<F::State>>,
}

impl<F: Filter> Waiting<F> {
    /// Asks the filter once more. Whether the request still waits.
    pub(crate) fn ask_again(&self, loaded: &Loaded<F>) -> bool {
        let Some(stream) = self.stream.upgrade() else { return false };
        if calls::set_effective_context(self.context_id).is_err() {
            return false;
        }
        let Ok(mut stream) = stream.try_borrow_mut() else { return true };
        match ask(loaded, &loaded.background(), &mut stream, false) {
            Next::Go(Action::Continue) => {
                let _ = calls::continue_request();
                false
            }
            Next::Go(_) => false,
            Next::Read(_) => {
                // Its body may have gone by while it waited.
                let _ = answer(&Reply::new(500, "the gateway is at fault"), "gatehouse.body_unread", false);
                false
            }
            Next::Wait => true,
        }
    }
}

/// What happens to a request that a filter was asked about.
enum Next {
    /// The filter has decided, and this is what Envoy is told.
    Go(Action),
    /// The filter waits.
    Wait,
    /// The filter wants to see the body.
    Read(Collect),
}

/// Asks the filter about the request at hand and does what it decides.
fn ask<F: Filter>(loaded: &Loaded<F>, host: &Envoy<'_>, stream: &mut F::State, body_follows: bool) -> Next {
    let head = Headers::lazy(|| calls::header_map(HeaderMap::Request));
    let mut request = Request::new(head, host).with_body(body_follows);
    let decision = loaded.filter.on_request(&mut request, stream);
    if let Step::ReadBody(wish) = decision.step {
        return match apply(HeaderMap::Request, &request.headers) {
            Action::Continue => Next::Read(wish),
            refused => Next::Go(refused),
        };
    }
    loaded.carry_out(&decision, &request).map_or(Next::Wait, Next::Go)
}

/// What a request meets whose filter has no configuration.
pub(crate) struct Unconfigured;

impl Context for Unconfigured {}

impl HttpContext for Unconfigured {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        answer(&Reply::new(503, "the gateway is not configured"), "gatehouse.unconfigured", false)
    }
}

/// Carries out the edits that a filter recorded. An edit that the host refuses would leave a field that the
/// filter removed or replaced, which may be a forged identity: the request ends there.
pub(crate) fn apply(map: HeaderMap, headers: &Headers) -> Action {
    for edit in headers.edits() {
        let name = edit.name.as_str();
        let applied = match &edit.kind {
            EditKind::Append(value) => calls::add_header(map, name, value.as_bytes()),
            EditKind::Remove => calls::remove_header(map, name),
            // Replacing changes the first of several values only.
            EditKind::Set(value) => match headers.count_if_read(name) {
                Some(0 | 1) => calls::replace_header(map, name, value.as_bytes()),
                _ => calls::remove_header(map, name)
                    .and_then(|()| calls::add_header(map, name, value.as_bytes())),
            },
        };
        if let Err(failed) = applied {
            log::error!("the host refused to change the field {name}, status {}", failed.0);
            if matches!(map, HeaderMap::Request) {
                return answer(
                    &Reply::new(500, "the gateway could not change the request"),
                    "gatehouse.edit_failed",
                    false,
                );
            }
        }
    }
    Action::Continue
}

pub(crate) fn answer(reply: &Reply, code: &str, grpc: bool) -> Action {
    let local = LocalReply::new(reply, code, grpc);
    if let Err(failed) =
        calls::send_local_response(reply.status, code, &local.body, &local.headers, reply.grpc as i32)
    {
        log::error!("the host refused to answer {code}, status {}", failed.0);
    }
    Action::Pause
}
