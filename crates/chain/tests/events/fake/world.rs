//! A VM with its proxy: streams that behave as Envoy's do.

mod outside;

use super::filter::configure;
use super::half::{Half, Iteration, Sink};
use super::journal::{self, tell, text};
use super::proxy::FakeProxy;
use super::stream::{Reply, Stream};
use gatehouse_chain::{BodyFlow, Direction, HeadFlow, TrailersFlow, Vm};
use gatehouse_filter::config::Nowhere;
use serde_json::Value;
use std::collections::BTreeMap;

/// The context of the configuration that [`World::of`] makes.
pub(crate) const ROOT: u32 = 1;

/// A VM with its proxy.
pub(crate) struct World {
    pub(crate) vm: Vm,
    pub(crate) proxy: FakeProxy,
    /// `allow_on_headers_stop_iteration`
    pub(crate) may_hold_heads: bool,
}

/// The fields of a head.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

/// A request that nothing is special about.
pub(crate) const GET: Fields<'static> =
    &[(":method", "GET"), (":path", "/"), (":authority", "gateway.example")];

/// A response that nothing is special about.
pub(crate) const OK: Fields<'static> = &[(":status", "200")];

impl World {
    /// A world with these filters, in the configuration [`ROOT`].
    pub(crate) fn of(filters: Value) -> Self {
        let mut world = Self::empty();
        assert_eq!(world.configure(ROOT, &filters), Ok(()));
        journal::take();
        world
    }

    /// A world without a configuration.
    pub(crate) fn empty() -> Self {
        journal::take();
        Self { vm: Vm::new(configure), proxy: FakeProxy::default(), may_hold_heads: true }
    }

    /// Whether heads may be held alone.
    pub(crate) fn holding_heads(mut self, may_hold_heads: bool) -> Self {
        self.may_hold_heads = may_hold_heads;
        self
    }

    pub(crate) fn configure(&mut self, root: u32, filters: &Value) -> Result<(), Vec<String>> {
        self.vm.created(root, 0);
        self.proxy.roots.borrow_mut().push(root);
        self.proxy.focus.set(root);
        self.vm.configured(root, filters, &Nowhere, &self.proxy)
    }

    /// A client has sent the beginning of a request.
    pub(crate) fn open(&mut self, context: u32, root: u32) {
        let [request, response] = [Direction::Request, Direction::Response].map(Half::new);
        let (state, reply) = (BTreeMap::new(), None);
        let stream = Stream { request, response, state, reply, is_to_resume: false, replies: 0 };
        self.proxy.streams.borrow_mut().insert(context, stream);
        self.proxy.focus.set(context);
        self.vm.created(context, root);
    }

    pub(crate) fn half<T>(
        &self,
        context: u32,
        of: Direction,
        act: impl FnOnce(&mut Half) -> T,
    ) -> T {
        act(self.proxy.streams.borrow_mut().get_mut(&context).unwrap().half(of))
    }

    /// What came out at the other end.
    pub(crate) fn sink(&self, context: u32, of: Direction) -> Sink {
        self.half(context, of, |half| half.sink.clone())
    }

    /// A head comes.
    pub(crate) fn head(&mut self, context: u32, of: Direction, fields: Fields<'_>, is_end: bool) {
        let fields =
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        self.head_of(context, of, fields.collect(), is_end);
    }

    fn head_of(
        &mut self,
        context: u32,
        of: Direction,
        fields: Vec<(String, Vec<u8>)>,
        is_end: bool,
    ) {
        let is_over = self.half(context, of, |half| {
            half.set_head(fields);
            half.has_ended |= is_end;
            half.is_aborted
        });
        if is_over {
            return;
        }
        let flow = self.callback(context, |vm, proxy| match of {
            Direction::Request => vm.request_head(context, is_end, proxy),
            Direction::Response => vm.response_head(context, is_end, proxy),
        });
        tell(format!("{}head{}: {flow:?}", prefix(of), end(is_end)));
        if self.replied(context, flow == HeadFlow::Continue) {
            return;
        }
        let may_hold_heads = self.may_hold_heads;
        // The numbers are what Envoy is given.
        self.half(context, of, |half| match flow as u32 {
            0 => half.pass_head(is_end),
            1 if may_hold_heads => half.iteration = Iteration::StopOne,
            1 | 4 => half.iteration = Iteration::StopAll,
            other => panic!("no answer of a head's callback: {other}"),
        });
        self.see_end(context, of);
    }

