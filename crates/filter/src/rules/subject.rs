//! What rules judge.

use super::path::Path;
use super::query::{Folded, Parameters};
use crate::Request;
use std::cell::OnceCell;
use std::rc::Rc;

/// A request, with its path and its query cut once for all rules that look at them: both may be
/// long.
pub(super) struct Subject<'a, 'h> {
    pub(super) request: &'a Request<'h>,
    /// The parameters that any rule asks for, in order.
    names: Rc<[Folded]>,
    path: OnceCell<Path<'a>>,
    parameters: OnceCell<Parameters<'a>>,
}

impl<'a, 'h> Subject<'a, 'h> {
    pub(super) fn new(request: &'a Request<'h>, names: Rc<[Folded]>) -> Self {
        Self { request, names, path: OnceCell::new(), parameters: OnceCell::new() }
    }

    pub(super) fn path(&self) -> &Path<'a> {
        self.path.get_or_init(|| Path::new(self.request.path()))
    }

    pub(super) fn parameters(&self) -> &Parameters<'a> {
        let query = || self.request.query().unwrap_or_default();
        self.parameters.get_or_init(|| Parameters::find(query(), Rc::clone(&self.names)))
    }
}
