//! Rules: which part of a filter's configuration a request falls under.
//!
//! In every filter `rules` is a list and the first match wins; a request that matches none falls
//! under the filter's `default`.

mod ambiguity;
mod client;
mod condition;
mod header;
mod host_pattern;
mod negation;
mod parts;
mod path;
mod query;
mod subject;
mod test;

pub(crate) use host_pattern::without_port;
pub use path::Captures;
pub use query::Parameter;

use crate::config::{Fields, Node};
use crate::{Request, Wording, Words};
use ambiguity::Disguised;
use condition::Condition;
use parts::Identities;
use path::{Path, loosened};
use query::Folded;
use serde_json::Value;
use std::rc::Rc;
use subject::Subject;

/// An ordered list of rules, each with what the filter does for it.
#[derive(Debug)]
pub struct Rules<T> {
    rules: Vec<Rule<T>>,
    /// The parameters of queries that any of them asks for, in order.
    parameters: Rc<[Folded]>,
    /// Own words for what is refused under no rule, or under one that has none.
    wording: Option<Wording>,
}

/// A rule: a name for logs and metrics, a condition, and what the filter does.
#[derive(Debug)]
pub struct Rule<T> {
    /// The configured `name`, else the rule's path: `rules[2]`.
    pub name: Rc<str>,
    condition: Rc<Condition>,
    /// Own words for what is refused under it.
    wording: Option<Wording>,
    /// What the filter does for a request that matches.
    pub action: T,
}

impl<T> Rule<T> {
    /// The header fields that its condition asks for, in lower case.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.condition.fields()
    }

    /// Whether its condition asks who the client is, or where it comes from: what no cache can tell
    /// by the request's head.
    pub fn asks_for_client(&self) -> bool {
        self.condition.reads_client()
    }
}

/// A rule that a request falls under, or of which that cannot be told.
#[derive(Debug)]
pub struct Found<'a, T> {
    /// The rule.
    pub rule: &'a Rule<T>,
    /// What its path template captured.
    pub captures: Captures,
    /// Whether it is certain that the rule is for the request. Where it is not, whoever guards
    /// something takes the strict side.
    pub is_certain: bool,
}

/// A request that may be another one for whoever reads it next than it is for the rules, by its
/// path or its host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AmbiguousTarget;

