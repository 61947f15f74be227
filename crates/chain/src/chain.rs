//! The filters of one configuration, in order.

use crate::capabilities;
use crate::fault::Fault;
use crate::link_host::LinkHost;
use crate::pending::{Owner, Pending};
use crate::{Link, Proxy};
use gatehouse_filter::fetched::TICK;
use gatehouse_filter::{Answer, CallId, GrpcAnswer, Phases, Queue, Timestamp};
use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

/// The filters of one configuration, in the order in which requests meet them; responses meet them
/// in reverse.
pub struct Chain {
    links: Vec<Placed>,
    pub(crate) tells: Tells,
    phases: Phases,
    /// The positions of those that have something fetched.
    fetching: Vec<usize>,
    pub(crate) pending: Pending,
    /// By which others wake this VM, where a filter may wait for others.
    queue: Cell<Option<Queue>>,
}

/// What is written to filter state, beside what filters of the same VM tell each other in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tells {
    /// Who the request is from, `gatehouse.identity`: for filters in other modules, and for the
    /// access log.
    pub identity: bool,
    /// What each filter has decided, `gatehouse.jwt_auth`: for the access log.
    pub decisions: bool,
}

impl Default for Tells {
    fn default() -> Self {
        Self { identity: true, decisions: true }
    }
}

/// A filter with its place in the configuration.
pub struct Placed {
    /// The filter.
    pub link: Box<dyn Link>,
    /// What a fault in its block that only the host finds begins with, before the path: `jwt-auth:
    /// `.
    pub prefix: String,
}

/// One callback of the host: what is asked of it once is kept for all filters.
pub(crate) struct Callback<'a> {
    pub(crate) proxy: &'a dyn Proxy,
    now: OnceCell<Timestamp>,
}

impl<'a> Callback<'a> {
    pub(crate) fn new(proxy: &'a dyn Proxy) -> Self {
        Self { proxy, now: OnceCell::new() }
    }
}

impl Chain {
    /// A chain of these filters.
    pub fn new(links: Vec<Placed>) -> Self {
        let phases =
            links.iter().fold(Phases::default(), |all, placed| all.or(placed.link.phases()));
        let has_fetched =
            |(at, placed): (usize, &Placed)| (!placed.link.fetched().is_empty()).then_some(at);
        let fetching = links.iter().enumerate().filter_map(has_fetched).collect();
        Self {
            phases,
            fetching,
            links,
            tells: Tells::default(),
            pending: Pending::default(),
            queue: Cell::default(),
        }
    }

    /// The same chain, which tells this and no more.
    #[must_use]
    pub fn telling(self, tells: Tells) -> Self {
        Self { tells, ..self }
    }

