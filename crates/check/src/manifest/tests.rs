//! Manifests, good and bad.

use gatehouse_config_file::Format;

use crate::{Level, Line, bytes};

fn said(text: &str) -> Vec<Line> {
    bytes(text.as_bytes(), "m.yaml", Format::Yaml)
}

/// A manifest of Istio's with these lines in its `spec`.
fn wasm_plugin(spec: &str) -> String {
    let head = "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n";
    format!("{head}metadata: {{name: limits, namespace: shop}}\nspec:\n{spec}")
}

fn policy(plugin: &str) -> String {
    let head = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\n";
    format!("{head}metadata: {{name: shop}}\nspec:\n  wasm:\n{plugin}")
}

const LIMITS: &str = "{rules: [{limits: [{requests: 100, window: 60s}]}]}";

#[test]
fn a_good_plugin_is_good_on_every_platform() {
    let extension = wasm_plugin(&format!(
        "  phase: AUTHZ\n  wasm:\n    url: oci://r.example/rate-limit@sha256:abc\n    \
         pluginConfig: {LIMITS}\n"
    ));
    let extension = extension.replace("WasmPlugin", "TrafficExtension");
    let code = "      code: {type: Image, image: {url: r.example/gatehouse/rate-limit:1.2}}\n";
    let filter = format!(
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: a}}\n\
         spec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    patch:\n      value:\n        \
         name: rate-limit\n        typed_config:\n          '@type': \
         type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n          config:\n            \
         vm_config: {{code: {{local: {{filename: /f/rate-limit.wasm}}}}}}\n            \
         configuration: {{'@type': type.googleapis.com/google.protobuf.Struct, value: {LIMITS}}}\n"
    );
    for (case, text) in [
        (
            "a WasmPlugin",
            wasm_plugin(&format!(
                "  url: oci://ghcr.io/x/rate-limit:1.2\n  pluginConfig: {LIMITS}\n"
            )),
        ),
        (
            "by HTTP",
            wasm_plugin(&format!(
                "  url: https://x.example/rate-limit.wasm?v=1\n  pluginConfig: {LIMITS}\n"
            )),
        ),
        ("a TrafficExtension", extension),
        (
            "an EnvoyExtensionPolicy",
            policy(&format!("    - name: a\n{code}      config: {LIMITS}\n")),
        ),
        ("an EnvoyFilter", filter),
    ] {
        let lines = said(&text);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["filter rate-limit: ok"], "{case}: {lines:#?}");
    }
}

#[test]
fn what_is_wrong_with_a_plugin_is_told_where_it_is() {
    let image = "    - code: {type: Image, image: {url: r.example/rate-limit:1.2}}\n";
    for (case, text, want) in [
        (
            "a field of the filter",
            wasm_plugin(
                "  url: oci://x/rate-limit:1\n  pluginConfig:\n    rules:\n    - limits: \
                 [{requests: 1, windw: 60s, window: 1s}]\n",
            ),
            "m.yaml:8:30: filter rate-limit: rules[0].limits[0].windw: unknown field, did you mean \
             `window`?",
        ),
        (
            "a field of the platform's",
            wasm_plugin(&format!("  url: oci://x/rate-limit\n  pluginconfig: {LIMITS}\n")),
            "m.yaml:6:3: WasmPlugin limits: spec.pluginconfig: unknown field, did you mean \
             `pluginConfig`?",
        ),
        (
            "no module",
            wasm_plugin(&format!("  pluginConfig: {LIMITS}\n")),
            "m.yaml:4:1: WasmPlugin limits: spec.url: is required: where the module is, as in \
             oci://… or https://…",
        ),
        (
            "a filter that opens",
            wasm_plugin(&format!(
                "  url: oci://x/rate-limit\n  failStrategy: FAIL_OPEN\n  pluginConfig: {LIMITS}\n"
            )),
            "m.yaml:6:3: warning: WasmPlugin limits: spec.failStrategy: lets every request pass \
             once the filter has failed",
        ),
        (
            "a strategy that there is not",
            wasm_plugin(&format!(
                "  url: oci://x/rate-limit\n  failStrategy: FAIL_CLOSED\n  pluginConfig: {LIMITS}\n"
            )),
            "m.yaml:6:3: WasmPlugin limits: spec.failStrategy: must be one of FAIL_CLOSE, \
             FAIL_OPEN, FAIL_RELOAD",
        ),
        (
            "a filter of connections",
            wasm_plugin(&format!(
                "  url: oci://x/rate-limit\n  type: NETWORK\n  pluginConfig: {LIMITS}\n"
            )),
            "m.yaml:6:3: WasmPlugin limits: spec.type: guards nothing: rate-limit is an HTTP filter",
        ),
        (
            "heads that nobody lets it hold",
            wasm_plugin(
                "  url: oci://x/body-transform\n  pluginConfig:\n    hold_heads: true\n    \
                 rules: [{request: {}}]\n",
            ),
            "m.yaml:7:5: filter body-transform: hold_heads: needs \
             `allow_on_headers_stop_iteration`, which a WasmPlugin cannot say: deliver this filter \
             by an EnvoyFilter",
        ),
        (
            "heads that Envoy Gateway lets nobody hold",
            policy(
                "    - code: {type: HTTP, http: {url: https://x/body-transform.wasm}}\n      \
                 config: {hold_heads: true, rules: [{request: {}}]}\n",
            ),
            "m.yaml:7:16: filter body-transform: hold_heads: needs \
             `allow_on_headers_stop_iteration`, which an EnvoyExtensionPolicy cannot say: deliver \
             this filter by an EnvoyPatchPolicy",
        ),
        (
            "a module nearly of ours",
            wasm_plugin("  url: oci://x/rate_limit:1\n"),
            "m.yaml:4:1: module oci://x/rate_limit:1: is nearly `rate-limit.wasm`; call it that",
        ),
        (
            "a policy that opens",
            policy(&format!("{image}      failOpen: true\n      config: {LIMITS}\n")),
            "m.yaml:7:7: warning: EnvoyExtensionPolicy shop: spec.wasm[0].failOpen: lets every \
             request pass once the filter has failed, or its configuration is bad",
        ),
        (
            "code of no type",
            policy("    - code: {image: {url: x/rate-limit}}\n"),
            "m.yaml:6:7: EnvoyExtensionPolicy shop: spec.wasm[0].code.type: must be one of Image, \
             HTTP",
        ),
        (
            "a name that comes twice",
            wasm_plugin("  url: oci://x/rate-limit\n  url: oci://x/jwt-auth\n"),
            "m.yaml:6:3: is not valid YAML: `spec.url` comes twice: only one of the two would count",
        ),
        (
            "a document that is none",
            format!("{}---\na: 1\n", wasm_plugin("  url: oci://x/coraza\n")),
            "m.yaml:7:1: is no manifest: needs `apiVersion` and `kind`, as the others have",
        ),
        (
            "a variable of the proxy's that is not here",
            wasm_plugin(
                "  url: oci://x/api-key-auth\n  vmConfig: {env: [{name: GATEHOUSE_NO_SUCH, \
                 valueFrom: HOST}]}\n  pluginConfig: {hmac_secret: {env: GATEHOUSE_NO_SUCH}, \
                 consumers: [{name: a, keys: []}]}\n",
            ),
            "m.yaml:6:14: warning: filter api-key-auth: vmConfig.env: `GATEHOUSE_NO_SUCH` is not \
             set here, so what refers to it is not checked, nor what the filter needs: set it to \
             do so",
        ),
    ] {
        let lines: Vec<String> = said(&text).iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line == want), "{case}: {lines:#?}");
    }
}

