//! The providers: whom to trust, with what keys, and where their tokens are.

use super::sources::{self, is_field};
use super::{consumers, form, forwards, introspection, jwks, requirements};
use crate::algorithm::Algorithm;
use crate::binding::Binding;
use crate::claims::Lifetime;
use crate::consumer::Mapping;
use crate::forward::ClaimToHeader;
use crate::identity::Places;
use crate::introspection::Introspection;
use crate::keys::Keys;
use crate::kind::Kind;
use crate::requirement::Requirements;
use crate::trial::Choice;
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::credential::Source;
use std::time::Duration;

/// An issuer of tokens and how far it is trusted.
pub(crate) struct Provider {
    pub(crate) name: String,
    /// `None`: whoever is no other provider, or nobody.
    pub(crate) issuer: Option<String>,
    /// Where its tokens are: positions among the sources of all.
    pub(crate) sources: Vec<usize>,
    /// What its tokens are bound to.
    pub(crate) binding: Binding,
    /// Empty: any audience.
    pub(crate) audiences: Vec<String>,
    /// Each of these.
    pub(crate) all_audiences: Vec<String>,
    /// Of a provider without any, `introspection` says of every token what it is.
    pub(crate) keys: Keys,
    /// Who is asked about tokens that no key can have signed.
    pub(crate) introspection: Option<Introspection>,
    /// The longest token that is looked at, in bytes.
    pub(crate) max_token_size: usize,
    /// What kinds of token are taken; `None`: any but what says that it is no access token.
    pub(crate) kinds: Option<Vec<Kind>>,
    /// `None`: whatever the keys can.
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    /// Which of the keys are tried on a token.
    pub(crate) choice: Choice,
    pub(crate) lifetime: Lifetime,
    /// Whether `sub` and `jti` may be whole numbers.
    pub(crate) numeric_ids: bool,
    pub(crate) requirements: Requirements,
    pub(crate) identity: Places,
    /// How its tokens name their consumers, where a table says who those are.
    pub(crate) consumer: Option<Mapping>,
    pub(crate) claims_to_headers: Vec<ClaimToHeader>,
}

/// What a provider has that does not say otherwise.
pub(super) struct Usual<'a> {
    /// `None` where nobody says.
    pub(super) sources: Option<&'a [Source]>,
    /// What keys without an `alg` may verify, beside what the provider names.
    pub(super) without_alg: &'a [Algorithm],
    pub(super) max_token_size: usize,
}

