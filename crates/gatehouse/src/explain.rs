//! `gatehouse explain FILTER[.field]`: the documentation of a field, on the terminal.
//!
//! It is out of the very tables that the filters' READMEs have, which are in the program.

mod terminal;

use anyhow::{Result, bail};
use clap::Args;
use gatehouse_check::distance;

use super::Answer;
use gatehouse_manual::{Field, Manual, Path, plain};

/// Print the documentation of a filter, or of one of its fields.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatehouse explain
  gatehouse explain rate-limit
  gatehouse explain rate-limit.rules.limits.window
  gatehouse explain jwt-auth.providers[0].audiences

Without a name it lists the filters. A path is written as faults show it, with or without the \
numbers of lists; the end of one is enough: `jwt-auth.audiences`.")]
pub struct Explain {
    /// A filter, perhaps with the path of a field.
    #[arg(value_name = "FILTER[.FIELD]")]
    pub what: Option<String>,
}

/// Names that are not it, and nearly are.
const MOST_NEAR: usize = 5;

impl Explain {
    /// What the documentation says.
    ///
    /// # Errors
    /// There is no such filter, or it has no such field.
    pub fn run(&self) -> Result<Answer> {
        let Some(what) = self.what.as_deref() else { return Ok(Answer::good(filters())) };
        let (name, path) = what.split_once('.').unwrap_or((what, ""));
        let manual = manual(name)?;
        let text = match path {
            "" => of_filter(&manual),
            path => of_field(&manual, path)?,
        };
        Ok(Answer::good(text))
    }
}

/// Every filter, with what it is for.
fn filters() -> String {
    let mut text = String::new();
    for manual in gatehouse_manual::all() {
        text.push_str(&format!(
            "{}\n{}\n\n",
            manual.name,
            terminal::indented(&manual.summary(), 2)
        ));
    }
    text.push_str("`gatehouse explain FILTER` lists a filter's fields.\n");
    text
}

fn manual(name: &str) -> Result<Manual> {
    if let Some(manual) = gatehouse_manual::all().into_iter().find(|manual| manual.name == name) {
        return Ok(manual);
    }
    let names: Vec<&str> = gatehouse_manual::all().iter().map(|manual| manual.name).collect();
    match names.iter().find(|known| distance(known, name) <= 2) {
        Some(near) => bail!("no filter is called `{name}`, did you mean `{near}`?"),
        None => bail!("no filter is called `{name}`; there are {}", names.join(", ")),
    }
}

/// What a filter is for, and its fields, each with its type.
fn of_filter(manual: &Manual) -> String {
    let mut text = format!("{}\n{}\n", manual.name, terminal::indented(&manual.purpose(), 2));
    let mut section = String::new();
    for field in manual.fields().iter().filter(|field| field.document == manual.document()) {
        if field.section != section {
            section.clone_from(&field.section);
            text.push_str(&format!("\n{section}:\n"));
        }
        let kind = plain(&field.kind);
        let kind = if kind.is_empty() { String::new() } else { format!("  {kind}") };
        text.push_str(&format!("  {}{kind}\n", field.names.join(", ")));
    }
    let example = manual.fields().first().map(|field| field.names.join(", ")).unwrap_or_default();
    text.push_str(&format!("\n`gatehouse explain {}.{example}` explains a field.\n", manual.name));
    text
}

/// The fields that fit the path best.
fn of_field(manual: &Manual, path: &str) -> Result<String> {
    let fields = manual.fields();
    let asked = Path::read(path);
    let fits: Vec<(usize, &Field)> =
        fields.iter().filter_map(|field| Some((field.fits(&asked)?, field))).collect();
    let best = fits.iter().map(|(fit, _)| *fit).max();
    let Some(best) = best.filter(|_| !asked.is_empty()) else {
        bail!("{}", unknown(manual, &fields, &asked));
    };
    let found = fits.iter().filter(|(fit, _)| *fit == best).map(|(_, field)| *field);
    let shown: Vec<String> = found.map(|field| of_row(field, &fields)).collect();
    Ok(shown.join("\n"))
}

/// One row of a table, and the fields below it.
fn of_row(field: &Field, fields: &[Field]) -> String {
    let place = format!("{} ({}, “{}”)", field.names.join(", "), field.document, field.section);
    let mut text = format!("{place}\n");
    for (name, value) in [("type", &field.kind), ("default", &field.default)] {
        if !value.is_empty() {
            text.push_str(&format!("  {name}: {}\n", plain(value)));
        }
    }
    if !field.meaning.is_empty() {
        text.push_str(&terminal::indented(&field.meaning, 2));
        text.push('\n');
    }
    let below: Vec<String> =
        fields.iter().filter(|other| other.is_below(field)).flat_map(Field::shown).collect();
    if !below.is_empty() {
        text.push_str("  fields:\n");
        below.iter().for_each(|name| text.push_str(&format!("    {name}\n")));
    }
    text
}

fn unknown(manual: &Manual, fields: &[Field], asked: &Path) -> String {
    let last = asked.last();
    let mut near: Vec<(usize, String)> = fields
        .iter()
        .flat_map(|field| field.paths.iter().zip(field.names.iter()))
        .map(|(path, name)| (distance(path.last(), last), name.clone()))
        .filter(|(distance, _)| *distance <= 2)
        .collect();
    near.sort();
    near.dedup();
    let near: Vec<String> =
        near.into_iter().take(MOST_NEAR).map(|(_, name)| format!("`{name}`")).collect();
    let named = format!("{} has no field `{asked}`", manual.name);
    match near.is_empty() {
        true => format!("{named}; `gatehouse explain {}` lists those that it has", manual.name),
        false => format!("{named}, did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests;