    /// Starts the filters, in the configuration's own context.
    ///
    /// # Errors
    /// The faults that only the host can find, each as a line for operators.
    pub(crate) fn start(&self, proxy: &dyn Proxy) -> Result<(), Vec<String>> {
        let lacking = self.lacking(proxy);
        if !lacking.is_empty() {
            return Err(lacking);
        }
        let callback = Callback::new(proxy);
        let mut faults = Vec::new();
        for (at, Placed { link, prefix }) in self.links.iter().enumerate() {
            link.define_metrics(proxy);
            let Some(host) = self.host(at, &callback) else { continue };
            if let Err(found) = link.start(&host) {
                faults.extend(found.iter().map(|fault| format!("{prefix}{fault}")));
            }
            // Where that is not possible, the first tick says why.
            link.fetched().iter().for_each(|fetched| {
                fetched.prepare(&host);
            });
        }
        if let Some(first) = self.links_from(0).find(|link| link.waits_for_others()) {
            match proxy.open_queue() {
                Ok(queue) => self.queue.set(Some(queue)),
                Err(refused) => faults.push(format!(
                    "{}: the host refused a queue, status {}: this configuration needs \
                     proxy_register_shared_queue and proxy_on_queue_ready",
                    first.name(),
                    refused.0
                )),
            }
        }
        // A filter that waits for its timer in vain would hold requests for ever: better not to
        // start.
        let needs_timer = |link: &&dyn Link| !link.fetched().is_empty() || link.waits_for_others();
        if let Some(first) = self.links_from(0).find(needs_timer)
            && let Err(refused) = proxy.set_timer(TICK)
        {
            faults.push(format!(
                "{}: the host refused a timer, status {}: this configuration needs \
                 proxy_set_tick_period_milliseconds and proxy_on_tick",
                first.name(),
                refused.0
            ));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What the module may not do and one of the filters needs: all of it at once, each as a line.
    fn lacking(&self, proxy: &dyn Proxy) -> Vec<String> {
        let needed: BTreeSet<_> =
            self.links.iter().flat_map(|placed| capabilities::needed(&*placed.link)).collect();
        let module = self.links.first().and_then(|placed| placed.prefix.split_once(':'));
        let module = module.map_or("gatehouse", |(module, _)| module);
        let lacking = capabilities::lacking(needed, proxy);
        lacking.into_iter().map(|line| format!("{module}: {line}")).collect()
    }

    /// The timer ran: what is fetched moves on. Who is to be asked again.
    pub(crate) fn tick(&self, callback: &Callback<'_>) -> Vec<u32> {
        let mut woken = Vec::new();
        for at in &self.fetching {
            let (Some(link), Some(host)) = (self.link(*at), self.host(*at, callback)) else {
                continue;
            };
            link.fetched().iter().for_each(|fetched| fetched.tick(&host));
            woken.extend(self.pending.wake_for_fetched(*at));
        }
        woken.extend(self.pending.wake_for_topics());
        woken
    }

    /// Others have something to say to this VM. Who is to be asked again.
    pub(crate) fn queue_ready(&self, proxy: &dyn Proxy) -> Vec<u32> {
        let Some(queue) = self.queue.get() else { return Vec::new() };
        let topics = std::iter::from_fn(|| proxy.next_topic(queue));
        topics.flat_map(|topic| self.pending.wake_for_topic(topic)).collect()
    }

    /// Something was fetched. Who is to be asked again.
    pub(crate) fn fetch_answered(
        &self,
        at: usize,
        call: CallId,
        answer: &Answer,
        callback: &Callback<'_>,
    ) -> Vec<u32> {
        let (Some(link), Some(host)) = (self.link(at), self.host(at, callback)) else {
            return Vec::new();
        };
        let _ = link.fetched().iter().any(|fetched| fetched.answered(call, answer, &host));
        let mut woken = self.pending.wake_for_fetched(at);
        woken.extend(self.pending.wake_for_answer(call));
        woken
    }

    /// The most bytes of a gRPC message that its filter wants to read, and whose call it was.
    pub(crate) fn grpc_owner(&self, call: CallId) -> Option<(usize, usize)> {
        let Owner::Grpc { link } = self.pending.answered(call)? else { return None };
        Some((link, self.link(link)?.max_grpc_answer_bytes()))
    }

    /// A gRPC call was answered. Who is to be asked again.
    pub(crate) fn grpc_answered(
        &self,
        at: usize,
        call: CallId,
        answer: &GrpcAnswer,
        callback: &Callback<'_>,
    ) -> Vec<u32> {
        if let (Some(link), Some(host)) = (self.link(at), self.host(at, callback)) {
            link.on_grpc_answer(call, answer, &host);
        }
        self.pending.wake_for_answer(call)
    }

    /// The proxy as the filter at this position sees it.
    pub(crate) fn host<'a>(
        &'a self,
        at: usize,
        callback: &'a Callback<'a>,
    ) -> Option<LinkHost<'a>> {
        let of = self.link(at)?;
        Some(LinkHost {
            proxy: callback.proxy,
            now: &callback.now,
            pending: &self.pending,
            queue: self.queue.get(),
            of,
            link: at,
        })
    }

    /// Whether there is one filter and no other.
    pub(crate) fn is_of_one(&self) -> bool {
        self.links.len() == 1
    }

    /// The filter at this position.
    pub(crate) fn link(&self, at: usize) -> Option<&dyn Link> {
        self.links.get(at).map(|placed| &*placed.link)
    }

    /// Every filter from this position on.
    pub(crate) fn links_from(&self, at: usize) -> impl Iterator<Item = &dyn Link> {
        self.links.iter().skip(at).map(|placed| &*placed.link)
    }

    /// Whether the filter at this position has anything fetched: then it may wait for it.
    pub(crate) fn has_fetched(&self, at: usize) -> bool {
        self.fetching.contains(&at)
    }

    /// Tells operators of a fault of the gateway's own, in the filter at this position.
    pub(crate) fn tell_fault(&self, fault: Fault, at: usize, proxy: &dyn Proxy) {
        let name = self.link(at).map_or("gatehouse", Link::name);
        proxy.error(&format!("{name}: {}", fault.line()));
    }

    /// The phases in which one of the filters takes part.
    pub fn phases(&self) -> Phases {
        self.phases
    }
}
