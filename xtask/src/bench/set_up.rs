//! What a bench is made of: a list of set-ups, each an Envoy filter chain and the request that it
//! is sent.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::load;
use super::options::check_known;

/// The path that every set-up serves with an empty-handed direct response.
pub(super) const PATH: &str = "/orders/17?expand=items";

/// Same gateway, same filters; the response also shows the request header that a set-up must have
/// written.
pub(super) const PROOF_PATH: &str = "/proof";

/// The response header of [`PROOF_PATH`].
pub(super) const PROOF_HEADER: &str = "x-proof";

/// Set-ups measured beside each other. The first is the baseline.
pub(super) struct Bench {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// At least one.
    pub(super) set_ups: Vec<SetUp>,
    /// What should be reached, if anything.
    pub(super) targets: Vec<Target>,
}

/// What a set-up is called with a module from another time.
const BEFORE: &str = "-before";

/// "`subject` adds at most `ratio` times what `reference` adds."
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// Name of a set-up.
    pub(super) subject: &'static str,
    /// Name of a set-up.
    pub(super) reference: &'static str,
    /// Largest ratio of the two added costs.
    pub(super) ratio: f64,
}

/// One Envoy to measure.
#[derive(Clone)]
pub(super) struct SetUp {
    /// Its row in the table.
    pub(super) name: String,
    /// The filter of this workspace to build first.
    pub(super) filter: Option<String>,
    /// The HTTP filters before the router, as Envoy reads them.
    pub(super) http_filters: Vec<Value>,
    /// Whether there are spans.
    pub(super) tracing: Option<Tracing>,
    /// The whole request on the wire.
    pub(super) request: Vec<u8>,
    /// The same to [`PROOF_PATH`].
    pub(super) proof: Vec<u8>,
    /// A request that it must refuse with 401.
    pub(super) refuses: Option<Vec<u8>>,
    /// The set-up that it adds to; `None` for the first.
    pub(super) over: Option<&'static str>,
    /// The value of `x-bench` that the upstream must see; `None` when the set-up writes nothing.
    pub(super) writes: Option<String>,
    /// Whether it must refuse the second request to [`PROOF_PATH`] with 429.
    pub(super) limits_proof: bool,
    /// The body of every answer; `None` for a short one.
    pub(super) answer: Option<String>,
}

/// A tracer.
#[derive(Clone)]
pub(super) struct Tracing {
    /// As the connection manager has it; its spans go to the cluster `collector`.
    pub(super) tracer: Value,
    /// Where that cluster is.
    pub(super) collector: SocketAddr,
}

impl Bench {
    /// Keeps the baseline and the set-ups named in `names`; all when `names` is empty.
    ///
    /// # Errors
    /// A name that is no set-up.
    pub(super) fn keep(&mut self, names: &[String]) -> Result<()> {
        let known: Vec<String> = self.set_ups.iter().map(|set_up| set_up.name.clone()).collect();
        check_known("set-up", names, &known.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !names.is_empty() {
            let kept = self.set_ups.iter().filter(|set_up| names.contains(&set_up.name));
            let mut baselines: Vec<&str> = kept.filter_map(|set_up| set_up.over).collect();
            baselines.extend(known.first().map(String::as_str));
            self.set_ups.retain(|set_up| {
                names.contains(&set_up.name) || baselines.contains(&&*set_up.name)
            });
        }
        Ok(())
    }

    /// Adds, after each set-up of a module of ours, the same with the module from another time:
    /// what options cost that came since, and that nobody uses here.
    ///
    /// # Errors
    /// The folder has none of the modules.
    pub(super) fn add_twins(&mut self, modules: &Path, before: &Path) -> Result<()> {
        let before =
            before.canonicalize().with_context(|| format!("no modules in {}", before.display()))?;
        let mut all = Vec::new();
        let mut twins = 0_usize;
        for set_up in std::mem::take(&mut self.set_ups) {
            let twin = set_up.twin(modules, &before)?;
            all.push(set_up);
            twins = twins.saturating_add(usize::from(twin.is_some()));
            all.extend(twin);
        }
        self.set_ups = all;
        if twins == 0 {
            bail!("{} has none of the modules of this bench", before.display());
        }
        Ok(())
    }

    /// The position of what a set-up adds to.
    pub(super) fn baseline(&self, set_up: &SetUp) -> usize {
        let named = |name| self.set_ups.iter().position(|set_up| set_up.name == name);
        set_up.over.and_then(named).unwrap_or_default()
    }
}

impl SetUp {
    /// A filter chain that gets the standard request and writes nothing.
    pub(super) fn new(name: &str, http_filters: Vec<Value>) -> Self {
        SetUp {
            name: name.to_owned(),
            filter: None,
            http_filters,
            tracing: None,
            request: request(PATH),
            proof: request(PROOF_PATH),
            refuses: None,
            over: None,
            writes: None,
            limits_proof: false,
            answer: None,
        }
    }

