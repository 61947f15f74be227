//! A proxy that does what Envoy does, or refuses what a test tells it to refuse.

use super::asked::Asked;
use super::half::{Half, Iteration};
use super::journal::{tell, text};
use super::stream::{Reply, Stream};
use gatehouse_chain::{Direction, LocalReply, MetricKind, Proxy, Refused};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Clock, Edit, EditKind, Expressions,
    GrpcCall, Hash, HeaderName, Headers, NoRandom, NoVerifier, Queue, Random, SetError, Signatures,
    Store, StoreError, Timestamp, Topic, Version,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

thread_local! {
    /// What heads are fetched from when they are first read.
    static CURRENT: RefCell<Option<(Streams, Rc<Cell<u32>>)>> = const { RefCell::new(None) };
}

/// All streams, by their contexts.
type Streams = Rc<RefCell<BTreeMap<u32, Stream>>>;

/// The head of the context that calls concern now, in the wire form.
fn fetch(of: Direction) -> Option<Vec<u8>> {
    CURRENT.with_borrow(|current| {
        let (streams, focus) = current.as_ref()?;
        let mut streams = streams.borrow_mut();
        streams.get_mut(&focus.get())?.half(of).readable_head().map(Headers::to_pairs)
    })
}

/// The proxy, and all streams in it.
#[derive(Default)]
pub(crate) struct FakeProxy {
    pub(crate) streams: Streams,
    pub(crate) roots: RefCell<Vec<u32>>,
    /// The context that calls concern.
    pub(crate) focus: Rc<Cell<u32>>,
    /// Whether one of the context's own callbacks runs.
    pub(crate) in_callback: Cell<bool>,
    /// Calls under way, with the configuration that they were made for.
    pub(crate) calls: RefCell<Vec<CallId>>,
    pub(crate) grpc_calls: RefCell<Vec<CallId>>,
    call_ids: Cell<u32>,
    /// What to refuse: the how-manieth of its kind, or all of them.
    refusals: RefCell<Vec<(Asked, Option<usize>)>>,
    asked: RefCell<BTreeMap<Asked, usize>>,
    /// The capabilities that the module has not.
    pub(crate) forbidden: RefCell<Vec<&'static str>>,
    /// What is in the VM's queue.
    pub(crate) topics: RefCell<VecDeque<Topic>>,
    metrics: RefCell<Vec<String>>,
    counts: RefCell<BTreeMap<String, u64>>,
    pub(crate) now: Cell<u64>,
}

/// The number of the VM's queue.
const QUEUE: u32 = 77;

impl FakeProxy {
    /// Refuses the how-manieth call of its kind, counted from 0, or all of them.
    pub(crate) fn refuse(&self, asked: Asked, number: Option<usize>) {
        self.refusals.borrow_mut().push((asked, number));
    }

    /// How often a call of this kind came.
    pub(crate) fn asked(&self, asked: Asked) -> usize {
        self.asked.borrow().get(&asked).copied().unwrap_or_default()
    }

    /// What was added to the counter of this name.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.counts.borrow().get(name).copied().unwrap_or_default()
    }

    fn is_refused(&self, asked: Asked) -> bool {
        let mut all = self.asked.borrow_mut();
        let count = all.entry(asked).or_default();
        let number = *count;
        *count += 1;
        self.refusals
            .borrow()
            .iter()
            .any(|(kind, which)| *kind == asked && which.is_none_or(|which| which == number))
    }

    fn allow(&self, asked: Asked) -> Result<(), Refused> {
        if self.is_refused(asked) { Err(Refused(10)) } else { Ok(()) }
    }

    fn stream<T>(&self, act: impl FnOnce(&mut Stream) -> T) -> Result<T, Refused> {
        self.streams.borrow_mut().get_mut(&self.focus.get()).map(act).ok_or(Refused(2))
    }

    fn half<T>(&self, of: Direction, act: impl FnOnce(&mut Half) -> T) -> Result<T, Refused> {
        self.stream(|stream| act(stream.half(of)))
    }
}

impl Proxy for FakeProxy {
    fn refuses(&self, capability: &str) -> bool {
        self.forbidden.borrow().contains(&capability)
    }

    fn head(&self, of: Direction) -> Headers {
        CURRENT.set(Some((Rc::clone(&self.streams), Rc::clone(&self.focus))));
        Headers::lazy(match of {
            Direction::Request => || fetch(Direction::Request),
            Direction::Response => || fetch(Direction::Response),
        })
    }

