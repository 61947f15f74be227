//! A configuration, and what is to be said of it.

use gatehouse_check::{Level, Line};
use gatehouse_sandbox::Packaging;
use gatehouse_sandbox::example::bundle;
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

/// What `check` says, and what Envoy does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    /// Both take it: `check` has nothing to say, and the listener serves.
    Good,
    /// Both refuse it, and both say this.
    Refused(&'static str),
    /// Both refuse it, and both say each of these.
    RefusedForAll(&'static [&'static str]),
    /// Both refuse it; Envoy, whose matter it is, in words of its own.
    RefusedInWords {
        /// What `check` says.
        check: &'static str,
        /// What Envoy says.
        envoy: &'static str,
    },
    /// Envoy takes it and serves, and a guard is void, or may be.
    Void {
        /// How `check` takes it.
        level: Level,
        /// What it says.
        says: &'static str,
        /// Why Envoy does not.
        because: &'static str,
    },
}

pub(crate) use Verdict::{Good, Refused, RefusedForAll, RefusedInWords, Void};

/// How `check` takes what it says.
pub(crate) mod level {
    pub(crate) use gatehouse_check::Level::{Fault as FAULT, Warning as WARNING};
}

/// The name of a case, a filter's configuration in YAML, and what is to be said of it.
pub(crate) type Row = (&'static str, &'static str, Verdict);

/// A listener with a filter that is configured in this way, written in YAML.
pub(crate) struct Block {
    pub(crate) case: &'static str,
    pub(crate) filter: &'static str,
    /// In flow style: `{rules: []}`.
    pub(crate) yaml: &'static str,
    pub(crate) verdict: Verdict,
}

/// A good listener of these filters in which something was changed, as JSON.
pub(crate) struct Changed {
    pub(crate) case: &'static str,
    pub(crate) filters: &'static [&'static str],
    pub(crate) change: fn(&mut Value),
    pub(crate) verdict: Verdict,
}

/// A whole file.
pub(crate) struct Whole {
    pub(crate) case: &'static str,
    /// How the file's name ends.
    pub(crate) ending: &'static str,
    pub(crate) text: fn() -> String,
    pub(crate) verdict: Verdict,
}

/// A configuration that every filter takes, as small as it can be.
pub(crate) fn good(filter: &str) -> &'static str {
    match filter {
        "api-key-auth" => {
            "{consumers: [{name: shop, keys: \
             []}]}"
        }
        "authorization" => "{rules: [{action: allow, match: {methods: [GET]}}]}",
        "body-transform" => "{rules: [{request: {operations: [{remove: {path: a}}]}}]}",
        "header-transform" => "{rules: [{request: [{set: {name: x-a, value: '1'}}]}]}",
        "jwt-auth" => {
            "{providers: [{name: demo, issuer: https://a.example, audiences: [x], \
             jwks: {keys: [{kty: oct, kid: a, alg: HS256, \
             k: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}]}"
        }
        "gateway" => {
            "{filters: [{rate-limit: {rules: [{limits: [{requests: 100, window: 60s}]}]}}, \
             {header-transform: {rules: [{response: [{remove: {name: x-a}}]}]}}]}"
        }
        "rate-limit" => "{rules: [{limits: [{requests: 100, window: 60s}]}]}",
        "response-cache" => "{rules: [{}]}",
        "audit" => "{record: true}",
        "telemetry" => "{requests: {labels: [method]}}",
        other => panic!("there is no filter {other}"),
    }
}

/// The chain of a listener, with these filters and the router.
pub(crate) fn listener(name: &str, filters: &[(&str, Value)]) -> Value {
    let mut chain: Vec<Value> = filters.iter().map(|(filter, block)| wasm(filter, block)).collect();
    chain.push(json!({"name": "router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
    }}));
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{
            "name": "http",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                          http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "http",
                "use_remote_address": true,
                "http_filters": chain,
                "route_config": {"name": "routes", "virtual_hosts": [{
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{
                        "name": "all",
                        "match": {"prefix": "/"},
                        "direct_response": {"status": 200, "body": {"inline_string": "served"}},
                    }],
                }]},
            },
        }]}],
    })
}

fn wasm(filter: &str, block: &Value) -> Value {
    json!({"name": filter, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": filter,
            "vm_config": {
                "vm_id": format!("beside.{filter}"),
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": workspace::filters().join(format!("{filter}.wasm"))}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.Struct",
                "value": block,
            },
        },
    }})
}

