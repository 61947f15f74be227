//! Where a rule counts: in this process, or with a service that several gateways share.

use crate::hybrid::Terms;
use crate::policy::Policy;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{GrpcCall, Timestamp};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// A rule that counts with a service.
#[derive(Debug)]
pub(crate) struct Remote {
    /// An Envoy cluster that speaks HTTP/2.
    pub(crate) cluster: String,
    pub(crate) domain: String,
    /// How long a call may take.
    pub(crate) timeout: Duration,
    pub(crate) on_error: OnError,
    /// How it leases; without, every request is a call.
    pub(crate) lease: Option<Terms>,
    pub(crate) trouble: Trouble,
}

/// What happens to a request that the service could not rule on.
#[derive(Clone, Debug)]
pub(crate) enum OnError {
    Deny,
    Allow,
    /// It is counted here, against this gateway's share of the limits.
    LocalShare(Rc<Policy>),
}

/// A service as it is configured, before the rule around it is known.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    cluster: String,
    domain: String,
    timeout: Duration,
    on_error: Failure,
    /// Whether it leases, and how many hits at once at most.
    lease: Option<Option<u32>>,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Deny,
    Allow,
    /// Of so many gateways.
    LocalShare(u32),
}

/// Nobody waits longer for an upstream's sake.
const LONGEST: Duration = Duration::from_secs(10);

/// How long a lease is good.
const LEASE: u64 = 1_000_000_000;

/// Reads `counting`; nothing where the rule counts here.
pub(crate) fn read(node: Node<'_>) -> Option<Option<Service>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        Local,
        Global,
        Hybrid,
    }
    let mut fields = node.fields()?;
    let kinds = [("local", Kind::Local), ("global", Kind::Global), ("hybrid", Kind::Hybrid)];
    let kind = fields.required("mode", |node| node.choice(&kinds));
    if kind == Some(Kind::Local) {
        fields.finish();
        return Some(None);
    }
    let cluster = fields.required("cluster", cluster);
    let domain = fields
        .with_default("domain", "gatehouse".to_owned(), |node| node.text().map(str::to_owned));
    let timeout = fields.with_default("timeout", Duration::from_millis(100), timeout);
    let on_error = on_error(&mut fields);
    let batch = fields.optional("batch", |node| {
        let most = node.integer(1..=1_000_000)?;
        match kind {
            Some(Kind::Hybrid) => u32::try_from(most).ok(),
            _ => node.fault("goes with `mode: hybrid`: every other request is a call of its own"),
        }
    });
    fields.finish();
    let batch = batch?;
    Some(Some(Service {
        cluster: cluster?,
        domain: domain?,
        timeout: timeout?,
        on_error: on_error?,
        lease: (kind? == Kind::Hybrid).then_some(batch),
    }))
}

fn on_error(fields: &mut Fields<'_>) -> Option<Failure> {
    let kinds = [("deny", 0), ("allow", 1), ("local_share", 2)];
    let on_error = fields.with_default("on_error", 0, |node| node.one_of(&kinds));
    let gateways = fields.optional("gateways", |node| {
        let number = node.integer(1..=10_000)?;
        match on_error {
            Some(2) => u32::try_from(number).ok(),
            _ => node.fault("goes with `on_error: local_share`: the limits are divided by it"),
        }
    });
    match (on_error?, gateways?) {
        (0, _) => Some(Failure::Deny),
        (1, _) => Some(Failure::Allow),
        (_, Some(gateways)) => Some(Failure::LocalShare(gateways)),
        (_, None) => {
            fields.node().fault("`on_error: local_share` needs `gateways`, to divide the limits by")
        }
    }
}

fn cluster(node: Node<'_>) -> Option<String> {
    let name = node.text()?;
    if name.is_empty() || name.len() > GrpcCall::MOST_OF_A_NAME {
        return node.fault(format!("must be 1 to {} bytes", GrpcCall::MOST_OF_A_NAME));
    }
    Some(name.to_owned())
}

fn timeout(node: Node<'_>) -> Option<Duration> {
    let timeout = node.duration()?;
    if !(Duration::from_millis(1)..=LONGEST).contains(&timeout) {
        return node.fault("must be from 1ms to 10s");
    }
    Some(timeout)
}

impl Service {
    /// By how many the limits are divided where the service fails.
    pub(crate) fn gateways(&self) -> Option<u32> {
        match self.on_error {
            Failure::LocalShare(gateways) => Some(gateways),
            Failure::Deny | Failure::Allow => None,
        }
    }

    /// The service for a rule that lets `requests` pass in a window, with the policy that is this
    /// gateway's share of it.
    pub(crate) fn of_rule(self, requests: u32, share: Option<Policy>) -> Remote {
        let timeout = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let most = |batch: Option<u32>| batch.unwrap_or(requests / 20).max(1);
        Remote {
            cluster: self.cluster,
            domain: self.domain,
            timeout: self.timeout,
            on_error: match (self.on_error, share) {
                (Failure::Allow, _) => OnError::Allow,
                (Failure::LocalShare(_), Some(share)) => OnError::LocalShare(Rc::new(share)),
                (Failure::Deny | Failure::LocalShare(_), _) => OnError::Deny,
            },
            lease: self.lease.map(|batch| Terms { most: most(batch), length: LEASE, timeout }),
            trouble: Trouble::default(),
        }
    }
}

/// How a service has done lately. While it fails, one call now and then finds out whether it still
/// does, and nobody else waits for it.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// Failures in a row.
    failures: Cell<u32>,
    /// Nobody calls before, in nanoseconds since 1970.
    until: Cell<u64>,
}

/// So many failures in a row are no accident.
const IN_A_ROW: u32 = 5;

/// How long nobody calls then.
const PAUSE: Duration = Duration::from_millis(250);

impl Trouble {
    /// Whether to call; whoever is told so calls.
    pub(crate) fn lets_call(&self, now: Timestamp) -> bool {
        if self.failures.get() < IN_A_ROW {
            return true;
        }
        let pause = now.after(PAUSE).0;
        // A pause that is longer than any is of a clock that was set back since.
        if now.0 < self.until.get() && self.until.get() <= pause {
            return false;
        }
        self.until.set(pause);
        true
    }

    /// A call ended.
    pub(crate) fn ended(&self, well: bool, now: Timestamp) {
        if well {
            return self.failures.set(0);
        }
        self.failures.set(self.failures.get().saturating_add(1));
        self.until.set(now.after(PAUSE).0);
    }
}

#[cfg(test)]
mod tests;