    fn edit(&self, of: Direction, edit: &Edit, received: Option<usize>) -> Result<(), Refused> {
        let name = edit.name.as_str();
        let change = match &edit.kind {
            EditKind::Set(value) => format!("={name}={}", text(value.as_bytes())),
            EditKind::Append(value) => format!("+{name}={}", text(value.as_bytes())),
            EditKind::Remove => format!("-{name}"),
        };
        let change = if of == Direction::Request { change } else { format!("response {change}") };
        if self.is_refused(Asked::Edit) {
            tell(format!("edit {change} refused"));
            return Err(Refused(10));
        }
        tell(format!("edit {change}"));
        self.half(of, |half| {
            let fields = half.editable_head().ok_or(Refused(2))?;
            let at = fields.iter().position(|(field, _)| field == name);
            match (&edit.kind, received, at) {
                (EditKind::Append(value), ..) => {
                    fields.push((name.to_owned(), value.as_bytes().to_vec()))
                }
                (EditKind::Remove, ..) => fields.retain(|(field, _)| field != name),
                // The host replaces the first of several values only.
                (EditKind::Set(value), Some(0 | 1), Some(at)) => {
                    fields[at].1 = value.as_bytes().to_vec();
                }
                (EditKind::Set(value), ..) => {
                    fields.retain(|(field, _)| field != name);
                    fields.push((name.to_owned(), value.as_bytes().to_vec()));
                }
            }
            Ok(())
        })?
    }

    fn request_trailers(&self) -> Headers {
        if self.is_refused(Asked::Trailers) {
            return Headers::lazy(|| None);
        }
        let trailers = self.half(Direction::Request, |half| half.trailers.clone());
        let trailers = trailers.ok().flatten().unwrap_or_default();
        let fields: Vec<_> =
            trailers.split(' ').filter_map(|field| field.split_once('=')).collect();
        Headers::from_list(&fields)
    }

    fn remove_request_trailer(&self, name: &HeaderName) -> Result<(), Refused> {
        self.allow(Asked::Trailer)?;
        self.half(Direction::Request, |half| {
            let trailers = half.trailers.as_mut().ok_or(Refused(2))?;
            let is_other =
                |field: &&str| field.split_once('=').is_none_or(|(of, _)| of != name.as_str());
            *trailers = trailers.split(' ').filter(is_other).collect::<Vec<_>>().join(" ");
            Ok(())
        })?
    }

    fn body(&self, of: Direction, max_bytes: usize) -> Result<Vec<u8>, Refused> {
        self.allow(Asked::Body)?;
        let is_short = self.is_refused(Asked::WholeBody);
        self.half(of, |half| {
            let bytes = half.shown().ok_or(Refused(2))?;
            let length = bytes.len().min(max_bytes);
            Ok(bytes[..if is_short { length - 1 } else { length }].to_vec())
        })?
    }

    fn replace_body(&self, of: Direction, length: usize, bytes: &[u8]) -> Result<(), Refused> {
        self.allow(Asked::ReplaceBody)?;
        tell(format!("replace {length} bytes by {}", text(bytes)));
        self.half(of, |half| {
            let shown = half.shown().ok_or(Refused(2))?;
            shown.splice(..length.min(shown.len()), bytes.iter().copied());
            Ok(())
        })?
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), Refused> {
        tell(format!("reply {} {}", reply.status, reply.details));
        self.allow(Asked::Reply)?;
        let headers = Headers::from_pairs(reply.headers.to_vec());
        let mut fields = vec![(":status".to_owned(), reply.status.to_string().into_bytes())];
        fields.extend(headers.iter_received().map(|(name, value)| (text(name), value.to_vec())));
        self.stream(|stream| {
            assert!(stream.reply.is_none(), "two replies in one callback");
            stream.replies += 1;
            stream.reply = Some(Reply { fields, body: reply.body.to_vec() });
        })
    }

    fn resume_request(&self) -> Result<(), Refused> {
        tell("resume");
        self.allow(Asked::Resume)?;
        assert!(!self.in_callback.get(), "resumed in one of its own callbacks");
        self.stream(|stream| {
            // Envoy asserts it where it is built for debugging.
            assert!(stream.request.iteration != Iteration::Continue, "resumed what is not held");
            stream.is_to_resume = true;
        })
    }

    fn set_state(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        if self.is_refused(Asked::State) {
            tell(format!("state {name} refused"));
            return Err(Refused(10));
        }
        tell(format!("state {name}={}", String::from_utf8_lossy(value)));
        self.stream(|stream| stream.state.insert(name.to_owned(), value.to_vec())).map(|_| ())
    }

