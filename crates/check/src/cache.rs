//! What is around a response cache: what comes after it, what changes its answers, and where its
//! background leads.

use gatehouse_config_file::{joined, wasm_filters};
use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::local_replies::{self, Hits};
use super::placed::{Chain, Placed, placed, walk};

const CACHE: &str = "response-cache";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// What voids a cache, or has it answer otherwise than the upstream would.
pub(super) fn check(tree: &Value, chain: &Chain<'_>) -> Vec<Found> {
    let caches: Vec<&Placed> =
        chain.filters.iter().filter(|filter| filter.filter == CACHE).collect();
    let mut found: Vec<Found> = after_the_cache(chain);
    for cache in &caches {
        if let Some(what) = background_elsewhere(tree, &cache.block) {
            found.push(Found::in_filter(Warning, cache, "background.cluster", &what));
        }
        // Envoy's YAML makes `false` of `off`.
        let is_off = |status: &Value| status == "off" || status == false;
        let tells = !cache.block.get("cache_status").is_some_and(is_off);
        let rewritten = local_replies::rewrite(chain.manager, Hits { have_cache_status: tells });
        found.extend(rewritten.map(|place| {
            let text = format!(
                "{}: {place} rewrites what is answered from the store: keep hits from it by CEL, \
             `!response.code_details.startsWith('response_cache.')`",
                cache.label
            );
            Found::warning(text).at(joined(&chain.path, &place))
        }));
    }
    if let Some(cache) = caches.first() {
        found.extend(appended(chain.manager).into_iter().map(|place| {
            let text = format!(
                "{place}: is appended to what is stored, and once more to each hit: say \
                 `append_action: OVERWRITE_IF_EXISTS_OR_ADD`, or ADD_IF_ABSENT ({})",
                cache.label
            );
            Found::warning(text).at(joined(&chain.path, &place))
        }));
    }
    found
}

/// Whatever stands between a cache and the router.
fn after_the_cache(chain: &Chain<'_>) -> Vec<Found> {
    let list = chain.manager.get("http_filters").and_then(Value::as_array);
    let mut cache: Option<String> = None;
    let mut later = Vec::new();
    for (index, filter) in list.into_iter().flatten().enumerate() {
        let path = joined(&chain.path, &format!("http_filters[{index}]"));
        let ours: Vec<Placed> = wasm_filters(filter).iter().flat_map(placed).collect();
        let is_router = filter.pointer("/typed_config/@type").is_some_and(|kind| kind == ROUTER);
        let name = filter.get("name").and_then(Value::as_str).unwrap_or("a filter");
        if ours.is_empty() && !is_router {
            later.extend(cache.clone().map(|cache| (cache, name.to_owned(), path.clone())));
        }
        for one in ours {
            if one.filter == CACHE {
                cache.get_or_insert(one.label);
            } else {
                later.extend(cache.clone().map(|cache| (cache, one.filter, path.clone())));
            }
        }
    }
    let told = |(cache, name, path): (String, String, String)| {
        let text = format!(
            "{cache}: `{name}` comes after it: it is not asked about what is answered from the \
             store, and what it does to responses is stored; put the cache last before the router"
        );
        Found::warning(text).at(path)
    };
    later.into_iter().map(told).collect()
}

/// Whether the background leads to no listener of this file, though its addresses are known.
fn background_elsewhere(tree: &Value, block: &Value) -> Option<String> {
    let name = block.pointer("/background/cluster")?.as_str()?;
    let clusters = tree.pointer("/static_resources/clusters")?.as_array()?;
    let cluster =
        clusters.iter().find(|cluster| cluster.get("name").is_some_and(|is| is == name))?;
    let listeners = tree.pointer("/static_resources/listeners")?;
    let (here, there) = (ports(listeners), ports(cluster.get("load_assignment")?));
    let leads_elsewhere = !there.is_empty() && !there.iter().any(|port| here.contains(port));
    leads_elsewhere.then(|| {
        format!(
            "`{name}` leads to no listener of this file: what it brings is \
             not stored, and the secret of the gateway's own requests goes there"
        )
    })
}

fn ports(tree: &Value) -> Vec<u64> {
    let mut found = Vec::new();
    walk(tree, "", &mut |path, value| {
        if path.ends_with("socket_address.port_value") {
            found.extend(value.as_u64());
        }
    });
    found
}

/// Where the routes of a connection manager append a field to responses.
fn appended(manager: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for routes in ["route_config", "scoped_routes"] {
        let Some(tree) = manager.get(routes) else { continue };
        walk(tree, routes, &mut |path, value| {
            if path.rsplit('.').next() != Some("response_headers_to_add") {
                return;
            }
            for (index, field) in value.as_array().into_iter().flatten().enumerate() {
                if appends(field) {
                    found.push(format!("{path}[{index}]"));
                }
            }
        });
    }
    found
}

/// A field is appended unless the file says otherwise, also in the old form.
fn appends(field: &Value) -> bool {
    let old = field.get("append").map(|append| append.get("value").unwrap_or(append));
    match (field.get("append_action"), old) {
        (Some(Value::String(action)), _) => action == "APPEND_IF_EXISTS_OR_ADD",
        (Some(number), _) => number == 0,
        (None, Some(append)) => append != false && append != "false",
        (None, None) => true,
    }
}
