//! Which rule a request that no rule decides is nearest to, and what it lacks: for operators.

use crate::Authorization;
use crate::principal::Facts;
use crate::rule::{Action, Rule};
use gatehouse_filter::Request;

/// Of a longer path, or a longer head, nobody is told: each pattern would read it twice more, for a
/// line in a log.
const LONGEST_PATH: usize = 1 << 10;
const LONGEST_HEAD: usize = 16 << 10;

impl Authorization {
    /// Of the rules that allow requests of this `match`, the first that lacks least; else, of those
    /// for its path, what `match` lacks.
    pub(crate) fn nearest(&self, request: &Request<'_>) -> String {
        let length = request.path().len();
        if length > LONGEST_PATH {
            return format!("the path has {length} bytes");
        }
        let head: usize = request.headers.iter_received().map(|(_, value)| value.len()).sum();
        if head > LONGEST_HEAD {
            return format!("the head has {head} bytes");
        }
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
