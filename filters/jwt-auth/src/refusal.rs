use crate::Code;
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{Challenge, Problem};

/// Why a request is not authenticated: one variant a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The path, the host or a parameter can be read as another one than the rules read.
    TargetAmbiguous,
    /// No bearer token was sent.
    TokenMissing,
    /// No token that is bound to a key was sent, as it must be here.
    BoundTokenMissing,
    /// A token of each of several providers is needed, and not all were sent.
    TokenOfEachMissing,
    /// More than one set of credentials was sent.
    TokenRepeated,
    /// There is a token, and a filter before this one knows who it is by something else.
    TwoIdentities,
    /// The token is longer than it may be: [`MAX_TOKEN`](crate::MAX_TOKEN) bytes, unless a
    /// configuration says otherwise.
    TokenTooLarge,
    /// Not a compact JWS of JSON objects.
    TokenMalformed,
    /// The token has a `crit` header: it asks for extensions, and there are none.
    CriticalUnsupported,
    /// The token says that it is of another kind than is taken.
    TypeNotAllowed,
    /// The token's algorithm is unknown, not allowed, or not one of the key's.
    AlgorithmNotAllowed,
    /// No key has the token's `kid`.
    KeyUnknown,
    /// The token has no `kid`, and could be of any of several keys that have names.
    KidMissing,
    /// Verifying tokens has taken all the time that it may in this second.
    VerifierBusy,
    /// The keys of the issuer could not be fetched.
    KeysUnavailable,
    /// No key made this signature.
    SignatureInvalid,
    /// The token, or all of its subject or issuer up to a time, has been revoked.
    TokenRevoked,
    /// The list of what was revoked could not be fetched.
    RevocationsUnavailable,
    /// The token has characters that no bearer token has.
    TokenIllegible,
    /// The issuer says that the token is not active.
    TokenInactive,
    /// The issuer could not be asked about the token, or has not said anything of it.
    IntrospectionUnavailable,
    /// The issuer is asked about as many tokens as may be.
    IntrospectionBusy,
    /// `exp` has passed.
    TokenExpired,
    /// `nbf` or `iat` is in the future.
    TokenNotYetValid,
    /// No provider that the rule accepts has the token's `iss`.
    IssuerUnknown,
    /// The token is for somebody else.
    AudienceMismatch,
    /// `iat` is longer ago than the provider's `max_age`.
    TokenTooOld,
    /// `exp` is further ahead than the provider's `max_lifetime`.
    LifetimeTooLong,
    /// The token is about somebody whose tokens are not accepted.
    SubjectMismatch,
    /// A claim is not what the provider's `required_claims` want.
    ClaimMismatch,
    /// The token is bound to nothing that its provider's must be bound to.
    BindingMissing,
    /// The token is bound to something that is not checked here.
    BindingUnchecked,
    /// The token is bound to a certificate, and the connection has none.
    CertificateMissing,
    /// The token is bound to another certificate than the connection's.
    CertificateMismatch,
    /// The token is bound to a key and came without the scheme `DPoP`, or the other way round.
    SchemeMismatch,
    /// The token is bound to a key, and there is no proof.
    ProofMissing,
    /// There are several proofs.
    ProofRepeated,
    /// The proof is none, or of something else; the sentence says of what.
    ProofInvalid(&'static str),
    /// The proof is of another key than the token's.
    ProofKeyMismatch,
    /// The proof was used before.
    ProofUsed,
    /// The proof has no nonce that this gateway has given lately.
    NonceNeeded,
    /// It cannot be told whether the proof was used.
    ProofsUnavailable,
    /// A claim is missing or not of its type; the sentence says which.
    ClaimInvalid(&'static str),
    /// The token is good, and of no consumer that there is.
    ConsumerUnknown,
    /// The token is good, and its consumer is disabled.
    ConsumerDisabled,
    /// The list of consumers could not be fetched.
    ConsumersUnavailable,
}

/// How a client has sent its token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

impl Refusal {
    /// The code that clients, logs and metrics see.
    pub fn code(self) -> Code {
        self.row().0
    }

    /// The answer, with the challenge of RFC 6750 §3, or of RFC 9449 §7.1 where the client sent its
    /// token with a proof's scheme.
    pub(crate) fn reply(self, challenge: &Challenge, scheme: Scheme) -> Problem {
        let (_, status, error, detail) = self.row();
        let reply = Problem::new(status, detail);
        match error {
            // RFC 6750 §3.1: a client that sent no credentials is told no error.
            None if status == 401 => challenge.ask(reply),
            // Another token would not help; in a while this one may.
            None if matches!(
                self,
                Self::VerifierBusy | Self::ProofsUnavailable | Self::IntrospectionBusy
            ) =>
            {
                reply.with_retry_after(1)
            }
            None if status == 503 => reply.with_retry_after(RETRY_AFTER),
            None => reply,
            Some(error) => {
                let parameters = [("error", error), ("error_description", detail)];
                challenge.tell_with(scheme.name(), reply, &parameters)
            }
        }
    }

    /// The table: code, status, `error` of RFC 6750 §3.1 or RFC 9449 §7.1, and what to mend. The sentence is quoted
    /// in `error_description`, so it has no quotes and no backslash.
    fn row(self) -> (Code, u16, Option<&'static str>, &'static str) {
        const REQUEST: Option<&str> = Some("invalid_request");
        const TOKEN: Option<&str> = Some("invalid_token");
        // RFC 9449 §7.1.
        const PROOF: Option<&str> = Some("invalid_dpop_proof");
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, None, AmbiguousTarget::DETAIL),
            Self::TokenMissing => {
                (Code::TokenMissing, 401, None, "Send a token: authorization: Bearer <token>")
            }
            Self::BoundTokenMissing => (
                Code::TokenMissing,
                401,
                None,
                "Send a token and a proof: authorization: DPoP <token>, dpop: <proof>",
            ),
            Self::TokenOfEachMissing => (
                Code::TokenMissing,
                401,
                None,
                "Send a token of each issuer that is needed here, each in its place",
            ),
            Self::TokenRepeated => {
                (Code::TokenRepeated, 400, REQUEST, "Send one token, in one place")
            }
            Self::TwoIdentities => {
                (Code::TwoIdentities, 400, REQUEST, "Send a key or a token, not both")
            }
            Self::TokenTooLarge => {
                (Code::TokenTooLarge, 401, TOKEN, "The token is longer than is taken here")
            }
            Self::TokenMalformed => (
                Code::TokenMalformed,
                401,
                TOKEN,
                "The token is not a JWT: three base64url parts without padding, header and claims JSON objects without repeated members",
            ),
            Self::CriticalUnsupported => (
                Code::CriticalUnsupported,
                401,
                TOKEN,
                "The token has a crit header; no extensions are supported",
            ),
            Self::TypeNotAllowed => (
                Code::TypeNotAllowed,
                401,
                TOKEN,
                "The token is of another type than an access token, or than is taken here",
            ),
            Self::AlgorithmNotAllowed => (
                Code::AlgorithmNotAllowed,
                401,
                TOKEN,
                "The token is signed with an algorithm that its issuer's keys do not allow",
            ),
            Self::KeyUnknown => {
                (Code::KeyUnknown, 401, TOKEN, "The token's kid names no key of its issuer")
            }
            Self::KidMissing => (
                Code::KeyUnknown,
                401,
                TOKEN,
                "The token has no kid, and its issuer has several keys",
            ),
            Self::VerifierBusy => (
                Code::VerifierBusy,
                503,
                None,
                "The token's signature cannot be verified now; try again in a second",
            ),
            Self::KeysUnavailable => (
                Code::KeysUnavailable,
                503,
                None,
                "The keys of the token's issuer are not available; try again later",
            ),
            Self::SignatureInvalid => {
                (Code::SignatureInvalid, 401, TOKEN, "The token's signature is not valid")
            }
            Self::TokenRevoked => {
                (Code::TokenRevoked, 401, TOKEN, "The token has been revoked; get a new one")
            }
            Self::RevocationsUnavailable => (
                Code::RevocationsUnavailable,
                503,
                None,
                "It cannot be told whether the token has been revoked; try again later",
            ),
            Self::TokenIllegible => (
                Code::TokenMalformed,
                401,
                TOKEN,
                "The token has a character that no bearer token has (RFC 6750 2.1)",
            ),
            Self::TokenInactive => (
                Code::TokenInactive,
                401,
                TOKEN,
                "The token is not active: it has expired, was revoked or was never issued",
            ),
            Self::IntrospectionUnavailable => (
                Code::IntrospectionUnavailable,
                503,
                None,
                "The token's issuer cannot be asked about it; try again later",
            ),
            Self::IntrospectionBusy => (
                Code::IntrospectionBusy,
                503,
                None,
                "The token's issuer is asked about too many tokens; try again in a second",
            ),
            Self::TokenExpired => (Code::TokenExpired, 401, TOKEN, "The token has expired"),
            Self::TokenNotYetValid => (
                Code::TokenNotYetValid,
                401,
                TOKEN,
                "The token is not valid yet: nbf or iat is in the future",
            ),
            Self::IssuerUnknown => {
                (Code::IssuerUnknown, 401, TOKEN, "The token's issuer is not accepted here")
            }
            Self::AudienceMismatch => {
                (Code::AudienceMismatch, 401, TOKEN, "The token is for another audience")
            }
            Self::TokenTooOld => {
                (Code::TokenTooOld, 401, TOKEN, "The token was issued too long ago; get a new one")
            }
            Self::LifetimeTooLong => (
                Code::LifetimeTooLong,
                401,
                TOKEN,
                "The token is good for too long: exp is too far ahead",
            ),
            Self::SubjectMismatch => {
                (Code::SubjectMismatch, 401, TOKEN, "The token's subject is not accepted here")
            }
            Self::ClaimMismatch => (
                Code::ClaimMismatch,
                401,
                TOKEN,
                "The token lacks a claim that is required here, or has another value for it",
            ),
            Self::BindingMissing => (
                Code::BindingMissing,
                401,
                TOKEN,
                "The token must be bound to its client (cnf); get one that is",
            ),
            Self::BindingUnchecked => (
                Code::BindingUnchecked,
                401,
                TOKEN,
                "The token is bound to a client (cnf), which is not checked here",
            ),
            Self::CertificateMissing => (
                Code::CertificateMissing,
                401,
                TOKEN,
                "The token is bound to a certificate; connect with it",
            ),
            Self::CertificateMismatch => (
                Code::CertificateMismatch,
                401,
                TOKEN,
                "The token is bound to another certificate than the connection's",
            ),
            Self::SchemeMismatch => (
                Code::SchemeMismatch,
                401,
                TOKEN,
                "A token that is bound to a key is sent as authorization: DPoP <token>, and no other",
            ),
            Self::ProofMissing => {
                (Code::ProofMissing, 401, PROOF, "Send a proof with the token: dpop: <proof>")
            }
            Self::ProofRepeated => {
                (Code::ProofRepeated, 401, PROOF, "Send one proof, in one field dpop")
            }
            Self::ProofInvalid(detail) => (Code::ProofInvalid, 401, PROOF, detail),
            Self::ProofKeyMismatch => (
                Code::ProofKeyMismatch,
                401,
                TOKEN,
                "The token is bound to another key than that of the proof",
            ),
            Self::ProofUsed => (
                Code::ProofUsed,
                401,
                PROOF,
                "The proof was used before, or may have been; make another",
            ),
            Self::NonceNeeded => (
                Code::NonceNeeded,
                401,
                Some("use_dpop_nonce"),
                "The proof must have the nonce that this answer gives",
            ),
            Self::ProofsUnavailable => (
                Code::VerifierBusy,
                503,
                None,
                "It cannot be told now whether the proof was used; try again in a second",
            ),
            Self::ClaimInvalid(detail) => (Code::ClaimInvalid, 401, TOKEN, detail),
            // Nothing is wrong with the token, and another would not help.
            Self::ConsumerUnknown => {
                (Code::ConsumerUnknown, 403, None, "Nobody is known here by what the token says")
            }
            Self::ConsumerDisabled => {
                (Code::ConsumerDisabled, 403, None, "Whoever the token is of is disabled here")
            }
            Self::ConsumersUnavailable => (
                Code::ConsumersUnavailable,
                503,
                None,
                "It cannot be told now whose the token is; try again later",
            ),
        }
    }
}

/// After so many seconds another try may find what was missing: keys are fetched as often, unless
/// `retry` says otherwise.
const RETRY_AFTER: u64 = 5;
