//! A pattern that captures parts of a value.

use super::{Scope, Sources, Template};
use crate::config::Node;
use gatehouse_steps::took;
use regex_lite::Regex;
use std::cell::Cell;

/// A pattern that is looked for in the text of a template, in time linear in the text.
#[derive(Clone, Debug)]
pub struct Pattern {
    value: Template,
    regex: Regex,
    is_named: Cell<bool>,
}

/// What the groups of a pattern captured, where it was found.
#[derive(Clone, Default, Debug)]
pub struct Matched(Vec<Option<Box<[u8]>>>);

impl Pattern {
    /// Reads `{from: "${host}", regex: "^([a-z]+)[.]"}`. It must capture something.
    pub fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let value = fields.required("from", |node| {
            let value = Template::read(&node, scope)?;
            match value.needs_request() {
                true => Some(value),
                false => node.fault("must have a placeholder: it would always be the same"),
            }
        });
        let regex = fields.required("regex", |node| {
            let regex = Regex::new(node.text()?);
            let regex =
                regex.map_err(|error| node.fault::<()>(format!("is not a valid pattern: {error}")));
            match regex.ok()? {
                regex if regex.captures_len() == 1 => {
                    node.fault("captures nothing: put parentheses around a part of it")
                }
                regex => Some(regex),
            }
        });
        fields.finish();
        Some(Self { value: value?, regex: regex?, is_named: Cell::new(false) })
    }

    /// The number of a group, by its number, from 1, or its name.
    pub(super) fn group(&self, name: &str) -> Option<usize> {
        self.is_named.set(true);
        match name.parse() {
            Ok(number) => {
                Some(number).filter(|number| (1..self.regex.captures_len()).contains(number))
            }
            Err(_) => self.regex.capture_names().position(|known| known == Some(name)),
        }
    }

    /// Whether a template has named one of its groups.
    pub fn is_named(&self) -> bool {
        self.is_named.get()
    }

    /// Whether it asks for the time.
    pub fn needs_clock(&self) -> bool {
        self.value.needs_clock()
    }

    /// What it captures. All groups are missing where it is not found, the value is missing, or is
    /// not UTF-8.
    pub fn find(&self, sources: &Sources<'_>) -> Matched {
        let mut text = Vec::new();
        let found = self.value.render(sources, &mut text).and_then(|()| {
            let text = std::str::from_utf8(&text).ok()?;
            took(text.len());
            self.regex.captures(text)
        });
        let group = |group: Option<regex_lite::Match<'_>>| {
            group.map(|group| Box::from(group.as_str().as_bytes()))
        };
        Matched(found.map_or_else(Vec::new, |found| found.iter().map(group).collect()))
    }
}

impl Matched {
    /// What the group of this number captured.
    pub(super) fn group(&self, number: usize) -> Option<&[u8]> {
        self.0.get(number)?.as_deref()
    }
}