impl AmbiguousTarget {
    /// What its client is told, with a 400, by every filter.
    pub const DETAIL: &'static str = "Send a path without dot segments and escaped slashes in any \
        form, spelt as it is documented, each parameter once, and one host";
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self { rules: Vec::new(), parameters: Rc::from([]), wording: None }
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
        Self::read_all(&node, Identities::Known, None, |_| true, action)
    }

    /// The same for a filter that refuses under its rules: each can have own words, `refusal`, in
    /// place of those at the top.
    pub fn read_worded(
        node: &Node<'_>,
        words: &Words,
        action: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Self> {
        Self::read_each(node, words, |_| true, action)
    }

    /// The same for a filter whose rules ask for more than `match`: only behind those that `decide`
    /// for every request they match can no other rule do anything.
    pub fn read_each(
        node: &Node<'_>,
        words: &Words,
        decides: impl Fn(&T) -> bool,
        action: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Self> {
        Self::read_all(node, Identities::Known, Some(words), decides, action)
    }

    /// The same as [`read_worded`](Self::read_worded) for a filter that finds out who the client
    /// is: its rules cannot ask for that.
    pub fn read_before_identity(
        node: &Node<'_>,
        words: &Words,
        action: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Self> {
        Self::read_all(node, Identities::NotYet, Some(words), |_| true, action)
    }

    /// No rules: what is refused is so in the words at the top.
    pub fn none(words: &Words) -> Self {
        Self { wording: words.top.clone(), ..Self::default() }
    }

    fn read_all(
        node: &Node<'_>,
        identities: Identities,
        words: Option<&Words>,
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
            let condition = fields.with_default("match", Condition::default(), |node| {
                Condition::read(&node, identities)
            });
            let wording = words.map_or(Some(None), |words| words.of_rule(&mut fields));
            let action = action(&mut fields);
            fields.finish();
            names.extend(name.clone());
            let (name, condition, action) = (name?, Rc::new(condition?), action?);
            let wording = wording?;
            if let Some((taker, _)) = takers.iter().find(|(_, taker)| taker.covers(&condition)) {
                return node.fault(format!("never fits: `{taker}` before it takes all it is for"));
            }
            if decides(&action) {
                takers.push((name.to_string(), Rc::clone(&condition)));
            }
            Some(Rule { name, condition, wording, action })
        });
        rules.map(|rules| Self::of(rules, words.and_then(|words| words.top.clone())))
    }

    fn of(rules: Vec<Rule<T>>, wording: Option<Wording>) -> Self {
        let asked = rules.iter().flat_map(|rule| rule.condition.parameters());
        let mut parameters: Vec<Folded> = asked.map(Rc::clone).collect();
        parameters.sort();
        parameters.dedup();
        Self { rules, parameters: parameters.into(), wording }
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

    /// Every rule that a guard has to ask, in order, with what its path template captured.
    ///
    /// # Errors
    /// [`AmbiguousTarget`] for a request that a guard refuses whatever its rules say.
    pub fn guard_each<'a>(
        &'a self,
        request: &Request<'_>,
    ) -> Result<impl Iterator<Item = (&'a Rule<T>, Captures)>, AmbiguousTarget> {
        Ok(certain(self.guard_all(request)?))
    }

    /// The same with the rules of which it cannot be told whether they are for the request: for a
    /// filter that can take the strict side.
    ///
    /// # Errors
    /// [`AmbiguousTarget`] for a request that a guard refuses whatever its rules say.
    pub fn guard_all<'a>(
        &'a self,
        request: &Request<'_>,
    ) -> Result<impl Iterator<Item = Found<'a, T>>, AmbiguousTarget> {
        let subject = Subject::new(request, Rc::clone(&self.parameters));
        if self.is_ambiguous(&subject) { Err(AmbiguousTarget) } else { Ok(self.found(subject)) }
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
        certain(self.all_matching(request))
    }

    /// The same with the rules of which it cannot be told whether they are for the request.
    pub fn all_matching<'a>(&'a self, request: &Request<'_>) -> impl Iterator<Item = Found<'a, T>> {
        self.found(Subject::new(request, Rc::clone(&self.parameters)))
    }

    fn found<'a>(&'a self, subject: Subject<'_, '_>) -> impl Iterator<Item = Found<'a, T>> {
        self.rules.iter().filter_map(move |rule| {
            let is_certain = match rule.condition.holds(&subject) {
                Some(false) => return None,
                truth => truth.is_some(),
            };
            Some(Found { rule, captures: rule.condition.captures(&subject), is_certain })
        })
    }

    /// The same rules, each action made from the rule's name and its action: for what can only be
    /// built when the name is known.
    pub fn map<U>(self, mut action: impl FnMut(&str, T) -> U) -> Rules<U> {
        let rules = self.rules.into_iter().map(|rule| Rule {
            action: action(&rule.name, rule.action),
            name: rule.name,
            condition: rule.condition,
            wording: rule.wording,
        });
        Rules { rules: rules.collect(), parameters: self.parameters, wording: self.wording }
    }

    /// Whether the request may be another one for whoever reads it next than it is for these rules:
    /// a rule looks at the path, and others may read a path there for which it answers otherwise
    /// (`/users/7%2Fsecret`, `/a/..;/b`); at the host, and there is no single one; or at a
    /// parameter, and others may read another value there.
    fn is_ambiguous(&self, subject: &Subject<'_, '_>) -> bool {
        let reads =
            |part: fn(&Condition) -> bool| self.rules.iter().any(|rule| part(&rule.condition));
        let is_host_ambiguous = || ambiguity::is_host_disguised(subject.request.authority());
        (reads(Condition::reads_path) && self.is_path_ambiguous(subject))
            || (reads(Condition::reads_host) && is_host_ambiguous())
            || self.rules.iter().any(|rule| rule.condition.is_misled_by_query(subject))
    }

    fn is_path_ambiguous(&self, subject: &Subject<'_, '_>) -> bool {
        let path = subject.path();
        let Ok(forms) = ambiguity::readings(path.text()) else { return true };
        let parsed: Vec<Path<'_>> = forms.iter().map(|form| Path::new(form)).collect();
        let conditions = || self.rules.iter().map(|rule| &rule.condition);
        if !parsed.is_empty() && conditions().any(|it| it.is_misled_by(path, &parsed)) {
            return true;
        }
        if !conditions().any(|it| it.negates_path()) {
            return false;
        }
        let forms = forms.iter().map(Vec::as_slice).chain([path.text()]);
        let loose: Vec<Vec<u8>> = forms.flat_map(spellings).collect();
        let loose: Vec<Path<'_>> = loose.iter().map(|form| Path::new(form)).collect();
        conditions().any(|it| it.is_evaded_by(path, &loose))
    }

    /// Whether a rule asks for what depends on the matched route.
    pub fn ask_for_route(&self) -> bool {
        self.rules.iter().any(|rule| rule.condition.reads_route())
    }

    /// Of these rules that are for the request's path, the first of which the fewest parts of
    /// `match` do not hold, with the names of these parts.
    pub fn nearest(
        &self,
        request: &Request<'_>,
        of: impl Fn(&T) -> bool,
    ) -> Option<(&Rule<T>, Vec<&'static str>)> {
        let subject = Subject::new(request, Rc::clone(&self.parameters));
        let rules = self.rules.iter().filter(|rule| of(&rule.action));
        let rules = rules.map(|rule| (rule, rule.condition.unmet(&subject)));
        rules.filter(|(_, unmet)| !unmet.contains(&"path")).min_by_key(|(_, unmet)| unmet.len())
    }

    /// The rules that can be for a request with this path, whatever else of it they ask for.
    pub fn of_path<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = &'a Rule<T>> {
        let path = Path::new(path);
        self.rules.iter().filter(move |rule| rule.condition.is_for_path(&path))
    }

    /// The own words for what is refused under the rule of this name, or under none: a rule's, else
    /// those at the top.
    pub fn wording(&self, rule: Option<&str>) -> Option<&Wording> {
        let rule = self.rules.iter().find(|known| Some(&*known.name) == rule);
        rule.and_then(|rule| rule.wording.as_ref()).or(self.wording.as_ref())
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule<T>> {
        self.rules.iter()
    }
}

