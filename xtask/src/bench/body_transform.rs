//! `cargo xtask bench body-transform`: JSON answers of three sizes, brought into another form.
//!
//! The answer is a direct response, so only the gateway counts: sending it, and what the filter
//! does with it.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use gatehouse_sandbox::envoy;
use serde_json::{Value, json};

use super::cores::Cores;
use super::load::{self, Connection};
use super::options::Options;
use super::set_up::{PATH, SetUp, request, wasm_filter};
use super::{Sources, envoy_process, settle};
use crate::build;

/// The bench's name.
pub(super) const NAME: &str = "body-transform";

const SIZES: [(&str, usize); 3] = [("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];

/// What each set-up has to do with the answers; `None` is the gateway without the filter.
fn ways() -> [(&'static str, Option<Value>); 4] {
    let rule = |prefix: &str, operations: Value| {
        let side = json!({"max_body": "2MiB", "operations": operations});
        Some(
            json!({"hold_heads": true, "rules": [{"match": {"path": {"prefix": prefix}}, "response": side}]}),
        )
    };
    [
        ("pass-through", None),
        ("no-match", rule("/nowhere", json!([]))),
        ("check", rule("/", json!([]))),
        (
            "transform",
            rule(
                "/",
                json!([
                    {"remove": {"path": "orders[*].internal_id"}},
                    {"case": {"to": "camel"}},
                    {"set": {"path": "served.by", "value": "gatehouse"}},
                ]),
            ),
        ),
    ]
}

/// Measures and prints a table.
///
/// # Errors
/// No Envoy, a filter that does not build, or an answer that is not what the set-up must make of
/// it.
pub(super) fn run(options: &Options, sources: &Sources) -> Result<()> {
    build::modules(&[NAME.to_owned()])?;
    let envoy = envoy::locate(|step| note!("{step}"))?;
    let cores = Cores::choose()?;
    say!("{NAME}: CPU of Envoy with one worker, median of {} rounds", options.rounds);
    say!("{}", cores.describe());
    say!(
        "{:>8}  {:14} {:>11} {:>11} {:>10}  MB/s a core",
        "body",
        "set-up",
        "µs",
        "added µs",
        "MB/s"
    );
    for (label, size) in SIZES {
        let mut running = Vec::new();
        for (name, configuration) in ways() {
            let set_up = set_up(sources, &format!("{name}-{size}"), configuration, size);
            let start = || envoy_process::start(envoy.path(), &sources.scratch, &set_up);
            let gateway = cores.start(start)?;
            let answer = load::ask(gateway.address(), &set_up.request)?;
            let transformed = answer.contains("\"unitPrice\"") && !answer.contains("internal");
            ensure!(transformed == (name == "transform"), "set-up {name} answers: {answer:.200}");
            let mut connection = Connection::open(gateway.address())?;
            serve(&mut connection, &set_up.request, requests(options, size) / 4)?;
            running.push((name, gateway, connection, set_up, Vec::new()));
        }
        for _ in 0..options.rounds {
            for (_, gateway, connection, set_up, costs) in &mut running {
                let requests = requests(options, size);
                let before = gateway.cpu()?;
                serve(connection, &set_up.request, requests)?;
                settle();
                let spent = gateway.cpu()?.saturating_sub(before);
                costs.push(spent.as_secs_f64() * 1e6 / requests as f64);
            }
        }
        let mut baseline = None;
        for (name, _, _, _, costs) in &mut running {
            costs.sort_by(f64::total_cmp);
            let cost = costs.get(costs.len() / 2).copied().unwrap_or_default();
            let added = cost - *baseline.get_or_insert(cost);
            let rate = |microseconds: f64| match microseconds {
                positive if positive > 0.0 => format!("{:.0}", size as f64 / positive),
                _ => "-".to_owned(),
            };
            say!(
                "{label:>8}  {name:14} {cost:>11.1} {added:>11.1} {:>10}  {}",
                rate(cost),
                rate(added)
            );
        }
    }
    say!("MB/s: the whole gateway; MB/s a core: the filter alone, what it adds to pass-through.");
    Ok(())
}

/// Fewer of the large ones: each round takes about as long.
fn requests(options: &Options, size: usize) -> usize {
    options
        .requests
        .saturating_mul(1 << 10)
        .checked_div(size.max(16 << 10))
        .unwrap_or_default()
        .max(40)
}

fn serve(connection: &mut Connection, request: &[u8], count: usize) -> Result<()> {
    for _ in 0..count {
        connection.send(request)?;
        connection.receive()?;
    }
    Ok(())
}

fn set_up(sources: &Sources, name: &str, configuration: Option<Value>, size: usize) -> SetUp {
    let module = sources.modules.join("body-transform.wasm");
    let filters = configuration.map(|configuration| {
        let mut filter = wasm_filter(NAME, &module, Some(configuration), &[]);
        if let Some(config) =
            filter.pointer_mut("/typed_config/config").and_then(Value::as_object_mut)
        {
            config.insert("allow_on_headers_stop_iteration".to_owned(), json!(true));
        }
        filter
    });
    SetUp {
        request: request(PATH),
        answer: Some(document(size)),
        ..SetUp::new(name, filters.into_iter().collect())
    }
}

/// A list of orders of about this many bytes, as a service written in another language than the
/// client's tells it.
fn document(size: usize) -> String {
    let mut text = String::from("{\"orders\":[");
    let mut id = 0_u32;
    while text.len() < size.saturating_sub(80) {
        id = id.saturating_add(1);
        let comma = if id == 1 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"id\":{id},\"internal_id\":\"7f3a-{id:08}\",\"customer_name\":\"Zo\u{eb} Müller\",\"placed_at\":\
             \"2026-03-14T09:26:53Z\",\"line_items\":[{{\"sku\":\"KB-75\",\"quantity\":2,\"unit_price\":129.00}}],\
             \"total_price\":258.00,\"is_gift\":false,\"delivery_note\":null}}"
        );
    }
    text.push_str("],\"total_count\":12345678901234567890}");
    text
}
