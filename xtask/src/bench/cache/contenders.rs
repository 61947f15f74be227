//! The gateways that are measured beside each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::options::{Options, check_known};
use super::super::process::{Process, program};
use super::super::set_up::wasm_filter;
use super::super::stage::Stage;
use super::super::{Sources, gateway, template};
use super::kinds::{Kind, Size, Work};
use super::{FILTER, NAME, answer};

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
    /// An Envoy that has the answers in its configuration.
    Direct,
    /// An Envoy with this filter before the router.
    Envoy(Value),
    /// nginx with `proxy_cache`.
    Nginx,
    /// Varnish, with its store in memory.
    Varnish,
}

/// All that a store may hold, in all set-ups.
pub(super) const STORE: &str = "64MiB";

/// The same as nginx and Varnish write it.
const STORE_OF_PEERS: &str = "64m";

/// Our filter as the bench configures it: without any option that is not needed.
pub(super) fn configuration() -> Value {
    json!({"store": {"size": STORE}, "rules": [{"name": "all"}]})
}

impl SetUp {
    /// What it is sent. What has its answers in its configuration knows no others, and does not
    /// select.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let is_direct = matches!(self.program, Program::Direct);
        Kind::all().filter(|kind| !is_direct || kind.work == Work::Hit).collect()
    }

    /// How many of so many requests reach the origin.
    pub(super) fn passes_on(&self, kind: Kind, count: usize) -> usize {
        match self.program {
            Program::Proxy => count,
            Program::Direct => 0,
            _ if kind.work.is_of_the_store() => 0,
            _ => count,
        }
    }

    /// Has it listen on `port`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn spawn(&self, stage: &Stage<'_>, port: u16) -> Result<Process> {
        let name = format!("{NAME}-{}", self.name);
        let filters: &[Value] = match &self.program {
            Program::Proxy | Program::Direct => &[],
            Program::Envoy(filter) => std::slice::from_ref(filter),
            Program::Nginx => return nginx(&name, stage, port),
            Program::Varnish => return varnish(&name, stage, port),
        };
        let mut configuration = gateway::envoy::configuration(port, stage.origin, filters);
        if matches!(self.program, Program::Direct) {
            answer_directly(&mut configuration);
        }
        stage.envoy(&name, port, 1, &configuration)
    }
}

