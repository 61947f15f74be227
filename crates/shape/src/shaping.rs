//! Lists of operations, as a configuration has them.

use crate::config;
use crate::operation::{Operation, Step};
use crate::text::Needs;
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::Scope;

/// Changes to a document, in the order in which they are made. The default is none.
#[derive(Clone, Default, Debug)]
pub struct Shaping {
    steps: Vec<Step>,
    needs: Needs,
    fields: Vec<HeaderName>,
}

/// The head that goes with a document, where operations can edit it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Editable {
    /// That of a request: its fields.
    RequestHead,
    /// That of a response: its fields and its status.
    ResponseHead,
    /// The document has no head of its own: `set_header` and `set_status` are faults.
    Nothing,
}

impl Shaping {
    /// Reads a list of operations, which may be empty. Their templates may name what `scope` says,
    /// and their changes to a head go where `editable` says.
    pub fn read(node: &Node<'_>, scope: &Scope<'_>, editable: Editable) -> Option<Self> {
        Some(Self::of(config::steps(node, scope, editable)?))
    }

    fn of(steps: Vec<Step>) -> Self {
        let needs = steps.iter().fold(Needs::default(), |needs, step| needs.and(step.needs));
        let fields = steps.iter().flat_map(|step| written_fields(&step.operation)).collect();
        Self { steps, needs, fields }
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The facts that their templates name.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// The header fields that they write; each `set_header` has one.
    pub fn fields(&self) -> &[HeaderName] {
        &self.fields
    }

    /// Whether they change anything in a head: a field, or the status.
    pub fn edits_head(&self) -> bool {
        self.steps.iter().any(|step| edits_head(&step.operation))
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

fn written_fields(operation: &Operation) -> Vec<HeaderName> {
    match operation {
        Operation::SetHeader { name, .. } => vec![name.clone()],
        Operation::Each { steps, .. } => {
            steps.iter().flat_map(|step| written_fields(&step.operation)).collect()
        }
        _ => Vec::new(),
    }
}

fn edits_head(operation: &Operation) -> bool {
    match operation {
        Operation::SetHeader { .. } | Operation::SetStatus { .. } => true,
        Operation::Each { steps, .. } => steps.iter().any(|step| edits_head(&step.operation)),
        _ => false,
    }
}