impl Block {
    /// The listener as YAML: its block is the very text.
    pub(crate) fn yaml(&self, name: &str) -> String {
        const HOLE: &str = "\"the block\"";
        let (module, block) = match packaging() {
            _ if self.filter == "gateway" => (self.filter, self.yaml.to_owned()),
            Packaging::Separate => (self.filter, self.yaml.to_owned()),
            Packaging::Gateway => {
                ("gateway", format!("{{filters: [{{{}: {}}}]}}", self.filter, self.yaml))
            }
        };
        let mut listener = listener(name, &[(module, json!("the block"))]);
        name_plugins(&mut listener, name);
        // All JSON is YAML; and a block begins with no space that would matter.
        listener.to_string().replace(HOLE, &block)
    }
}

impl Changed {
    /// The listener, with its change.
    pub(crate) fn tree(&self, name: &str) -> Value {
        let block = |filter: &&'static str| (*filter, plain(good(filter)));
        let mut tree = listener(name, &self.filters.iter().map(block).collect::<Vec<_>>());
        (self.change)(&mut tree);
        // A configuration that is text stays as it is: of two equal names in it, bundling takes
        // one.
        let is_text = tree.to_string().contains("google.protobuf.StringValue");
        if packaging() == Packaging::Gateway && !is_text {
            bundle(&mut tree, &workspace::filter_names().expect("the filters"));
        }
        name_plugins(&mut tree, name);
        tree
    }
}

/// A whole config with this listener.
pub(crate) fn as_static(listener: &str) -> String {
    const KIND: &str = r#""@type":"type.googleapis.com/envoy.config.listener.v3.Listener","#;
    let listener = listener.replacen(KIND, "", 1);
    format!(
        r#"{{"static_resources": {{
"clusters": [{{"name": "echo"}}, {{"name": "keys"}}],
"listeners": [{listener}]}}}}"#
    )
}

/// The block that this text is.
pub(crate) fn plain(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).expect("a block is YAML")
}

fn packaging() -> Packaging {
    Packaging::from_env().unwrap_or_else(|fault| panic!("{fault}"))
}

/// Gives every plugin the name of its case, by which Envoy's log calls it.
fn name_plugins(tree: &mut Value, name: &str) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| name_plugins(item, name)),
        Value::Object(fields) => {
            if fields.contains_key("vm_config") || fields.contains_key("vmConfig") {
                fields.insert("name".to_owned(), json!(name));
            }
            // Before 1.40 a plugin gets the VM of another one of the same `vm_id`, and so what that
            // one may do, in that one's runtime.
            let is_restricted = fields.contains_key("capability_restriction_config");
            if let Some(vm) = fields.get_mut("vm_config").and_then(Value::as_object_mut)
                && (is_restricted || vm.get("runtime") != Some(&json!("envoy.wasm.runtime.v8")))
                && vm.contains_key("vm_id")
            {
                vm.insert("vm_id".to_owned(), json!(name));
            }
            fields.values_mut().for_each(|field| name_plugins(field, name));
        }
        _ => {}
    }
}

impl Verdict {
    /// What is not as it should be in what `check` says.
    pub(crate) fn against_check(self, lines: &[Line]) -> Option<String> {
        let told = |level: Level, says: &str| {
            let others = lines.iter().filter(|line| line.level != Level::Good);
            let is_told = |line: &&Line| line.level == level && line.text.contains(says);
            others.clone().any(|line| is_told(&line))
                && (level == Level::Fault || others.clone().all(|line| !line.is_fault()))
        };
        if let Void { because: "", .. } = self {
            return Some("must say why Envoy says nothing".to_owned());
        }
        let is_right = match self {
            Good => lines.iter().all(|line| line.level == Level::Good),
            Refused(says) | RefusedInWords { check: says, .. } => told(Level::Fault, says),
            RefusedForAll(all) => all.iter().all(|says| told(Level::Fault, says)),
            Void { level, says, .. } => told(level, says),
        };
        let all = || lines.iter().map(|line| format!("\n    {}", line.text)).collect::<String>();
        (!is_right).then(|| format!("wanted {self:?}; check says:{}", all()))
    }

    /// What is not as it should be in what Envoy did with the file.
    pub(crate) fn against_done(self, done: Result<(), String>) -> Option<String> {
        match (self, done) {
            (Good | Void { .. }, Ok(())) => None,
            (Good | Void { .. }, Err(said)) => Some(format!("Envoy refuses it: {said}")),
            (Refused(_) | RefusedForAll(_) | RefusedInWords { .. }, Ok(())) => {
                Some("Envoy takes it".to_owned())
            }
            (RefusedForAll(all), Err(said)) => {
                let lacks = all.iter().find(|says| !said.contains(**says));
                lacks.map(|says| format!("Envoy should say `{says}`, and says: {said}"))
            }
            (Refused(says) | RefusedInWords { envoy: says, .. }, Err(said)) => (!said
                .contains(says))
            .then(|| format!("Envoy should say `{says}`, and says: {said}")),
        }
    }
}
