//! `gatehouse check FILE…`: what Envoy or a filter would refuse, and what would make a guard guard
//! nothing.

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use gatehouse_check::{Level, Line};
use serde_json::json;

use super::excerpt::excerpt;
use super::input::Input;
use super::{Answer, Outcome};

/// Check configurations, offline.
#[derive(Debug, Args)]
#[command(
    long_about = LONG_ABOUT,
    after_long_help = "Examples:
  gatehouse check envoy.yaml
  gatehouse check --strict deploy/*.yaml
  helm template . | gatehouse check -
  gatehouse check --filter rate-limit limits.yaml
  gatehouse check --format json envoy.yaml

Ends with 0 where there is no fault, 1 where there is one, 2 where it was asked wrongly or a file \
cannot be read."
)]
pub struct Check {
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// The files are what this filter reads, and nothing around it.
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// A warning is a fault.
    #[arg(long)]
    pub strict: bool,
}

const LONG_ABOUT: &str = "Check configurations, offline.

A file is one of Envoy's, a manifest of Istio (WasmPlugin, TrafficExtension, EnvoyFilter) or of \
Envoy Gateway (EnvoyExtensionPolicy, EnvoyPatchPolicy), or, with --filter, what one filter reads. \
Envoy's files are read as Envoy reads them: by the ending of their name, and with Envoy's YAML, to \
which `yes` is a truth and `1.5` a text. Manifests may be several in one file. The name of a \
module, or of its image, says which filter reads its configuration.

A fault is what stops Envoy or a filter, or what can never work: a configuration that a filter \
refuses, a plugin that Envoy does not make, a module whose name is nearly one of ours, \
capabilities, a variable or a permission to hold heads that a filter lacks, a cluster that is not \
in the file, a chain that does not end with the router, a route that configures a wasm filter, CEL \
that does not compile, nesting deeper than 100, Envoy's own limit; and of manifests a field that \
the platform does not know, and what the platform cannot do for a filter.

A warning is what starts, and may guard nothing: a filter that decides by the caller before the \
one that says who calls, client addresses that the client itself may write, a filter that lets \
requests pass once it has failed, listeners and filters that come from elsewhere and are not seen, \
variables of Envoy's that are not set here; and what would change the answers of a cache: filters \
behind it, local_reply_config, fields that routes append, a background that leads elsewhere.

What only Envoy knows it does not tell: whatever is no Gatehouse filter's, beside what is named \
here.";

/// How the answer of a check is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people: file, line, column, what is wrong, and the line itself.
    Text,
    /// One JSON object for programs.
    Json,
}

/// What was found in one file.
struct Checked {
    lines: Vec<Line>,
    /// What the file says, where it is text.
    text: String,
    is_readable: bool,
}

impl Check {
    /// Reads the files, and says what there is to say.
    ///
    /// # Errors
    /// There is no filter of that name.
    pub fn run(&self) -> Result<Answer> {
        if self.files.iter().filter(|file| *file == "-").count() > 1 {
            bail!("standard input can be read once");
        }
        let checked: Vec<Checked> =
            self.files.iter().map(|file| self.check(file)).collect::<Result<_>>()?;
        let lines = || checked.iter().flat_map(|checked| &checked.lines);
        let count = |level| lines().filter(|line| line.level == level).count();
        let (faults, warnings) = (count(Level::Fault), count(Level::Warning));
        let counted = if self.strict { faults.saturating_add(warnings) } else { faults };
        let outcome = match counted {
            _ if checked.iter().any(|checked| !checked.is_readable) => Outcome::Unreadable,
            0 => Outcome::Good,
            _ => Outcome::Faults,
        };
        let (text, summary) = match self.format {
            Format::Text => (checked.iter().map(text).collect(), summary(counted)),
            Format::Json => {
                let lines: Vec<_> = lines().map(json).collect();
                let answer = json!({"faults": faults, "warnings": warnings, "lines": lines});
                (format!("{answer:#}\n"), None)
            }
        };
        Ok(Answer { text, summary, outcome })
    }

    fn check(&self, file: &str) -> Result<Checked> {
        let input = match Input::read(file) {
            Ok(input) => input,
            Err(error) => {
                let line = Line {
                    file: file.to_owned(),
                    position: None,
                    level: Level::Fault,
                    text: format!("cannot be read: {error}"),
                };
                return Ok(Checked { lines: vec![line], text: String::new(), is_readable: false });
            }
        };
        let Input { name, format, bytes } = input;
        let lines = match &self.filter {
            None => gatehouse_check::bytes(&bytes, &name, format),
            Some(filter) => gatehouse_check::configuration(filter, &bytes, &name, format)
                .with_context(|| unknown(filter))?,
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Checked { lines, text, is_readable: true })
    }
}

/// What is said of a filter that there is not.
fn unknown(filter: &str) -> String {
    let names = gatehouse_gateway::FILTERS.iter().map(|filter| filter.name);
    let names: Vec<&str> = names.chain([gatehouse_gateway::NAME]).collect();
    let near = names.iter().find(|name| gatehouse_check::distance(name, filter) <= 2);
    match near {
        Some(near) => format!("no filter is called `{filter}`, did you mean `{near}`?"),
        None => format!("no filter is called `{filter}`; there are {}", names.join(", ")),
    }
}

fn text(checked: &Checked) -> String {
    let of_line = |line: &Line| {
        let place = line.position.filter(|_| line.level != Level::Good);
        let shown = place.and_then(|position| excerpt(&checked.text, position));
        format!("{line}\n{}", shown.unwrap_or_default())
    };
    checked.lines.iter().map(of_line).collect()
}

fn json(line: &Line) -> serde_json::Value {
    let level = match line.level {
        Level::Good => "good",
        Level::Warning => "warning",
        Level::Fault => "fault",
    };
    json!({
        "file": line.file,
        "line": line.position.map(|position| position.line),
        "column": line.position.map(|position| position.column),
        "level": level,
        "text": line.text,
    })
}

fn summary(faults: usize) -> Option<String> {
    match faults {
        0 => None,
        1 => Some("error: 1 fault found".to_owned()),
        faults => Some(format!("error: {faults} faults found")),
    }
}
