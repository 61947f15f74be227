//! Listeners that Envoy was given in a file, and what it did with each.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatehouse_sandbox::{Gateway, Packaging, raw, workspace};
use serde_json::{Value, json};

use super::case::{Good, Refused, RefusedForAll, RefusedInWords, Verdict, Void};
use crate::harness::until;

/// An Envoy that has read the listeners of a file: it refuses each by itself.
pub(crate) struct Beside {
    gateway: Gateway,
    serving: BTreeMap<String, SocketAddr>,
    refused: BTreeMap<String, String>,
}

impl Beside {
    /// Starts Envoy with the listeners in this file.
    pub(crate) fn start(listeners: &Path) -> Self {
        let path = listeners.to_owned();
        let gateway = Gateway::builder("envoy/jwt-auth.yaml")
            // The listener that it starts with has no filter; the others are packaged already.
            .packaging(Packaging::Separate)
            .log_level("warning")
            // It compiles every module before.
            .ready_within(Duration::from_secs(180))
            .edit(move |tree| {
                let chain = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
                let manager = tree.pointer_mut(chain).expect("a connection manager");
                let filters = manager["http_filters"].as_array_mut().expect("filters");
                filters.remove(0);
                let mut second = tree["static_resources"]["clusters"][0].clone();
                second["name"] = json!("keys");
                second["load_assignment"]["cluster_name"] = json!("keys");
                let clusters = tree["static_resources"]["clusters"].as_array_mut();
                clusters.expect("clusters").push(second);
                tree["node"] = json!({"id": "beside", "cluster": "check"});
                tree["dynamic_resources"] =
                    json!({"lds_config": {"path_config_source": {"path": path}}});
            })
            .start()
            .unwrap_or_else(|fault| panic!("{fault}"));
        until("Envoy has read its listeners", || {
            let stats = gateway.stats();
            let failed = stats.get("listener_manager.lds.update_failure");
            assert_eq!(failed, Some(&0), "the file cannot be read:\n{}", gateway.stderr());
            ["update_success", "update_rejected"].iter().any(|end| {
                stats.get(&format!("listener_manager.lds.{end}")).is_some_and(|count| *count > 0)
            })
        });
        let serving = addresses(&gateway);
        let refused = refusals(&gateway);
        Self { gateway, serving, refused }
    }

    /// What is not as it should be in what Envoy did with the listener.
    pub(crate) fn against(&self, name: &str, verdict: Verdict) -> Option<String> {
        match verdict {
            Good | Void { .. } => self.against_taking(name),
            Refused(says) | RefusedInWords { envoy: says, .. } => self.against_refusal(name, says),
            RefusedForAll(all) => all.iter().find_map(|says| self.against_refusal(name, says)),
        }
    }

    fn against_taking(&self, name: &str) -> Option<String> {
        let Some(address) = self.serving.get(name) else {
            return Some(format!("Envoy refuses it: {}", self.said_of(name)));
        };
        let answer = raw::send(*address, &raw::Request::get("/"));
        let statuses = [200, 401, 403, 404, 503];
        match answer {
            Ok(answer) if answer.status == 503 && answer.text().is_empty() => {
                Some("its filter has failed".to_owned())
            }
            Ok(answer) if statuses.contains(&answer.status) => None,
            Ok(answer) => Some(format!("it answers {}: {}", answer.status, answer.text())),
            Err(fault) => Some(format!("it does not answer: {fault}")),
        }
    }

    fn against_refusal(&self, name: &str, says: &str) -> Option<String> {
        if self.serving.contains_key(name) {
            return Some("Envoy takes it".to_owned());
        }
        let said = self.said_of(name);
        (!said.contains(says)).then(|| format!("Envoy should say `{says}`, and says: {said}"))
    }

    /// A refused configuration is no reason to trap. (That a plugin failed to load is told as
    /// critically as a trap.)
    pub(crate) fn assert_no_trap(&self) {
        let log = self.gateway.stderr();
        let is_trap = |line: &&str| line.contains("panicked at") || line.contains("Uncaught");
        let traps: Vec<&str> = log.lines().filter(is_trap).collect();
        assert!(traps.is_empty(), "a filter has trapped:\n{}", traps.join("\n"));
    }

    /// A line of a filter does not say whose it is. But Envoy configures one plugin after the
    /// other, and says at the end which one has failed.
    fn said_of(&self, name: &str) -> String {
        let log = self.gateway.stderr();
        let end = format!("Plugin {name} failed to load");
        let before = log.split_once(&end).map_or("", |(before, _)| before);
        let own = before.rsplit_once(" failed to load").map_or(before, |(_, own)| own);
        let mut said: Vec<&str> = own.lines().filter(|line| line.contains("wasm log")).collect();
        said.extend(self.refused.get(name).map(String::as_str));
        said.join("\n    ")
    }
}

fn addresses(gateway: &Gateway) -> BTreeMap<String, SocketAddr> {
    let text = gateway.admin("/listeners?format=json");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let of = |listener: &Value| {
        let address = listener.pointer("/local_address/socket_address")?;
        let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
        Some((listener["name"].as_str()?.to_owned(), SocketAddr::from(([127, 0, 0, 1], port))))
    };
    all["listener_statuses"].as_array().expect("a list").iter().filter_map(of).collect()
}

fn refusals(gateway: &Gateway) -> BTreeMap<String, String> {
    let text = gateway.admin("/config_dump?resource=dynamic_listeners");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let of = |listener: &Value| {
        let details = listener.pointer("/error_state/details")?.as_str()?;
        Some((listener["name"].as_str()?.to_owned(), details.to_owned()))
    };
    all["configs"].as_array().into_iter().flatten().filter_map(of).collect()
}

/// A folder of this process's own.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder =
        workspace::target().join("sandbox").join(format!("beside-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
