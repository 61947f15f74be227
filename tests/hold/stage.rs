//! A gateway, an upstream that remembers every head that reaches it, and what was not as it should
//! be.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gatehouse_sandbox::{Builder, Gateway};
use serde_json::json;

use super::shape::{SHAPES, Shape, Told};
use crate::harness::upstream::Upstream;
use crate::harness::{configuration, trap, until};

/// What Envoy buffers for one connection before it stops to read from it.
const BUFFER: usize = 64 * 1024;

/// Where the requests of one case go, and the field that the filter judges them by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// The target of each begins so, and no other case has the same.
    pub(super) path: &'a str,
    pub(super) field: (&'a str, &'a str),
}

impl Ask<'_> {
    fn target(&self, number: usize) -> String {
        format!("{}/{number}", self.path)
    }
}

pub(super) struct Stage {
    gateway: Gateway,
    upstream: Upstream,
    /// The paths of which the upstream must never see a request.
    forbidden: RefCell<Vec<String>>,
    surprises: RefCell<Vec<String>>,
}

impl Stage {
    /// Starts the gateway. `alone`: Envoy holds the head alone where the filter answers
    /// `StopIteration`.
    #[track_caller]
    pub(super) fn start(builder: Builder, filter: &'static str, alone: bool) -> Self {
        let upstream = Upstream::start();
        let builder = builder.upstream("echo:8000", upstream.address()).edit(move |tree| {
            configuration::keep_trailers(tree);
            let listener = tree.pointer_mut("/static_resources/listeners/0").expect("a listener");
            listener["per_connection_buffer_limit_bytes"] = json!(BUFFER);
            let plugin = configuration::plugin_config(tree, filter);
            plugin.insert("allow_on_headers_stop_iteration".to_owned(), json!(alone));
        });
        let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
        Self { gateway, upstream, forbidden: RefCell::default(), surprises: RefCell::default() }
    }

    /// Sends a request of every shape: all are refused with the same, and the upstream sees nothing
    /// of them.
    pub(super) fn refuses(&self, ask: Ask<'_>, status: u16, code: &str) {
        self.refuses_after(ask, status, code, || {});
    }

    /// The same, where `release` is called once all of them are held.
    pub(super) fn refuses_after(
        &self,
        ask: Ask<'_>,
        status: u16,
        code: &str,
        release: impl FnOnce(),
    ) {
        self.forbidden.borrow_mut().push(ask.path.to_owned());
        let want = Told { status, code: code.to_owned() };
        for (shape, got) in self.send_all(ask, release) {
            if got.as_ref() != Ok(&want) {
                self.surprise(ask, shape, &format!("wanted {want:?}, got {got:?}"));
            }
        }
    }

    /// Sends a request of every shape, and calls `release` once all of them are held: then all of
    /// them arrive, with every byte.
    pub(super) fn passes_after(&self, ask: Ask<'_>, release: impl FnOnce()) {
        let _ = self.upstream.take_all();
        let answers = self.send_all(ask, release);
        let arrived = self.upstream.take_all();
        for (number, (shape, got)) in answers.into_iter().enumerate() {
            if !matches!(&got, Ok(told) if told.status == 200) {
                self.surprise(ask, shape, &format!("wanted 200, got {got:?}"));
            }
            let line = format!(" {} ", ask.target(number));
            let fault = match arrived.iter().find(|request| request.head.contains(&line)) {
                Some(request) => shape.fault_of(request),
                None => Some("it did not arrive whole".to_owned()),
            };
            if let Some(fault) = fault {
                self.surprise(ask, shape, &fault);
            }
        }
    }

    /// Waits for a good request to pass, and then sends one of every shape.
    pub(super) fn passes(&self, ask: Ask<'_>) {
        until(ask.path, || self.gateway.get(ask.path, &[ask.field]).status == 200);
        self.passes_after(ask, || {});
    }

    /// Begins requests of every shape of HTTP/1.1, whole ones and ones that break off in the
    /// middle, and goes away while they are held: the upstream sees nothing of them, not even when
    /// `release` has been called.
    pub(super) fn forgets_who_leaves(&self, ask: Ask<'_>) {
        self.forbidden.borrow_mut().push(ask.path.to_owned());
        let mut connections = Vec::new();
        for (number, shape) in SHAPES.iter().enumerate() {
            let Some(bytes) = shape.bytes(&ask.target(number), ask.field) else { continue };
            // No more than Envoy takes while it holds the request.
            let most = bytes.len().min(BUFFER / 2);
            for part in [most, most - shape.body().len().min(most) / 2] {
                let mut connection = self.gateway.connect();
                connection.write(&bytes[..part]).expect("the beginning of a request can be sent");
                connections.push(connection);
            }
        }
        let all = connections.len();
        until("all are held", || self.active() + self.upstream.begun(ask.path).len() >= all);
        drop(connections);
        until("Envoy knows that all have left", || self.active() == 0);
    }

    /// Everything that was not as it should be.
    #[track_caller]
    fn surprises(self) -> Vec<String> {
        let mut surprises = self.surprises.into_inner();
        for path in self.forbidden.into_inner() {
            let slipped = self.upstream.begun(&path);
            surprises.extend(slipped.iter().map(|line| format!("slipped to the upstream: {line}")));
        }
        trap::assert_none(&self.gateway);
        surprises
    }

    /// A request of every shape, all at once, and its answer. `release` is called when none of them
    /// is still on its way to the gateway.
    fn send_all(
        &self,
        ask: Ask<'_>,
        release: impl FnOnce(),
    ) -> Vec<(&'static Shape, Result<Told, String>)> {
        let (to, answered) = (self.gateway.address(), AtomicUsize::new(0));
        let send = |number: usize, shape: &Shape| {
            let told = shape.send(to, &ask.target(number), ask.field);
            answered.fetch_add(1, Ordering::SeqCst);
            told
        };
        thread::scope(|scope| {
            let sent: Vec<_> = SHAPES
                .iter()
                .enumerate()
                .map(|(number, shape)| (shape, scope.spawn(move || send(number, shape))))
                .collect();
            until("all are held or answered", || {
                self.active() + answered.load(Ordering::SeqCst) >= SHAPES.len()
            });
            release();
            sent.into_iter()
                .map(|(shape, told)| {
                    (shape, told.join().unwrap_or_else(|_| Err("a panic".to_owned())))
                })
                .collect()
        })
    }

    /// How many requests the gateway has begun and not yet answered.
    fn active(&self) -> usize {
        let active = self.gateway.stats().get("http.gateway.downstream_rq_active").copied();
        usize::try_from(active.expect("Envoy counts the requests")).expect("they are few")
    }

    fn surprise(&self, ask: Ask<'_>, shape: &Shape, what: &str) {
        self.surprises.borrow_mut().push(format!("{} with {}: {what}", ask.path, shape.name));
    }
}

/// Ends a case; fails it with everything that was not as it should be.
#[track_caller]
pub(super) fn end(stages: impl IntoIterator<Item = Stage>) {
    let surprises: Vec<String> = stages.into_iter().flat_map(Stage::surprises).collect();
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
}
