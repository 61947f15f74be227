//! Whole files, and what is said of them.

mod caches;

use super::*;
use gatehouse_sandbox::example::Example;

fn report(configuration: &str) -> Vec<Line> {
    let yaml = format!(
        "filter:
  '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    name: demo
    vm_config: {{code: {{local: {{filename: /etc/gatehouse/filters/{configuration}"
    );
    static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path =
        std::env::temp_dir().join(format!("gatehouse-check-{}-{number}.yaml", std::process::id()));
    std::fs::write(&path, yaml).unwrap();
    let lines = file(&path, "envoy.yaml");
    std::fs::remove_file(&path).unwrap();
    lines
}

#[test]
fn a_typo_is_reported_with_filter_and_path() {
    let report = report(
            "jwt-auth.wasm}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {providers: [{name: demo, issuer: https://a.example, audience: [x], jwks: {keys: []}}]}",
        );
    let wanted = "envoy.yaml:8:67: filter jwt-auth: providers[0].audience: unknown field, \
             did you mean `audiences`?";
    assert!(report.iter().any(|line| line.to_string() == wanted && line.is_fault()), "{report:?}");
}

#[test]
fn heads_that_would_be_held_for_ever_are_told() {
    let body = |allow: &str| {
        report(&format!(
            "body-transform.wasm}}}}}}
    {allow}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {{hold_heads: true, rules: [{{request: {{}}}}]}}"
        ))
    };
    let report = body("fail_open: false");
    assert!(
        report[0].is_fault() && report[0].text.contains("hold_heads: needs `allow_on"),
        "{report:?}"
    );
    let report = body("allow_on_headers_stop_iteration: true");
    assert!(!report[0].is_fault(), "{report:?}");
}

#[test]
fn a_variable_is_known_by_its_value_or_from_whoever_checks() {
    let with = |module: &str, variables: &str, value: &str| {
        report(&format!(
            "{module}.wasm}}}}, environment_variables: {variables}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {value}"
        ))
    };
    let keys = "{hmac_secret: {env: KEY}, consumers: [{name: a, keys: []}]}";
    let gateway = "{filters: [{api-key-auth: {hmac_secret: {env: KEY}, consumers: [{name: a, \
                   keys: []}]}}]}";
    let unset = "{host_env_keys: [KEY]}";
    let long = "{key_values: {KEY: 'a secret of more than 32 bytes, as it must be'}}";
    for (module, block, variables, level, says) in [
        ("api-key-auth", keys, long, Level::Good, "filter api-key-auth: ok"),
        ("api-key-auth", keys, "{}", Level::Fault, "hmac_secret: the VM has no variable `KEY`"),
        (
            "api-key-auth",
            keys,
            "{key_values: {KEY: s3cret}}",
            Level::Fault,
            "hmac_secret: must be 32 bytes at least, and random",
        ),
        ("api-key-auth", keys, unset, Level::Warning, "host_env_keys: `KEY` is not set here"),
        ("gateway", gateway, unset, Level::Warning, "host_env_keys: `KEY` is not set here"),
        (
            "gateway",
            gateway,
            "{}",
            Level::Fault,
            "filters[0].api-key-auth.hmac_secret: the VM has no variable `KEY`",
        ),
        // One fault is told also where another value is not known.
        (
            "api-key-auth",
            "{mode: of, hmac_secret: {env: KEY}, consumers: [{name: a, keys: []}]}",
            unset,
            Level::Fault,
            "mode: must be one of enforce, shadow",
        ),
    ] {
        let report = with(module, variables, block);
        let told = report.iter().any(|line| line.level == level && line.text.contains(says));
        assert!(told, "{variables}: {report:?}");
        assert!(
            (level == Level::Fault || report.iter().all(|line| !line.is_fault())),
            "{variables}: {report:?}"
        );
        assert!(report.iter().all(|line| !line.text.contains("s3cret")), "{report:?}");
    }
}

#[test]
fn a_callback_that_a_guard_needs_and_may_not_have_is_told() {
    let with = |module: &str, allowed: &[&str], value: &str| {
        let allowed: Vec<String> = allowed.iter().map(|name| format!("{name}: {{}}")).collect();
        let allowed = allowed.join(", ");
        report(&format!(
            "{module}.wasm}}}}}}
    capability_restriction_config: {{allowed_capabilities: {{{allowed}}}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {value}"
        ))
    };
    let mut allowed = vec![
        "random_get",
        "proxy_log",
        "proxy_get_log_level",
        "proxy_define_metric",
        "proxy_increment_metric",
        "proxy_set_property",
        "proxy_set_buffer_bytes",
        "proxy_add_header_map_value",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_on_context_create",
        "proxy_on_configure",
        "proxy_on_delete",
        "proxy_on_request_headers",
        "proxy_get_buffer_bytes",
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_send_local_response",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_response_body",
        "proxy_on_response_trailers",
    ];
    let wanted = "capability_restriction_config: must allow `proxy_on_request_body`";
    for (module, value) in [
        ("body-transform", "{rules: [{request: {}}]}"),
        ("gateway", "{filters: [{body-transform: {rules: [{request: {}}]}}]}"),
    ] {
        let report = with(module, &allowed, value);
        assert_eq!(report.len(), 1, "{report:?}");
        assert!(report[0].is_fault() && report[0].text.contains(wanted), "{report:?}");
    }
    allowed.push("proxy_on_request_body");
    let report = with("body-transform", &allowed, "{rules: [{request: {}}]}");
    assert!(report.iter().all(|line| !line.is_fault()), "{report:?}");
}

#[test]
fn the_filters_of_a_gateway_are_read_by_their_own_parsers() {
    let gateway = |allow: &str, entries: &str| {
        report(&format!(
            "gateway.wasm}}}}}}
    {allow}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {{filters: [{entries}]}}"
        ))
    };
    let body = "body-transform: {hold_heads: true, rules: [{request: {}}]}";
    let both = format!("{{{body}}}, {{rate-limit: {{rules: [{{limits: [{{window: 60s}}]}}]}}}}");
    let report = gateway("fail_open: false", &both);
    for wanted in [
        "filter gateway: filters[0].body-transform.hold_heads: needs `allow_on",
        "filter gateway: filters[1].rate-limit.rules[0].limits[0].requests: is required",
    ] {
        assert!(
            report.iter().any(|line| line.is_fault() && line.text.contains(wanted)),
            "{report:?}"
        );
    }
    let report = gateway("allow_on_headers_stop_iteration: true", &format!("{{{body}}}"));
    let good = Line::new("envoy.yaml", None, Level::Good, "filter gateway: ok".to_owned());
    assert_eq!(report, [good]);
}

/// An example of `envoy/`, changed.
fn changed(example: &str, change: impl Fn(&mut serde_json::Value)) -> Vec<Line> {
    let folder = gatehouse_sandbox::workspace::root().join("envoy");
    let mut example = Example::load(&folder.join(example)).unwrap();
    change(example.tree_mut());
    static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir()
        .join(format!("gatehouse-changed-{}-{number}.json", std::process::id()));
    example.write(&path).unwrap();
    let lines = file(&path, "envoy.yaml");
    std::fs::remove_file(&path).unwrap();
    lines
}

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn what_the_whole_file_makes_of_a_filter_is_told() {
    use serde_json::{Value, json};
    type Case = (&'static str, &'static str, fn(&mut Value), Level, &'static str);
    let cases: [Case; 9] = [
        (
            "a filter fetches through a cluster that is not there",
            "jwt-auth-remote.yaml",
            |tree| tree["static_resources"]["clusters"] = json!([]),
            Level::Fault,
            "filter jwt-auth: providers[0].jwks.cluster: there is no cluster `",
        ),
        (
            "a route goes to one",
            "rate-limit.yaml",
            |tree| tree["static_resources"]["clusters"] = json!([]),
            Level::Fault,
            ".route.cluster: there is no cluster `",
        ),
        (
            "the gateway's limits are before its tokens",
            "gateway.yaml",
            |tree| {
                let list = format!(
                    "{MANAGER}/http_filters/0/typed_config/config/configuration/value/filters"
                );
                tree.pointer_mut(&list).unwrap().as_array_mut().unwrap().reverse();
            },
            Level::Warning,
            "].authorization: decides before `",
        ),
        (
            "authorization is before the token",
            "authorization.yaml",
            |tree| {
                let list = tree.pointer_mut(&format!("{MANAGER}/http_filters")).unwrap();
                list.as_array_mut().unwrap().swap(0, 1);
            },
            Level::Warning,
            "filter authorization: decides before `jwt-auth` says who calls",
        ),
        (
            "clients write their own address",
            "rate-limit.yaml",
            |tree| tree.pointer_mut(MANAGER).unwrap()["use_remote_address"] = json!(false),
            Level::Warning,
            "the client may write its own address",
        ),
        (
            "listeners come from elsewhere",
            "rate-limit.yaml",
            |tree| tree["dynamic_resources"] = json!({"lds_config": {}}),
            Level::Warning,
            "listeners that come from `lds_config` are not seen",
        ),
        (
            "a module is called nearly as ours",
            "rate-limit.yaml",
            |tree| {
                let wasm = format!("{MANAGER}/http_filters/0/typed_config/config");
                tree.pointer_mut(&wasm).unwrap()["vm_config"]["code"]["local"]["filename"] =
                    json!("/etc/gatehouse/filters/rate_limit.wasm");
            },
            Level::Fault,
            "is nearly `rate-limit.wasm`; call it that",
        ),
        (
            "the access log has nonsense for CEL",
            "rate-limit.yaml",
            |tree| {
                tree.pointer_mut(MANAGER).unwrap()["x"] = json!("%CEL(request.path ==)%");
            },
            Level::Fault,
            "is not a CEL expression that the host can compile: `request.path ==`",
        ),
        (
            "capabilities are listed where Envoy 1.40 has them",
            "rate-limit.yaml",
            |tree| {
                let wasm = format!("{MANAGER}/http_filters/0/typed_config/config");
                tree.pointer_mut(&wasm).unwrap()["vm_config"]["capability_restriction_config"] =
                    json!({"allowed_capabilities": {"proxy_log": {}}});
            },
            Level::Fault,
            "must allow `proxy_on_request_headers`",
        ),
    ];
    for (case, example, change, level, told) in cases {
        let lines = changed(example, change);
        let is_told = |line: &Line| line.level == level && line.text.contains(told);
        assert!(lines.iter().any(is_told), "{case}: {lines:#?}");
    }
}

#[test]
fn every_shipped_example_in_one_module_is_as_good_as_in_several() {
    let folder = gatehouse_sandbox::workspace::root().join("envoy");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let mut example = Example::load(&path).unwrap();
        example.bundle().unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bundled = format!("gatehouse-check-{}-{name}.json", std::process::id());
        let bundled = std::env::temp_dir().join(bundled);
        example.write(&bundled).unwrap();
        let lines = file(&bundled, &name);
        std::fs::remove_file(&bundled).unwrap();
        let good = Line::new(&name, None, Level::Good, "filter gateway: ok".to_owned());
        assert_eq!(lines, [good]);
    }
}

#[test]
fn a_configuration_that_is_not_one_is_a_fault() {
    let report = report("rate-limit.wasm}}}\n    configuration: {rules: []}");
    let start = "filter rate-limit: configuration: needs an `@type`";
    assert!(report[0].is_fault() && report[0].text.starts_with(start), "{report:?}");
}

#[test]
fn a_module_of_somebody_else_is_skipped() {
    let report = report("coraza.wasm}}}");
    let text = "module /etc/gatehouse/filters/coraza.wasm: skipped, not ours".to_owned();
    assert_eq!(report, [Line::new("envoy.yaml", None, Level::Good, text)]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let lines = file(Path::new("/nowhere/envoy.yaml"), "envoy.yaml");
    let text = "cannot be read: No such file or directory (os error 2)".to_owned();
    assert_eq!(lines, [Line::new("envoy.yaml", None, Level::Fault, text)]);
}
