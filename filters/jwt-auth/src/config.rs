//! The configuration, read into what a request needs.

mod jwks;
mod requirements;

use crate::Algorithm;
use crate::claims::Lifetime;
use crate::forward::{ClaimToHeader, Form};
use crate::keys::Keys;
use crate::requirement::Requirements;
use gatehouse_filter::config::Node;
use gatehouse_filter::credential::{self, Source};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{HeaderName, Mode};
use serde_json::Value;
use std::time::Duration;

/// What the filter does, in final form.
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// Quotable as it is.
    pub(crate) realm: String,
    /// Whether CORS preflights pass without a token.
    pub(crate) skip_preflight: bool,
    /// Where tokens are, and nowhere else.
    pub(crate) sources: Vec<Source>,
    /// Whether the upstream gets the token too.
    pub(crate) forwards_token: bool,
    /// How many verified tokens a worker remembers.
    pub(crate) cached_tokens: usize,
    pub(crate) providers: Vec<Provider>,
    /// Every field that a provider writes: clients may send none of them.
    pub(crate) written: Vec<HeaderName>,
    pub(crate) rules: Rules<Require>,
    pub(crate) default: Require,
}

/// An issuer of tokens and how far it is trusted.
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) issuer: String,
    /// Empty: any audience.
    pub(crate) audiences: Vec<String>,
    /// Each of these.
    pub(crate) all_audiences: Vec<String>,
    pub(crate) keys: Keys,
    /// `None`: whatever the keys can.
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    pub(crate) lifetime: Lifetime,
    pub(crate) requirements: Requirements,
    pub(crate) claims_to_headers: Vec<ClaimToHeader>,
}

/// Whose token a request needs.
pub(crate) enum Require {
    /// Nobody's: a token is not even looked at.
    Nothing,
    /// Any provider's, or none at all.
    Optional,
    /// Any provider's.
    Any,
    /// One of these providers', by position.
    OneOf(Vec<usize>),
}

impl Config {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mode = fields.or("mode", Mode::Enforce, Mode::read);
        let realm = fields.or("realm", "gatehouse".to_owned(), |node| node.quotable().map(str::to_owned));
        let skip_preflight = fields.or("skip_preflight", true, |node| node.boolean());
        let sources = fields.or("sources", vec![authorization()], credential::sources);
        let forwards_token = fields.or("forward_token", true, |node| node.boolean());
        let cached_tokens = fields.or("cache", 1024, cached_tokens);
        let taken = sources.as_deref().unwrap_or_default();
        let providers = fields.required("providers", |node| providers(node, taken));
        let require = |node: Node<'_>| require(&node, providers.as_deref());
        let rules = fields.or("rules", Rules::default(), |node| {
            Rules::read(node, |fields| fields.required("require", require))
        });
        let default = fields.or("default", Require::Any, require);
        fields.finish();
        let (rules, default) = (rules?, default?);
        let providers = providers?;
        Some(Self {
            mode: mode?,
            realm: realm?,
            skip_preflight: skip_preflight?,
            sources: sources?,
            forwards_token: forwards_token?,
            cached_tokens: cached_tokens?,
            written: written(&providers),
            providers,
            rules,
            default,
        })
    }

    /// The position of the provider whose tokens have this issuer, where `require` accepts it.
    pub(crate) fn provider(&self, require: &Require, issuer: &str) -> Option<usize> {
        let index = self.providers.iter().position(|provider| provider.issuer == issuer)?;
        require.accepts(index).then_some(index)
    }
}

impl Require {
    /// Whether a token of this provider will do.
    pub(crate) fn accepts(&self, provider: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::Optional | Self::Any => true,
            Self::OneOf(accepted) => accepted.contains(&provider),
        }
    }
}

fn cached_tokens(node: Node<'_>) -> Option<usize> {
    let mut fields = node.fields()?;
    let tokens = fields.or("tokens", 1024, |node| node.integer(0..=65_536));
    fields.finish();
    usize::try_from(tokens?).ok()
}

/// RFC 6750 §2.1.
fn authorization() -> Source {
    Source::Header { name: HeaderName::from_static("authorization"), prefix: Some("Bearer ".to_owned()) }
}

/// Every header field that a provider writes, once.
fn written(providers: &[Provider]) -> Vec<HeaderName> {
    let mut written: Vec<HeaderName> = Vec::new();
    for forward in providers.iter().flat_map(|provider| &provider.claims_to_headers) {
        if !written.contains(&forward.header) {
            written.push(forward.header.clone());
        }
    }
    written
}