    /// A part of a body comes.
    pub(crate) fn body(&mut self, context: u32, of: Direction, bytes: &str, is_end: bool) {
        let is_over = self.half(context, of, |half| {
            half.has_ended |= is_end;
            if half.is_aborted {
                return true;
            }
            if half.iteration == Iteration::StopAll {
                half.hold(bytes.as_bytes());
                return true;
            }
            if half.is_buffering {
                // Moved, so that nothing is left to go on.
                half.hold(bytes.as_bytes());
                half.current = Some(Vec::new());
            } else {
                half.current = Some(bytes.as_bytes().to_vec());
            }
            false
        });
        if !is_over {
            self.call_body(context, of, is_end, false);
        }
    }

    /// `is_held`: the body callback is about what was held before.
    fn call_body(&mut self, context: u32, of: Direction, is_end: bool, is_held: bool) {
        let size = self.half(context, of, |half| half.shown().map_or(0, |bytes| bytes.len()));
        let flow = self.callback(context, |vm, proxy| match of {
            Direction::Request => vm.request_body(context, size, is_end, proxy),
            Direction::Response => vm.response_body(context, size, is_end, proxy),
        });
        tell(format!("{}body {size}{}: {flow:?}", prefix(of), end(is_end)));
        if self.replied(context, flow == BodyFlow::Continue) {
            return;
        }
        let is_to_continue = self.half(context, of, |half| {
            half.is_buffering = flow == BodyFlow::Hold;
            let current = half.current.take().unwrap_or_default();
            match flow {
                BodyFlow::Continue if half.iteration == Iteration::StopOne => {
                    half.hold(&current);
                    true
                }
                BodyFlow::Continue => {
                    half.pass_body(current, is_end);
                    false
                }
                BodyFlow::Hold => {
                    half.iteration = Iteration::StopOne;
                    half.hold(&current);
                    false
                }
                BodyFlow::Drop => {
                    half.iteration = Iteration::StopOne;
                    false
                }
            }
        });
        assert!(!is_held || !is_to_continue, "Envoy calls this filter once for what it held");
        if is_to_continue {
            self.go_on(context, of);
        }
        self.see_end(context, of);
    }

    /// Trailers come.
    pub(crate) fn trailers(&mut self, context: u32, of: Direction, trailers: &str) {
        let is_over = self.half(context, of, |half| {
            half.has_ended = true;
            half.trailers = Some(trailers.to_owned());
            half.is_aborted || half.iteration == Iteration::StopAll
        });
        if !is_over {
            self.call_trailers(context, of);
        }
    }

    fn call_trailers(&mut self, context: u32, of: Direction) {
        let flow = self.callback(context, |vm, proxy| match of {
            Direction::Request => vm.request_trailers(context, proxy),
            Direction::Response => vm.response_trailers(context, proxy),
        });
        tell(format!("{}trailers: {flow:?}", prefix(of)));
        if self.replied(context, flow == TrailersFlow::Continue) {
            return;
        }
        let is_to_continue = self.half(context, of, |half| match flow {
            TrailersFlow::Continue if half.iteration == Iteration::StopOne => true,
            TrailersFlow::Continue => {
                half.pass_trailers();
                false
            }
            TrailersFlow::Hold => {
                half.iteration = Iteration::StopOne;
                false
            }
        });
        if is_to_continue {
            self.go_on(context, of);
        }
        self.see_end(context, of);
    }

    /// What Envoy does when a filter lets go on what it held (`commonContinue`).
    fn go_on(&mut self, context: u32, of: Direction) {
        if self.half(context, of, |half| half.is_aborted) {
            // `canContinue`
            return;
        }
        let (is_from_here, had_trailers, is_end) = self.half(context, of, |half| {
            assert_ne!(half.iteration, Iteration::Continue, "resumed what was not held");
            let is_from_here = half.iteration == Iteration::StopAll;
            half.iteration = Iteration::Continue;
            // As seen in Envoy 1.40.0: a part that comes after this is shown by itself, and goes
            // on.
            half.is_buffering = false;
            let is_end = half.has_ended && half.trailers.is_none();
            if !half.has_head_gone {
                half.pass_head(is_end && half.buffer.is_none());
            }
            (is_from_here, half.trailers.is_some(), is_end)
        });
        let has_held = self.half(context, of, |half| half.buffer.is_some());
        if has_held && is_from_here {
            self.half(context, of, |half| half.current = half.buffer.take());
            self.call_body(context, of, is_end, true);
        } else if has_held {
            self.half(context, of, |half| half.pass_held(is_end));
        }
        if had_trailers && is_from_here {
            if !self.half(context, of, |half| half.is_aborted) {
                self.call_trailers(context, of);
            }
        } else if had_trailers {
            self.half(context, of, Half::pass_trailers);
        }
        self.see_end(context, of);
    }

