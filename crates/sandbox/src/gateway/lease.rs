//! Whose Envoy a gateway runs in: one of its own, or one that gateways have one after the other.
//!
//! Nearly all that an Envoy takes to start is V8 compiling modules: seconds of a core for
//! `gateway.wasm`, a few hundredths where the process has compiled it before. So a gateway that
//! asks for nothing else is lent a [`Host`], alone for as long as it lives; then the host forgets
//! it, and the next one is lent the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use super::StartError;
use super::host::{self, Host, Kind};
use crate::envoy::EnvoyBinary;
use crate::process::Process;

/// An Envoy for one gateway. Dropping it ends it, or gives it back.
#[derive(Debug)]
pub(super) struct Lease {
    envoy: Envoy,
}

#[derive(Debug)]
enum Envoy {
    Own(Process),
    Lent(Host),
    /// It has been dropped.
    Over,
}

/// A host for a gateway on this config, with its listeners and clusters in it, and the address of
/// its admin interface. `None` where the config is for an Envoy of its own.
///
/// # Errors
/// See [`StartError`].
pub(super) fn of(
    envoy: &EnvoyBinary,
    concurrency: u32,
    tree: &Value,
) -> Result<Option<(Lease, SocketAddr)>, StartError> {
    if !Host::can_serve(tree) {
        return Ok(None);
    }
    let kind = Kind::of(tree, concurrency);
    let mut host = match IDLE.take(&kind, &host::modules(tree)) {
        Some(host) => host,
        None => Host::start(envoy, kind)?,
    };
    let (admin, served) = (host.admin(), host.serve(tree));
    // Given back also where it does not serve.
    let lease = Lease { envoy: Envoy::Lent(host) };
    served.map(|()| Some((lease, admin)))
}

impl Lease {
    /// An Envoy that ends with the gateway.
    pub(super) fn of_its_own(process: Process) -> Self {
        Self { envoy: Envoy::Own(process) }
    }

    /// Envoy's process id.
    pub(super) fn id(&self) -> u32 {
        self.process().map_or(0, Process::id)
    }

    /// The lines of the standard output since the lease began.
    pub(super) fn output(&self) -> Vec<String> {
        self.process().map(Process::output).unwrap_or_default()
    }

    /// The standard error since the lease began.
    pub(super) fn log(&self) -> String {
        self.process().map(Process::log).unwrap_or_default()
    }

    /// How the process ended, if it has.
    pub(super) fn exited(&mut self) -> Option<ExitStatus> {
        self.process_mut().and_then(Process::exited)
    }

    /// Ends the process, also a lent one: nobody is lent it any more.
    pub(super) fn kill(&mut self) {
        self.process_mut().map(Process::kill);
    }

    fn process(&self) -> Option<&Process> {
        match &self.envoy {
            Envoy::Own(process) => Some(process),
            Envoy::Lent(host) => Some(host.process()),
            Envoy::Over => None,
        }
    }

    fn process_mut(&mut self) -> Option<&mut Process> {
        match &mut self.envoy {
            Envoy::Own(process) => Some(process),
            Envoy::Lent(host) => Some(host.process_mut()),
            Envoy::Over => None,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Envoy::Lent(host) = std::mem::replace(&mut self.envoy, Envoy::Over) else { return };
        // What made a case fail may be in the host.
        if !thread::panicking() {
            IDLE.give_back(host);
        }
    }
}

static IDLE: Idle = Idle { hosts: Mutex::new(BTreeMap::new()), changed: Condvar::new() };

/// The hosts that nobody is lent, by what they were started with.
struct Idle {
    hosts: Mutex<BTreeMap<Kind, Hosts>>,
    changed: Condvar,
}

#[derive(Default)]
struct Hosts {
    idle: Vec<Host>,
    /// How many forget what they have served.
    returning: usize,
    /// How many gateways wait for one of these.
    awaited: usize,
}

impl Idle {
    /// One that is idle, or is about to be, which takes a tenth of what a new one takes. Of several
    /// the one that knows most of these modules.
    fn take(&self, kind: &Kind, modules: &BTreeSet<PathBuf>) -> Option<Host> {
        let mut all = self.lock();
        let hosts = all.entry(kind.clone()).or_default();
        if hosts.idle.is_empty() && hosts.awaited < hosts.returning {
            hosts.awaited = hosts.awaited.saturating_add(1);
            let waits = |all: &mut BTreeMap<Kind, Hosts>| {
                all.get(kind).is_some_and(|hosts| hosts.idle.is_empty() && hosts.returning > 0)
            };
            all = self.changed.wait_while(all, waits).unwrap_or_else(PoisonError::into_inner);
            let hosts = all.entry(kind.clone()).or_default();
            hosts.awaited = hosts.awaited.saturating_sub(1);
        }
        let idle = &mut all.get_mut(kind)?.idle;
        let (index, _) = idle.iter().enumerate().max_by_key(|(_, host)| host.knows(modules))?;
        Some(idle.swap_remove(index))
    }

    /// Lets it forget, and whoever waits for it have it. One that does not forget is ended.
    fn give_back(&'static self, mut host: Host) {
        let kind = host.kind().clone();
        let mut all = self.lock();
        let hosts = all.entry(kind.clone()).or_default();
        hosts.returning = hosts.returning.saturating_add(1);
        drop(all);
        thread::spawn(move || {
            let forgotten = host.forget();
            let mut all = self.lock();
            let hosts = all.entry(kind).or_default();
            hosts.returning = hosts.returning.saturating_sub(1);
            match forgotten {
                Ok(()) => hosts.idle.push(host),
                Err(fault) => eprintln!("an Envoy is not lent again: {fault:#}"),
            }
            self.changed.notify_all();
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, Hosts>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
