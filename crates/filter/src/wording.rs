//! What a refusal says, where a configuration has words of its own for it.

use crate::config::{Fields, Node};
use crate::template::{OwnFacts, OwnNames, Scope, Sources, Template};
use crate::{Identity, Problem};
use std::rc::Rc;

/// Own words for a filter's refusals: `refusal: {status, title, detail}`. What is not given stays
/// as the filter has it, and so do the code, the header fields and the status of a gRPC call.
///
/// The detail is a [`Template`] that knows nothing of what the client has sent: `${detail}`, the
/// filter's own sentence, `${code}`, `${rule}`, `${retry_after}`, the seconds of that field, and of
/// the identity `${identity.subject}`, `${identity.consumer}` and `${identity.tier}`. Where one is
/// missing, the filter's own sentence stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wording {
    status: Option<u16>,
    title: Option<Rc<str>>,
    detail: Option<Template>,
}

/// The words of a configuration, before its rules are read, which may have others
/// ([`Rules`](crate::rules::Rules)).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words {
    /// Those at the top.
    pub(crate) top: Option<Wording>,
    asks_for_credentials: bool,
}

impl Words {
    /// Reads `refusal` at the top of a configuration; see [`Wording::read`].
    pub fn read(fields: &mut Fields<'_>, asks_for_credentials: bool) -> Self {
        let top = fields.optional("refusal", |node| Wording::read(&node, asks_for_credentials));
        // A fault is on its node, and the configuration is refused.
        Self { top: top.flatten(), asks_for_credentials }
    }

    /// Reads `refusal` of a rule. What it does not say, that at the top says.
    pub(crate) fn of_rule(&self, rule: &mut Fields<'_>) -> Option<Option<Wording>> {
        let own = rule.optional("refusal", |node| Wording::read(&node, self.asks_for_credentials));
        own.map(|own| own.map(|own| own.or(self.top.as_ref())))
    }
}

/// What a refusal's words may be made of.
pub struct Refused<'a> {
    /// The full code: `rate_limit.exceeded`.
    pub code: &'a str,
    /// The name of the rule that decided.
    pub rule: Option<&'a str>,
    /// Who the request is from.
    pub identity: Option<&'a Identity>,
}

impl Wording {
    /// Reads `refusal`. A 401 needs a challenge (RFC 9110 §15.5.2), so only filters that have one,
    /// `asks_for_credentials`, can be told to answer with it.
    pub fn read(node: &Node<'_>, asks_for_credentials: bool) -> Option<Self> {
        let mut fields = node.fields()?;
        let status = fields.optional("status", |node| {
            let status = u16::try_from(node.integer(400..=599)?).ok()?;
            let lacks = match status {
                401 if !asks_for_credentials => "a challenge",
                407 => "a challenge of the proxy's",
                426 => "an `upgrade`",
                _ => return Some(status),
            };
            node.fault(format!("cannot be {status}: the answer would lack {lacks}"))
        });
        let title = fields.optional("title", |node| {
            let title = node.text()?;
            if title.len() > LONGEST_TITLE || title.chars().any(char::is_control) {
                return node.fault(format!(
                    "must be one line of at most {LONGEST_TITLE} bytes: it is the same for all"
                ));
            }
            Some(Rc::from(title))
        });
        let detail = fields.optional("detail", |node| {
            Template::read(&node, &Scope { own: Some(&Names), ..Scope::default() })
        });
        fields.finish();
        let wording = Self { status: status?, title: title?, detail: detail? };
        if wording == (Self { status: None, title: None, detail: None }) {
            return node.fault("says nothing: at least one of status, title, detail is needed");
        }
        Some(wording)
    }

    /// These words, and where they are silent, others.
    fn or(self, others: Option<&Self>) -> Self {
        let Some(others) = others.cloned() else { return self };
        Self {
            status: self.status.or(others.status),
            title: self.title.or(others.title),
            detail: self.detail.or(others.detail),
        }
    }

    /// Whether it says who the request is from.
    pub fn tells_identity(&self) -> bool {
        let is_of_identity =
            |number: usize| Fact::ALL.get(number).is_some_and(|(_, fact)| fact.is_of_identity());
        self.detail.as_ref().is_some_and(|detail| detail.owns().any(is_of_identity))
    }

    /// Puts these words in place of the filter's own.
    pub fn put_on(&self, problem: &mut Problem, refused: &Refused<'_>) {
        if let Some(status) = self.status {
            problem.status = status;
        }
        problem.title = self.title.as_ref().map(Rc::clone);
        let Some(template) = &self.detail else { return };
        let facts = Facts { problem, refused };
        let mut text = Vec::new();
        let said = template.render(&Sources { own: Some(&facts), ..Sources::default() }, &mut text);
        if let Some(text) = said.and_then(|()| String::from_utf8(text).ok()) {
            problem.detail = text.into();
        }
    }
}

/// The longest title, in bytes.
const LONGEST_TITLE: usize = 200;

/// The longest name of a caller that is told, in bytes: more is whatever an issuer wrote.
const LONGEST_NAME: usize = 200;

/// What a placeholder stands for.
#[derive(Clone, Copy)]
enum Fact {
    Detail,
    Code,
    Rule,
    RetryAfter,
    Subject,
    Consumer,
    Tier,
}

impl Fact {
    const ALL: [(&'static str, Self); 7] = [
        ("detail", Self::Detail),
        ("code", Self::Code),
        ("rule", Self::Rule),
        ("retry_after", Self::RetryAfter),
        ("identity.subject", Self::Subject),
        ("identity.consumer", Self::Consumer),
        ("identity.tier", Self::Tier),
    ];
}

impl Fact {
    fn is_of_identity(self) -> bool {
        matches!(self, Self::Subject | Self::Consumer | Self::Tier)
    }
}

/// The placeholders. No others are let through: what a client has sent may be a secret, and what is
/// said to one client may be read by another.
#[derive(Debug)]
struct Names;

impl OwnNames for Names {
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>> {
        let number = Fact::ALL.iter().position(|(name, _)| *name == placeholder);
        Some(number.ok_or_else(|| format!("is none that a refusal knows; {}", self.spellings())))
    }

    fn spellings(&self) -> &'static str {
        "known here: detail, code, rule, retry_after, identity.subject, identity.consumer, \
         identity.tier"
    }
}

struct Facts<'a> {
    problem: &'a Problem,
    refused: &'a Refused<'a>,
}

impl Facts<'_> {
    fn text(&self, number: usize) -> Option<&str> {
        let name = |part: fn(&Identity) -> Option<&String>| {
            let name = part(self.refused.identity?)?;
            (name.len() <= LONGEST_NAME).then_some(name.as_str())
        };
        match Fact::ALL.get(number)?.1 {
            Fact::Detail => Some(&self.problem.detail),
            Fact::Code => Some(self.refused.code),
            Fact::Rule => self.refused.rule,
            Fact::RetryAfter => std::str::from_utf8(self.problem.retry_after()?).ok(),
            Fact::Subject => name(|identity| identity.subject.as_ref()),
            Fact::Consumer => name(|identity| identity.consumer.as_ref()),
            Fact::Tier => name(|identity| identity.tier.as_ref()),
        }
    }
}

impl OwnFacts for Facts<'_> {
    fn render(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(self.text(number)?.as_bytes());
        Some(())
    }

    fn render_json(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        serde_json::to_writer(out, self.text(number)?).ok()
    }
}

#[cfg(test)]
mod tests;
