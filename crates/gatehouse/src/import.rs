//! `gatehouse import FILE`: an `envoy.yaml` out of a configuration of Kong or of KrakenD.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use gatehouse_import::{Options, import};
use serde_json::json;

use super::input::Input;
use super::{Answer, Outcome};

/// Make an envoy.yaml of a configuration of Kong or KrakenD.
#[derive(Debug, Args)]
#[command(
    long_about = "Make an envoy.yaml of a configuration of Kong or KrakenD.

Kong's is a declarative file (`_format_version` 3.0, as `deck gateway dump` writes it), KrakenD's a \
krakend.json of version 3. Without --out the new file goes to standard output and the report to \
standard error.

What cannot be carried over is in the report, with its line and the reason. Where it guards \
something, what it stood before is closed: the gateway answers 503 there, until you put something \
in its place. --accept-weaker goes without a guard that you name.",
    after_long_help = "Examples:
  gatehouse import kong.yaml --out envoy.yaml && gatehouse check envoy.yaml
  gatehouse import krakend.json --out envoy.yaml --modules /opt/gatehouse
  gatehouse import kong.yaml --accept-weaker rate-limiting --out envoy.yaml
  gatehouse import kong.yaml --format json

Ends with 0 where everything is in the new file, 1 where something is not or is closed, 2 where it \
was asked wrongly or the file cannot be read."
)]
pub struct Import {
    /// The file; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Write the new file there; one that is there already stays.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the report is written; with `json`, and without --out, the new file is in it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The folder in which Envoy finds the modules.
    #[arg(long, value_name = "DIR", default_value = "/etc/gatehouse/filters")]
    pub modules: String,
    /// Go without this guard where it cannot be carried over: the name of a plugin, such as
    /// `oauth2`, or of what stands in an `extra_config`.
    #[arg(long, value_name = "NAME")]
    pub accept_weaker: Vec<String>,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people: file, line, what became of it, and why.
    Text,
    /// One JSON object for programs.
    Json,
}

impl Import {
    /// Reads the file, and writes the new one.
    ///
    /// # Errors
    /// It cannot be read or is of neither, or the new one cannot be written.
    pub fn run(&self) -> Result<Answer> {
        let input =
            Input::read(&self.file).with_context(|| format!("cannot read {}", self.file))?;
        let options = Options {
            modules: self.modules.clone(),
            accept_weaker: self.accept_weaker.iter().cloned().collect(),
        };
        let name = &input.name;
        let import = import(&input.bytes, name, &options).map_err(|fault| match fault.line {
            0 => anyhow!("{name}: {fault}"),
            line => anyhow!("{name}:{line}: {}", fault.reason),
        })?;
        if let Some(out) = &self.out {
            write(out, &import.envoy)?;
        }
        let report = &import.report;
        let lines: String =
            report.entries().iter().map(|entry| format!("{name}:{entry}\n")).collect();
        let (text, summary) = match (self.format, &self.out) {
            (Format::Text, None) => (import.envoy, Some(lines.trim_end().to_owned())),
            (Format::Text, Some(_)) => (lines, None),
            (Format::Json, out) => {
                let mut object = report.json();
                if let (None, Some(object)) = (out, object.as_object_mut()) {
                    object.insert("envoy".to_owned(), json!(import.envoy));
                }
                (format!("{object}\n"), None)
            }
        };
        let outcome = if report.is_whole() { Outcome::Good } else { Outcome::Faults };
        let summary = summary.filter(|summary| !summary.is_empty());
        Ok(Answer { text, summary, outcome })
    }
}

/// A new file: what somebody has written there is not ours to replace.
fn write(path: &PathBuf, text: &str) -> Result<()> {
    let name = path.display();
    let mut file =
        File::create_new(path).with_context(|| format!("cannot write {name} as a new file"))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {name}"))
}
