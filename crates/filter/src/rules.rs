//! Rules: which part of a filter's configuration a request falls under.
//!
//! In every filter `rules` is a list and the first match wins; a request that matches none falls
//! under the filter's `default`.

mod ambiguity;
mod condition;
mod host_pattern;
mod path;

pub(crate) use host_pattern::without_port;
pub use path::Captures;

use crate::Request;
use crate::config::{Fields, Node};
use condition::Condition;
use std::rc::Rc;

/// An ordered list of rules, each with what the filter does for it.
#[derive(Debug)]
pub struct Rules<T>(Vec<Rule<T>>);

/// A rule: a name for logs and metrics, a condition, and what the filter does.
#[derive(Debug)]
pub struct Rule<T> {
    /// The configured `name`, else the rule's path: `rules[2]`.
    pub name: Rc<str>,
    condition: Condition,
    /// What the filter does for a request that matches.
    pub action: T,
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rules<T> {
    /// Reads a list of rules: `name` and `match` are read here, the rest by `action`, which must
    /// not call [`Fields::finish`]. A rule without `match` matches every request. A list without
    /// rules is a fault: it would do nothing.
    pub fn read(
        node: Node<'_>,
        mut action: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Self> {
        let mut names: Vec<Rc<str>> = Vec::new();
        let mut index = 0_usize;
        let rules = node.nonempty_list(|node| {
            let default = format!("rules[{index}]");
            index = index.saturating_add(1);
            let mut fields = node.fields()?;
            let name =
                fields.with_default("name", Rc::from(default), |node| rule_name(&node, &names));
            let condition = fields.with_default("match", Condition::default(), Condition::read);
            let action = action(&mut fields);
            fields.finish();
            names.extend(name.clone());
            Some(Rule { name: name?, condition: condition?, action: action? })
        });
        rules.map(Self)
    }

    /// The first rule that the request matches, with what its path template captured.
    pub fn find(&self, request: &Request<'_>) -> Option<(&Rule<T>, Captures)> {
        self.matching(request).next()
    }

    /// Every rule that the request matches, in order, with what its path template captured: for a
    /// filter whose rules ask for more than `match`.
    pub fn matching<'a>(
        &'a self,
        request: &Request<'_>,
    ) -> impl Iterator<Item = (&'a Rule<T>, Captures)> {
        self.0.iter().filter_map(|rule| Some((rule, rule.condition.matches(request)?)))
    }

    /// The same rules, each action made from the rule's name and its action: for what can only be
    /// built when the name is known.
    pub fn map<U>(self, mut action: impl FnMut(&str, T) -> U) -> Rules<U> {
        let rules = self.0.into_iter().map(|rule| Rule {
            action: action(&rule.name, rule.action),
            name: rule.name,
            condition: rule.condition,
        });
        Rules(rules.collect())
    }

    /// Whether the request may be another one for whoever reads it next than it is for these rules:
    /// a rule looks at the path, and the path is in ambiguity (`/a/..;/b`), or at the host, and
    /// there is no single one. A filter that guards something refuses such a request, whatever its
    /// rules say.
    pub fn is_ambiguous(&self, request: &Request<'_>) -> bool {
        let reads = |part: fn(&Condition) -> bool| self.0.iter().any(|rule| part(&rule.condition));
        (reads(Condition::reads_path) && ambiguity::is_path_disguised(request.path()))
            || (reads(Condition::reads_host) && ambiguity::is_host_disguised(request.authority()))
    }

    /// Whether a rule asks for what depends on the matched route.
    pub fn ask_for_route(&self) -> bool {
        self.0.iter().any(|rule| rule.condition.reads_route())
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule<T>> {
        self.0.iter()
    }
}

/// The names that a rule's path template captures, for an action whose templates use them.
pub fn captured_names<'a>(rule: &Fields<'a>) -> Vec<&'a str> {
    let template = rule.node().value().pointer("/match/path/template");
    template.and_then(|template| template.as_str()).map(path::captured_names).unwrap_or_default()
}

/// A rule's name: printable ASCII without the characters that separate it from its neighbours in
/// logs and metrics.
fn rule_name(node: &Node<'_>, taken: &[Rc<str>]) -> Option<Rc<str>> {
    let name = node.text()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if !name.bytes().all(allowed) {
        return node.fault("must be made of letters, digits and -_./");
    }
    if taken.iter().any(|taken| taken.as_ref() == name) {
        return node.fault("must be unique: an earlier rule has this name");
    }
    Some(Rc::from(name))
}

#[cfg(test)]
mod tests;
