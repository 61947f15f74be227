//! Which rule a request that no rule decides is nearest to, and what it lacks: for operators.

use crate::Authorization;
use crate::principal::Facts;
use crate::rule::{Action, Rule};
use gatehouse_filter::Request;

impl Authorization {
    /// Of the rules that allow requests of this `match`, the first that lacks least; else, of those
    /// for its path, what `match` lacks.
    pub(crate) fn nearest(&self, request: &Request<'_>) -> String {
        let allows = |rule: &Rule| rule.action == Action::Allow;
        let allowing = self.rules.matching(request).filter(|(rule, _)| allows(&rule.action));
        let lacking = allowing
            .map(|(rule, captures)| (&rule.name, rule.action.lacks(&Facts { request, captures })));
        if let Some((name, lacks)) = lacking.min_by_key(|(_, lacks)| lacks.len()) {
            return format!("nearest rule `{name}`: {}", lacks.join(", "));
        }
        match self.rules.nearest(request, allows) {
            Some((rule, unmet)) => {
                format!("nearest rule `{}`: its {} are others", rule.name, unmet.join(", "))
            }
            None => "no rule is for this path".to_owned(),
        }
    }
}
