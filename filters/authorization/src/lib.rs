//! `authorization`: what a client may do.
//!
//! The first rule decides whose `match` the request fits and whose principals the client is one of:
//! it allows or denies. A request that no rule decides falls under the default, which is to deny.
//! Who the client is, an authentication filter before this one found out.

mod claim;
mod claim_path;
mod condition;
mod config;
mod nearest;
mod pattern;
mod principal;
mod refusal;
mod rule;

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::{self, AmbiguousTarget, Found, Rules};
use gatehouse_filter::{
    Challenge, Codes as _, CountedRule, Counter, Decision, Filter, Host, Meter, Mode, Need, Never,
    NoCodes, NoExpression, Request, Wording,
};
use principal::Facts;
use refusal::Refusal;
use rule::{Action, Rule};
use std::rc::Rc;

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// A rule allows it.
        Allowed = "allowed",
        /// No rule decides, and the default is to allow.
        DefaultAllowed = "default_allowed",
        /// A CORS preflight, which no rule denies: browsers send it without credentials.
        Preflight = "preflight",
        /// The path, the host or a parameter can be read as another one than the rules read.
        TargetAmbiguous = "target_ambiguous",
        /// It is refused, and the client has not said who it is: with credentials it might be
        /// allowed.
        Unauthenticated = "unauthenticated",
        /// It is refused for the want of scopes alone, and the client is told which.
        InsufficientScope = "insufficient_scope",
        /// A rule denies it.
        Denied = "denied",
        /// No rule decides, and the default is to deny.
        NoRule = "no_rule",
        /// It is let pass, and a rule in shadow mode would deny it.
        ShadowDenied = "shadow_denied",
    }
}

gatehouse_filter::codes! {
    /// What is counted for each rule in shadow mode.
    pub enum RuleEvent {
        /// It would deny the request.
        WouldDeny = "would_deny",
    }
}

impl Code {
    /// Whether a request of which this is told does not go on, unless the filter only looks on.
    fn is_refusal(self) -> bool {
        !matches!(self, Self::Allowed | Self::DefaultAllowed | Self::Preflight | Self::ShadowDenied)
    }
}

/// The filter, configured.
#[derive(Debug)]
pub struct Authorization {
    mode: Mode,
    /// What a client that should log in is asked for.
    challenge: Challenge,
    /// Whether a client that lacks nothing but scopes is told which.
    tells_scopes: bool,
    skip_preflight: bool,
    rules: Rules<Rule>,
    default: Action,
}

impl Filter for Authorization {
    const NAME: &'static str = "authorization";
    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = RuleEvent;
    type State = ();
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(&node)
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        let fault = |(index, rule): (usize, &rules::Rule<Rule>)| {
            rule.action.compile(host).err().map(|NoExpression| ConfigError {
                path: format!("rules[{index}].condition"),
                message: "is not a CEL expression that the host can compile".to_owned(),
            })
        };
        let faults: Vec<ConfigError> = self.rules.iter().enumerate().filter_map(fault).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        let shadows = self.rules.iter().filter(|rule| rule.action.is_shadow());
        let counted = |rule: &rules::Rule<Rule>| CountedRule {
            name: Rc::clone(&rule.name),
            mode: rule.action.mode,
        };
        shadows.map(counted).collect()
    }

    fn asks_for_route(&self) -> bool {
        self.rules.ask_for_route() || self.rules.iter().any(|rule| rule.action.has_condition())
    }

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        let is_worded = matches!(
            code,
            Code::Unauthenticated | Code::InsufficientScope | Code::Denied | Code::NoRule
        );
        self.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        let has_condition = self.rules.iter().any(|rule| rule.action.has_condition());
        if has_condition { vec![Need::Expressions] } else { Vec::new() }
    }

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        let mut would_deny = None;
        let decision = self.decide(request, &mut would_deny);
        match would_deny {
            Some(rule) if !decision.code.is_refusal() => {
                let instead = match &decision.rule {
                    Some(rule) => format!("{} by `{rule}`", decision.code.name()),
                    None => decision.code.name().to_owned(),
                };
                Decision::pass(Code::ShadowDenied, Some(rule)).because(Some(instead))
            }
            _ => decision,
        }
    }
}

