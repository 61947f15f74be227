//! `cargo xtask check <file>…`: the configuration of every Gatehouse filter in an Envoy config,
//! offline.

use std::path::Path;

use anyhow::{Result, bail};
use gatehouse_sandbox::example::{Example, GATEWAY, WasmFilter};

use gatehouse_gateway::Registered;

/// Checks the files and prints a line for each filter that is good and each field that is not.
///
/// # Errors
/// No file named, or any fault found.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if args.is_empty() {
        bail!("check needs the Envoy configs to check: cargo xtask check envoy/envoy.yaml");
    }
    let lines: Vec<Line> = args.iter().flat_map(|arg| file(Path::new(arg), arg)).collect();
    lines.iter().for_each(|line| println!("{}", line.text));
    match lines.iter().filter(|line| line.fault).count() {
        0 => Ok(()),
        1 => bail!("1 fault found"),
        faults => bail!("{faults} faults found"),
    }
}

/// One thing to say of a file: a fault, a good filter, or a filter that is not ours.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    /// What is printed.
    pub(crate) text: String,
    /// Whether it is a fault.
    pub(crate) fault: bool,
}

/// Checks one file; the lines call it `name`.
pub(crate) fn file(path: &Path, name: &str) -> Vec<Line> {
    let good = |text: String| Line { text: format!("{name}: {text}"), fault: false };
    let fault = |text: String| Line { text: format!("{name}: {text}"), fault: true };
    let filters = match Example::load(path) {
        Ok(example) => example.filters(),
        Err(error) => return vec![Line { text: format!("{error:#}"), fault: true }],
    };
    if filters.is_empty() {
        return vec![good("ok, it has no wasm filter".to_owned())];
    }
    let mut lines = Vec::new();
    for wasm in &filters {
        let filter = wasm.filter();
        match verdict(wasm) {
            Verdict::NotOurs => lines.push(good(format!("{}: skipped, not ours", describe(wasm)))),
            Verdict::Good => lines.push(good(format!("filter {filter}: ok"))),
            Verdict::Bad(all) => {
                lines.extend(all.iter().map(|what| fault(format!("filter {filter}: {what}"))))
            }
        }
    }
    lines
}

enum Verdict {
    Good,
    Bad(Vec<String>),
    NotOurs,
}

fn verdict(wasm: &WasmFilter) -> Verdict {
    let filter = gatehouse_gateway::filter(wasm.filter());
    if filter.is_none() && wasm.filter() != GATEWAY {
        return Verdict::NotOurs;
    }
    let faults = match (wasm.json(), filter) {
        (Ok(json), Some(filter)) => of_filter(wasm, filter, &json),
        (Ok(json), None) => {
            let checked = gatehouse_gateway::check(&json);
            let held = checked.hold_heads.iter().filter_map(|field| held_in_vain(wasm, field));
            let lacks = lacking(wasm, checked.callbacks.iter().copied());
            checked.faults.iter().map(ToString::to_string).chain(held).chain(lacks).collect()
        }
        (Err(error), _) => vec![format!("{error:#}")],
    };
    if faults.is_empty() { Verdict::Good } else { Verdict::Bad(faults) }
}

fn of_filter(wasm: &WasmFilter, filter: &Registered, json: &[u8]) -> Vec<String> {
    match filter.read(json) {
        Ok(link) => {
            let held = link.holds_heads().and_then(|field| held_in_vain(wasm, field));
            let needed = gatehouse_gateway::needed_callbacks(&*link);
            held.into_iter().chain(lacking(wasm, needed)).collect()
        }
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// A filter cannot see whether Envoy lets it hold a head. If it does not, each request with a body
/// hangs.
fn held_in_vain(wasm: &WasmFilter, field: &str) -> Option<String> {
    let fault = "needs `allow_on_headers_stop_iteration: true` beside the configuration";
    (!wasm.may_hold_heads).then(|| format!("{field}: {fault}"))
}

/// What a filter needs and may not have. A filter cannot see that either: a body would pass unread.
fn lacking<'a>(wasm: &WasmFilter, needed: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let Some(allowed) = &wasm.allowed else { return Vec::new() };
    let lacks = |name: &&str| !allowed.contains(*name);
    let told = |name| {
        format!(
            "capability_restriction_config: must allow `{name}`, which this configuration needs"
        )
    };
    needed.into_iter().filter(lacks).map(told).collect()
}

fn describe(wasm: &WasmFilter) -> String {
    match wasm.module.as_str() {
        "" => format!("plugin {}, whose module is not a local file", wasm.name),
        module => format!("module {module}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let path = std::env::temp_dir()
            .join(format!("gatehouse-check-{}-{number}.yaml", std::process::id()));
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
        let wanted = "envoy.yaml: filter jwt-auth: providers[0].audience: unknown field, \
             did you mean `audiences`?";
        assert!(report.iter().any(|line| line.text == wanted && line.fault), "{report:?}");
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
            report[0].fault && report[0].text.contains("hold_heads: needs `allow_on"),
            "{report:?}"
        );
        let report = body("allow_on_headers_stop_iteration: true");
        assert!(!report[0].fault, "{report:?}");
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
            "proxy_on_context_create",
            "proxy_on_configure",
            "proxy_on_delete",
            "proxy_on_request_headers",
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
            assert!(report[0].fault && report[0].text.contains(wanted), "{report:?}");
        }
        allowed.push("proxy_on_request_body");
        let report = with("body-transform", &allowed, "{rules: [{request: {}}]}");
        assert!(report.iter().all(|line| !line.fault), "{report:?}");
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
        let both =
            format!("{{{body}}}, {{rate-limit: {{rules: [{{limits: [{{window: 60s}}]}}]}}}}");
        let report = gateway("fail_open: false", &both);
        for wanted in [
            "filter gateway: filters[0].body-transform.hold_heads: needs `allow_on",
            "filter gateway: filters[1].rate-limit.rules[0].limits[0].requests: is required",
        ] {
            assert!(
                report.iter().any(|line| line.fault && line.text.contains(wanted)),
                "{report:?}"
            );
        }
        let report = gateway("allow_on_headers_stop_iteration: true", &format!("{{{body}}}"));
        let good = Line { text: "envoy.yaml: filter gateway: ok".to_owned(), fault: false };
        assert_eq!(report, [good]);
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
            let good = Line { text: format!("{name}: filter gateway: ok"), fault: false };
            assert_eq!(lines, [good]);
        }
    }

    #[test]
    fn a_configuration_that_is_not_one_is_a_fault() {
        let report = report("rate-limit.wasm}}}\n    configuration: {rules: []}");
        let start = "envoy.yaml: filter rate-limit: configuration: needs an `@type`";
        assert!(report[0].fault && report[0].text.starts_with(start), "{report:?}");
    }

    #[test]
    fn a_module_of_somebody_else_is_skipped() {
        let report = report("coraza.wasm}}}");
        let text =
            "envoy.yaml: module /etc/gatehouse/filters/coraza.wasm: skipped, not ours".to_owned();
        assert_eq!(report, [Line { text, fault: false }]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_fault() {
        let text =
            "cannot read /nowhere/envoy.yaml: No such file or directory (os error 2)".to_owned();
        assert_eq!(
            file(Path::new("/nowhere/envoy.yaml"), "envoy.yaml"),
            [Line { text, fault: true }]
        );
    }
}
