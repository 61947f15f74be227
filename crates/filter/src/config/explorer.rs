//! Asking a reader what it takes.
//!
//! It is run on nothing. Each question that it asks of a value says what it takes there:
//! [`Node::integer`](super::Node::integer) a number in a range, [`Node::fields`](super::Node::fields)
//! the members that it reads. Where it goes different ways, by what a value is or by a word, it is
//! run again for each way. So whatever describes configurations, such as a schema, comes of the very
//! code that reads them.

use super::outline::{Field, Form, List, Mapping, Outline, Table};
use super::{Environment, Kind, Node, Reading, Variable};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What configurations a reader takes. More than it takes, where it judges several values together;
/// never less.
pub fn outline<T>(reader: impl Fn(Node<'_>) -> Option<T>) -> Outline {
    let mut facts = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([(BTreeMap::new(), String::new())]);
    while let Some((answers, scope)) = waiting.pop_front() {
        let explorer = Explorer { answers, scope, ..Explorer::default() };
        let reading = Reading {
            environment: &Unset,
            faults: RefCell::default(),
            lacks_a_value: Cell::new(false),
            explorer: Some(&explorer),
        };
        let _ = reader(Node { value: &Value::Null, path: String::new(), reading: &reading });
        let run = explorer.run.into_inner();
        // What leads to a question: of those before it, the answers that are not the usual ones.
        let mut way = BTreeMap::new();
        for (question, choices) in run.asked {
            let answer = run.answers.get(&question).copied().unwrap_or_default();
            seen.insert((question.clone(), answer));
            for other in (0..choices).filter(|other| *other != answer) {
                if seen.insert((question.clone(), other)) {
                    let mut answers = way.clone();
                    answers.insert(question.clone(), other);
                    waiting.push_back((answers, around(&question.0).to_owned()));
                }
            }
            if answer != 0 {
                way.insert(question, answer);
            }
        }
        for (path, of_run) in run.facts {
            facts.entry(path).or_insert_with(Facts::default).add(of_run);
        }
    }
    tree(&facts, "")
}

/// Whatever is referred to is somewhere.
struct Unset;

impl Environment for Unset {
    fn variable(&self, _name: &str) -> Variable {
        Variable::Unknown
    }
}

/// A question of a reader's whose answer makes it go one way or another: of what value, and what.
type Question = (String, String);

/// The way that a reader is sent in one run, and what it has told on it.
#[derive(Default)]
pub(super) struct Explorer {
    /// What is answered to these; to others, the first of all answers.
    answers: BTreeMap<Question, usize>,
    /// What is read in this run: the path of what another answer may make different. All else has
    /// been told.
    scope: String,
    run: RefCell<Run>,
}

#[derive(Default)]
struct Run {
    /// What was asked, in this order, and how many answers there are.
    asked: Vec<(Question, usize)>,
    answers: BTreeMap<Question, usize>,
    kinds: BTreeMap<String, Kind>,
    facts: BTreeMap<String, Facts>,
    /// What is being read that may have more of its kind in it.
    nested: Vec<&'static str>,
}

/// What is known of a value.
#[derive(Default)]
struct Facts {
    forms: BTreeSet<Form>,
    /// Whether a list may be empty, where it may be one.
    list: Option<bool>,
    /// Whether a table may be empty, where it may be one.
    table: Option<bool>,
    /// Whether each member must be there, in every run that has read them all.
    members: Option<BTreeMap<&'static str, bool>>,
    has_read_all: bool,
    exactly_one: BTreeSet<Vec<String>>,
    name: Option<&'static str>,
}

impl Facts {
    fn add(&mut self, run: Self) {
        self.forms.extend(run.forms);
        let either = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(one), Some(other)) => Some(one || other),
            (one, other) => one.or(other),
        };
        self.list = either(self.list, run.list);
        self.table = either(self.table, run.table);
        self.name = self.name.or(run.name);
        let Some(members) = run.members else {
            self.exactly_one.extend(run.exactly_one);
            return;
        };
        // What holds for one way to read the mapping is no rule for the others.
        if !self.has_read_all {
            self.exactly_one.extend(run.exactly_one);
        } else if run.has_read_all {
            self.exactly_one.retain(|names| run.exactly_one.contains(names));
        }
        let known = self.members.get_or_insert_default();
        for (name, is_required) in &members {
            // What an earlier run did not ask for can be left out.
            let is_required_anew = *is_required && !self.has_read_all;
            known
                .entry(*name)
                .and_modify(|known| *known &= is_required)
                .or_insert(is_required_anew);
        }
        if run.has_read_all {
            for (name, is_required) in known.iter_mut() {
                *is_required &= members.contains_key(name);
            }
            self.has_read_all = true;
        }
    }
}

impl Explorer {
    /// What the reader is told, of so many answers.
    fn answer(&self, path: &str, what: &str, choices: usize) -> usize {
        let question = (path.to_owned(), what.to_owned());
        let mut run = self.run.borrow_mut();
        if let Some(answer) = run.answers.get(&question) {
            return *answer;
        }
        let answer = self.answers.get(&question).copied().unwrap_or_default();
        run.answers.insert(question.clone(), answer);
        run.asked.push((question, choices));
        answer
    }

    /// What the value is in this run.
    pub(super) fn kind(&self, path: &str) -> Kind {
        let answer = self.answer(path, "kind", Kind::GIVEN.len());
        let kind = Kind::GIVEN.get(answer).copied().unwrap_or(Kind::Text);
        self.run.borrow_mut().kinds.insert(path.to_owned(), kind);
        kind
    }