impl Authorization {
    /// What becomes of a request; `would_deny` is the first rule in shadow mode that would deny it.
    fn decide(&self, request: &Request<'_>, would_deny: &mut Option<Rc<str>>) -> Decision<Code> {
        let rules = match self.rules.guard_all(request) {
            Ok(rules) => rules,
            Err(AmbiguousTarget) => return self.refuse(&Refusal::TargetAmbiguous, None),
        };
        // The first rule that might have decided otherwise, had the client said who it is.
        let mut asked: Option<Rc<str>> = None;
        // The first rule that would have allowed it with other scopes, and these.
        let mut lacking: Option<(Rc<str>, String)> = None;
        for Found { rule, captures, is_certain } in rules {
            let facts = Facts { request, captures };
            let decides = rule.action.applies(&facts, is_certain);
            if rule.action.is_shadow() {
                if decides {
                    Self::count(rule, request.host());
                    would_deny.get_or_insert_with(|| Rc::clone(&rule.name));
                }
                continue;
            }
            let allows = rule.action.action == Action::Allow;
            if decides && allows {
                return Decision::pass(Code::Allowed, Some(Rc::clone(&rule.name)));
            }
            if asked.is_none()
                && decides != allows
                && request.identity().is_none()
                && rule.action.asks_for_identity(&facts)
            {
                asked = Some(Rc::clone(&rule.name));
            }
            if self.tells_scopes
                && lacking.is_none()
                && !decides
                && is_certain
                && let Some(scopes) = rule.action.missing_scopes(&facts)
            {
                lacking = Some((Rc::clone(&rule.name), scopes.join(" ")));
            }
            if decides {
                let rule = Some(Rc::clone(&rule.name));
                return self.refuse_unless_asked(asked, &Refusal::Denied, rule, request);
            }
        }
        match self.default {
            Action::Allow => Decision::pass(Code::DefaultAllowed, None),
            Action::Deny => match lacking {
                Some((rule, scopes)) => {
                    let why = format!("lacks the scopes {scopes}");
                    self.refuse(&Refusal::InsufficientScope(scopes), Some(rule)).because(Some(why))
                }
                None => self.refuse_unless_asked(asked, &Refusal::NoRule, None, request),
            },
        }
    }

    /// Counts a request that a rule in shadow mode would deny.
    fn count(rule: &rules::Rule<Rule>, meter: &dyn Meter) {
        let event = RuleEvent::WouldDeny.index();
        meter.add(Counter::OfRule { rule: rule.action.number, event }, 1);
    }

    fn refuse(&self, refusal: &Refusal, rule: Option<Rc<str>>) -> Decision<Code> {
        Decision::refuse(self.mode, refusal.code(), rule, refusal.reply(&self.challenge))
    }

    /// Refuses, unless a rule asks for an identity: then the client is asked for one.
    fn refuse_unless_asked(
        &self,
        asked: Option<Rc<str>>,
        refusal: &Refusal,
        rule: Option<Rc<str>>,
        request: &Request<'_>,
    ) -> Decision<Code> {
        let is_for_want_of_identity = asked.is_some() || *refusal == Refusal::NoRule;
        if self.skip_preflight && is_for_want_of_identity && request.is_preflight() {
            return Decision::pass(Code::Preflight, asked.or(rule));
        }
        match asked {
            Some(asked) => self.refuse(&Refusal::Unauthenticated, Some(asked)),
            None => {
                let why = (*refusal == Refusal::NoRule).then(|| self.nearest(request));
                self.refuse(refusal, rule).because(why)
            }
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(Authorization);
