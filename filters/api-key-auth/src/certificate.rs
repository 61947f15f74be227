//! Who a request is from by the certificate of its connection, where it has no key.

use crate::config::{Access, Require};
use crate::refusal::{Refusal, Refused};
use crate::{ApiKeyAuth, Code, Event, Slot, Verdict};
use gatehouse_consumers::Certified;
use gatehouse_filter::config::Node;
use gatehouse_filter::{
    Attribute, Caller, Event as _, Host, Identity, PeerName, Request, printable,
};
use std::rc::Rc;

/// What of certificates is looked at.
pub(crate) struct Certificate {
    /// The first of these that a certificate has says who it is, and none beside it.
    names: Vec<PeerName>,
    unknown: Unknown,
}

/// What becomes of a certificate that names no known consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unknown {
    Refuse,
    Pass,
}

/// What a connection shows.
enum Shown {
    /// No certificate.
    Nothing,
    /// One that Envoy has not verified: anybody may have made it.
    Unverified,
    /// A verified one with none of the names that are looked at.
    Unnamed,
    /// A verified one with this name.
    Named(PeerName, Vec<u8>),
}

impl Certificate {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        const UNKNOWN: [(&str, Unknown); 2] =
            [("refuse", Unknown::Refuse), ("pass", Unknown::Pass)];
        let mut fields = node.fields()?;
        let usual = NAMES.map(|(_, name)| name).to_vec();
        let names = fields.with_default("names", usual, |node| {
            let mut earlier = Vec::new();
            node.nonempty_list(|node| {
                let name = node.one_of(&NAMES)?;
                if earlier.contains(&name) {
                    return node.fault("must be unique: an earlier one is the same");
                }
                earlier.push(name);
                Some(name)
            })
        });
        let unknown = fields.with_default("unknown", Unknown::Refuse, |node| node.one_of(&UNKNOWN));
        fields.finish();
        Some(Self { names: names?, unknown: unknown? })
    }

    fn shown(&self, host: &dyn Host) -> Shown {
        // An empty subject, as certificates of SPIFFE have it, names nobody.
        let fact = |fact| host.attribute(fact).filter(|value| !value.is_empty());
        let mut names =
            self.names.iter().filter_map(|name| Some((*name, fact(Attribute::PeerName(*name))?)));
        match fact(Attribute::PeerIsVerified).as_deref() {
            Some([1]) => match names.next() {
                Some((name, value)) => Shown::Named(name, value),
                None => Shown::Unnamed,
            },
            _ if fact(Attribute::PeerCertificate).is_some() => Shown::Unverified,
            _ => Shown::Nothing,
        }
    }
}

const NAMES: [(&str, PeerName); 3] =
    [("uri", PeerName::Uri), ("dns", PeerName::Dns), ("subject", PeerName::Subject)];

impl ApiKeyAuth {
    /// Whether a request without a key may pass, and whose it is.
    pub(crate) fn decide_without_key(
        &self,
        request: &Request<'_>,
        access: &Access,
        slot: &mut Option<Slot>,
    ) -> Result<Verdict, Refused> {
        let missing = |refused: Refused| match access.require {
            Require::Key => Err(refused),
            Require::Nothing | Require::Optional => Ok(Verdict::Pass(Code::Anonymous)),
        };
        let host = request.host();
        let Some(certificate) = &self.config.certificate else {
            return missing(Refusal::KeyMissing.into());
        };
        match certificate.shown(host) {
            Shown::Nothing => missing(Refusal::KeyOrCertificateMissing.into()),
            Shown::Unverified => {
                Event::CertificateUnverified.count(host);
                let why = "the certificate of the connection is not verified in its handshake";
                missing(Refused::because(Refusal::KeyOrCertificateMissing, why.to_owned()))
            }
            Shown::Unnamed => {
                let why = "the certificate of the connection has no name that is looked at";
                Err(Refused::because(Refusal::ConsumerUnknown, why.to_owned()))
            }
            Shown::Named(kind, value) => {
                let Some(list) = self.consumers(slot, host.now())? else {
                    return Ok(Verdict::Wait);
                };
                let text = std::str::from_utf8(&value).ok().filter(|text| text.len() <= MOST);
                let refused = |refusal| {
                    let shown = printable(&String::from_utf8_lossy(&value), MOST_SHOWN);
                    let kind = NAMES.iter().find(|(_, known)| *known == kind);
                    let kind = kind.map_or("", |(name, _)| *name);
                    Refused::because(refusal, format!("a certificate of the {kind} `{shown}`"))
                };
                match (text.and_then(|text| list.of_certificate(kind, text)), text) {
                    (Some(Certified { consumer, caller }), _) => {
                        access.check(consumer).map_err(refused)?;
                        Ok(Verdict::Known(Some(Rc::clone(consumer)), Rc::clone(caller)))
                    }
                    (None, Some(text)) if certificate.unknown == Unknown::Pass => {
                        if access.allowed.is_some() {
                            return Err(refused(Refusal::ConsumerNotAllowed));
                        }
                        let subject = Some(text.to_owned());
                        let caller = Caller::from(Identity { subject, ..Identity::default() });
                        Ok(Verdict::Known(None, Rc::new(caller)))
                    }
                    (None, _) => Err(refused(Refusal::ConsumerUnknown)),
                }
            }
        }
    }
}

/// The longest name that is looked at, in bytes.
const MOST: usize = 2048;

/// The most characters of it that operators are told.
const MOST_SHOWN: usize = 128;