/// The rules that are for a request for certain.
fn certain<'a, T: 'a>(
    found: impl Iterator<Item = Found<'a, T>>,
) -> impl Iterator<Item = (&'a Rule<T>, Captures)> {
    found.filter(|found| found.is_certain).map(|found| (found.rule, found.captures))
}

/// A path as upstreams see it that take several spellings for one, with and without the slash at
/// the end that a pattern may have.
fn spellings(path: &[u8]) -> [Vec<u8>; 2] {
    let loose = loosened(path);
    let with_slash = [&loose, &b"/"[..]].concat();
    [loose, with_slash]
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

/// The host of an authority, without the port and the dot that ends an absolute name; `None` where
/// it is not one name or address.
pub fn single_host(authority: &[u8]) -> Option<&[u8]> {
    if ambiguity::is_host_disguised(authority) {
        return None;
    }
    let host = without_port(authority);
    Some(host.strip_suffix(b".").unwrap_or(host))
}

/// The names that a rule's path templates capture, for an action whose templates use them: of
/// several paths those that each of them captures.
pub fn captured_names<'a>(rule: &Fields<'a>) -> Vec<&'a str> {
    let condition = rule.node().value().get("match");
    let paths = condition.and_then(|condition| condition.get("paths")?.as_array());
    let path = condition.and_then(|condition| condition.get("path"));
    let mut patterns = paths.into_iter().flatten().chain(path);
    let names = |pattern: &'a Value| {
        let template = pattern.get("template").and_then(Value::as_str);
        template.map(path::captured_names).unwrap_or_default()
    };
    let first = patterns.next().map(names).unwrap_or_default();
    patterns.fold(first, |captured, pattern| {
        let others = names(pattern);
        captured.into_iter().filter(|name| others.contains(name)).collect()
    })
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
