//! The gateways that are measured beside each other.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::options::{Options, check_known};
use super::super::process::Process;
use super::super::set_up::{request, wasm_filter};
use super::super::stage::Stage;
use super::super::{Sources, gateway, python};
use super::{NAME, answer, calls_alone};

/// How many calls are behind a request, for each kind of request.
const CALLS: [usize; 3] = [1, 3, 10];

/// One gateway.
pub(super) struct SetUp {
    /// Its rows in the table.
    pub(super) name: &'static str,
    pub(super) program: Program,
}

/// What a set-up runs on.
pub(super) enum Program {
    /// An Envoy that passes requests on.
    Proxy,
    /// An Envoy with this filter before the router.
    Envoy(Value),
    /// The same, with a cluster `self` that is its own listener.
    Itself(Value),
    /// FastAPI and httpx.
    FastApi,
}

/// A kind of request.
#[derive(Clone)]
pub(super) struct Kind {
    pub(super) calls: usize,
    /// The whole request on the wire.
    pub(super) request: Vec<u8>,
    /// The JSON that it is answered with.
    pub(super) answer: Value,
}

impl SetUp {
    pub(super) fn is_python(&self) -> bool {
        matches!(self.program, Program::FastApi)
    }

    /// How many times fewer requests it is sent: it may be so slow that fewer tell as much.
    pub(super) fn slowness(&self) -> usize {
        if self.is_python() { 10 } else { 1 }
    }

    /// What it is sent.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        if matches!(self.program, Program::Proxy) {
            return vec![Kind { calls: 1, request: request("/c0"), answer: answer::alone() }];
        }
        let kind = |calls| Kind {
            calls,
            request: request(&format!("/aggregate/{calls}")),
            answer: answer::of(calls),
        };
        CALLS.map(kind).into()
    }

    /// Has it listen on `port`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn spawn(&self, stage: &Stage<'_>, port: u16) -> Result<Process> {
        let name = format!("{NAME}-{}", self.name);
        let filters: &[Value] = match &self.program {
            Program::Proxy => &[],
            Program::Envoy(filter) | Program::Itself(filter) => std::slice::from_ref(filter),
            Program::FastApi => {
                let mut command = python::serve(stage.scratch, "aggregate:app", port);
                command.env("GATEWAY_ORIGIN", format!("http://127.0.0.1:{}", stage.origin));
                return Process::start(&name, stage.scratch, port, &mut command);
            }
        };
        let mut configuration = gateway::envoy::configuration(port, stage.origin, filters);
        if matches!(self.program, Program::Itself(_)) {
            let own = gateway::envoy::cluster("self", port);
            let clusters = configuration.pointer_mut("/static_resources/clusters");
            clusters
                .and_then(Value::as_array_mut)
                .into_iter()
                .for_each(|all| all.push(own.clone()));
        }
        stage.envoy(&name, port, 1, &configuration)
    }
}

/// Those that the options ask for; the first is there always.
///
/// # Errors
/// The options name one that is none.
pub(super) fn chosen(options: &Options, sources: &Sources) -> Result<Vec<SetUp>> {
    let module = sources.modules.join(format!("{NAME}.wasm"));
    let filter = wasm_filter(NAME, &module, Some(configuration("origin")), &[]);
    let itself = wasm_filter(NAME, &module, Some(configuration("self")), &[]);
    let alone = calls_alone::write(&sources.scratch)?;
    let alone = wasm_filter(calls_alone::NAME, &alone, None, &[]);
    let mut all = vec![
        SetUp { name: "proxy", program: Program::Proxy },
        SetUp { name: NAME, program: Program::Envoy(filter) },
        SetUp { name: ITSELF, program: Program::Itself(itself) },
        SetUp { name: calls_alone::NAME, program: Program::Envoy(alone) },
        SetUp { name: "fastapi", program: Program::FastApi },
    ];
    if let Some(folder) = &sources.before {
        let module = folder.join(format!("{NAME}.wasm"));
        let filter = wasm_filter(NAME, &module, Some(configuration("origin")), &[]);
        all.push(SetUp { name: "before", program: Program::Envoy(filter) });
    }
    let known: Vec<&str> = all.iter().map(|set_up| set_up.name).collect();
    check_known("set-up", &options.set_ups, &known)?;
    all.retain(|set_up| {
        let is_first = matches!(set_up.program, Program::Proxy);
        (is_first || options.has_set_up(set_up.name))
            && (!set_up.is_python() || options.has_peer(set_up.name))
    });
    Ok(all)
}

/// The set-up whose calls go to its own listener, and from there to the origin.
const ITSELF: &str = "itself";

/// A rule for each number of calls.
fn configuration(cluster: &str) -> Value {
    let rule = |calls: usize| {
        let call = |number: usize| {
            let (name, path) = (format!("c{number}"), format!("/c{number}"));
            json!({"name": name, "cluster": cluster, "path": path})
        };
        json!({
            "name": format!("n{calls}"),
            "match": {"path": {"exact": format!("/aggregate/{calls}")}},
            "calls": (0..calls).map(call).collect::<Vec<_>>(),
        })
    };
    json!({"rules": CALLS.map(rule)})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_by(line: &str) -> Result<Vec<&'static str>> {
        let set_ups = chosen(&Options::of_line(line)?, &Sources::of_nothing())?;
        Ok(set_ups.iter().map(|set_up| set_up.name).collect())
    }

    #[test]
    fn what_is_asked_for_is_measured_beside_the_proxy() {
        for (line, names) in [
            ("aggregate", &["proxy", "aggregate", ITSELF, "calls", "fastapi"][..]),
            ("aggregate --peers none", &["proxy", "aggregate", ITSELF, "calls"]),
            ("aggregate --filter-set fastapi", &["proxy", "fastapi"]),
            ("aggregate --filter-set proxy", &["proxy"]),
        ] {
            assert_eq!(chosen_by(line).unwrap(), names, "{line}");
        }
        assert!(chosen_by("aggregate --filter-set fastpi").is_err());
    }

    #[test]
    fn each_number_of_calls_has_a_rule_and_a_kind_of_request() {
        let rules = configuration("origin");
        for (index, calls) in CALLS.into_iter().enumerate() {
            let rule = &rules["rules"][index];
            assert_eq!(rule["match"]["path"]["exact"], format!("/aggregate/{calls}"));
            assert_eq!(rule["calls"].as_array().unwrap().len(), calls);
        }
        let kinds = SetUp { name: "fastapi", program: Program::FastApi }.kinds();
        assert_eq!(kinds.iter().map(|kind| kind.calls).collect::<Vec<_>>(), CALLS);
        assert!(kinds[2].request.starts_with(b"GET /aggregate/10 HTTP/1.1\r\n"));
    }
}
