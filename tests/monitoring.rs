//! `monitoring/` beside a real Prometheus: what it scrapes of the demo gateway, every query of the
//! dashboard and of the rules, and what `promtool` says of all that.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, Prometheus, workspace};
use serde_json::{Value, json};

use crate::harness::trapping::{self, Callback};
use crate::harness::{configuration, start, token, trap, until};

/// What Grafana puts for `$__rate_interval`, with the interval at which the case has it scraped.
const RATE_INTERVAL: &str = "1m";

/// How long the gateway and Prometheus may take until every query has something to say.
const PATIENCE: Duration = Duration::from_secs(120);

/// The demo gateway, with all that the demo does behind it.
static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let gateway = start(Gateway::builder("envoy/envoy.yaml").alone());
    demo(&gateway);
    gateway
});

#[test]
fn every_query_of_the_dashboard_and_of_the_rules_returns_data_after_the_demo_s_traffic() {
    if is_missing() {
        return;
    }
    let prometheus =
        Prometheus::start(&config(&GATEWAY)).unwrap_or_else(|fault| panic!("{fault:#}"));
    let mut unanswered = dashboard();
    let rules = recorded(&prometheus);
    unanswered
        .extend(rules.iter().map(|name| (format!("the recording rule {name}"), name.clone())));
    let began = Instant::now();
    // Rates are of two scrapes, and Envoy tells what is in a histogram every five seconds.
    while !unanswered.is_empty() && began.elapsed() < PATIENCE {
        demo(&GATEWAY);
        unanswered.retain(|(what, query)| {
            let series = prometheus
                .query(query)
                .unwrap_or_else(|fault| panic!("{what}: {fault:#}\n{query}"));
            !series.iter().any(|(_, value)| value.is_finite())
        });
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(unanswered.is_empty(), "these return no data: {unanswered:#?}");

    let rules = prometheus.rules().expect("the rules");
    let alerts: Vec<&Value> = rules.iter().filter(|rule| rule["type"] == "alerting").collect();
    assert_eq!(alerts.len(), alerts_documented().len(), "{alerts:#?}");
    for rule in &rules {
        assert_eq!((&rule["health"], &rule["lastError"]), (&json!("ok"), &Value::Null), "{rule:#}");
    }
    // An alert that does not fire says nothing: what it looks at must be there.
    for alert in &alerts {
        let query = alert["query"].as_str().expect("its expression");
        for metric in metrics_in(query) {
            until(&format!("{}: {metric}", alert["name"]), || {
                prometheus.query(&metric).is_ok_and(|series| !series.is_empty())
            });
        }
    }
    trap::assert_none(&GATEWAY);
}

#[test]
fn a_filter_that_traps_fires_an_alert_that_names_it() {
    if is_missing() {
        return;
    }
    let builder =
        Gateway::builder("envoy/header-transform.yaml").edit(configuration::keep_trailers);
    let gateway = trapping::start(builder, "header-transform", Callback::RequestTrailers);
    let prometheus =
        Prometheus::start(&config(&gateway)).unwrap_or_else(|fault| panic!("{fault:#}"));
    let is_so = |query: &str| prometheus.query(query).is_ok_and(|series| !series.is_empty());
    until("no reload is told", || is_so("sum(increase(envoy_wasm_vm_reloads_total[15m])) == 0"));
    assert_ne!(gateway.request(trapping::request("/")).status, 200);
    until("a VM is loaded again", || gateway.get("/", &[]).status == 200);
    let firing = "ALERTS{alertname=\"VmReloaded\",alertstate=\"firing\",outcome=\"success\",\
                  plugin=~\"header_transform|gateway\"}";
    until("the alert", || is_so(firing));
}

#[test]
fn promtool_finds_nothing_wrong_with_the_configuration_and_the_rules_and_their_cases_pass() {
    if is_missing() {
        return;
    }
    let file = |name: &str| monitoring(name).display().to_string();
    for arguments in [
        vec!["check".to_owned(), "config".to_owned(), file("prometheus.yml")],
        vec![
            "check".to_owned(),
            "rules".to_owned(),
            "--lint-fatal".to_owned(),
            file("rules/alerts.yml"),
            file("rules/recording.yml"),
        ],
        vec!["test".to_owned(), "rules".to_owned(), file("tests/alerts.yml")],
    ] {
        let run = Command::new("promtool").args(&arguments).output().expect("promtool runs");
        let said = String::from_utf8_lossy(&run.stderr).into_owned()
            + &String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "promtool {}:\n{said}", arguments.join(" "));
    }
}