fn providers(node: Node<'_>, sources: &[Source]) -> Option<Vec<Provider>> {
    let (mut names, mut issuers) = (Vec::new(), Vec::new());
    node.some(|node| {
        let mut fields = node.fields()?;
        let name = fields.required("name", |node| unique(&node, &mut names));
        let issuer = fields.required("issuer", |node| unique(&node, &mut issuers));
        let audiences = fields.or("audiences", vec![], |node| node.some(text));
        let all_audiences = fields.or("all_audiences", vec![], |node| node.some(text));
        let keys = fields.required("jwks", |node| jwks::keys(&node));
        let algorithms = fields.optional("algorithms", |node| {
            let algorithms = node.some(|node| algorithm(&node))?;
            match &keys {
                Some(keys) if !algorithms.iter().any(|algorithm| jwks::may_support(keys, *algorithm)) => {
                    node.fault("no key of `jwks` can be used with any of these")
                }
                _ => Some(algorithms),
            }
        });
        let leeway = fields.or("leeway", Duration::from_secs(60), |node| leeway(&node));
        let requires_expiration = fields.or("require_expiration", true, |node| node.boolean());
        let max_age = fields.optional("max_age", |node| max_age(&node));
        let requirements = requirements::requirements(&mut fields);
        let claims_to_headers =
            fields.or("claims_to_headers", vec![], |node| claims_to_headers(node, sources));
        fields.finish();
        Some(Provider {
            name: name?,
            issuer: issuer?,
            audiences: audiences?,
            all_audiences: all_audiences?,
            keys: keys?,
            algorithms: algorithms?,
            lifetime: Lifetime {
                leeway: leeway?,
                requires_expiration: requires_expiration?,
                max_age: max_age?,
            },
            requirements: requirements?,
            claims_to_headers: claims_to_headers?,
        })
    })
}

fn algorithm(node: &Node<'_>) -> Option<Algorithm> {
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

fn max_age(node: &Node<'_>) -> Option<Duration> {
    let max_age = node.duration()?;
    if max_age.is_zero() { node.fault("must be longer than zero") } else { Some(max_age) }
}

const MAX_LEEWAY: Duration = Duration::from_secs(3600);

fn claims_to_headers(node: Node<'_>, sources: &[Source]) -> Option<Vec<ClaimToHeader>> {
    const FORMS: [(&str, Form); 3] = [("csv", Form::Csv), ("json", Form::Json), ("repeated", Form::Repeated)];
    let mut headers: Vec<String> = Vec::new();
    node.some(|node| {
        let mut fields = node.fields()?;
        let claim = fields.required("claim", text);
        let header = fields.required("header", |node| header(&node, &mut headers, sources));
        let form = fields.or("form", Form::Csv, |node| node.one_of(&FORMS));
        fields.finish();
        Some(ClaimToHeader { claim: claim?, header: header?, form: form? })
    })
}

/// A field that a claim may be written to.
fn header(node: &Node<'_>, taken: &mut Vec<String>, sources: &[Source]) -> Option<HeaderName> {
    let name = match HeaderName::try_from(node.text()?) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    if name.is_framing() || matches!(name.as_str(), "authorization" | "cookie" | "host") {
        return node.fault("must not be a field that frames, routes or authenticates the request");
    }
    let is_source =
        |source: &Source| matches!(source, Source::Header { name: source, .. } if *source == name);
    if sources.iter().any(is_source) {
        return node.fault("must not be a field that tokens are read from: it is removed before");
    }
    if taken.iter().any(|taken| taken == name.as_str()) {
        return node.fault("must be unique: an earlier claim is written to it");
    }
    taken.push(name.as_str().to_owned());
    Some(name)
}

fn require(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<Require> {
    match node.value() {
        Value::Array(_) => node.some(|node| provider(&node, providers)).map(Require::OneOf),
        Value::String(word) => match word.as_str() {
            "none" => Some(Require::Nothing),
            "optional" => Some(Require::Optional),
            "any" => Some(Require::Any),
            _ => node.fault(REQUIRE),
        },
        _ => node.fault(REQUIRE),
    }
}

const REQUIRE: &str = "must be none, optional, any, or a list of provider names";

/// A provider's position. While the providers themselves are at fault, names are not judged.
fn provider(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<usize> {
    let name = node.text()?;
    let providers = providers?;
    providers.iter().position(|provider| provider.name == name).or_else(|| {
        let known: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
        node.fault(format!("unknown provider; known: {}", known.join(", ")))
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