/// The providers, and the sources of all of them.
pub(super) fn read(node: &Node<'_>, usual: &Usual<'_>) -> Option<(Vec<Provider>, Vec<Source>)> {
    let (mut names, mut issuers, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut asked: Vec<(String, Vec<usize>)> = Vec::new();
    let providers = node.nonempty_list(|node| {
        let mut provider = provider(&node, usual, &mut names, &mut issuers, &mut places)?;
        provider.choice.without_alg.extend(usual.without_alg);
        if provider.introspection.is_some() {
            let is_here = |source: &usize| provider.sources.contains(source);
            if let Some((name, _)) = asked.iter().find(|(_, it)| it.iter().any(is_here)) {
                return node.fault(format!(
                    "has its tokens where those of the provider `{name}` are, and the issuers of \
                     both are asked about theirs: nothing says whose such a token is, so give each \
                     `sources` of its own"
                ));
            }
            asked.push((provider.name.clone(), provider.sources.clone()));
        }
        Some(provider)
    })?;
    let is_read = |name: &HeaderName| places.iter().any(|source| is_field(source, name));
    let written = |provider: &Provider| {
        let names = provider.claims_to_headers.iter().map(|forward| &forward.header);
        names.filter(|name| is_read(name)).map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
    };
    // Of its own sources each provider has been told already.
    match providers.iter().flat_map(written).next() {
        Some(name) => node.fault(format!(
            "the field `{name}` is written by one provider, and another's tokens are read from it"
        )),
        None => Some((providers, places)),
    }
}

fn provider(
    node: &Node<'_>,
    usual: &Usual<'_>,
    names: &mut Vec<String>,
    issuers: &mut Vec<Option<String>>,
    places: &mut Vec<Source>,
) -> Option<Provider> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| unique(&node, names));
    let issuer = issuer(&mut fields, issuers);
    let binding =
        fields.with_default("binding", Binding::Bearer, |node| node.one_of(&Binding::NAMES));
    let taken =
        sources::read(node, &mut fields, usual.sources, binding.unwrap_or(Binding::Bearer), places);
    let taken = taken.as_slice();
    let audiences = fields.with_default("audiences", vec![], |node| node.nonempty_list(text));
    let all_audiences =
        fields.with_default("all_audiences", vec![], |node| node.nonempty_list(text));
    let vouched = vouched(&mut fields, name.as_deref(), issuer.as_ref().map(Option::as_deref));
    let keys = vouched.as_ref().map(|(keys, _)| keys);
    let max_token_size = fields
        .with_default("max_token_size", usual.max_token_size, |node| form::max_token_size(&node));
    let kinds = fields.optional("types", |node| form::kinds(&node));
    let algorithms = fields.optional("algorithms", |node| {
        let algorithms = node.nonempty_list(|node| algorithm(&node))?;
        match keys {
            Some(keys)
                if !algorithms.iter().any(|algorithm| jwks::may_support(keys, *algorithm)) =>
            {
                node.fault("no key of `jwks` can be used with any of these")
            }
            _ => Some(algorithms),
        }
    });
    let has_keys = keys.is_none_or(|keys| !matches!(keys, Keys::Absent));
    let tries_named =
        fields.with_default("try_named_keys", false, |node| match node.boolean()? {
            true if !has_keys => {
                node.fault("does nothing: there are no keys, for there is no `jwks`")
            }
            tries => Some(tries),
        });
    let leeway = fields.with_default("leeway", Duration::from_secs(60), |node| leeway(&node));
    let requires_expiration =
        fields.with_default("require_expiration", has_keys, |node| node.boolean());
    let max_age = fields.optional("max_age", |node| longer_than_zero(&node));
    let max_lifetime = fields.optional("max_lifetime", |node| longer_than_zero(&node));
    let numeric_ids = fields.with_default("numeric_ids", false, |node| node.boolean());
    let requirements = requirements::requirements(&mut fields);
    let identity = fields.with_default("identity", Places::default(), claim_places);
    let consumer = fields.optional("consumer", |node| match &identity {
        Some(Places { consumer: Some(_), .. }) => {
            node.fault("says who the consumer is, and so does `identity.consumer`: take one out")
        }
        _ => consumers::mapping(&node),
    });
    let claims_to_headers =
        fields.with_default("claims_to_headers", vec![], |node| forwards::read(&node, taken));
    fields.finish();
    let (keys, introspection) = vouched?;
    Some(Provider {
        name: name?,
        issuer: issuer?,
        sources: sources::positions(taken, places),
        binding: binding?,
        audiences: audiences?,
        all_audiences: all_audiences?,
        keys,
        introspection,
        max_token_size: max_token_size?,
        kinds: kinds?,
        choice: Choice {
            // Whoever names an algorithm means it for keys that name none, too.
            without_alg: algorithms.as_ref()?.clone().unwrap_or_default(),
            tries_named: tries_named?,
        },
        algorithms: algorithms?,
        lifetime: Lifetime {
            leeway: leeway?,
            requires_expiration: requires_expiration?,
            max_age: max_age?,
            max_lifetime: max_lifetime?,
        },
        numeric_ids: numeric_ids?,
        requirements: requirements?,
        identity: identity?,
        consumer: consumer?,
        claims_to_headers: claims_to_headers?,
    })
}

impl Provider {
    /// Whether its tokens can be verified without asking anybody.
    pub(crate) fn has_keys(&self) -> bool {
        !matches!(self.keys, Keys::Absent)
    }

