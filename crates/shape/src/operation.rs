use crate::condition::Condition;
use crate::conversion::{repeated, to_number, to_text};
use crate::fault::Fault;
use crate::shaping::Shaping;
use crate::text::{Needs, Text};
use crate::value::Value;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{HeaderName, HeaderValue};
use gatehouse_json::{Document, Id, Kind, Naming, Path, Places};

/// One change, and when it is made.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) when: Option<Condition>,
    pub(crate) operation: Operation,
    pub(crate) needs: Needs,
}

/// A change to a document, or to the head with a value of the document.
///
/// `set`, `rename`, `move` and `copy` own the place that they write: afterwards it holds what the
/// configuration says, or it is gone. What a client put there never survives.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A value instead of what is there; a value that is missing takes the place away.
    Set {
        path: Path,
        value: Value,
    },
    /// A value where there is none.
    Default {
        path: Path,
        value: Value,
    },
    Remove {
        paths: Vec<Path>,
    },
    /// Another name, in the same place among its neighbours.
    Rename {
        parents: Path,
        name: String,
        to: String,
    },
    Move(Way),
    Copy(Way),
    /// Only these members of the objects stay.
    Keep {
        path: Path,
        names: Vec<String>,
    },
    /// Of the arrays only the items for which the condition is as wanted.
    Filter {
        path: Path,
        want: bool,
        condition: Condition,
    },
    /// Of equal items of the lists only the first stay.
    Unique {
        path: Path,
    },
    /// Texts that are numbers become numbers.
    ToNumber {
        path: Path,
    },
    /// Numbers, `true` and `false` become texts.
    ToText {
        path: Path,
    },
    /// Changes to each of the values, whose own paths begin there.
    Each {
        path: Path,
        steps: Vec<Step>,
    },
    /// Other names at every depth.
    Case {
        path: Path,
        naming: Naming,
        /// Whose names stay.
        except: Vec<Path>,
        /// Texts that are names.
        values: Vec<Path>,
    },
    /// The values become the only member of an object.
    Wrap {
        path: Path,
        name: String,
    },
    /// The document becomes one of its parts, where it has it.
    Unwrap {
        path: Path,
    },
    /// Another document.
    Replace {
        value: Value,
    },
    /// A header field; a value that is missing takes it away.
    SetHeader {
        name: HeaderName,
        value: Text,
    },
    SetStatus {
        status: HeaderValue,
    },
}

/// From where to where: a common part, which may have wildcards, and two that go on from there.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) common: Path,
    pub(crate) from: Path,
    pub(crate) to: Path,
}

/// What the changes are made to.
pub struct Work<'a> {
    /// The document.
    pub document: Document,
    /// What the templates are filled from, beside the document.
    pub facts: Sources<'a>,
    /// Changes to the head, in order: a value, or none to remove the field. The status is the field
    /// `:status`.
    pub head: Vec<(HeaderName, Option<HeaderValue>)>,
    /// Whether a change whose path does not fit is left out.
    pub skips_misfits: bool,
}