#[test]
fn numbers_are_those_of_kubernetes() {
    // To Envoy's YAML this is a text.
    let block = "{rules: [{limits: [{requests: 1e2, window: 60s}]}]}";
    let lines =
        said(&wasm_plugin(&format!("  url: oci://x/rate-limit\n  pluginConfig: {block}\n")));
    assert!(lines.iter().all(|line| line.level == Level::Good), "{lines:#?}");
    let lines = crate::configuration("rate-limit", block.as_bytes(), "x.yaml", Format::Yaml);
    let lines = lines.expect("there is such a filter");
    assert!(lines.iter().any(|line| line.text.contains("must be written in digits")), "{lines:#?}");
}

#[test]
fn manifests_merge_and_their_faults_are_where_they_were_written() {
    let text = wasm_plugin(
        "  url: oci://x/rate-limit\n  pluginConfig:\n    rules:\n    - &base\n      limits: \
         [{requests: 1, window: 60s}]\n      keyy: [subject]\n    - {<<: *base, name: b}\n",
    );
    let lines: Vec<String> = said(&text).iter().map(ToString::to_string).collect();
    for index in [0, 1] {
        let want = format!(
            "m.yaml:10:7: filter rate-limit: rules[{index}].keyy: unknown field, did you mean `key`?"
        );
        assert!(lines.contains(&want), "{lines:#?}");
    }
}

#[test]
fn plugins_for_the_same_workloads_are_ordered_by_phase_and_priority() {
    let plugin = |name: &str, filter: &str, more: &str, block: &str| {
        wasm_plugin(&format!("  url: oci://x/{filter}\n  {more}\n  pluginConfig: {block}\n"))
            .replace("name: limits", &format!("name: {name}"))
    };
    let rules = "{rules: [{action: allow, match: {methods: [GET]}}]}";
    let keys = "{consumers: [{name: a, keys: []}]}";
    let authorization = |more: &str| plugin("a", "authorization", more, rules);
    let authentication = |more: &str| plugin("b", "api-key-auth", more, keys);
    for (case, first, second, is_told) in [
        ("phases in order", "phase: AUTHZ", "phase: AUTHN", false),
        ("phases out of order", "phase: AUTHN", "phase: AUTHZ", true),
        ("priorities in order", "priority: 1", "priority: 10", false),
        ("priorities out of order", "priority: 10", "priority: 1", true),
        ("no phase comes last", "phase: STATS", "priority: 10", true),
        ("for others", "selector: {matchLabels: {a: b}}", "priority: 1", false),
    ] {
        let text = format!("{}---\n{}", authorization(first), authentication(second));
        let lines = said(&text);
        let told = lines.iter().any(|line| {
            line.level == Level::Warning && line.text.contains("says who calls; put it after")
        });
        assert_eq!(told, is_told, "{case}: {lines:#?}");
    }
}

#[test]
fn manifests_of_other_kinds_are_skipped_and_lists_are_looked_into() {
    let inner = wasm_plugin("  url: oci://x/rate-limit\n").replace('\n', "\n  ");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", inner.trim_end());
    let lines = said(&list);
    let text = "filter rate-limit: rules: is required";
    assert!(lines.iter().any(|line| line.text == text), "{lines:#?}");
    let lines = said("apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n---\n");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(lines[0].text, "Service shop: skipped, it has no filter");
}
