//! All that lives in one VM: configurations, and the requests under way.

use crate::chain::{Callback, Chain};
use crate::fault::Fault;
use crate::pending::Owner;
use crate::turned::Turned;
use crate::{BodyFlow, Exchange, HeadFlow, LocalReply, Proxy, TrailersFlow};
use gatehouse_filter::config::Environment;
use gatehouse_filter::{Answer, CallId, GrpcAnswer, Spoken};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// Makes the chain of a configuration, or tells its faults, each as a line for operators.
pub type Configure = fn(&Value, &dyn Environment) -> Result<Chain, Vec<String>>;

/// One VM on one worker. The host's callbacks are its methods, named by what has happened; contexts
/// are the host's numbers of configurations and of requests.
pub struct Vm {
    configure: Configure,
    chains: BTreeMap<u32, Rc<Chain>>,
    requests: HashMap<u32, Request, BuildHasherDefault<ContextHasher>>,
}

enum Request {
    Under(Box<Exchange>),
    /// Its configuration was refused. Envoy sends no request to one; if it did, it would be
    /// answered.
    Unconfigured,
}

impl Vm {
    /// A VM of filters that are configured in this way.
    pub fn new(configure: Configure) -> Self {
        Self { configure, chains: BTreeMap::new(), requests: HashMap::default() }
    }

    /// A configuration has come, in this context; what it refers to is in this environment. Must come to the same result on all workers:
    /// Envoy refuses a configuration as a whole only by the first.
    ///
    /// # Errors
    /// Its faults, each as a line for operators.
    pub fn configured(
        &mut self,
        context: u32,
        value: &Value,
        environment: &dyn Environment,
        proxy: &dyn Proxy,
    ) -> Result<(), Vec<String>> {
        let chain = (self.configure)(value, environment)?;
        chain.start(proxy)?;
        self.chains.insert(context, Rc::new(chain));
        Ok(())
    }

    /// A request has come, for the configuration in the context `parent`. Contexts without a parent
    /// are of configurations to come.
    pub fn created(&mut self, context: u32, parent: u32) {
        if parent == 0 {
            return;
        }
        let request = match self.chains.get(&parent) {
            Some(chain) => Request::Under(Box::new(Exchange::new(context, Rc::clone(chain)))),
            None => Request::Unconfigured,
        };
        self.requests.insert(context, request);
    }

    /// A request or a configuration is no more, whatever it was waiting for.
    pub fn deleted(&mut self, context: u32, proxy: &dyn Proxy) {
        match self.requests.remove(&context) {
            Some(Request::Under(mut exchange)) => exchange.end(&Callback::new(proxy)),
            Some(Request::Unconfigured) => {}
            None => {
                self.chains.remove(&context);
            }
        }
    }

    /// A request's head has come.
    pub fn request_head(
        &mut self,
        context: u32,
        end_of_stream: bool,
        proxy: &dyn Proxy,
    ) -> HeadFlow {
        match self.requests.get_mut(&context) {
            Some(Request::Under(exchange)) => {
                exchange.request_head(&Callback::new(proxy), end_of_stream)
            }
            Some(Request::Unconfigured) | None => {
                let fault = Fault::Unconfigured;
                proxy.error(fault.line());
                let reply = fault.problem().into();
                // There is nothing else that could be done.
                let _ = proxy.reply(&LocalReply::new(&reply, fault.code(), Spoken::Http));
                HeadFlow::HoldAll
            }
        }
    }

    /// A part of a request's body has come: `size` bytes are held now, with it.
    pub fn request_body(
        &mut self,
        context: u32,
        size: usize,
        end_of_stream: bool,
        proxy: &dyn Proxy,
    ) -> BodyFlow {
        match self.exchange(context) {
            Some(exchange) => exchange.request_body(&Callback::new(proxy), size, end_of_stream),
            None => BodyFlow::Drop,
        }
    }

    /// A request's trailers have come.
    pub fn request_trailers(&mut self, context: u32, proxy: &dyn Proxy) -> TrailersFlow {
        match self.exchange(context) {
            Some(exchange) => exchange.request_trailers(&Callback::new(proxy)),
            None => TrailersFlow::Hold,
        }
    }

    /// A response's head has come.
    pub fn response_head(
        &mut self,
        context: u32,
        end_of_stream: bool,
        proxy: &dyn Proxy,
    ) -> HeadFlow {
        match self.exchange(context) {
            Some(exchange) => exchange.response_head(&Callback::new(proxy), end_of_stream),
            None => HeadFlow::Continue,
        }
    }