#[test]
fn each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let cases = read("tests/alerts.yml");
    let mut seen: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    let mut alert = "";
    for line in cases.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("alertname: ") {
            alert = name;
        } else if let Some(expected) = line.strip_prefix("exp_alerts:") {
            seen.entry(alert).or_default().insert(expected.is_empty());
        }
    }
    let both = BTreeSet::from([true, false]);
    for alert in alerts_defined() {
        assert_eq!(seen.get(alert.as_str()), Some(&both), "{alert}");
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_our_metrics() {
    if is_missing() {
        return;
    }
    let ours: Vec<String> =
        exposed().lines().filter(|line| is_ours(line)).map(str::to_owned).collect();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let text = ours.join("\n") + "\n";
    promtool.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let run = promtool.wait_with_output().expect("promtool ends");
    let said =
        String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout);
    let faults: Vec<&str> = said
        .lines()
        // Envoy writes no help. Its histograms take whole numbers from modules, and those of
        // seconds would all be 0.
        .filter(|line| !line.ends_with(" no help text") && !line.contains("\"milliseconds\""))
        .collect();
    assert_eq!(faults, Vec::<&str>::new());
}

#[test]
fn the_table_of_metrics_is_what_the_filters_export() {
    let mut exported: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in exposed().lines().filter(|line| is_ours(line) && !line.starts_with('#')) {
        let (name, labels) = line.split_once('{').expect("Envoy writes the braces always");
        let (labels, _) = labels.rsplit_once('}').expect("and closes them");
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        let labels = labels.split("\",").filter_map(|label| label.split_once("=\""));
        let known = exported.entry(name.to_owned()).or_default();
        known.extend(labels.map(|(label, _)| label.to_owned()).filter(|label| label != "le"));
    }
    assert_eq!(table("## Metrics"), exported);
}

#[test]
fn each_alert_has_a_row_that_says_what_to_do() {
    assert_eq!(alerts_documented(), alerts_defined());
}

#[test]
fn the_page_of_results_has_every_query_of_the_dashboard() {
    let page = read("grafana/results.md");
    let shown = page.split("```promql\n").skip(1).filter_map(|part| part.split("\n```").next());
    // The page breaks what is wide.
    let without_spaces = |query: &str| query.split_whitespace().collect::<String>();
    let shown: Vec<String> = shown
        .map(|query| without_spaces(query).replace("$__rate_interval", RATE_INTERVAL))
        .collect();
    let asked: Vec<String> =
        dashboard().into_iter().map(|(_, query)| without_spaces(&query)).collect();
    assert_eq!(shown, asked);
}

#[test]
fn what_counts_as_no_refusal_is_a_code_of_a_filter() {
    let rules: Value = serde_saphyr::from_str(&read("rules/recording.yml")).expect("YAML");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    let refusals = rules.iter().find(|rule| rule["record"] == "gatehouse:refusals:rate5m");
    let refusals = refusals.and_then(|rule| rule["expr"].as_str()).expect("the rule of refusals");
    let (_, listed) = refusals.split_once("code!~\"").expect("the codes that are none");
    let (listed, _) = listed.split_once('"').expect("its end");
    let exposed = exposed();
    for code in listed.split('|') {
        assert!(exposed.contains(&format!("code=\"{code}\"")), "no filter has the code {code}");
    }
}

/// Whether Prometheus is missing, and says so.
fn is_missing() -> bool {
    let is_missing = !Prometheus::is_installed();
    if is_missing {
        eprintln!("\n!!! SKIPPED: prometheus is missing; install it: {}\n", Prometheus::INSTALL);
    }
    is_missing
}

/// What the demo is made of: who logs in, reads, orders, asks for too much, and may not; a partner;
/// answers from the store, and purges.
fn demo(gateway: &Gateway) {
    let alice = token::bearer(&token::good("alice"));
    let bob = token::bearer(&token::good("bob"));
    let order = json!({"customer": "alice", "lineItems": [{"sku": "KB-75", "quantity": 2}]});
    let with = |request: Request, token: &str| request.header("authorization", token);
    let mut requests = vec![
        Request::get("/orders"),
        Request::get("/products").header("x-api-key", "acme-partner-demo-key"),
        Request::get("/products").header("x-api-key", "nobody-s-key"),
        with(Request::get("/users/alice"), &alice),
        with(Request::get("/users/alice"), &bob),
        with(Request::get("/products"), &alice),
        with(Request::get("/dashboard/alice"), &alice),
        with(Request::post_json("/orders", &order), &alice),
        with(Request::new("POST", "/.cache/purge?tag=products"), &alice),
        Request::post_json("/auth/login", &json!({"username": "bob", "password": "builder"})),
    ];
    requests.extend((0..35).map(|_| with(Request::get("/orders"), &bob)));
    for request in requests {
        let _ = gateway.request(request);
    }
}

