//! Calls to the service, and the requests that wait for their answers.

use crate::counting::Remote;
use crate::hybrid::{Lease, Turn};
use crate::key::Digest;
use crate::policy::Policy;
use crate::service::{self, Descriptor, Ruling};
use crate::table::{Table, Unavailable};
use gatehouse_filter::{CallId, Callouts, GrpcAnswer, GrpcCall, Step, Timestamp, Until};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

/// The most calls of a worker that are under way: as many requests are held, and no more.
const MOST: usize = 1024;

/// The calls that are under way on this worker. In trees: hash tables would need random numbers to
/// begin with.
#[derive(Default, Debug)]
pub(crate) struct Calls {
    open: RefCell<BTreeMap<u32, Open>>,
    /// The calls for leases, by the client.
    leases: RefCell<BTreeMap<Digest, Rc<Pending>>>,
}

#[derive(Debug)]
struct Open {
    policy: Rc<Policy>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// One request's call. It may have ended meanwhile.
    One(Weak<Pending>),
    /// So many hits for the lease of a client; `least` would have been enough for the one who
    /// asked.
    Lease { client: Digest, hits: u32, least: u32 },
    /// What an answer to a client has cost: nobody waits for it.
    Report { client: Digest },
}

/// What a request waits for.
#[derive(Debug)]
pub(crate) struct Pending {
    call: CallId,
    outcome: OnceCell<Outcome>,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Ruled(Rc<Ruling>),
    /// No answer, or one that is none.
    Failed,
}

/// Where a request is with the service.
#[derive(Debug)]
pub(crate) enum Progress {
    Ended(Outcome),
    /// Nothing is left, by what the service said before; until the window's end, in nanoseconds.
    Refused(u64),
    /// It passes by a lease.
    Leased,
    Waits(Rc<Pending>),
}

impl Pending {
    /// What came of the call; `None` while it is under way.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.get().cloned()
    }

    /// Holds a request until the call is answered.
    pub(crate) fn wait(&self) -> Step {
        Step::Wait(Until::Answered(self.call))
    }
}

/// Whose service is called, and through whom.
struct Asked<'a> {
    policy: &'a Rc<Policy>,
    remote: &'a Remote,
    callouts: &'a dyn Callouts,
    now: Timestamp,
}

/// One request's business with the service.
pub(crate) struct Query<'a> {
    pub(crate) policy: &'a Rc<Policy>,
    pub(crate) remote: &'a Remote,
    pub(crate) client: &'a Digest,
    pub(crate) cost: u32,
    /// Where leases are.
    pub(crate) table: &'a Table,
    pub(crate) callouts: &'a dyn Callouts,
    pub(crate) now: Timestamp,
}

impl Calls {
    /// Asks the service about one request.
    pub(crate) fn ask(&self, query: &Query<'_>, descriptor: Descriptor) -> Progress {
        let mut asked = None;
        let what = |call| {
            let pending = Rc::new(Pending { call, outcome: OnceCell::new() });
            let what = What::One(Rc::downgrade(&pending));
            asked = Some(pending);
            what
        };
        self.call(&query.asked(), query.cost, &descriptor, what);
        asked.map_or(Progress::Ended(Outcome::Failed), Progress::Waits)
    }

    /// Serves one request from the client's lease, and asks for more where it is time.
    ///
    /// # Errors
    /// [`Unavailable`] where the lease cannot be read or written.
    pub(crate) fn lease(
        &self,
        query: &Query<'_>,
        descriptor: impl FnOnce() -> Descriptor,
    ) -> Result<Progress, Unavailable> {
        let Some(terms) = query.remote.lease else { return Ok(self.ask(query, descriptor())) };
        let under_way = self.leases.borrow().get(query.client).map(Rc::clone);
        let has_asked = under_way.is_some();
        let turn =
            query.change_lease(|lease| lease.take(query.cost, query.now.0, &terms, has_asked))?;
        let ask = |hits, least| self.ask_for_lease(query, hits, least, &descriptor());
        let pending = match turn {
            Turn::Pass(None) => return Ok(Progress::Leased),
            Turn::Pass(Some(hits)) => {
                // Who asks ahead does not wait.
                ask(hits, 1);
                return Ok(Progress::Leased);
            }
            Turn::Refused(left) => return Ok(Progress::Refused(left)),
            Turn::Ask(hits) => ask(hits, query.cost),
            Turn::Wait => under_way,
        };
        Ok(pending.map_or(Progress::Ended(Outcome::Failed), Progress::Waits))
    }

