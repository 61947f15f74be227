//! What a rule says of the requests that it matches.

use super::form;
use super::providers::Provider;
use super::require::Require;
use super::requirements::requirement;
use crate::demand::Demand;
use crate::kind::Kind;
use crate::requirement::{Item, Requirement, Want};
use gatehouse_filter::Reference;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::captured_names;
use serde_json::Value;
use std::convert::Infallible;

/// Whose token a request needs, and what that must say.
pub(crate) struct Rule {
    pub(crate) require: Require,
    /// `None`: what the provider asks is enough.
    pub(crate) demand: Option<Demand>,
}

impl From<Require> for Rule {
    fn from(require: Require) -> Self {
        Self { require, demand: None }
    }
}

impl Rule {
    /// Reads what is not `name` and `match`. While the providers themselves are at fault, what a
    /// rule asks is not held to them, and nothing is read.
    pub(super) fn read(fields: &mut Fields<'_>, providers: Option<&[Provider]>) -> Option<Self> {
        let captures = captured_names(fields);
        let require = Require::of_rule(fields, providers);
        let issuers = Issuers { providers: providers.unwrap_or_default(), require: &require };
        let audiences = fields.optional("audiences", |node| {
            issuers.check_asked(&node)?;
            node.nonempty_list(|node| node.text().map(str::to_owned))
        });
        let kinds = fields.optional("types", |node| {
            issuers.check_asked(&node)?;
            let kinds = form::kinds(&node)?;
            match issuers.may_all(|provider| may_issue(provider, &kinds)) {
                true => Some(kinds),
                false => node.fault(
                    "never fits: no provider of `require` takes tokens of these types; those of \
                     one without `jwks` have none",
                ),
            }
        });
        let claims = fields.optional("required_claims", |node| {
            issuers.check_asked(&node)?;
            let mut earlier: Vec<Requirement<Reference>> = Vec::new();
            let claims = node.nonempty_list(|node| {
                let required = requirement(&node, |fields| Reference::read(fields, &captures))?;
                issuers.check(&node, &required, &earlier)?;
                earlier.push(required);
                Some(())
            });
            claims.map(|_| earlier)
        });
        let (audiences, kinds, claims) = (audiences?, kinds?, claims?);
        let is_asked = audiences.is_some() || kinds.is_some() || claims.is_some();
        let demand = is_asked.then(|| Demand {
            audiences: audiences.unwrap_or_default(),
            kinds,
            claims: claims.unwrap_or_default(),
        });
        Some(Self { require: require?, demand })
    }
}

/// Whose tokens a rule is for.
struct Issuers<'a> {
    providers: &'a [Provider],
    require: &'a Option<Require>,
}

impl Issuers<'_> {
    fn check_asked(&self, node: &Node<'_>) -> Option<()> {
        match self.require {
            Some(Require::Nothing) => {
                node.fault("does nothing: with `require: none` a token is not looked at")
            }
            _ => Some(()),
        }
    }

    /// Whether of each token that the rule needs one provider might have issued such a one.
    fn may_all(&self, may: impl Fn(&Provider) -> bool) -> bool {
        let each = match self.require {
            None | Some(Require::Nothing) => &[],
            Some(Require::Optional(accepted) | Require::Lenient(accepted)) => {
                std::slice::from_ref(accepted)
            }
            Some(Require::Each(each)) => each.as_slice(),
        };
        let mut each = each.iter().map(|accepted| &accepted.providers);
        each.all(|group| group.iter().any(|index| self.providers.get(*index).is_some_and(&may)))
    }

    /// Whether a claim can be what a rule asks, beside what its providers and the rule itself ask
    /// before.
    fn check(
        &self,
        node: &Node<'_>,
        required: &Requirement<Reference>,
        earlier: &[Requirement<Reference>],
    ) -> Option<()> {
        let of_same = |it: &&Requirement<Reference>| it.claim == required.claim;
        let mut same = earlier.iter().filter(of_same);
        if !same.all(|it| it.want.may_be_met_with(&required.want)) {
            return node.fault("never fits: the rule asks for another value of this claim before");
        }
        if !self.may_all(|provider| may_say(provider, required)) {
            return node
                .fault("never fits: the providers of `require` want another value of this claim");
        }
        match self.written(&required.want) {
            Some(name) => node.fault(format!(
                "never fits: the field `{name}` is what `claims_to_headers` writes, and is removed \
                 from requests before"
            )),
            None => Some(()),
        }
    }

    /// A field of the request that has been removed before it could be compared.
    fn written<'w>(&self, want: &'w Want<Reference>) -> Option<&'w str> {
        let Want::AnyOf(items) = want else { return None };
        let fields = items.iter().filter_map(|item| match item {
            Item::Reference(Reference::Header(name)) => Some(name),
            _ => None,
        });
        let mut written = fields.filter(|name| {
            let forwards = self.providers.iter().flat_map(|provider| &provider.claims_to_headers);
            forwards.map(|forward| &forward.header).any(|written| written.is_read_as(name))
        });
        written.next().map(|name| name.as_str())
    }
}

/// Whether a provider may have tokens of one of these kinds: what is asked about has none.
fn may_issue(provider: &Provider, kinds: &[Kind]) -> bool {
    provider.has_keys() && kinds.iter().any(|kind| provider.takes(Some(kind)))
}

/// Whether a good token of a provider may say what a rule asks.
fn may_say(provider: &Provider, required: &Requirement<Reference>) -> bool {
    let of_same = |it: &&Requirement<Infallible>| it.claim == required.claim;
    let mut same = provider.requirements.claims.iter().filter(of_same);
    let is_issuer = || match (required.claim.as_str(), &provider.issuer) {
        ("iss", Some(issuer)) => {
            let issuer: Want<Infallible> = Want::Equals(Value::from(issuer.as_str()));
            required.want.may_be_met_with(&issuer)
        }
        _ => true,
    };
    let subjects = &provider.requirements.subjects;
    let is_subject = || match (required.claim.as_str(), &required.want) {
        ("sub", Want::Equals(Value::String(subject))) => {
            subjects.is_empty() || subjects.iter().any(|it| it.is(subject))
        }
        _ => true,
    };
    same.all(|it| required.want.may_be_met_with(&it.want)) && is_issuer() && is_subject()
}
