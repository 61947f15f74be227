//! The configuration, read into what a request needs.

use crate::certificate::Certificate;
use crate::refusal::Refusal;
use crate::{ApiKeyAuth, Event, Secret};
use gatehouse_consumers::{
    Consumer, Consumers, Keys, Owner, Required, Source as ConsumerSource, Uses,
};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::credential::{self, Source};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Challenge, FieldChange, Head, HeaderName, Mode, Words};

/// What the filter does, in final form.
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// What a client without a good key is asked for.
    pub(crate) challenge: Challenge,
    /// Whether CORS preflights pass without a key.
    pub(crate) skip_preflight: bool,
    pub(crate) sources: Vec<Source>,
    /// The fields among them.
    pub(crate) fields: Vec<HeaderName>,
    /// Whether the upstream gets the key.
    pub(crate) forward: bool,
    /// The field that tells the upstream whose key it was.
    pub(crate) consumer_header: Option<HeaderName>,
    pub(crate) hmac_secret: Option<Secret>,
    /// How certificates are looked at, where they are.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) source: ConsumerSource,
    pub(crate) rules: Rules<Access>,
    pub(crate) default: Access,
}

/// Who may pass.
pub(crate) struct Access {
    pub(crate) require: Require,
    /// `None`: every consumer.
    pub(crate) allowed: Option<Allowed>,
}

/// Whether a request needs a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Require {
    /// A key is not even looked at.
    Nothing,
    /// A good key, or none at all.
    Optional,
    /// A good key.
    Key,
}

/// The consumers whose keys are good here: those named, and those in a group.
#[derive(Default)]
pub(crate) struct Allowed {
    consumers: Vec<String>,
    groups: Vec<String>,
}

impl Access {
    /// Whether the consumer, who has shown that it is that, may pass here.
    pub(crate) fn check(&self, consumer: &Consumer) -> Result<(), Refusal> {
        match consumer.is_disabled {
            true => Err(Refusal::ConsumerDisabled),
            false if self.allows(consumer) => Ok(()),
            false => Err(Refusal::ConsumerNotAllowed),
        }
    }

    fn allows(&self, consumer: &Consumer) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| {
            allowed.consumers.contains(&consumer.name)
                || allowed.groups.iter().any(|group| consumer.is_in(group))
        })
    }
}

impl Config {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
        let words = Words::read(&mut fields, false);
        let skip_preflight = fields.with_default("skip_preflight", true, |node| node.boolean());
        let sources =
            fields.with_default("sources", vec![DEFAULT_SOURCE], credential::sources_with_basic);
        let challenge = challenge(&mut fields, sources.as_deref().unwrap_or_default());
        let forward = fields.with_default("forward", false, |node| node.boolean());
        let consumer_header =
            fields.optional("consumer_header", |node| consumer_header(&node, sources.as_deref()));
        let hmac_secret = fields.optional("hmac_secret", |node| hmac_secret(&node));
        // A secret that is wrong is one fault, not one more for every digest.
        let has_secret = !matches!(hmac_secret, Some(None));
        let certificate = fields.optional("certificate", |node| Certificate::read(&node));
        let certificates = !matches!(certificate, Some(None));
        let keys = |required| Uses {
            keys: Keys::Used { has_secret },
            certificates,
            required,
            ..Uses::default()
        };
        // A list is for other filters, too: those of it without keys are not for this one.
        let own = if certificates { Required::Any } else { Required::Keys };
        let (inline, polled) = (keys(own), keys(Required::Any));
        let source = ConsumerSource::read(&mut fields, &inline, polled, owner());
        if matches!(source, Some(None)) {
            fields.node().fault::<()>("must have exactly one of consumers, consumers_from");
        }
        // While the consumers themselves are at fault or elsewhere, names are not judged.
        let known = source.as_ref().and_then(Option::as_ref).and_then(ConsumerSource::inline);
        let rules = fields.with_default("rules", Rules::none(&words), |node| {
            Rules::read_before_identity(&node, &words, |fields| access(fields, known))
        });
        let default = fields.with_default("default", Require::Key, |node| node.one_of(&REQUIRE));
        fields.finish();
        Some(Self {
            mode: mode?,
            challenge: challenge?,
            skip_preflight: skip_preflight?,
            fields: credential::fields(sources.as_deref()?),
            sources: sources?,
            forward: forward?,
            consumer_header: consumer_header?,
            hmac_secret: hmac_secret?,
            certificate: certificate?,
            source: source??,
            rules: rules?,
            default: Access { require: default?, allowed: None },
        })
    }
}

