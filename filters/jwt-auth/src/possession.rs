//! Whether a request comes from whom its token is bound to: each request, also with a token that was
//! verified before.

use crate::JwtAuth;
use crate::authentication::Sent;
use crate::binding::{Bound, Thumbprint};
use crate::cache::Verified;
use crate::key::Key;
use crate::proof::{About, Fit, Fresh, Proof, Unusable, fault};
use crate::refusal::Refusal;
use crate::trial::{TooMuch, Trial};
use crate::verify::HostVerifier;
use crate::why::Refused;
use gatehouse_filter::{Attribute, Attributes, Host, Request, hex, printable};
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

/// Who may use a token.
#[derive(Default)]
pub(crate) struct Owner {
    pub(crate) bound: Bound,
    /// The key of its proofs, once one has come: whose thumbprint it is has no other.
    key: OnceCell<Rc<Key>>,
    /// The second in which a proof last had a signature that was none.
    failed: Cell<u64>,
}

impl Owner {
    pub(crate) fn new(bound: Bound) -> Self {
        Self { bound, ..Self::default() }
    }
}

/// A token whose owner has to be shown, as it was sent.
pub(crate) struct Claimed<'r> {
    pub(crate) sent: Sent<'r>,
    pub(crate) verified: Rc<Verified>,
    /// Whether it was verified before: a stranger has no such token, unless it was stolen.
    pub(crate) is_remembered: bool,
}

impl JwtAuth {
    /// Whether it has to be shown whose this token is.
    pub(crate) fn is_owned(&self, sent: &Sent<'_>, verified: &Verified) -> bool {
        verified.owner.bound != Bound::default() || self.is_sent_with_proof(sent).is_some()
    }

    /// Whether the request comes from the token's owner.
    ///
    /// Whoever calls this more than once for one request finds that its proof was used.
    pub(crate) fn check_owner(
        &self,
        request: &Request<'_>,
        claimed: &Claimed<'_>,
    ) -> Result<(), Refused> {
        let Bound { certificate, key } = &claimed.verified.owner.bound;
        if let Some(certificate) = certificate {
            check_certificate(request.host(), certificate)?;
        }
        match (key, self.is_sent_with_proof(&claimed.sent)) {
            (Some(key), Some(true)) => self.check_proof(request, claimed, key),
            (None, None) => Ok(()),
            // RFC 9449 §7.2: what is bound to a key is no bearer's; §7.1: and the other way round.
            _ => Err(Refusal::SchemeMismatch.into()),
        }
    }

    /// Whether a token came where tokens with proofs are: `Some(false)` where it also came
    /// elsewhere.
    fn is_sent_with_proof(&self, sent: &Sent<'_>) -> Option<bool> {
        let of_proofs = |source: &usize| self.config.proof_sources.contains(source);
        let count = sent.sources.iter().filter(|source| of_proofs(source)).count();
        (count > 0).then_some(count == sent.sources.len())
    }

    fn check_proof(
        &self,
        request: &Request<'_>,
        claimed: &Claimed<'_>,
        key: &Thumbprint,
    ) -> Result<(), Refused> {
        let (Some(dpop), host) = (&self.config.dpop, request.host()) else {
            return Err(Refusal::BindingUnchecked.into());
        };
        // RFC 9449 §4.3, point 1: not more than one field.
        let mut fields = request.headers.values("dpop");
        let sent = fields.next().ok_or(Refusal::ProofMissing)?;
        if fields.next().is_some() {
            return Err(Refusal::ProofRepeated.into());
        }
        let proof = Proof::parse(sent)?;
        let about = About {
            method: request.method(),
            path: request.path(),
            token: &claimed.sent.token,
            key,
        };
        let secret = self.secret(host).map_err(|_| unavailable())?;
        let now = host.now();
        let Fit { digest, until } = dpop.terms.check(&proof, &about, secret, now)?;
        // A proof that was used costs no signature again.
        let fresh = dpop.replays.look(host, digest, until, now.seconds()).map_err(unusable)?;
        self.check_signature(&proof, claimed, host)?;
        self.keep(host, fresh)?;
        if let Some(nonces) = dpop.terms.nonces {
            nonces.renew(until, secret, now, request.callouts());
        }
        Ok(())
    }

    fn keep(&self, host: &dyn Host, fresh: Fresh) -> Result<(), Refused> {
        let Some(dpop) = &self.config.dpop else { return Ok(()) };
        dpop.replays.keep(host, fresh).map_err(unusable)
    }

    /// Whether the owner's key signed the proof.
    ///
    /// The owner signs as often as it likes, and its proofs are always verified. Who only has its
    /// token can have proofs verified that are none: one in a second for each token, and more within
    /// the bounds.
    fn check_signature(
        &self,
        proof: &Proof<'_>,
        claimed: &Claimed<'_>,
        host: &dyn Host,
    ) -> Result<(), Refused> {
        let owner = &claimed.verified.owner;
        let key = match owner.key.get() {
            Some(key) => Rc::clone(key),
            None => {
                let key = Rc::new(proof.key.key()?);
                Rc::clone(owner.key.get_or_init(|| key))
            }
        };
        if !key.algorithms.contains(&proof.algorithm) {
            return Err(fault::ALGORITHM.into());
        }
        let now = host.now();
        let verifier = HostVerifier { host, is_absent: &self.host_cannot_verify };
        let is_trusted = claimed.is_remembered && owner.failed.get() != now.seconds();
        let trial = match is_trusted {
            true => Trial::unbounded(Some(&verifier)),
            false => Trial::within(self.config.bounds, &self.spent_on_proofs, now, &verifier),
        };
        match key.verify(proof.algorithm, &proof.signature, proof.signed, &trial) {
            Ok(true) => Ok(()),
            Ok(false) => {
                owner.failed.set(now.seconds());
                Err(fault::SIGNATURE.into())
            }
            Err(TooMuch::OfRequest | TooMuch::OfSecond) => Err(Refusal::VerifierBusy.into()),
        }
    }
}

/// Whether the client's connection has this certificate. That the client has its key, TLS has
/// proven; whoever issued it, and whether anybody did, does not matter (RFC 8705 §6.2).
fn check_certificate(
    host: &(impl Attributes + ?Sized),
    wanted: &Thumbprint,
) -> Result<(), Refused> {
    let shown = host.attribute(Attribute::PeerCertificate).ok_or(Refusal::CertificateMissing)?;
    let (pairs, rest) = shown.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| hex::byte(*high, *low));
    let is_same = rest.is_empty() && bytes.eq(wanted.iter().map(|byte| Some(*byte)));
    if is_same {
        return Ok(());
    }
    let shown = printable(&String::from_utf8_lossy(&shown), MOST_OF_A_DIGEST);
    let why = format!("the connection's has the SHA-256 digest {shown}");
    Err(Refused::because(Refusal::CertificateMismatch, why))
}

/// The digits of a digest.
const MOST_OF_A_DIGEST: usize = 64;

fn unusable(why: Unusable) -> Refused {
    match why {
        Unusable::Used => Refusal::ProofUsed.into(),
        Unusable::Forgotten => Refused::because(
            Refusal::ProofUsed,
            "more proofs were used than dpop.proofs remembers".to_owned(),
        ),
        Unusable::Unknown => unavailable(),
    }
}

fn unavailable() -> Refused {
    let why = "the table of used proofs cannot be read or written";
    Refused::because(Refusal::ProofsUnavailable, why.to_owned())
}