/// `monitoring/prometheus.yml`, with this gateway for a target, and a shorter interval.
fn config(gateway: &Gateway) -> String {
    let mut text = read("prometheus.yml");
    for (written, meant) in [
        ("gateway:9901", gateway.admin_address().to_string()),
        ("scrape_interval: 15s", "scrape_interval: 1s".to_owned()),
        ("evaluation_interval: 15s", "evaluation_interval: 1s".to_owned()),
        ("rules/*.yml", monitoring("rules/*.yml").display().to_string()),
    ] {
        assert!(text.contains(written), "prometheus.yml has no `{written}`");
        text = text.replace(written, &meant);
    }
    text
}

/// The queries of the dashboard, each with the panel that it is of.
fn dashboard() -> Vec<(String, String)> {
    let dashboard: Value =
        serde_json::from_str(&read("grafana/dashboards/gatehouse.json")).expect("JSON");
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().expect("an expression");
            let what = format!("the panel {}", panel["title"]);
            queries.push((what, query.replace("$__rate_interval", RATE_INTERVAL)));
        }
    }
    assert!(queries.len() > 30, "{queries:?}");
    queries
}

/// The names of the recording rules.
fn recorded(prometheus: &Prometheus) -> Vec<String> {
    let mut rules = prometheus.rules().expect("the rules");
    rules.retain(|rule| rule["type"] == "recording");
    assert!(!rules.is_empty());
    rules.iter().map(|rule| rule["name"].as_str().expect("a name").to_owned()).collect()
}

/// The metrics that an expression names.
fn metrics_in(query: &str) -> BTreeSet<String> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut inside_braces = false;
    let outside: String = query
        .chars()
        .map(|c| {
            inside_braces = (inside_braces || c == '{') && c != '}';
            if inside_braces { ' ' } else { c }
        })
        .collect();
    outside
        .split(|c| !is_of_a_name(c))
        .filter(|word| {
            *word == "up"
                || ["gatehouse_", "gatehouse:", "envoy_"]
                    .iter()
                    .any(|start| word.starts_with(start))
        })
        // A label that is summed by.
        .filter(|word| *word != "envoy_response_code_class")
        .map(str::to_owned)
        .collect()
}

/// All that the gateway tells Prometheus.
fn exposed() -> String {
    // Histograms are there once something is in them, and Envoy tells of it every five seconds.
    for histogram in ["gatehouse_call_milliseconds", "http_server_request_duration_milliseconds"] {
        until(histogram, || {
            GATEWAY.admin("/stats/prometheus").contains(&format!("{histogram}_bucket"))
        });
    }
    GATEWAY.admin("/stats/prometheus")
}

/// Whether a line is of a metric of ours: those of Envoy begin with its name.
fn is_ours(line: &str) -> bool {
    let name = line.strip_prefix("# TYPE ").unwrap_or(line);
    !name.starts_with("envoy_") && !name.trim().is_empty()
}

fn alerts_defined() -> BTreeSet<String> {
    let rules = read("rules/alerts.yml");
    rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .map(str::to_owned)
        .collect()
}

fn alerts_documented() -> BTreeSet<String> {
    table("## Alerts").into_keys().collect()
}

/// The rows of the first table below a heading of `docs/monitoring.md`: what the first cell has as
/// code, and what the second has.
fn table(heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let path = workspace::root().join("docs/monitoring.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (_, section) = page.split_once(&format!("\n{heading}\n")).expect(heading);
    let code = |cell: &str| -> BTreeSet<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            let mut cells = row.split('|').skip(1);
            let name = code(cells.next().expect("a name"));
            let name = name.into_iter().next().expect("a name in code");
            (name, code(cells.next().expect("labels")))
        })
        .collect()
}

fn read(name: &str) -> String {
    let path = monitoring(name);
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn monitoring(name: &str) -> PathBuf {
    workspace::root().join("monitoring").join(name)
}