/// Whose the list is, and what is counted of it.
fn owner() -> Owner {
    Owner::of::<ApiKeyAuth>([
        Event::ConsumersFetched,
        Event::ConsumersFetchFailed,
        Event::ConsumersRefused,
        Event::ConsumersDropped,
    ])
}

const DEFAULT_SOURCE: Source =
    Source::Header { name: HeaderName::from_static("x-api-key"), prefix: None };

const REQUIRE: [(&str, Require); 3] =
    [("none", Require::Nothing), ("optional", Require::Optional), ("key", Require::Key)];

fn access(fields: &mut Fields<'_>, known: Option<&Consumers>) -> Option<Access> {
    let require = fields.with_default("require", Require::Key, |node| node.one_of(&REQUIRE));
    let listed = |node: Node<'_>, what: &str, is_known: &dyn Fn(&Consumers, &str) -> bool| {
        if require == Some(Require::Nothing) {
            return node.fault("has no effect with `require: none`");
        }
        node.nonempty_list(|node| match (node.text()?, known) {
            (name, Some(known)) if !is_known(known, name) => {
                node.fault(format!("no {what} `{name}`"))
            }
            (name, _) => Some(name.to_owned()),
        })
    };
    let has_name = |known: &Consumers, name: &str| known.named(name).is_some();
    let consumers =
        fields.optional("consumers", |node| listed(node, "consumer is called", &has_name));
    let groups = fields
        .optional("groups", |node| listed(node, "consumer is in the group", &Consumers::has_group));
    if let (Some(Require::Nothing), Some(wording)) = (require, fields.given("refusal")) {
        return wording.fault("has no effect with `require: none`");
    }
    let (consumers, groups) = (consumers?, groups?);
    let is_limited = consumers.is_some() || groups.is_some();
    let allowed =
        Allowed { consumers: consumers.unwrap_or_default(), groups: groups.unwrap_or_default() };
    Some(Access { require: require?, allowed: is_limited.then_some(allowed) })
}

/// What a client without a good key is asked for: as keys are sent.
fn challenge(fields: &mut Fields<'_>, sources: &[Source]) -> Option<Challenge> {
    let is_basic = |source: &Source| matches!(source, Source::Basic { .. });
    // There is no registered scheme for API keys; this is what others call it.
    let (own, others): (_, &[&str]) = match sources.iter().any(is_basic) {
        true if sources.iter().all(is_basic) => ("Basic", &[]),
        true => ("ApiKey", &["Basic"]),
        false => ("ApiKey", &[]),
    };
    Challenge::read(fields, own, others)
}

/// The field that is written: not one that keys are read from.
fn consumer_header(node: &Node<'_>, sources: Option<&[Source]>) -> Option<HeaderName> {
    let name = Head::Request.field(FieldChange::Write, node)?;
    let is_source = |source: &Source| source.field().is_some_and(|source| source.is_read_as(&name));
    let is_reserved = matches!(name.as_str(), "authorization" | "cookie");
    if is_reserved || sources.unwrap_or_default().iter().any(is_source) {
        return node.fault("must not be a field that authenticates the request");
    }
    Some(name)
}

fn hmac_secret(node: &Node<'_>) -> Option<Secret> {
    Secret::new(node.secret()?.as_bytes())
        .or_else(|| node.fault(format!("must be {} bytes at least, and random", Secret::SHORTEST)))
}
