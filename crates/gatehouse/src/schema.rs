//! `gatehouse schema [NAME]`: the JSON Schema of a configuration, for editors and pipelines.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::Answer;

/// Print the JSON Schema of a filter's configuration, or write those of all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatehouse schema jwt-auth
  gatehouse schema --out schema

`gateway` is of gateway.wasm, and `envoy` of the files that have configurations of filters in \
them: it refers to the others, so that they must be beside it. An editor with the YAML language \
server takes it by a line in the file:
  # yaml-language-server: $schema=schema/envoy.json")]
pub struct Schema {
    /// A filter, `gateway` or `envoy`; without it, all of them, which `--out` is needed for.
    pub name: Option<String>,
    /// The folder that they are written to, each as `NAME.json`.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

impl Schema {
    /// The schema, or what has been written.
    ///
    /// # Errors
    /// There is no such schema, or it cannot be written.
    pub fn run(&self) -> Result<Answer> {
        let schemas = match self.name.as_deref() {
            None => gatehouse_schema::all(),
            Some(name) => vec![named(name)?],
        };
        let Some(folder) = &self.out else {
            let [(_, schema)] = schemas.as_slice() else {
                bail!("say which one, or `--out FOLDER` for all of them: {}", names());
            };
            return Ok(Answer::good(gatehouse_schema::text(schema)?));
        };
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut told = String::new();
        for (name, schema) in &schemas {
            let file = folder.join(format!("{name}.json"));
            fs::write(&file, gatehouse_schema::text(schema)?)
                .with_context(|| format!("cannot write {}", file.display()))?;
            told.push_str(&format!("{}\n", file.display()));
        }
        Ok(Answer::good(told))
    }
}

fn named(name: &str) -> Result<(&str, serde_json::Value)> {
    match gatehouse_schema::named(name) {
        Some(schema) => Ok((name, schema)),
        None => bail!("there is no schema of `{name}`; there are {}", names()),
    }
}

fn names() -> String {
    gatehouse_schema::all().iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
