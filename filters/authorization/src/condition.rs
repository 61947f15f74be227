//! What an expression says of the request.

use crate::principal::Facts;
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{Expression, Host, NoExpression};
use std::cell::OnceCell;

/// An expression in the Common Expression Language, which the host compiles and evaluates.
#[derive(Debug)]
pub(crate) struct Condition {
    text: Box<str>,
    compiled: OnceCell<Expression>,
}

impl Condition {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into(), compiled: OnceCell::new() }
    }

    pub(crate) fn compile(&self, host: &dyn Host) -> Result<(), NoExpression> {
        let compiled = host.compile(&self.text)?;
        let _ = self.compiled.set(compiled);
        Ok(())
    }

    /// It cannot be told where the expression fails, as `request.headers['x-a'] == 'b'` does
    /// without that header.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> Truth {
        facts.request.host().evaluate(*self.compiled.get()?)
    }
}
