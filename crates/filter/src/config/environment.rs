//! What a configuration refers to instead of saying it: the variables of its VM.

use super::{Form, Node};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// Where `{env: NAME}` is looked up.
pub trait Environment {
    /// What the variable of this name holds.
    fn variable(&self, name: &str) -> Variable;
}

/// What became of a look for a variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Variable {
    /// It holds this.
    Holds(Vec<u8>),
    /// There is none of this name.
    Absent,
    /// The plugin may not call this function of the host's, by which variables are read.
    Refused(&'static str),
    /// It is there, and what it holds is not known here. Only a check without a host says so:
    /// whatever needs the variable is then not read, and that is no fault.
    Unknown,
    /// What is read here is not the plugin's own configuration, and must not name what the VM has.
    Foreign,
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds(_) => "Holds(***)",
            Self::Absent => "Absent",
            Self::Refused(_) => "Refused",
            Self::Unknown => "Unknown",
            Self::Foreign => "Foreign",
        })
    }
}

/// The environment of what is not a plugin's own configuration, such as a list that was fetched.
pub struct Nowhere;

impl Environment for Nowhere {
    fn variable(&self, _name: &str) -> Variable {
        Variable::Foreign
    }
}

/// Text that a configuration says or refers to, and that nobody else is told.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText<'a>(Cow<'a, str>);

impl Deref for SecretText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'a> Node<'a> {
    /// Text, not empty, which may be a secret: as it is, or what the variable of `{env: NAME}`
    /// holds. A line break at the end of that is no part of it: files leave one there. A fault must
    /// not repeat it.
    pub fn secret(&self) -> Option<SecretText<'a>> {
        if self.notes(Form::Secret) {
            return None;
        }
        match self.value {
            Value::String(_) => self.text().map(|text| SecretText(Cow::Borrowed(text))),
            Value::Object(_) => self.referred().map(|text| SecretText(Cow::Owned(text))),
            _ => self.fault("must be text, or {env: NAME}"),
        }
    }

    /// Whether this is `{env: NAME}`.
    pub fn is_reference(&self) -> bool {
        if self.explorer().is_some() {
            return self.has("env");
        }
        let members = self.value.as_object();
        members.is_some_and(|members| members.len() == 1 && members.contains_key("env"))
    }

    /// The value, in which every `{env: NAME}` has become the text that it refers to.
    pub fn without_references(&self) -> Option<Value> {
        if self.notes(Form::Members) {
            return None;
        }
        match self.value {
            Value::Object(_) if self.is_reference() => {
                self.secret().map(|text| Value::from(&*text))
            }
            Value::Object(members) => {
                // All of them, for the faults of each.
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| {
                        Some((name.clone(), self.child(name, value).without_references()?))
                    })
                    .collect();
                members.into_iter().collect::<Option<_>>().map(Value::Object)
            }
            Value::Array(_) => self.list(|item| item.without_references()).map(Value::Array),
            other => Some(other.clone()),
        }
    }

    /// What the variable holds that this mapping names.
    fn referred(&self) -> Option<String> {
        let mut fields = self.fields()?;
        let name = fields.required("env", |node| variable_name(&node));
        fields.finish();
        let name = name?;
        let bytes = match self.reading.environment.variable(name) {
            Variable::Holds(bytes) => bytes,
            Variable::Absent => return self.fault(format!("{ABSENT} `{name}`: {ADD_IT}")),
            Variable::Refused(call) => {
                return self.fault(format!(
                    "cannot be looked up: capability_restriction_config must allow `{call}`"
                ));
            }
            Variable::Foreign => {
                return self.fault("must be text: only the plugin's own configuration may refer");
            }
            Variable::Unknown => {
                self.reading.lacks_a_value.set(true);
                return None;
            }
        };
        match String::from_utf8(bytes).map(without_line_break) {
            Ok(text) if text.is_empty() => self.fault(format!("the variable `{name}` is empty")),
            Ok(text) => Some(text),
            Err(_) => self.fault(format!("the variable `{name}` holds what is not UTF-8")),
        }
    }
}

const ABSENT: &str = "the VM has no variable";
const ADD_IT: &str = "add it to vm_config.environment_variables, as one of key_values, or, with it \
                      in Envoy's own environment, to host_env_keys (Istio: vmConfig.env; Envoy \
                      Gateway: env.hostKeys)";

fn variable_name<'a>(node: &Node<'a>) -> Option<&'a str> {
    let name = node.text()?;
    match name.contains(['=', '\0']) {
        true => node.fault("must be the name of a variable"),
        false => Some(name),
    }
}

fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests;
