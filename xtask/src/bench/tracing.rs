//! `cargo xtask bench tracing`: what the tracer of envoy/tracing.yaml adds to a request, with a
//! collector that is not there, and with a server in its place that takes what is sent.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::{Upstreams, workspace};
use serde_json::{Value, json};

use super::Sources;
use super::set_up::{Bench, SetUp, Tracing};

/// The bench's name.
pub(super) const NAME: &str = "tracing";

/// In the example, the manager of the listener for clients.
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// How the demo's service is called that takes what is sent.
const ECHO: &str = "echo:8000";

/// No tracer; one that samples nothing; spans with Envoy's tags alone; with all of the example; that
/// with a server that takes them; and the filter that tells calls of the span.
///
/// # Errors
/// The example cannot be read, is no longer what is expected, or there is no port for the server.
pub(super) fn bench(_: &Sources) -> Result<Bench> {
    let example = Example::load(&workspace::root().join("envoy/tracing.yaml"))?;
    let manager = example.tree().pointer(MANAGER).context("envoy/tracing.yaml has no manager")?;
    let tracing = manager.get("tracing").context("envoy/tracing.yaml has no traces")?;
    let changed = |field: &str, value: Value| {
        let mut tracing = tracing.clone();
        if let Some(fields) = tracing.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
        tracing
    };
    let unsampled = changed("random_sampling", json!({"value": 0}));
    let context = manager.pointer("/http_filters/0").context("it has no filter")?;
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let of = |name: &str, filters: Vec<Value>, tracer: Value, collector: SocketAddr| SetUp {
        tracing: Some(Tracing { tracer, collector }),
        ..SetUp::new(name, filters)
    };
    let set_ups = vec![
        SetUp::new("bare", vec![]),
        of("unsampled", vec![], unsampled.clone(), nobody),
        of("envoy-tags", vec![], changed("custom_tags", json!([])), nobody),
        of("all-tags", vec![], tracing.clone(), nobody),
        of("taken", vec![], tracing.clone(), server()?),
        SetUp {
            over: Some("unsampled"),
            ..of("trace-context", vec![context.clone()], unsampled, nobody)
        },
    ];
    Ok(Bench { name: NAME, set_ups, targets: Vec::new() })
}

/// A server that lives as long as this process. Its answers are none of a collector's, which Envoy
/// does not mind.
fn server() -> Result<SocketAddr> {
    static SERVER: OnceLock<Upstreams> = OnceLock::new();
    if SERVER.get().is_none() {
        let started = Upstreams::start(&[ECHO.to_owned()].into(), BTreeMap::new())?;
        // Where another was first, that one is as good.
        let _ = SERVER.set(started);
    }
    let server = SERVER.get().and_then(|server| server.addresses().get(ECHO));
    server.copied().context("no server for spans")
}
