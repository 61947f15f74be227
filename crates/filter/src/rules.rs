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
use ambiguity::Disguised;
use condition::Condition;
use path::Path;
use std::cell::LazyCell;
use std::rc::Rc;

/// An ordered list of rules, each with what the filter does for it.
#[derive(Debug)]
pub struct Rules<T>(Vec<Rule<T>>);

/// A rule: a name for logs and metrics, a condition, and what the filter does.
#[derive(Debug)]
pub struct Rule<T> {
    /// The configured `name`, else the rule's path: `rules[2]`.
    pub name: Rc<str>,
    condition: Rc<Condition>,
    /// What the filter does for a request that matches.
    pub action: T,
}

impl<T> Rule<T> {
    /// The header fields that its condition asks for, in lower case.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.condition.fields()
    }
}

/// A request that may be another one for whoever reads it next than it is for the rules, by its
/// path or its host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AmbiguousTarget;

impl AmbiguousTarget {
    /// What its client is told, with a 400, by every filter.
    pub const DETAIL: &'static str =
        "Send a path without dot segments and escaped slashes in any form, and one host";
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rules<T> {
    /// Reads a list of rules of which the first that matches decides: `name` and `match` are read
    /// here, the rest by `action`, which must not call [`Fields::finish`]. A rule without `match`
    /// matches every request.
    ///
    /// A list without rules is a fault, as it would do nothing, and so is a rule behind one that
    /// takes all its requests.
    pub fn read(node: Node<'_>, action: impl FnMut(&mut Fields<'_>) -> Option<T>) -> Option<Self> {
        Self::read_each(node, |_| true, action)
    }

    /// The same for a filter whose rules ask for more than `match`: only behind those that `decide`
    /// for every request they match can no other rule do anything.
    pub fn read_each(
        node: Node<'_>,
        decides: impl Fn(&T) -> bool,
        mut action: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Self> {
        let mut names: Vec<Rc<str>> = Vec::new();
        let mut takers: Vec<(String, Rc<Condition>)> = Vec::new();
        let mut index = 0_usize;
        let rules = node.nonempty_list(|node| {
            let default = format!("rules[{index}]");
            index = index.saturating_add(1);
            let mut fields = node.fields()?;
            let name = fields
                .with_default("name", Rc::from(default.as_str()), |node| rule_name(&node, &names));
            let condition = fields.with_default("match", Condition::default(), Condition::read);
            let action = action(&mut fields);
            fields.finish();
            names.extend(name.clone());
            let (name, condition, action) = (name?, Rc::new(condition?), action?);
            if let Some((taker, _)) = takers.iter().find(|(_, taker)| taker.covers(&condition)) {
                return node.fault(format!("never fits: `{taker}` before it takes all it is for"));
            }
            if decides(&action) {
                takers.push((name.to_string(), Rc::clone(&condition)));
            }
            Some(Rule { name, condition, action })
        });
        rules.map(Self)
    }

    /// The rule that a guard goes by for a request, by its name, and what it does; what
    /// `otherwise` does where no rule is for it.
    ///
    /// # Errors
    /// [`AmbiguousTarget`] for a request that a guard refuses whatever its rules say.
    pub fn guard<'a>(
        &'a self,
        request: &Request<'_>,
        otherwise: &'a T,
    ) -> Result<(Option<Rc<str>>, &'a T), AmbiguousTarget> {
        let found = self.guard_each(request)?.next();
        Ok(found.map_or((None, otherwise), |(rule, _)| (Some(Rc::clone(&rule.name)), &rule.action)))
    }

    /// Every rule that a guard has to ask, in order, with what its path template captured: for a
    /// filter whose rules ask for more than `match`.
    ///
    /// # Errors
    /// [`AmbiguousTarget`] for a request that a guard refuses whatever its rules say.
    pub fn guard_each<'a>(
        &'a self,
        request: &Request<'_>,
    ) -> Result<impl Iterator<Item = (&'a Rule<T>, Captures)>, AmbiguousTarget> {
        if self.is_ambiguous(request) { Err(AmbiguousTarget) } else { Ok(self.matching(request)) }
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
        // Its end is looked for once, however many rules look at it: a path may be long.
        let path = LazyCell::new(|| Path::new(request.path()));
        self.0.iter().filter_map(move |rule| {
            let captures = rule.condition.matches(request, || &path)?;
            Some((rule, captures))
        })
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
    /// a rule looks at the path, and others may read a path there for which it answers otherwise
    /// (`/users/7%2Fsecret`, `/a/..;/b`); or at the host, and there is no single one.
    fn is_ambiguous(&self, request: &Request<'_>) -> bool {
        let reads = |part: fn(&Condition) -> bool| self.0.iter().any(|rule| part(&rule.condition));
        let is_path_ambiguous = || {
            let path = request.path();
            match ambiguity::readings(path) {
                Ok(forms) if forms.is_empty() => false,
                Ok(forms) => {
                    let path = Path::new(path);
                    let forms: Vec<Path<'_>> = forms.iter().map(|form| Path::new(form)).collect();
                    self.0.iter().any(|rule| rule.condition.is_misled_by(&path, &forms))
                }
                Err(Disguised) => true,
            }
        };
        (reads(Condition::reads_path) && is_path_ambiguous())
            || (reads(Condition::reads_host) && ambiguity::is_host_disguised(request.authority()))
    }

    /// Whether a rule asks for what depends on the matched route.
    pub fn ask_for_route(&self) -> bool {
        self.0.iter().any(|rule| rule.condition.reads_route())
    }

    /// Of these rules that are for the request's path, the first of which the fewest parts of
    /// `match` do not hold, with the names of these parts.
    pub fn nearest(
        &self,
        request: &Request<'_>,
        of: impl Fn(&T) -> bool,
    ) -> Option<(&Rule<T>, Vec<&'static str>)> {
        let path = Path::new(request.path());
        let rules = self.0.iter().filter(|rule| of(&rule.action));
        let rules = rules.map(|rule| (rule, rule.condition.unmet(request, &path)));
        rules.filter(|(_, unmet)| !unmet.contains(&"path")).min_by_key(|(_, unmet)| unmet.len())
    }

    /// The rules that can be for a request with this path, whatever else of it they ask for.
    pub fn of_path<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = &'a Rule<T>> {
        let path = Path::new(path);
        self.0.iter().filter(move |rule| rule.condition.is_for_path(&path))
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule<T>> {
        self.0.iter()
    }
}

/// Whether others may read a path otherwise than it is written, so that it leads elsewhere: it has
/// dot segments in some form, or more or fewer segments once escapes are undone.
pub fn may_lead_elsewhere(path: &[u8]) -> bool {
    let slashes = |path: &[u8]| path.iter().filter(|byte| **byte == b'/').count();
    match ambiguity::readings(path) {
        Ok(forms) => forms.iter().any(|form| slashes(form) != slashes(path)),
        Err(Disguised) => true,
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