/// Answers hits of each size by routes before all others.
fn answer_directly(configuration: &mut Value) {
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let Some(routes) = configuration.pointer_mut(&format!("{manager}/route_config")) else {
        return;
    };
    let route = |size: Size| {
        let header = |name: &str, value: &str| {
            json!({
                "header": {"key": name, "value": value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            })
        };
        let body = answer::body(size.bytes());
        json!({
            "match": {"prefix": format!("/{}/{}/", Work::Hit.name(), size.name())},
            "direct_response": {"status": 200, "body": {"inline_string": body}},
            "response_headers_to_add": answer::FIELDS.map(|(name, value)| header(name, value)),
        })
    };
    if let Some(all) = routes.pointer_mut("/virtual_hosts/0/routes").and_then(Value::as_array_mut) {
        all.splice(0..0, Size::ALL.map(route));
    }
    if let Some(fields) = routes.as_object_mut() {
        fields.insert("max_direct_response_body_size_bytes".to_owned(), json!(1 << 20));
    }
}

fn nginx(name: &str, stage: &Stage<'_>, port: u16) -> Result<Process> {
    let program = program("nginx")?;
    let store = stage.scratch.join("nginx-cache");
    forget(&store)?;
    let values = [
        ("port", &*port.to_string()),
        ("origin", &stage.origin.to_string()),
        ("scratch", &stage.scratch.to_string_lossy()),
        ("store", STORE_OF_PEERS),
    ];
    let file = template::fill("nginx/cache.conf", stage.scratch, &format!("{name}.conf"), &values)?;
    let mut command = Command::new(program);
    command.args(["-e", "stderr", "-p"]).arg(stage.scratch).arg("-c").arg(file);
    Process::start(name, stage.scratch, port, &mut command)
}

fn varnish(name: &str, stage: &Stage<'_>, port: u16) -> Result<Process> {
    let program = program("varnishd")?;
    let folder = stage.scratch.join("varnish");
    forget(&folder)?;
    let values = [("origin", &*stage.origin.to_string())];
    let file = template::fill("varnish/cache.vcl", stage.scratch, &format!("{name}.vcl"), &values)?;
    let mut command = Command::new(program);
    command.arg("-F").arg("-n").arg(&folder).arg("-f").arg(file);
    command.arg("-a").arg(format!("127.0.0.1:{port}"));
    command.arg("-s").arg(format!("malloc,{STORE_OF_PEERS}"));
    // An answer of 256 KiB takes the place of hundreds of 1 KiB: with its 50, Varnish breaks it
    // off.
    command.args(["-p", "nuke_limit=100000"]);
    // While the others have their turn.
    command.args(["-p", "timeout_idle=3600"]);
    Process::start(name, stage.scratch, port, &mut command)
}

/// Removes what a run before has left.
fn forget(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Those that the options ask for; the first two are there always.
///
/// # Errors
/// The options name one that is none.
pub(super) fn chosen(options: &Options, sources: &Sources) -> Result<Vec<SetUp>> {
    let module = sources.modules.join(format!("{FILTER}.wasm"));
    let alone = wasm_filter(FILTER, &module, Some(configuration()), &[]);
    let module = sources.modules.join(format!("{}.wasm", gatehouse_gateway::NAME));
    let chain = json!({"filters": [{FILTER: configuration()}]});
    let gateway = wasm_filter(gatehouse_gateway::NAME, &module, Some(chain), &[]);
    let mut all = vec![
        SetUp { name: PROXY, program: Program::Proxy },
        SetUp { name: DIRECT, program: Program::Direct },
        SetUp { name: FILTER, program: Program::Envoy(alone) },
        SetUp { name: GATEWAY, program: Program::Envoy(gateway) },
        SetUp { name: "nginx", program: Program::Nginx },
        SetUp { name: "varnish", program: Program::Varnish },
    ];
    let known: Vec<&str> = all.iter().map(|set_up| set_up.name).collect();
    let asked = options.set_ups.iter().chain(options.peers.iter().flatten());
    check_known("set-up", asked.filter(|name| *name != "none"), &known)?;
    all.retain(|SetUp { name, program }| match program {
        Program::Proxy | Program::Direct => true,
        Program::Envoy(_) => options.has_set_up(name),
        Program::Nginx | Program::Varnish => options.has_set_up(name) && options.has_peer(name),
    });
    Ok(all)
}

/// The rows that others are compared with, and the one of our filter with all others in one module.
pub(super) const PROXY: &str = "proxy";
pub(super) const DIRECT: &str = "direct";
pub(super) const GATEWAY: &str = "gateway.wasm";

/// The modules that these load.
pub(super) fn modules(set_ups: &[SetUp]) -> Vec<&'static str> {
    let module = |set_up: &SetUp| match set_up.name {
        FILTER => Some(FILTER),
        GATEWAY => Some(gatehouse_gateway::NAME),
        _ => None,
    };
    set_ups.iter().filter_map(module).collect()
}

/// Leaves out what this machine does not have, and says why.
pub(super) fn skip_absent(set_ups: &mut Vec<SetUp>) -> Vec<(String, String)> {
    let mut skipped = Vec::new();
    set_ups.retain(|set_up| {
        let needed = match set_up.program {
            Program::Nginx => "nginx",
            Program::Varnish => "varnishd",
            _ => return true,
        };
        let found = program(needed);
        if let Err(error) = &found {
            skipped.push((set_up.name.to_owned(), format!("{error:#}")));
        }
        found.is_ok()
    });
    skipped
}

#[cfg(test)]
mod tests {
    use super::super::super::python::peers;
    use super::*;

    fn chosen_by(line: &str) -> Result<Vec<&'static str>> {
        let set_ups = chosen(&Options::of_line(line)?, &Sources::of_nothing())?;
        Ok(set_ups.iter().map(|set_up| set_up.name).collect())
    }

    #[test]
    fn what_is_asked_for_is_measured_beside_both_baselines() {
        for (line, names) in [
            ("cache", &[PROXY, DIRECT, FILTER, GATEWAY, "nginx", "varnish"][..]),
            ("cache --peers none", &[PROXY, DIRECT, FILTER, GATEWAY]),
            ("cache --peers varnish", &[PROXY, DIRECT, FILTER, GATEWAY, "varnish"]),
            ("cache --filter-set response-cache", &[PROXY, DIRECT, FILTER]),
            ("cache --filter-set nginx", &[PROXY, DIRECT, "nginx"]),
        ] {
            assert_eq!(chosen_by(line).unwrap(), names, "{line}");
        }
        assert!(chosen_by("cache --filter-set varnis").is_err());
        assert!(chosen_by("cache --peers varnis").is_err());
    }

    #[test]
    fn every_mark_of_the_templates_is_known() {
        for (file, known) in [
            ("nginx/cache.conf", &["port", "origin", "scratch", "store"][..]),
            ("varnish/cache.vcl", &["origin"]),
        ] {
            let text = fs::read_to_string(peers().join(file)).unwrap();
            let values: Vec<_> = known.iter().map(|name| (*name, "")).collect();
            assert!(!template::replaced(&text, &values).contains('@'), "{file}");
        }
    }

    #[test]
    fn answers_of_the_configuration_come_before_what_is_passed_on() {
        let mut configuration = gateway::envoy::configuration(1, 2, &[]);
        answer_directly(&mut configuration);
        let routes = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/\
                      route_config/virtual_hosts/0/routes";
        let routes = configuration.pointer(routes).unwrap();
        assert_eq!(routes[2]["match"]["prefix"], "/hit/256KiB/");
        let body = routes[2]["direct_response"]["body"]["inline_string"].as_str().unwrap();
        assert_eq!(body.len(), 256 << 10);
        assert!(routes.as_array().unwrap().len() > 3);
    }
}
