use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use crate::harness::collector::CONFIG;

fn load(file: &str) -> Value {
    Example::load(&workspace::root().join(file)).expect(file).tree().clone()
}

/// What this YAML says.
#[track_caller]
fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}

#[track_caller]
fn read(file: &str) -> Value {
    yaml(&std::fs::read_to_string(workspace::root().join(file)).expect(file))
}

/// What `docs/monitoring.md` says of this field, in a block of YAML that begins with it.
#[track_caller]
pub(super) fn documented(field: &str) -> Value {
    let page = std::fs::read_to_string(workspace::root().join("docs/monitoring.md"));
    let page = page.expect("the page");
    let block = page.split("```yaml\n").find(|block| block.starts_with(field));
    let block = block.and_then(|block| block.split("```").next());
    yaml(block.unwrap_or_else(|| panic!("no block of {field}")))[field].take()
}

#[test]
fn the_traced_gateway_is_the_shipped_one_and_traces() {
    let mut traced = load(CONFIG);
    let resources = &mut traced["static_resources"];
    let named = |name: &'static str| move |item: &Value| item["name"] == name;
    for (list, ours) in [("listeners", &["calls"][..]), ("clusters", &["calls", "collector"])] {
        let items = resources[list].as_array_mut().expect(list);
        let before = items.len();
        items.retain(|item| !ours.iter().any(|name| named(name)(item)));
        assert_eq!(items.len() + ours.len(), before, "{list}");
    }
    for listener in resources["listeners"].as_array_mut().expect("listeners") {
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        let removed = manager.as_object_mut().expect("a manager").remove("tracing");
        assert!(removed.is_some(), "{}: no traces", listener["name"]);
    }
    let manager = &mut resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    let before = filters.len();
    filters.retain(|filter| !named("trace-context")(filter) && !named("audit")(filter));
    assert_eq!(filters.len() + 2, before);
    let calls = crate::harness::configuration::shipped(&mut traced, "aggregate");
    for call in calls["rules"][0]["calls"].as_array_mut().expect("calls") {
        assert_eq!(call["cluster"], "calls");
        call["cluster"] = call["authority"].take();
        call.as_object_mut().expect("a call").remove("authority");
    }
    assert_eq!(traced, load("envoy/envoy.yaml"));
}

/// The clusters that a call may be for are those that it finds in the listener for calls.
#[test]
fn each_call_of_the_demo_finds_its_way_through_the_listener_for_calls() {
    let mut traced = load(CONFIG);
    let mut routed: Vec<String> = Vec::new();
    let listeners = traced["static_resources"]["listeners"].as_array().expect("listeners");
    let calls = listeners.iter().find(|listener| listener["name"] == "calls").expect("one");
    let manager = &calls["filter_chains"][0]["filters"][0]["typed_config"];
    for host in manager["route_config"]["virtual_hosts"].as_array().expect("hosts") {
        let name = host["name"].as_str().expect("a name");
        assert_eq!(host["domains"], json!([name]));
        assert_eq!(host["routes"][0]["route"]["cluster"], name);
        routed.push(name.to_owned());
    }
    let calls = crate::harness::configuration::shipped(&mut traced, "aggregate");
    let calls = calls["rules"][0]["calls"].as_array().expect("calls");
    let mut asked: Vec<String> =
        calls.iter().map(|call| call["authority"].as_str().expect("a name").to_owned()).collect();
    routed.sort();
    asked.sort();
    assert_eq!(asked, routed);
}

#[test]
fn spans_go_from_the_gateway_to_the_collector_and_from_there_to_jaeger() {
    let compose = read("docker-compose.yml");
    let services = &compose["services"];
    let collector = read("monitoring/collector.yml");

    // The gateway has its cluster's name and port from its configuration.
    let upstreams = Example::load(&workspace::root().join(CONFIG)).expect("it").upstreams();
    assert!(upstreams.contains("collector:4317"), "{upstreams:?}");
    let receiver = &collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"];
    assert_eq!(receiver, "0.0.0.0:4317");
    let exporter = &collector["exporters"]["otlp/jaeger"];
    assert_eq!(exporter["endpoint"], "jaeger:4317");

    // A pipeline names only what is defined, and all of that.
    let traces = &collector["service"]["pipelines"]["traces"];
    for part in ["receivers", "processors", "exporters"] {
        let defined = collector[part].as_object().expect(part).keys();
        let mut used: Vec<&str> =
            traces[part].as_array().expect(part).iter().filter_map(Value::as_str).collect();
        used.sort_unstable();
        let mut defined: Vec<&str> = defined.map(String::as_str).collect();
        defined.sort_unstable();
        assert_eq!(used, defined, "{part}");
    }
    // It says that the first has to be.
    assert_eq!(traces["processors"][0], "memory_limiter");

    for (name, published) in [("collector", None), ("jaeger", Some("16686"))] {
        let service = &services[name];
        assert_eq!(service["profiles"], json!(["monitoring"]), "{name}");
        let image = service["image"].as_str().expect("an image");
        assert!(image.contains(':') && !image.ends_with(":latest"), "{image}");
        match published {
            Some(port) => {
                let ports = service["ports"][0].as_str().expect("a port");
                assert!(ports.starts_with("127.0.0.1:") && ports.ends_with(&format!(":{port}")));
            }
            None => assert!(service.get("ports").is_none(), "{name} is for the gateway alone"),
        }
    }
    let mounted = services["collector"]["volumes"][0].as_str().expect("a file");
    let (file, place) = mounted.split_once(':').expect("two places");
    assert_eq!(file, "./monitoring/collector.yml");
    let place = place.trim_end_matches(":ro");
    assert_eq!(services["collector"]["command"], json!([format!("--config={place}")]));

    // Which of the examples the gateway is started on.
    let command = services["gateway"]["command"].to_string();
    assert!(command.contains("/etc/gatehouse/${GATEHOUSE_CONFIG:-envoy.yaml}"), "{command}");
}