    fn ask_for_lease(
        &self,
        query: &Query<'_>,
        hits: u32,
        least: u32,
        descriptor: &[(String, String)],
    ) -> Option<Rc<Pending>> {
        let what = |_| What::Lease { client: *query.client, hits, least };
        let Some(call) = self.call(&query.asked(), hits, descriptor, what) else {
            let _ = query.change_lease(Lease::failed);
            return None;
        };
        let pending = Rc::new(Pending { call, outcome: OnceCell::new() });
        self.leases.borrow_mut().insert(*query.client, Rc::clone(&pending));
        Some(pending)
    }

    /// Tells the service of a policy of hits that have passed. Whether a call was made.
    pub(crate) fn report(
        &self,
        policy: &Rc<Policy>,
        (client, descriptor): (&Digest, &[(String, String)]),
        hits: u32,
        callouts: &dyn Callouts,
    ) -> bool {
        let Some(remote) = &policy.remote else { return false };
        let asked = Asked { policy, remote, callouts, now: callouts.now() };
        self.call(&asked, hits, descriptor, |_| What::Report { client: *client }).is_some()
    }

    /// Makes a call, where that is possible: then its answer comes.
    fn call(
        &self,
        asked: &Asked<'_>,
        hits: u32,
        descriptor: &[(String, String)],
        what: impl FnOnce(CallId) -> What,
    ) -> Option<CallId> {
        let remote = asked.remote;
        if self.open.borrow().len() >= MOST || !remote.trouble.lets_call(asked.now) {
            return None;
        }
        let message = service::question(&remote.domain, descriptor, hits);
        let call = asked.callouts.grpc(&GrpcCall {
            cluster: &remote.cluster,
            service: service::SERVICE,
            method: service::METHOD,
            metadata: &[],
            message: &message,
            timeout: remote.timeout,
        });
        let Ok(call) = call else {
            remote.trouble.ended(false, asked.now);
            return None;
        };
        self.open
            .borrow_mut()
            .insert(call.0, Open { policy: Rc::clone(asked.policy), what: what(call) });
        Some(call)
    }

    /// Takes the answer to a call. Whether it was one that rules.
    pub(crate) fn answered(
        &self,
        call: CallId,
        answer: &GrpcAnswer,
        table: &Table,
        callouts: &dyn Callouts,
    ) -> bool {
        let Some(Open { policy, what }) = self.open.borrow_mut().remove(&call.0) else {
            return true;
        };
        let Some(remote) = &policy.remote else { return true };
        let readable = answer.status == 0 && !answer.truncated;
        let ruling = if readable { Ruling::read(&answer.message) } else { None };
        let now = callouts.now();
        remote.trouble.ended(ruling.is_some(), now);
        let ruled = ruling.is_some();
        let outcome = ruling.map_or(Outcome::Failed, |ruling| Outcome::Ruled(Rc::new(ruling)));
        let pending = match what {
            What::One(pending) => pending.upgrade(),
            What::Report { client } => {
                let is_over = matches!(&outcome, Outcome::Ruled(ruling) if !ruling.passed);
                if remote.lease.is_some() && is_over {
                    let client = &client;
                    let query =
                        Query { policy: &policy, remote, client, cost: 1, table, callouts, now };
                    let _ = query.change_lease(Lease::used_up);
                }
                None
            }
            What::Lease { client, hits, least } => {
                let query = Query {
                    policy: &policy,
                    remote,
                    client: &client,
                    cost: least,
                    table,
                    callouts,
                    now,
                };
                query.settle(&outcome, hits);
                self.leases.borrow_mut().remove(&client)
            }
        };
        if let Some(pending) = pending {
            let _ = pending.outcome.set(outcome);
        }
        ruled
    }
}

impl Query<'_> {
    fn asked(&self) -> Asked<'_> {
        let Self { policy, remote, callouts, now, .. } = *self;
        Asked { policy, remote, callouts, now }
    }

    /// Puts what came of a call for a lease into it. Where the store fails, what was granted is
    /// lost.
    fn settle(&self, outcome: &Outcome, hits: u32) {
        let Some(terms) = self.remote.lease else { return };
        let now = self.now.0;
        let _ = self.change_lease(|lease| match outcome {
            Outcome::Ruled(ruling) if ruling.passed => {
                lease.granted(hits, ruling.told, now, &terms);
            }
            Outcome::Ruled(ruling) => {
                lease.refused(hits, self.cost, ruling.told, now, &terms);
            }
            Outcome::Failed => lease.failed(),
        });
    }

    fn change_lease<T>(&self, mut change: impl FnMut(&mut Lease) -> T) -> Result<T, Unavailable> {
        let store: &dyn gatehouse_filter::Host = self.callouts;
        let change = |stored: crate::bucket::Arrivals<'_>| {
            let before = Lease::from_arrivals(stored);
            let mut lease = before;
            let value = change(&mut lease);
            (value, (lease != before).then(|| lease.arrivals()))
        };
        let (value, _) = self.table.update(store, self.client, self.now.0, change)?;
        Ok(value)
    }
}
