//! The demo services, in this process, where a config would find containers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use gatehouse_demo::Service;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Running demo services. Dropping it stops them.
#[derive(Debug)]
pub struct Upstreams {
    addresses: BTreeMap<String, SocketAddr>,
    running: Mutex<BTreeMap<String, oneshot::Sender<()>>>,
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
}

impl Upstreams {
    /// Starts a demo service for each upstream `host:port` in `wanted`, each on a free loopback
    /// port. The host is the name of the service, with `-1`, `-2` … for its replicas. An upstream
    /// in `given`, one that is an IP address and one of the world, whose name has a dot, gets none.
    ///
    /// # Errors
    /// When there is no demo service of that name, or no port is free.
    pub fn start(wanted: &BTreeSet<String>, given: BTreeMap<String, SocketAddr>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // The machine is Envoy's; the demo services only have to keep up.
            .worker_threads(2)
            .thread_name("demo")
            .enable_all()
            .build()
            .context("cannot start a runtime for the demo services")?;
        let mut addresses = given;
        let mut running = BTreeMap::new();
        for upstream in wanted {
            let host = host(upstream);
            let is_elsewhere = host.contains('.') || host.parse::<IpAddr>().is_ok();
            if addresses.contains_key(upstream) || is_elsewhere {
                continue;
            }
            let service = service(host).ok_or_else(|| {
                anyhow!("no demo service is called `{host}`: give the address of `{upstream}` with Builder::upstream")
            })?;
            let listener = runtime
                .block_on(TcpListener::bind(("127.0.0.1", 0)))
                .context("no loopback port is free")?;
            addresses.insert(upstream.clone(), listener.local_addr()?);
            let (stop, stopped) = oneshot::channel::<()>();
            let instance = host.to_owned();
            runtime.spawn(async move {
                let shutdown = async {
                    // A dropped sender means the same as a sent word.
                    let _ = stopped.await;
                };
                if let Err(fault) =
                    gatehouse_demo::serve(service, &instance, listener, shutdown).await
                {
                    eprintln!("demo service {instance} ended: {fault}");
                }
            });
            running.insert(host.to_owned(), stop);
        }
        Ok(Self { addresses, running: Mutex::new(running), runtime: Some(runtime) })
    }

    /// Where each upstream is, by `host:port` as the config names it.
    #[must_use]
    pub fn addresses(&self) -> &BTreeMap<String, SocketAddr> {
        &self.addresses
    }

    /// Stops the demo service of this host, such as `orders-1`; whether it was running.
    pub fn stop(&self, host: &str) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
        running.is_some_and(|stop| stop.send(()).is_ok())
    }
}

impl Drop for Upstreams {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Whether an upstream `host:port` is a demo service's.
pub(crate) fn is_demo(upstream: &str) -> bool {
    service(host(upstream)).is_some()
}

fn host(upstream: &str) -> &str {
    upstream.rsplit_once(':').map_or(upstream, |(host, _)| host)
}

fn service(host: &str) -> Option<Service> {
    let name = match host.rsplit_once('-') {
        Some((name, replica)) if replica.parse::<u16>().is_ok() => name,
        _ => host,
    };
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_the_service_it_is_a_replica_of() {
        for (host, known) in [
            ("auth", true),
            ("orders-1", true),
            ("orders-12", true),
            ("orders-x", false),
            ("recommendations", true),
            ("redis", false),
        ] {
            assert_eq!(service(host).is_some(), known, "{host}");
        }
    }

    #[test]
    fn an_unknown_upstream_is_named() {
        let wanted = BTreeSet::from(["10.0.0.1:1".to_owned(), "redis:6379".to_owned()]);
        let fault = Upstreams::start(&wanted, BTreeMap::new()).unwrap_err().to_string();
        assert!(fault.contains("`redis:6379`"), "{fault}");
        let given =
            BTreeMap::from([("redis:6379".to_owned(), SocketAddr::from(([127, 0, 0, 1], 9)))]);
        assert_eq!(Upstreams::start(&wanted, given.clone()).unwrap().addresses(), &given);
    }

    #[test]
    fn an_upstream_of_the_world_stays_where_it_is() {
        let wanted = BTreeSet::from(["login.example.com:443".to_owned()]);
        let none = BTreeMap::new();
        assert_eq!(Upstreams::start(&wanted, none.clone()).unwrap().addresses(), &none);
    }
}