impl Work<'_> {
    /// Makes the changes, in the order written, to the value at `base`, where their paths begin.
    ///
    /// # Errors
    /// [`Fault`]; the document and the head have the changes before it.
    pub fn run(&mut self, shaping: &Shaping, base: Id) -> Result<(), Fault> {
        self.make(shaping.steps(), base)
    }

    fn make(&mut self, steps: &[Step], base: Id) -> Result<(), Fault> {
        for step in steps {
            let made = step.when.as_ref().is_none_or(|when| when.holds(&mut self.document, base));
            if made {
                self.change(&step.operation, base)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, operation: &Operation, base: Id) -> Result<(), Fault> {
        let document = &mut self.document;
        match operation {
            Operation::Set { path, value } => match self.rendered(value, base) {
                Some(json) => self.write(path, base, &json)?,
                None => self.remove(path, base),
            },
            Operation::Default { path, value } => self.default(path, value, base)?,
            Operation::Remove { paths } => paths.iter().for_each(|path| self.remove(path, base)),
            Operation::Rename { parents, name, to } => {
                for parent in document.select(base, parents) {
                    match (
                        document.member(parent, name.as_bytes()),
                        document.member(parent, to.as_bytes()),
                    ) {
                        (Some(member), _) => document.rename(member, to)?,
                        (None, Some(other)) => document.remove(&[other]),
                        (None, None) => {}
                    }
                }
            }
            Operation::Move(way) => self.carry(way, base, false)?,
            Operation::Copy(way) => self.carry(way, base, true)?,
            Operation::Keep { path, names } => {
                let mut gone = Vec::new();
                for id in document.select(base, path) {
                    if document.kind(id) == Kind::Object {
                        let members: Vec<Id> = document.children(id).collect();
                        let other = |id: &Id| {
                            let name = document.name(*id);
                            names.iter().all(|kept| !document.is_name(kept.as_bytes(), &name))
                        };
                        gone.extend(members.into_iter().filter(other));
                    }
                }
                document.remove(&gone);
            }
            Operation::Filter { path, want, condition } => {
                let mut gone = Vec::new();
                for id in document.select(base, path) {
                    if document.kind(id) == Kind::Array {
                        let items: Vec<Id> = document.children(id).collect();
                        gone.extend(
                            items
                                .into_iter()
                                .filter(|item| condition.holds(document, *item) != *want),
                        );
                    }
                }
                document.remove(&gone);
            }
            Operation::Unique { path } => {
                let mut gone = Vec::new();
                for id in document.select(base, path) {
                    gone.extend(repeated(document, id)?);
                }
                document.remove(&gone);
            }
            Operation::ToNumber { path } => {
                for id in document.select(base, path) {
                    to_number(document, id)?;
                }
            }
            Operation::ToText { path } => {
                for id in document.select(base, path) {
                    to_text(document, id)?;
                }
            }
            Operation::Each { path, steps } => {
                for id in document.select(base, path) {
                    self.make(steps, id)?;
                }
            }
            Operation::Case { path, naming, except, values } => {
                let mut found = |paths: &[Path]| -> Vec<Id> {
                    paths.iter().flat_map(|path| document.select(base, path)).collect()
                };
                let (except, values) = (found(except), found(values));
                for id in values {
                    document.convert_text(id, naming)?;
                }
                for id in document.select(base, path) {
                    document.convert(id, naming, &except)?;
                }
            }
            Operation::Wrap { path, name } => {
                document.select(base, path).into_iter().for_each(|id| document.wrap(id, name));
            }
            Operation::Unwrap { path } => {
                if let Some(part) = document.select(base, path).first() {
                    let value = document.detach(*part);
                    document.put_into(base, value);
                }
            }
            Operation::Replace { value } => {
                let json = self.rendered(value, base).unwrap_or_else(|| b"null".to_vec());
                let put = self.document.put(&json)?;
                self.document.set(base, put);
            }
            Operation::SetHeader { name, value } => {
                let mut text = Vec::new();
                let rendered = value.render(&self.facts, document, base, &mut text);
                let value = match rendered {
                    Some(()) => {
                        Some(HeaderValue::try_from(text).map_err(|_| Fault::HeaderInvalid)?)
                    }
                    None => None,
                };
                self.head.push((name.clone(), value));
            }
            Operation::SetStatus { status } => {
                self.head.push((HeaderName::from_static(":status"), Some(status.clone())));
            }
        }
        Ok(())
    }

    fn rendered(&mut self, value: &Value, base: Id) -> Option<Vec<u8>> {
        let mut json = Vec::new();
        value.render(&self.facts, &mut self.document, base, &mut json)?;
        Some(json)
    }

    fn write(&mut self, path: &Path, base: Id, json: &[u8]) -> Result<(), Fault> {
        let places = self.document.place(base, path)?;
        let places = self.fitting(places)?;
        if !places.is_empty() {
            let put = self.document.put(json)?;
            places.into_iter().for_each(|place| self.document.set(place, put));
        }
        Ok(())
    }

    /// Moves a value. Where it has no place to go to it stays.
    fn carry_over(&mut self, way: &Way, parent: Id, from: Id) -> Result<(), Fault> {
        let document = &mut self.document;
        if way.from.is_root() {
            // Only its place is left, and is not taken out of a list of many.
            let value = document.lift(from);
            let places = document.place_anew(parent, &way.to)?;
            match places.ids.first() {
                Some(place) => document.put_into(*place, value),
                None => document.put_into(from, value),
            }
            return self.fitting(places).map(|_| ());
        }
        if way.from.is_apart_from(&way.to) {
            let value = document.lift(from);
            let places = document.place(parent, &way.to)?;
            match places.ids.first() {
                Some(place) => {
                    document.put_into(*place, value);
                    document.remove(&[from]);
                }
                None => document.put_into(from, value),
            }
            return self.fitting(places).map(|_| ());
        }
        // One is in the other, or an item of a list that becomes shorter.
        let cut = document.cut(from);
        let places = document.place(parent, &way.to)?;
        match places.ids.first() {
            Some(place) => document.put_into(*place, cut.value),
            None => document.restore(cut),
        }
        self.fitting(places).map(|_| ())
    }

    fn fitting(&self, places: Places) -> Result<Vec<Id>, Fault> {
        let fits = self.skips_misfits || places.misfits == 0;
        if fits { Ok(places.ids) } else { Err(Fault::Misfit) }
    }

    fn remove(&mut self, path: &Path, base: Id) {
        let found = self.document.select(base, path);
        self.document.remove(&found);
    }

    /// Each parent that the path names is looked at apart: one may have the value and the next not.
    fn default(&mut self, path: &Path, value: &Value, base: Id) -> Result<(), Fault> {
        let Some((common, rest, _)) = path.fork(path) else { return Ok(()) };
        for parent in self.document.select(base, &common) {
            if self.document.select(parent, &rest).is_empty()
                && let Some(json) = self.rendered(value, base)
            {
                self.write(&rest, parent, &json)?;
            }
        }
        Ok(())
    }

    fn carry(&mut self, way: &Way, base: Id, copy: bool) -> Result<(), Fault> {
        for parent in self.document.select(base, &way.common) {
            let Some(from) = self.document.select(parent, &way.from).first().copied() else {
                self.remove(&way.to, parent);
                continue;
            };
            if copy {
                let put = self.document.put_copy(from)?;
                let places = self.document.place(parent, &way.to)?;
                let places = self.fitting(places)?;
                places.into_iter().for_each(|place| self.document.set(place, put));
            } else {
                self.carry_over(way, parent, from)?;
            }
        }
        Ok(())
    }
}
