//! What the filter can decide, by name.

#[cfg(doc)]
use crate::Refusal;

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The token is good.
        Allowed = "allowed",
        /// There is no token, and none is needed.
        Anonymous = "anonymous",
        /// A filter before this one knows who it is, and there is no token, or one that does not
        /// matter.
        Identified = "identified",
        /// The token is no good, and none is needed.
        TokenIgnored = "token_ignored",
        /// The rule asks for nothing.
        NotRequired = "not_required",
        /// A CORS preflight: browsers send it without credentials.
        Preflight = "preflight",
        /// See [`Refusal::TargetAmbiguous`].
        TargetAmbiguous = "target_ambiguous",
        /// See [`Refusal::TokenMissing`].
        TokenMissing = "token_missing",
        /// See [`Refusal::TokenRepeated`].
        TokenRepeated = "token_repeated",
        /// See [`Refusal::TwoIdentities`].
        TwoIdentities = "two_identities",
        /// See [`Refusal::TokenTooLarge`].
        TokenTooLarge = "token_too_large",
        /// See [`Refusal::TokenMalformed`].
        TokenMalformed = "token_malformed",
        /// See [`Refusal::CriticalUnsupported`].
        CriticalUnsupported = "critical_unsupported",
        /// See [`Refusal::TypeNotAllowed`].
        TypeNotAllowed = "type_not_allowed",
        /// See [`Refusal::AlgorithmNotAllowed`].
        AlgorithmNotAllowed = "algorithm_not_allowed",
        /// See [`Refusal::KeyUnknown`].
        KeyUnknown = "key_unknown",
        /// See [`Refusal::VerifierBusy`] and [`Refusal::ProofsUnavailable`].
        VerifierBusy = "verifier_busy",
        /// See [`Refusal::KeysUnavailable`].
        KeysUnavailable = "keys_unavailable",
        /// See [`Refusal::SignatureInvalid`].
        SignatureInvalid = "signature_invalid",
        /// See [`Refusal::TokenRevoked`].
        TokenRevoked = "token_revoked",
        /// See [`Refusal::RevocationsUnavailable`].
        RevocationsUnavailable = "revocations_unavailable",
        /// See [`Refusal::TokenInactive`].
        TokenInactive = "token_inactive",
        /// See [`Refusal::IntrospectionUnavailable`].
        IntrospectionUnavailable = "introspection_unavailable",
        /// See [`Refusal::IntrospectionBusy`].
        IntrospectionBusy = "introspection_busy",
        /// See [`Refusal::TokenExpired`].
        TokenExpired = "token_expired",
        /// See [`Refusal::TokenNotYetValid`].
        TokenNotYetValid = "token_not_yet_valid",
        /// See [`Refusal::IssuerUnknown`].
        IssuerUnknown = "issuer_unknown",
        /// See [`Refusal::AudienceMismatch`].
        AudienceMismatch = "audience_mismatch",
        /// See [`Refusal::TokenTooOld`].
        TokenTooOld = "token_too_old",
        /// See [`Refusal::LifetimeTooLong`].
        LifetimeTooLong = "lifetime_too_long",
        /// See [`Refusal::SubjectMismatch`].
        SubjectMismatch = "subject_mismatch",
        /// See [`Refusal::ClaimMismatch`].
        ClaimMismatch = "claim_mismatch",
        /// See [`Refusal::BindingMissing`].
        BindingMissing = "binding_missing",
        /// See [`Refusal::BindingUnchecked`].
        BindingUnchecked = "binding_unchecked",
        /// See [`Refusal::CertificateMissing`].
        CertificateMissing = "certificate_missing",
        /// See [`Refusal::CertificateMismatch`].
        CertificateMismatch = "certificate_mismatch",
        /// See [`Refusal::SchemeMismatch`].
        SchemeMismatch = "scheme_mismatch",
        /// See [`Refusal::ProofMissing`].
        ProofMissing = "proof_missing",
        /// See [`Refusal::ProofRepeated`].
        ProofRepeated = "proof_repeated",
        /// See [`Refusal::ProofInvalid`].
        ProofInvalid = "proof_invalid",
        /// See [`Refusal::ProofKeyMismatch`].
        ProofKeyMismatch = "proof_key_mismatch",
        /// See [`Refusal::ProofUsed`].
        ProofUsed = "proof_used",
        /// See [`Refusal::NonceNeeded`].
        NonceNeeded = "nonce_needed",
        /// See [`Refusal::ClaimInvalid`].
        ClaimInvalid = "claim_invalid",
        /// See [`Refusal::ConsumerUnknown`].
        ConsumerUnknown = "consumer_unknown",
        /// See [`Refusal::ConsumerDisabled`].
        ConsumerDisabled = "consumer_disabled",
        /// See [`Refusal::ConsumersUnavailable`].
        ConsumersUnavailable = "consumers_unavailable",
    }
}

impl Code {
    /// Whether a client that is told this is told it in the words of the configuration, where it
    /// has some.
    pub(crate) fn is_worded(self) -> bool {
        match self {
            Self::Allowed
            | Self::Anonymous
            | Self::Identified
            | Self::TokenIgnored
            | Self::NotRequired
            | Self::Preflight => false,
            // Those are no fault of its credentials.
            Self::TargetAmbiguous
            | Self::VerifierBusy
            | Self::KeysUnavailable
            | Self::RevocationsUnavailable
            | Self::ConsumersUnavailable
            | Self::IntrospectionUnavailable
            | Self::IntrospectionBusy => false,
            // Clients answer it by themselves (RFC 9449 §8).
            Self::NonceNeeded => false,
            _ => true,
        }
    }
}