    /// One of the context's own callbacks.
    fn callback<T>(&mut self, context: u32, act: impl FnOnce(&mut Vm, &FakeProxy) -> T) -> T {
        self.proxy.focus.set(context);
        self.proxy.in_callback.set(true);
        let result = act(&mut self.vm, &self.proxy);
        self.proxy.in_callback.set(false);
        assert_eq!(self.proxy.focus.get(), context, "the calls concern another context now");
        result
    }

    /// A callback of a configuration.
    fn root_callback(&mut self, root: u32, act: impl FnOnce(&mut Vm, &FakeProxy)) {
        self.proxy.focus.set(root);
        act(&mut self.vm, &self.proxy);
        assert_eq!(self.proxy.focus.get(), root, "the calls concern a request now");
        let waiting: Vec<u32> = self.proxy.streams.borrow().keys().copied().collect();
        for context in waiting {
            let streams = || self.proxy.streams.borrow_mut();
            let is_to_resume = streams()
                .get_mut(&context)
                .is_some_and(|stream| std::mem::take(&mut stream.is_to_resume));
            if self.replied(context, false) {
                assert!(!is_to_resume, "replied and resumed");
            } else if is_to_resume {
                self.go_on(context, Direction::Request);
            }
        }
    }

    /// Carries out the reply of a callback that has returned.
    fn replied(&mut self, context: u32, goes_on: bool) -> bool {
        let reply = self
            .proxy
            .streams
            .borrow_mut()
            .get_mut(&context)
            .and_then(|stream| stream.reply.take());
        let Some(reply) = reply else { return false };
        assert!(!goes_on, "replied and let it go on");
        self.answer_locally(context, reply);
        true
    }

    /// `FilterManager::sendLocalReply`
    fn answer_locally(&mut self, context: u32, reply: Reply) {
        self.half(context, Direction::Request, |half| half.is_aborted = true);
        let [has_begun, has_gone] =
            self.half(context, Direction::Response, |half| [half.has_head(), half.has_head_gone]);
        if !has_begun {
            let has_body = !reply.body.is_empty();
            self.head_of(context, Direction::Response, reply.fields, !has_body);
            if has_body {
                self.body(context, Direction::Response, &text(&reply.body), true);
            }
            return;
        }
        self.half(context, Direction::Response, |half| {
            half.is_aborted = true;
            if has_gone {
                half.sink.is_broken_off = true;
                tell("client broken off");
                return;
            }
            // Past all filters.
            half.set_head(reply.fields);
            half.pass_head(reply.body.is_empty());
            if !reply.body.is_empty() {
                half.pass_body(reply.body, true);
            }
        });
    }

    /// With the end of its response a request is over.
    fn see_end(&mut self, context: u32, of: Direction) {
        if of == Direction::Response && self.sink(context, of).is_complete {
            self.half(context, Direction::Request, |half| half.is_aborted = true);
        }
    }

    /// The proxy itself answers, or a filter of another module.
    pub(crate) fn proxy_answers(&mut self, context: u32, status: u16) {
        tell(format!("the proxy answers {status}"));
        let fields = vec![(":status".to_owned(), status.to_string().into_bytes())];
        self.answer_locally(context, Reply { fields, body: b"sorry".to_vec() });
    }

    /// A stream ends, for whatever reason.
    pub(crate) fn delete(&mut self, context: u32) {
        for of in [Direction::Request, Direction::Response] {
            // The access log sees heads that have gone.
            self.half(context, of, Half::show_head_again);
        }
        self.callback(context, |vm, proxy| vm.logged(context, proxy));
        self.vm.deleted(context, &self.proxy);
        self.proxy.streams.borrow_mut().remove(&context);
    }
}

fn prefix(of: Direction) -> &'static str {
    match of {
        Direction::Request => "",
        Direction::Response => "response ",
    }
}

fn end(is_end: bool) -> &'static str {
    if is_end { " end" } else { "" }
}
