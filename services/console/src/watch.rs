//! Watching a gateway: its admin interface is asked every second, and survives being down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::admin::{Admin, Fault};
use crate::clock::{self, Millis};
use crate::clusters::{self, Cluster};
use crate::counters::Minute;
use crate::history::{History, Requests};
use crate::key_sets::Fetches;
use crate::setup::{self, Setup};
use crate::stats::{self, Stats};
use crate::text::cut;

/// What is known of a gateway.
#[derive(Default, Debug)]
pub(crate) struct Watched {
    pub(crate) server: Server,
    /// Why the last question was not answered, and since when no question has been.
    pub(crate) fault: Option<(String, Millis)>,
    /// When the last answer came.
    pub(crate) answered: Option<Millis>,
    pub(crate) setup: Arc<Setup>,
    /// Goes up whenever the setup is another.
    pub(crate) setup_number: u64,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) stats: Stats,
    pub(crate) requests: Requests,
    pub(crate) history: History,
    pub(crate) minute: Minute,
    pub(crate) fetches: Fetches,
}

/// What Envoy says of itself.
#[derive(Clone, Default, Debug)]
pub(crate) struct Server {
    pub(crate) state: String,
    pub(crate) version: String,
    pub(crate) uptime_s: u64,
}

/// A gateway that is watched. Clones watch the same.
#[derive(Clone, Default, Debug)]
pub(crate) struct Watch {
    watched: Arc<Mutex<Watched>>,
}

impl Watch {
    pub(crate) fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks every second, for ever.
    pub(crate) async fn run(self, admin: Admin) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut round = 0_u64;
        loop {
            ticks.tick().await;
            let wants_all = round.is_multiple_of(10) || self.watched().fault.is_some();
            let asked = self.ask(&admin, wants_all).await;
            self.watched().take(asked, clock::now());
            round = round.wrapping_add(1);
        }
    }

    async fn ask(&self, admin: &Admin, wants_all: bool) -> Result<Answers, Fault> {
        let stats = admin.get(stats::PATH).await?;
        let clusters = admin.get(clusters::PATH).await?;
        let server = admin.get("/server_info").await?;
        let setup = if wants_all { Some(admin.get(setup::PATH).await?) } else { None };
        Ok(Answers {
            stats: Stats::read(&stats).ok_or(Fault::OtherShape)?,
            clusters: clusters::read(&clusters).ok_or(Fault::OtherShape)?,
            server: Server::read(&server).ok_or(Fault::OtherShape)?,
            setup: setup.map(|setup| Setup::read(&setup).ok_or(Fault::OtherShape)).transpose()?,
        })
    }
}

/// The answers of one round.
struct Answers {
    stats: Stats,
    clusters: Vec<Cluster>,
    server: Server,
    setup: Option<Setup>,
}

impl Watched {
    fn take(&mut self, asked: Result<Answers, Fault>, now: Millis) {
        let answers = match asked {
            Ok(answers) => answers,
            Err(fault) => {
                let since = self.fault.as_ref().map_or(now, |(_, since)| *since);
                self.fault = Some((fault.to_string(), since));
                return self.history.add(now, None);
            }
        };
        if let Some(setup) = answers.setup.filter(|setup| *setup != *self.setup) {
            self.setup = Arc::new(setup);
            self.setup_number = self.setup_number.saturating_add(1);
        }
        let prefixes = self.setup.stat_prefixes();
        let latency = answers.stats.latency(&prefixes);
        self.requests = Requests::read(&answers.stats, &prefixes);
        self.history.add(now, Some((self.requests, latency)));
        self.minute.look(&answers.stats, now);
        // What was counted before the first answer, or while there was none, was not seen.
        let was_watching = self.answered.is_some() && self.fault.is_none();
        self.fetches.look(&answers.stats, now, was_watching);
        self.stats = answers.stats;
        self.clusters = answers.clusters;
        self.server = answers.server;
        self.fault = None;
        self.answered = Some(now);
    }
}

impl Server {
    fn read(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let uptime = text("uptime_current_epoch")?.trim_end_matches('s');
        // `9e55…/1.40.0/Clean/RELEASE/BoringSSL`.
        let version = text("version")?;
        Some(Self {
            state: cut(text("state").unwrap_or("LIVE"), 32),
            version: cut(version.split('/').nth(1).unwrap_or(version), 32),
            uptime_s: uptime.split('.').next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answers(total: u64) -> Answers {
        let manager = json!({
            "@type": "x.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "gateway"
        });
        let dump = json!({
            "configs": [{
                "@type": "x.ListenersConfigDump",
                "static_listeners": [{
                    "listener": {
                        "name": "a", "filter_chains": [{"filters": [{"typed_config": manager}]}]
                    }
                }]
            }]
        });
        let stats = json!({"stats": [{"name": "http.gateway.downstream_rq_total", "value": total},
            {"name": "http.admin.downstream_rq_total", "value": 1000}]});
        let server =
            json!({"state": "LIVE", "version": "9e/1.40.0/Clean", "uptime_current_epoch": "38s"});
        Answers {
            stats: Stats::read(&stats).unwrap(),
            clusters: Vec::new(),
            server: Server::read(&server).unwrap(),
            setup: Setup::read(&dump),
        }
    }

    #[test]
    fn a_gateway_that_does_not_answer_is_told_and_what_was_known_stays() {
        let mut watched = Watched::default();
        watched.take(Ok(answers(7)), 1000);
        assert_eq!((watched.requests.total, watched.setup_number), (7, 1));
        assert_eq!((watched.server.version.as_str(), watched.server.uptime_s), ("1.40.0", 38));
        for (fault, at) in [(Fault::TooSlow, 2000), (Fault::NotJson, 3000)] {
            watched.take(Err(fault), at);
        }
        let (fault, since) = watched.fault.clone().unwrap();
        assert_eq!((fault.as_str(), since), ("answered something that is not JSON", 2000));
        assert_eq!(watched.requests.total, 7);
        watched.take(Ok(answers(9)), 4000);
        assert!(watched.fault.is_none());
        assert_eq!((watched.requests.total, watched.setup_number), (9, 1));
    }

    #[test]
    fn what_is_no_server_info_is_told_apart() {
        for answer in [
            json!(null),
            json!({"version": 1}),
            json!({"version": "x", "uptime_current_epoch": "long"}),
        ] {
            assert!(Server::read(&answer).is_none(), "{answer}");
        }
    }
}
