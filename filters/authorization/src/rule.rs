//! What a rule says of the requests that it matches.

use crate::condition::Condition;
use crate::principal::{Facts, Principal};
use gatehouse_filter::config::Fields;
use gatehouse_filter::rules::captured_names;
use gatehouse_filter::{Host, Mode, NoExpression, truth};
use std::iter;

/// Who is allowed or denied what the rule's `match` says.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// In shadow mode it is only told whom it would deny.
    pub(crate) mode: Mode,
    /// Its number among the rules in shadow mode.
    pub(crate) number: usize,
    /// Any of them; `None` is everybody.
    principals: Option<Vec<Principal>>,
    /// What must hold as well.
    condition: Option<Condition>,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Allow,
    Deny,
}

impl Action {
    pub(crate) const NAMES: [(&'static str, Self); 2] =
        [("allow", Self::Allow), ("deny", Self::Deny)];
}

impl Rule {
    /// Reads what is not `name` and `match`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let captures = captured_names(fields);
        let action = fields.required("action", |node| node.one_of(&Action::NAMES));
        let principals = fields.optional("principals", |node| {
            node.nonempty_list(|node| Principal::read(&node, &captures))
        });
        let condition = fields.optional("condition", |node| node.text().map(Condition::new));
        let mode =
            fields.with_default("mode", Mode::Enforce, |node| match Mode::read(node.clone())? {
                Mode::Shadow if action == Some(Action::Allow) => node.fault(
                    "does nothing: only whom a rule would deny is told, and this one allows",
                ),
                mode => Some(mode),
            });
        // A rule that allows has its part in a refusal where it asks for an identity, or for scopes.
        if let (Some(Action::Allow), Some(None), Some(wording)) =
            (action, &principals, fields.given("refusal"))
        {
            return wording.fault("does nothing: a rule that allows everybody refuses nobody");
        }
        Some(Self {
            action: action?,
            mode: mode?,
            number: 0,
            principals: principals?,
            condition: condition?,
        })
    }

    /// Whether it decides on every request that its `match` is for.
    pub(crate) fn decides_alone(&self) -> bool {
        self.principals.is_none() && self.condition.is_none() && !self.is_shadow()
    }

    /// Whether it only looks on.
    pub(crate) fn is_shadow(&self) -> bool {
        self.mode == Mode::Shadow
    }

    /// Whether it has an expression, which may be about anything that the host knows.
    pub(crate) fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// Compiles its condition.
    ///
    /// # Errors
    /// [`NoExpression`] where the host does not.
    pub(crate) fn compile(&self, host: &dyn Host) -> Result<(), NoExpression> {
        self.condition.as_ref().map_or(Ok(()), |condition| condition.compile(host))
    }

    /// Whether it decides, by whether it is certain that its `match` is for the request. What
    /// cannot be told about a request never allows it, and denies it.
    pub(crate) fn applies(&self, facts: &Facts<'_>, is_matched: bool) -> bool {
        let matched = is_matched.then_some(true);
        let principals = || match &self.principals {
            None => Some(true),
            Some(principals) => truth::any(principals.iter().map(|principal| principal.is(facts))),
        };
        let condition = || match &self.condition {
            None => Some(true),
            Some(condition) => condition.holds(facts),
        };
        // In this order, and the second only where the first does not settle it: it costs most.
        let holds = iter::once_with(principals).chain(iter::once_with(condition));
        let holds = truth::all(iter::once(matched).chain(holds));
        holds.unwrap_or(self.action == Action::Deny)
    }

    /// What does not hold of a request that it does not decide: of the principal that is nearest.
    pub(crate) fn lacks(&self, facts: &Facts<'_>) -> Vec<String> {
        let principals = self.principals.iter().flatten().map(|principal| principal.lacks(facts));
        match principals.min_by_key(Vec::len) {
            Some(lacks) if !lacks.is_empty() => lacks,
            _ => vec!["its condition does not hold".to_owned()],
        }
    }

    /// The scopes with which it would allow a request that it does not allow, where nothing else is
    /// missing.
    pub(crate) fn missing_scopes(&self, facts: &Facts<'_>) -> Option<Vec<&str>> {
        if self.action == Action::Deny {
            return None;
        }
        let mut principals = self.principals.iter().flatten();
        let scopes = principals.find_map(|principal| principal.missing_scopes(facts))?;
        let holds =
            self.condition.as_ref().is_none_or(|condition| condition.holds(facts) == Some(true));
        holds.then_some(scopes)
    }

    /// Whether a request without identity might be decided otherwise if it had one: because it
    /// might be allowed here, or because it is denied for the want of one.
    pub(crate) fn asks_for_identity(&self, facts: &Facts<'_>) -> bool {
        let mut principals = self.principals.iter().flatten();
        match self.action {
            Action::Allow => principals.any(|principal| principal.might_be_with_identity(facts)),
            Action::Deny => {
                let mut fitting =
                    principals.filter(|principal| principal.is(facts) != Some(false)).peekable();
                fitting.peek().is_some() && fitting.all(Principal::is_anonymous)
            }
        }
    }
}
