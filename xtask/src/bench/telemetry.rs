//! `cargo xtask bench telemetry`: what counting adds to a request, in a module of its own and in
//! `gateway.wasm`, whose VM is entered anyway.

use anyhow::Result;
use serde_json::{Value, json};

use super::header_transform::REQUEST_ONLY;
use super::set_up::{Bench, SetUp, wasm_filter};
use super::{Sources, probe};

/// The bench's name.
pub(super) const NAME: &str = "telemetry";

/// What counts beside.
const COUNTING: [&str; 4] = [
    "proxy_get_current_time_nanoseconds",
    "proxy_get_shared_data",
    "proxy_record_metric",
    "proxy_set_shared_data",
];

/// The set-ups of a name, each with what it counts; nothing is the baseline of the others.
fn counted() -> [(&'static str, Option<Value>); 4] {
    [
        ("nothing", None),
        // One counter and a histogram, told apart by nothing that has to be asked for.
        ("plain", Some(json!({"requests": {"labels": ["method"]}, "duration": {"labels": []}}))),
        // Both by the class of the status and the route.
        (
            "labelled",
            Some(json!({
                "requests": {"labels": ["route", "method", "status_class"]},
                "duration": {"labels": ["route", "method", "status_class"]}})),
        ),
        // All that there is: three counters and a histogram, and the caller.
        ("all", Some(json!({"requests": {}, "bytes": {}, "duration": {}}))),
    ]
}

/// Each alone, and in the chain of a gateway.
///
/// # Errors
/// The empty module cannot be written.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let empty = probe::write(&sources.scratch, "empty", &[], probe::Data::default())?;
    let capabilities = [&REQUEST_ONLY[..], &COUNTING].concat();
    let filter = |name: &str, configuration: Value| {
        let module = sources.modules.join(format!("{name}.wasm"));
        wasm_filter(name, &module, Some(configuration), &capabilities)
    };
    let mut set_ups = vec![
        SetUp::new("bare", vec![]),
        // Entering a VM that does nothing: the floor for any filter.
        SetUp::new("wasm-empty", vec![wasm_filter("empty", &empty, None, &[])]),
    ];
    for (name, configuration) in counted() {
        let Some(configuration) = configuration else { continue };
        set_ups.push(SetUp {
            filter: Some(NAME.to_owned()),
            ..SetUp::new(name, vec![filter(NAME, configuration)])
        });
    }
    for (name, configuration) in counted() {
        let others = json!({"header-transform": {"rules": [{
            "match": {"path": {"prefix": "/nowhere"}},
            "request": [{"set": {"name": "x-bench", "value": "1"}}]}]}});
        let telemetry = configuration.map(|configuration| json!({NAME: configuration}));
        let over = telemetry.is_some().then_some("gateway-nothing");
        let filters: Vec<Value> = telemetry.into_iter().chain([others]).collect();
        set_ups.push(SetUp {
            filter: Some("gateway".to_owned()),
            over,
            ..SetUp::new(
                &format!("gateway-{name}"),
                vec![filter("gateway", json!({"filters": filters}))],
            )
        });
    }
    Ok(Bench { name: NAME, set_ups, targets: Vec::new() })
}