    /// A part of a response's body has come: `size` bytes are held now, with it.
    pub fn response_body(
        &mut self,
        context: u32,
        size: usize,
        end_of_stream: bool,
        proxy: &dyn Proxy,
    ) -> BodyFlow {
        match self.exchange(context) {
            Some(exchange) => exchange.response_body(&Callback::new(proxy), size, end_of_stream),
            None => BodyFlow::Continue,
        }
    }

    /// A response's trailers have come.
    pub fn response_trailers(&mut self, context: u32, proxy: &dyn Proxy) -> TrailersFlow {
        match self.exchange(context) {
            Some(exchange) => exchange.response_trailers(&Callback::new(proxy)),
            None => TrailersFlow::Continue,
        }
    }

    /// A request has ended.
    pub fn logged(&mut self, context: u32, proxy: &dyn Proxy) {
        if let Some(exchange) = self.exchange(context) {
            exchange.log(&Callback::new(proxy));
        }
    }

    /// The timer of a configuration ran.
    pub fn ticked(&mut self, context: u32, proxy: &dyn Proxy) {
        let Some(chain) = self.chains.get(&context).map(Rc::clone) else { return };
        let woken = chain.tick(&Callback::new(proxy));
        self.wake(context, woken, proxy);
    }

    /// Other VMs have something to say to the configuration's requests.
    pub fn queue_ready(&mut self, context: u32, proxy: &dyn Proxy) {
        let Some(chain) = self.chains.get(&context).map(Rc::clone) else { return };
        let woken = chain.queue_ready(proxy);
        self.wake(context, woken, proxy);
    }

    /// An HTTP call of a configuration was answered. `read` gives the answer, with so many bytes of
    /// its body at most.
    pub fn call_answered(
        &mut self,
        context: u32,
        call: CallId,
        read: impl FnOnce(usize) -> Answer,
        proxy: &dyn Proxy,
    ) {
        let Some(chain) = self.chains.get(&context).map(Rc::clone) else { return };
        match chain.pending.answered(call) {
            Some(Owner::Fetch { link, max_bytes }) => {
                let woken =
                    chain.fetch_answered(link, call, &read(max_bytes), &Callback::new(proxy));
                self.wake(context, woken, proxy);
            }
            Some(Owner::Request { exchange, max_bytes }) => {
                // The client may have left, or the filter has decided without it.
                let Some(exchange) =
                    self.exchange(exchange).filter(|exchange| exchange.awaits(call))
                else {
                    return;
                };
                let answer = read(max_bytes);
                let turned = Turned::to(exchange.id, proxy);
                // A head that is fetched when it is first read is fetched of whoever has the turn.
                if exchange.head.is_read() || turned.turn().is_ok() {
                    exchange.answered(call, answer, &Callback::new(&turned));
                }
                turned.back(context);
            }
            Some(Owner::Grpc { .. }) | None => {}
        }
    }

    /// A gRPC call of a configuration was answered, in the same way.
    pub fn grpc_answered(
        &mut self,
        context: u32,
        call: CallId,
        read: impl FnOnce(usize) -> GrpcAnswer,
        proxy: &dyn Proxy,
    ) {
        let Some(chain) = self.chains.get(&context).map(Rc::clone) else { return };
        let Some((link, max_bytes)) = chain.grpc_owner(call) else { return };
        let woken = chain.grpc_answered(link, call, &read(max_bytes), &Callback::new(proxy));
        self.wake(context, woken, proxy);
    }

    /// The requests under way: what a leak would show in.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Has filters asked again about requests that they hold.
    fn wake(&mut self, configuration: u32, woken: Vec<u32>, proxy: &dyn Proxy) {
        if woken.is_empty() {
            return;
        }
        for context in woken {
            // One that has ended meanwhile is not there any more.
            let Some(exchange) = self.exchange(context) else { continue };
            if let Ok(proxy) = Turned::to(context, proxy).turn() {
                exchange.ask_again(&Callback::new(proxy));
            }
        }
        let _ = proxy.focus(configuration);
    }

    fn exchange(&mut self, context: u32) -> Option<&mut Exchange> {
        match self.requests.get_mut(&context)? {
            Request::Under(exchange) => Some(exchange),
            Request::Unconfigured => None,
        }
    }
}

/// The host counts contexts up: their numbers are spread well enough by a multiplication, and no
/// client chooses them.
#[derive(Default)]
struct ContextHasher(u64);

impl Hasher for ContextHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        // Knuth's multiplicative hash, 2^64 divided by the golden ratio.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