    /// Whether what is there is read in this run: what the scope is in, and what is in it.
    pub(super) fn visits(&self, path: &str) -> bool {
        let is_in = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| {
                rest.is_empty() || outer.is_empty() || rest.starts_with(['.', '[', '{'])
            })
        };
        is_in(path, &self.scope) || is_in(&self.scope, path)
    }

    pub(super) fn has(&self, path: &str, name: &str) -> bool {
        self.answer(path, &format!("has {name}"), 2) == 0
    }

    /// The word that the value is, of these; `None` for another value.
    pub(super) fn word<'w>(
        &self,
        path: &str,
        words: impl Iterator<Item = &'w str>,
    ) -> Option<&'w str> {
        if self.kind(path) != Kind::Text {
            return None;
        }
        let words: Vec<&str> = words.collect();
        let choices = words.len().saturating_add(1);
        let word = words.get(self.answer(path, &format!("one of {words:?}"), choices)).copied()?;
        self.notes(path, Form::Word(word.to_owned()));
        Some(word)
    }

    pub(super) fn only_key<'n>(&self, path: &str, known: &'n [&'n str]) -> Option<&'n str> {
        let names = known.iter().map(|name| (*name).to_owned()).collect();
        self.facts(path, |facts| facts.exactly_one.insert(names));
        known.get(self.answer(path, "only key", known.len())).copied()
    }

    pub(super) fn nested<T>(
        &self,
        path: &str,
        name: &'static str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        if self.run.borrow().nested.contains(&name) {
            self.notes(path, Form::Nested(name));
            return None;
        }
        self.facts(path, |facts| facts.name = Some(name));
        self.run.borrow_mut().nested.push(name);
        let read = read();
        self.run.borrow_mut().nested.pop();
        read
    }

    /// Notes a form of the value, where it is what the reader was told that it is.
    pub(super) fn notes(&self, path: &str, form: Form) {
        if self.is_told(path, |kind| form.is_of(kind)) {
            self.facts(path, |facts| facts.forms.insert(form));
        }
    }

    /// Notes a list, or `false` where it was told that it is something else.
    pub(super) fn notes_list(&self, path: &str, may_be_empty: bool) -> bool {
        let is_list = self.is_told(path, |kind| kind == Kind::List);
        if is_list {
            self.facts(path, |facts| {
                facts.list = Some(facts.list.unwrap_or(false) || may_be_empty)
            });
        }
        is_list
    }

    /// Notes a table, or `false` where it was told that it is something else.
    pub(super) fn notes_table(&self, path: &str, may_be_empty: bool) -> bool {
        let is_table = self.is_told(path, |kind| kind == Kind::Mapping);
        if is_table {
            let known = |table: Option<bool>| Some(table.unwrap_or(false) || may_be_empty);
            self.facts(path, |facts| facts.table = known(facts.table));
        }
        is_table
    }

    pub(super) fn notes_mapping(&self, path: &str) -> bool {
        let is_mapping = self.is_told(path, |kind| kind == Kind::Mapping);
        if is_mapping {
            self.facts(path, |facts| {
                facts.members.get_or_insert_default();
            });
        }
        is_mapping
    }

    pub(super) fn notes_member(&self, path: &str, name: &'static str, is_required: bool) {
        self.facts(path, |facts| {
            let members = facts.members.get_or_insert_default();
            members.entry(name).and_modify(|known| *known |= is_required).or_insert(is_required);
        });
    }

    /// All that a mapping may have has been asked for.
    pub(super) fn notes_end(&self, path: &str) {
        self.facts(path, |facts| facts.has_read_all = true);
    }

    pub(super) fn notes_exactly_one(&self, path: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.facts(path, |facts| facts.exactly_one.insert(names));
    }

    fn is_told(&self, path: &str, is: impl Fn(Kind) -> bool) -> bool {
        self.run.borrow().kinds.get(path).is_none_or(|kind| is(*kind))
    }

    fn facts<T>(&self, path: &str, note: impl FnOnce(&mut Facts) -> T) {
        note(self.run.borrow_mut().facts.entry(path.to_owned()).or_default());
    }
}

/// The path of the items of the list at a path.
pub(super) fn item(path: &str) -> String {
    format!("{path}[]")
}

/// The path of the values of the table at a path.
pub(super) fn entry(path: &str) -> String {
    format!("{path}{{}}")
}

/// The path of a member of the mapping at a path.
pub(super) fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The path of what the value at a path is in.
fn around(path: &str) -> &str {
    let end = path.rfind(['.', '[', '{']).unwrap_or_default();
    path.get(..end).unwrap_or_default()
}

fn tree(facts: &BTreeMap<String, Facts>, path: &str) -> Outline {
    let Some(known) = facts.get(path) else { return Outline::default() };
    let list = known
        .list
        .map(|may_be_empty| Box::new(List { item: tree(facts, &item(path)), may_be_empty }));
    let mapping = known.members.as_ref().map(|members| {
        let field = |(name, is_required): (&&'static str, &bool)| {
            let value = tree(facts, &member(path, name));
            (*name, Field { is_required: *is_required, value })
        };
        Mapping {
            fields: members.iter().map(field).collect(),
            exactly_one: known.exactly_one.clone(),
        }
    });
    let table = known
        .table
        .map(|may_be_empty| Box::new(Table { value: tree(facts, &entry(path)), may_be_empty }));
    Outline { forms: known.forms.clone(), list, mapping, table, name: known.name }
}