    /// Whether some of its tokens come with proofs.
    pub(crate) fn takes_proofs(&self) -> bool {
        self.binding.takes_proofs()
    }

    /// Whether tokens of a kind are taken, of those that say one.
    pub(crate) fn takes(&self, kind: Option<&Kind>) -> bool {
        match (&self.kinds, kind) {
            (Some(kinds), kind) => kind.is_some_and(|kind| kinds.contains(kind)),
            (None, kind) => !kind.is_some_and(Kind::is_foreign),
        }
    }
}

/// How it is told whether a token is the provider's: by keys, by a service, or by both.
fn vouched(
    fields: &mut Fields<'_>,
    name: Option<&str>,
    issuer: Option<Option<&str>>,
) -> Option<(Keys, Option<Introspection>)> {
    let introspection =
        fields.optional("introspection", |node| introspection::read(&node, name, issuer));
    let read = |node: Node<'_>| jwks::keys(&node, name, issuer);
    // An issuer that is asked about its tokens need publish no keys.
    let keys = fields.required_if("jwks", matches!(introspection, Some(None)), read);
    Some((keys?.unwrap_or(Keys::Absent), introspection?))
}

/// Whose tokens a provider's are: `Some(None)` for anybody's.
fn issuer(fields: &mut Fields<'_>, issuers: &mut Vec<Option<String>>) -> Option<Option<String>> {
    const REPEATED: &str = "must be unique: an earlier provider has it";
    let issuer = fields.optional("issuer", |node| match node.text()?.to_owned() {
        text if issuers.contains(&Some(text.clone())) => node.fault(REPEATED),
        text => Some(text),
    });
    let is_any = fields.with_default("any_issuer", false, |node| match node.boolean()? {
        true if issuers.contains(&None) => node.fault(REPEATED),
        is_any => Some(is_any),
    });
    let issuer = match (issuer?, is_any?) {
        (None, false) => return fields.node().fault("must have issuer, or any_issuer: true"),
        (Some(_), true) => return fields.node().fault("must have issuer or any_issuer, not both"),
        (issuer, _) => issuer,
    };
    issuers.push(issuer.clone());
    Some(issuer)
}

pub(super) fn algorithm(node: &Node<'_>) -> Option<Algorithm> {
    let name = node.text()?;
    Algorithm::from_name(name).or_else(|| {
        let known: Vec<_> = Algorithm::NAMES.iter().map(|(name, _)| *name).collect();
        node.fault(format!("unknown algorithm; known: {}", known.join(", ")))
    })
}

fn leeway(node: &Node<'_>) -> Option<Duration> {
    let leeway = node.duration()?;
    if leeway > MAX_LEEWAY {
        return node.fault("must be 1h at most: a token would outlive its expiry by that much");
    }
    Some(leeway)
}

fn longer_than_zero(node: &Node<'_>) -> Option<Duration> {
    let duration = node.duration()?;
    if duration.is_zero() { node.fault("must be longer than zero") } else { Some(duration) }
}

const MAX_LEEWAY: Duration = Duration::from_secs(3600);

fn claim_places(node: Node<'_>) -> Option<Places> {
    let mut fields = node.fields()?;
    let mut place = |name| fields.optional(name, text);
    let (consumer, tier) = (place("consumer"), place("tier"));
    let (scopes, roles, groups) = (place("scopes"), place("roles"), place("groups"));
    fields.finish();
    Some(Places {
        consumer: consumer?,
        tier: tier?,
        scopes: scopes?,
        roles: roles?,
        groups: groups?,
    })
}

fn unique(node: &Node<'_>, taken: &mut Vec<String>) -> Option<String> {
    let text = node.text()?;
    if taken.iter().any(|taken| taken == text) {
        return node.fault("must be unique: an earlier provider has it");
    }
    taken.push(text.to_owned());
    Some(text.to_owned())
}

fn text(node: Node<'_>) -> Option<String> {
    node.text().map(str::to_owned)
}
