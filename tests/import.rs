//! Files of Kong's and KrakenD's, of the shapes that are published: imported, checked, started, and
//! asked what their documentation says is answered.

mod hostile;
mod kong;
mod krakend;

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_import::{Fate, Import, Options, import};
use gatehouse_sandbox::{Gateway, Packaging, workspace};
use serde_json::{Value, json};

use crate::harness::Shared;
use crate::harness::upstream::{Said, Upstream};

/// The file of this name, imported.
#[track_caller]
fn imported(name: &str, options: &Options) -> Import {
    let text = fs::read(fixture(name)).expect("the fixture is there");
    import(&text, name, options).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

fn fixture(name: &str) -> PathBuf {
    workspace::root().join("tests/import").join(name)
}

/// Writes what it became where Envoy and `check` can read it.
fn written(name: &str, import: &Import) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join(format!("{name}.envoy.yaml"));
    fs::write(&path, &import.envoy).expect("the file can be written");
    path
}

/// A gateway on what the file became, with all its upstreams in one.
#[track_caller]
fn started(name: &str, upstreams: &[&str], upstream: &Upstream) -> Shared {
    let path = written(name, &imported(name, &Options::default()));
    // Routes turn filters off by their names, which those of one module have not.
    let builder = Gateway::builder(path).packaging(Packaging::Separate);
    Shared::start(
        upstreams.iter().fold(builder, |builder, name| builder.upstream(name, upstream.address())),
    )
}

/// An upstream that says what it was asked.
fn echo() -> Upstream {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        let said = json!({"target": request.target(), "head": request.head});
        Said::response(200, "application/json", "x-powered-by: echo\r\n", said.to_string())
    });
    upstream
}

/// What an upstream was asked, and was asked with.
fn asked(body: &Value, field: &str) -> Option<String> {
    let head = body["head"].as_str()?;
    let prefix = format!("{field}: ");
    head.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
}

const FIXTURES: [&str; 5] = [
    "kong_consumers.yaml",
    "kong_traffic.yaml",
    "kong_tokens.yaml",
    "krakend_aggregation.json",
    "krakend_proxy.json",
];

#[test]
fn check_has_nothing_to_say_against_what_files_became() {
    for name in FIXTURES {
        let path = written(&format!("checked.{name}"), &imported(name, &Options::default()));
        let lines = gatehouse_check::file(&path, name);
        let told: Vec<&str> = lines
            .iter()
            .filter(|line| line.level != gatehouse_check::Level::Good)
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(told, Vec::<&str>::new(), "{name}");
    }
}

/// The lines of a report, without their reasons.
fn report(import: &Import) -> Vec<(usize, Fate, String)> {
    let entries = import.report.entries().iter();
    entries.map(|entry| (entry.line, entry.fate, entry.subject.clone())).collect()
}
