//! `qos/ratelimit/…`: rate-limit, with a bucket for all together and one for each client.

use serde_json::{Map, Value, json};

use super::address;
use super::endpoint::Endpoint;
use super::module;
use crate::carrying::Carrying;
use crate::envoy::Module;
use crate::source::{Kind, Node, Read};

const ROUTER: &str = "qos/ratelimit/router";
const PROXY: &str = "qos/ratelimit/proxy";
const SERVICE: &str = "qos/ratelimit/service";

pub(super) fn filter(
    root: &Node,
    endpoints: &mut [Endpoint<'_>],
    carrying: &mut Carrying<'_>,
) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    if let Some(node) = root.mapping_of("extra_config")?.and_then(|extra| extra.get(SERVICE)) {
        match of_router(node, "service", &Map::new())? {
            Ok(all) => rules.extend(all),
            Err(why) => {
                if carrying.cannot_guard(
                    node.line,
                    &format!("extra_config: {SERVICE}"),
                    SERVICE,
                    why,
                ) {
                    endpoints.iter_mut().for_each(|endpoint| endpoint.close(503));
                }
            }
        }
    }
    for endpoint in endpoints.iter_mut() {
        let subject = endpoint.subject(ROUTER);
        let mut of_route = Map::new();
        of_route.insert("match".to_owned(), json!({"route": endpoint.name}));
        if let Some(node) = endpoint.extra(ROUTER) {
            match of_router(node, &endpoint.name, &of_route)? {
                Ok(all) => rules.extend(all),
                Err(why) => {
                    if carrying.cannot_guard(node.line, &subject, ROUTER, why) {
                        endpoint.close(503);
                    }
                }
            }
        }
        let mut closes = false;
        for (at, backend) in endpoint.backends.iter().enumerate() {
            let extra = backend.node.mapping_of("extra_config")?;
            let Some(node) = extra.and_then(|extra| extra.get(PROXY)) else { continue };
            match limit(node, "max_rate", "capacity")? {
                Some(limit) => {
                    let mut rule = of_route.clone();
                    rule.insert("name".to_owned(), json!(format!("{}.b{at}", endpoint.name)));
                    rule.insert("key".to_owned(), json!([]));
                    rule.insert("limits".to_owned(), json!([limit]));
                    rule.insert("refusal".to_owned(), json!({"status": 503}));
                    rules.push(Value::Object(rule));
                }
                None => {
                    let why = "a rate that cannot be told in whole seconds";
                    closes |=
                        carrying.cannot_guard(node.line, &endpoint.subject(PROXY), PROXY, why);
                }
            }
        }
        if closes {
            endpoint.close(503);
        }
    }
    // Both limits of an endpoint hold.
    Ok(module("rate-limit", json!({"apply": "all"}), rules))
}

/// The rules of a limit, or why there are none.
fn of_router(
    node: &Node,
    name: &str,
    of_route: &Map<String, Value>,
) -> Read<Result<Vec<Value>, String>> {
    let mut rules = Vec::new();
    let unfit = || "a rate that cannot be told in whole seconds".to_owned();
    if is_some(node, "max_rate") {
        let Some(limit) = limit(node, "max_rate", "capacity")? else { return Ok(Err(unfit())) };
        let mut rule = of_route.clone();
        rule.insert("name".to_owned(), json!(format!("{name}.all")));
        rule.insert("key".to_owned(), json!([]));
        rule.insert("limits".to_owned(), json!([limit]));
        rule.insert("refusal".to_owned(), json!({"status": 503}));
        rules.push(Value::Object(rule));
    }
    if is_some(node, "client_max_rate") {
        let Some(limit) = limit(node, "client_max_rate", "client_capacity")? else {
            return Ok(Err(unfit()));
        };
        let key = match (node.text_of("strategy")?.unwrap_or("ip"), node.text_of("key")?) {
            ("ip", None) => json!(["client_address"]),
            ("header", Some(name)) => json!([{"header": name.to_ascii_lowercase()}]),
            (strategy, _) => {
                return Ok(Err(format!("strategy {strategy} with this key is not known here")));
            }
        };
        let mut rule = of_route.clone();
        rule.insert("name".to_owned(), json!(format!("{name}.client")));
        rule.insert("key".to_owned(), key);
        rule.insert("limits".to_owned(), json!([limit]));
        rules.push(Value::Object(rule));
    }
    Ok(Ok(rules))
}

/// Whether there is a rate; 0 is none.
fn is_some(node: &Node, name: &str) -> bool {
    node.get(name)
        .and_then(Node::as_text)
        .is_some_and(|text| text.parse::<f64>().is_ok_and(|it| it != 0.0))
}

/// A bucket: whole requests in whole seconds, no more than the rate.
fn limit(node: &Node, rate: &str, capacity: &str) -> Read<Option<Value>> {
    let Some(value) = node.get(rate) else { return Ok(None) };
    let Kind::Word(text) = &value.kind else { return Err(value.not(rate, "a number")) };
    let number: f64 = text.parse().map_err(|_| value.not(rate, "a number"))?;
    let every = address::milliseconds(node, "every")?.unwrap_or(1000);
    let day = 24 * 3600;
    #[allow(clippy::cast_precision_loss, reason = "it is no more than 10 years")]
    let seconds = every as f64 / 1000.0;
    // The smallest whole window whose number of requests is whole.
    let fits = (1..=day).find_map(|window: u32| {
        let requests = number * f64::from(window) / seconds;
        let whole = requests.round();
        let is_whole = (requests - whole).abs() < 1e-9 && (1.0..=1e9).contains(&whole);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is 1 to 1e9"
        )]
        is_whole.then_some((window, whole as u64))
    });
    // A minute's rate is told by the minute, so that as much may come at once.
    let whole_window = u32::try_from(every / 1000).ok().filter(|it| *it > 0 && every % 1000 == 0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 1 to 1e9")]
    let by_every = whole_window
        .filter(|_| number.fract() == 0.0 && (1.0..=1e9).contains(&number))
        .map(|window| (window, number as u64));
    let Some((window, requests)) = by_every.or(fits) else { return Ok(None) };
    let burst = node.number_of(capacity)?.filter(|burst| *burst > 0);
    let burst = burst.unwrap_or(match by_every {
        Some(_) => requests,
        None => 1,
    });
    Ok(Some(json!({"requests": requests, "window": format!("{window}s"), "burst": burst})))
}