    fn focus(&self, context: u32) -> Result<(), Refused> {
        self.allow(Asked::Focus)?;
        if !self.streams.borrow().contains_key(&context) && !self.roots.borrow().contains(&context)
        {
            return Err(Refused(2));
        }
        tell(format!("focus {context}"));
        self.focus.set(context);
        Ok(())
    }

    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        if self.is_refused(Asked::Call) {
            tell(format!("call {} refused", callout.cluster));
            return Err(CallRefused::Failed);
        }
        let call = self.next_call();
        tell(format!("call {} {}", call.0, callout.cluster));
        self.calls.borrow_mut().push(call);
        Ok(call)
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        if self.is_refused(Asked::Grpc) {
            return Err(CallRefused::Failed);
        }
        let id = self.next_call();
        tell(format!("grpc {} {}", id.0, call.cluster));
        self.grpc_calls.borrow_mut().push(id);
        Ok(id)
    }

    fn set_timer(&self, _: Duration) -> Result<(), Refused> {
        self.allow(Asked::Timer)
    }

    fn open_queue(&self) -> Result<Queue, Refused> {
        self.allow(Asked::Queue)?;
        Ok(Queue(QUEUE))
    }

    fn wake(&self, queue: Queue, topic: Topic) {
        tell(format!("wake {} for {}", queue.0, topic.0));
        self.topics.borrow_mut().push_back(topic);
    }

    fn next_topic(&self, queue: Queue) -> Option<Topic> {
        assert_eq!(queue.0, QUEUE, "it is another's");
        self.topics.borrow_mut().pop_front()
    }

    fn define(&self, _: MetricKind, name: &str) -> Option<u32> {
        if self.is_refused(Asked::Metric) {
            return None;
        }
        let mut metrics = self.metrics.borrow_mut();
        metrics.push(name.to_owned());
        u32::try_from(metrics.len() - 1).ok()
    }

    fn add(&self, metric: u32, by: u64) {
        let name = self.metrics.borrow()[metric as usize].clone();
        *self.counts.borrow_mut().entry(name).or_default() += by;
    }

    fn record(&self, metric: u32, value: u64) {
        self.add(metric, value);
    }

    fn error(&self, line: &str) {
        tell(format!("error: {line}"));
    }

    fn info(&self, line: &str) {
        tell(format!("info: {line}"));
    }

    fn warn(&self, line: &str) {
        tell(format!("warn: {line}"));
    }

    fn debug(&self, line: &dyn Fn() -> String) {
        assert!(!line().is_empty());
    }
}

impl FakeProxy {
    fn next_call(&self) -> CallId {
        let id = self.call_ids.get() + 1;
        self.call_ids.set(id);
        CallId(id)
    }
}

impl Clock for FakeProxy {
    fn now(&self) -> Timestamp {
        // Every call of the proxy sees another time: whoever asks twice in a callback notices.
        self.now.set(self.now.get() + 1);
        Timestamp(self.now.get())
    }
}

impl Attributes for FakeProxy {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        match attribute {
            // Envoy matches the route by the head as it has it.
            Attribute::RouteName if self.is_refused(Asked::Route) => None,
            Attribute::RouteName => self
                .half(Direction::Request, |half| {
                    let head = half.readable_head()?;
                    let path = head.iter().find(|(name, _)| name == ":path")?;
                    Some([b"route of ", &path.1[..]].concat())
                })
                .ok()?,
            Attribute::FilterState(name) => {
                self.stream(|stream| stream.state.get(name).cloned()).ok()?
            }
            Attribute::SourceAddress
            | Attribute::RoutePolicy
            | Attribute::Method
            | Attribute::PeerCertificate
            | Attribute::PeerIsVerified
            | Attribute::PeerName(_)
            | Attribute::ResponseCode
            | Attribute::RequestBytes
            | Attribute::ResponseBytes
            | Attribute::CodeDetails => None,
        }
    }
}

impl Store for FakeProxy {
    fn get(&self, _: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        Err(StoreError)
    }

    fn set(&self, _: &[u8], _: &[u8], _: Option<Version>) -> Result<(), SetError> {
        Err(SetError::Failed)
    }
}

impl Random for FakeProxy {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoRandom> {
        Err(NoRandom)
    }
}

impl Signatures for FakeProxy {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        Err(NoVerifier)
    }
}

impl Expressions for FakeProxy {}
