use std::collections::BTreeMap;

use gatehouse_sandbox::{Builder, Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::{configuration, trap};

/// How far the values of labels may grow.
mod bounds;

/// What rate-limit charges.
mod costs;

/// Counters that a bill can be made of.
mod exactness;

/// What is told of single requests.
mod samples;

const CONFIG: &str = "envoy/telemetry.yaml";

/// The example, behind which api-key-auth knows these consumers by the key `NAME-key`, each with a
/// tier.
fn with_consumers(consumers: &[(&str, &str)], telemetry: Value) -> Builder {
    let edit = edited(consumers, telemetry);
    Gateway::builder(CONFIG).concurrency(4).edit(edit)
}

fn edited(consumers: &[(&str, &str)], telemetry: Value) -> impl FnOnce(&mut Value) + use<> {
    let consumers: Vec<Value> = consumers
        .iter()
        .map(|(name, tier)| {
            let key = gatehouse_filter::api_key::Digest::sha256(format!("{name}-key").as_bytes());
            json!({"name": name, "tier": tier, "keys": [{"digest": key.to_string()}]})
        })
        .collect();
    move |tree| {
        configuration::set(tree, "telemetry", telemetry);
        let mut keys = of_example("api-key-auth");
        *keys.pointer_mut("/typed_config/config/configuration/value").expect("a configuration") = json!({
            "sources": [{"header": "x-api-key"}],
            "consumers": consumers,
            "rules": [{"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "optional"}],
        });
        insert(tree, 1, keys);
    }
}

/// Puts a filter into the chain at this position.
pub(crate) fn insert(tree: &mut Value, at: usize, filter: Value) {
    let filters = tree
        .pointer_mut(
            "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters",
        )
        .and_then(Value::as_array_mut)
        .expect("a list of filters");
    filters.insert(at, filter);
}

/// The filter as its own example has it.
pub(crate) fn of_example(filter: &str) -> Value {
    let path = workspace::root().join(format!("envoy/{filter}.yaml"));
    let example = gatehouse_sandbox::example::Example::load(&path).expect("the example");
    let path =
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0";
    example.tree().pointer(path).expect("its filter").clone()
}

/// The series of a metric, as Prometheus reads them: what is between the braces, and the value.
pub(crate) fn series(gateway: &Gateway, metric: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        let labels = name.strip_prefix(metric)?;
        let labels = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}'));
        (labels.is_some() || name == metric)
            .then(|| Some((labels.unwrap_or_default().to_owned(), value.parse().ok()?)))?
    };
    gateway.admin("/stats/prometheus").lines().filter_map(line).collect()
}

#[test]
fn the_example_tells_requests_apart_as_its_readme_says() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    for (path, status) in [("/a", 200), ("/b?status=503", 503), ("/c?status=404", 404)] {
        let request = gatehouse_sandbox::raw::Request::get(path);
        assert_eq!(gateway.request(request).status, status);
    }
    let request = gatehouse_sandbox::raw::Request::new("FROB", "/");
    let frob = gateway.request(request).status;
    let admin = gateway.admin("/stats/prometheus");
    for line in [
        r#"gatehouse_requests_total{route="echo",method="GET",status_class="2xx"} 1"#,
        r#"gatehouse_requests_total{route="echo",method="GET",status_class="5xx"} 1"#,
        r#"gatehouse_requests_total{route="echo",method="GET",status_class="4xx"} 1"#,
        r#"gatehouse_label_values{label="route"} 1"#,
    ] {
        assert!(admin.lines().any(|given| given == line), "{line} is not in\n{admin}");
    }
    // Envoy itself refuses a method that it does not know, before any filter.
    assert_eq!(frob, 400, "{admin}");
    assert!(!admin.contains("_OTHER"), "{admin}");
    trap::assert_none(&gateway);
}

#[test]
fn durations_have_the_buckets_and_the_names_of_opentelemetry() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(gateway.request(gatehouse_sandbox::raw::Request::get("/")).status, 200);
    let slow = gatehouse_sandbox::raw::Request::get("/?delay_ms=300");
    assert_eq!(gateway.request(slow).status, 200);
    let name = "http_server_request_duration_milliseconds";
    let labels = r#"http_route="echo",http_request_method="GET""#;
    let mut admin = String::new();
    crate::harness::until("histograms are told every few seconds", || {
        admin = gateway.admin("/stats/prometheus");
        admin.contains(&format!("{name}_count{{{labels}}} 2"))
    });
    let bounds: Vec<&str> = admin
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{name}_bucket{{{labels},le=\"")))
        .filter_map(|line| line.split('"').next())
        .collect();
    let want = "5 10 25 50 75 100 250 500 750 1000 2500 5000 7500 10000 +Inf".split(' ');
    assert_eq!(bounds, want.collect::<Vec<_>>());
    // The one of 300 ms at least is in none of the buckets up to 250.
    let up_to_250 = format!("{name}_bucket{{{labels},le=\"250\"}} 1");
    assert!(admin.lines().any(|line| line == up_to_250), "{admin}");
    trap::assert_none(&gateway);
}