    /// The same with its module from another folder; `None` where it has no module of ours, or the
    /// folder lacks it.
    fn twin(&self, modules: &Path, before: &Path) -> Result<Option<Self>> {
        let Some(filter) = &self.filter else { return Ok(None) };
        let file = format!("{filter}.wasm");
        let (ours, theirs) = (modules.join(&file), before.join(&file));
        if !theirs.is_file() {
            note!("{} lacks {file}: {} is not measured with it", before.display(), self.name);
            return Ok(None);
        }
        let filters = serde_json::to_string(&self.http_filters)?;
        let quoted = |path: &Path| serde_json::to_string(path);
        let filters = filters.replace(&quoted(&ours)?, &quoted(&theirs)?);
        Ok(Some(SetUp {
            name: format!("{}{BEFORE}", self.name),
            filter: None,
            http_filters: serde_json::from_str(&filters)?,
            ..self.clone()
        }))
    }

    /// A module from outside this workspace, without configuration or restriction.
    ///
    /// # Errors
    /// There is no such file.
    pub(super) fn of_module(path: &Path) -> Result<Self> {
        let path =
            path.canonicalize().with_context(|| format!("no module at {}", path.display()))?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let filter = wasm_filter(&name, &path, None, &[]);
        Ok(SetUp::new(&name, vec![filter]))
    }

    /// Sends one request of the bench, one to [`PROOF_PATH`] and one to be refused: what does
    /// nothing is quick.
    ///
    /// # Errors
    /// Another status than 200, the header that the set-up must write is not there, a limit does
    /// not hold, or a token passes that must not.
    pub(super) fn check(&self, address: SocketAddr) -> Result<()> {
        let ask = |request: &[u8]| load::ask(address, request);
        let expect_refusal = |answer: Result<String>, status| match answer {
            Err(error) if error.to_string().contains(&format!("HTTP/1.1 {status} ")) => Ok(()),
            Err(error) => bail!("set-up {} did not refuse with {status}: {error}", self.name),
            Ok(_) => bail!("set-up {} did not refuse with {status} what it must", self.name),
        };
        ask(&self.request).with_context(|| format!("set-up {}", self.name))?;
        if let Some(request) = &self.refuses {
            expect_refusal(ask(request), 401)?;
        }
        if self.limits_proof {
            ask(&self.proof).with_context(|| format!("set-up {}", self.name))?;
            expect_refusal(ask(&self.proof), 429)?;
        }
        let Some(expected) = &self.writes else {
            return Ok(());
        };
        let answer = ask(&self.proof).with_context(|| format!("set-up {}", self.name))?;
        let line = format!("\r\n{PROOF_HEADER}: {expected}\r\n");
        if !answer.contains(&line) {
            bail!(
                "set-up {} did not write `{expected}`; the upstream would see: {answer}",
                self.name
            );
        }
        Ok(())
    }
}

/// The request id of the standard request.
pub(super) const REQUEST_ID: &str = "6f1c2b7e-3d0a-4c55-9a3e-1b2c3d4e5f60";

/// The user agent of the standard request.
pub(super) const USER_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A browser's request as a load balancer passes it on: ten headers and the host.
pub(super) fn request(path: &str) -> Vec<u8> {
    request_with(path, "")
}

/// The same with these further lines of its head.
pub(super) fn request_with(path: &str, lines: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\n\
         host: api.gatehouse.example\r\n\
         user-agent: {USER_AGENT}\r\n\
         accept: application/json, text/plain, */*\r\n\
         accept-language: en-GB,en;q=0.8,de;q=0.5\r\n\
         accept-encoding: gzip, deflate, br\r\n\
         referer: https://shop.gatehouse.example/orders\r\n\
         cookie: session=5b1f0c9a8d7e6f5a4b3c2d1e0f9a8b7c; theme=dark\r\n\
         x-forwarded-for: 203.0.113.7\r\n\
         x-forwarded-proto: https\r\n\
         x-request-id: {REQUEST_ID}\r\n\
         traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
         {lines}\r\n"
    )
    .into_bytes()
}

/// A wasm filter as the shipped configurations load it: own VM, reloaded when it fails,
/// `capabilities` only (everything when empty).
pub(super) fn wasm_filter(
    name: &str,
    module: &Path,
    configuration: Option<Value>,
    capabilities: &[&str],
) -> Value {
    let mut config = json!({
        "name": name,
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {
            "vm_id": format!("gatehouse.{name}"),
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}},
        },
    });
    if let Some(fields) = config.as_object_mut() {
        if let Some(configuration) = configuration {
            let any = json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": configuration});
            fields.insert("configuration".to_owned(), any);
        }
        if !capabilities.is_empty() {
            let allowed: serde_json::Map<String, Value> =
                capabilities.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
            fields.insert(
                "capability_restriction_config".to_owned(),
                json!({"allowed_capabilities": allowed}),
            );
        }
    }
    http_filter(
        "envoy.filters.http.wasm",
        "envoy.extensions.filters.http.wasm.v3.Wasm",
        json!({"config": config}),
    )
}

/// An entry of `http_filters`: `fields` are those of the message `type_name`.
pub(super) fn http_filter(name: &str, type_name: &str, mut fields: Value) -> Value {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("@type".to_owned(), json!(format!("type.googleapis.com/{type_name}")));
    }
    json!({"name": name, "typed_config": fields})
}
