//! Helm itself, which renders the chart. It is a library that comes as a wheel, so a small program
//! in Python stands between.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use gatehouse_sandbox::wheel::Wheel;
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use crate::python;

/// Helm 4.
const VERSION: &str = "0.2.2";

/// Reads a list of values, prints for each what came of it.
const PROGRAM: &str = r#"
import json, sys
import helm_python
from helm_python import chart

asked = json.load(sys.stdin)
answers = []
with chart.Chart.load(asked["chart"]) as loaded:
    for values in asked["values"]:
        try:
            rendered = loaded.render(values, name=asked["name"], namespace=asked["namespace"])
            linted = chart.lint(asked["chart"], values, strict=True)
            answers.append({"files": rendered, "lint": linted["messages"], "errors": linted["errors"]})
        except helm_python.HelmError as fault:
            answers.append({"refused": str(fault)})
json.dump(answers, sys.stdout)
"#;

/// Helm, installed.
#[derive(Debug)]
pub struct Helm {
    home: PathBuf,
}

/// What came of a chart with some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// The files, by their names below `templates/`; those without anything in them left out.
    Files(BTreeMap<String, String>),
    /// Why there are none: values that the schema or a template refuses, or what `helm lint
    /// --strict` has to say.
    Refused(String),
}

impl Helm {
    /// Gets it where it is not there.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn install(progress: impl Fn(&str)) -> Result<Self> {
        let wheel = Wheel {
            package: "helm-python-sdk",
            version: VERSION.to_owned(),
            folder: "helm",
            file: "helm_python/__init__.py",
            size: "75 MB",
            with_dependencies: false,
        };
        Ok(Self { home: wheel.install(progress)? })
    }

    /// The chart of this clone.
    #[must_use]
    pub fn chart() -> PathBuf {
        workspace::root().join("deploy/helm/gatehouse")
    }

    /// Renders and lints a chart as the release `gatehouse` in the namespace `default`, once for
    /// each of these values.
    ///
    /// # Errors
    /// Helm cannot be run, or does not take the chart for one.
    pub fn render(&self, chart: &Path, values: &[Value]) -> Result<Vec<Rendered>> {
        let asked = json!({
            "chart": chart, "values": values, "name": "gatehouse", "namespace": "default",
        });
        let answers = python::ask(&self.home, PROGRAM, &asked).context("Helm failed")?;
        let answers: Vec<Value> = serde_json::from_value(answers).context("Helm's answer")?;
        answers.into_iter().map(rendered).collect()
    }
}

fn rendered(answer: Value) -> Result<Rendered> {
    if let Some(why) = answer.get("refused").and_then(Value::as_str) {
        return Ok(Rendered::Refused(why.to_owned()));
    }
    let messages = answer.get("lint").and_then(Value::as_array).into_iter().flatten();
    // 1 is for what one might add.
    let bad = |message: &&Value| message.get("severity").and_then(Value::as_u64) > Some(1);
    let mut faults: Vec<String> = messages.filter(bad).map(Value::to_string).collect();
    let errors = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    faults.extend(errors.map(Value::to_string));
    if !faults.is_empty() {
        return Ok(Rendered::Refused(faults.join("\n")));
    }
    let files = answer.get("files").cloned().unwrap_or_default();
    let files: BTreeMap<String, String> =
        serde_json::from_value(files).context("Helm's answer has no files")?;
    let within = |path: &str| path.split_once("/templates/").map(|(_, name)| name.to_owned());
    let files = files.into_iter().filter(|(_, text)| has_anything(text));
    Ok(Rendered::Files(files.filter_map(|(path, text)| Some((within(&path)?, text))).collect()))
}

/// Anything beside comments, separators and space.
fn has_anything(text: &str) -> bool {
    let is_nothing = |line: &str| line.is_empty() || line == "---" || line.starts_with('#');
    !text.lines().all(|line| is_nothing(line.trim()))
}
