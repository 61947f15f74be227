//! What a token is bound to beside whoever bears it (RFC 7800 §3.1).

use crate::base64url;
use crate::json::Member;
use crate::refusal::Refusal;
use gatehouse_json::Kind;

/// What a provider's tokens must be bound to, and is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binding {
    /// To nothing: whoever has a token may use it. One that is bound all the same is refused, as
    /// nobody would check it.
    Bearer,
    /// To the certificate of the client's connection (RFC 8705 §3).
    Certificate,
    /// To a key that each request proves anew (RFC 9449).
    Dpop,
    /// To either of them, or both.
    Any,
    /// Whatever they are bound to, it is not checked here.
    Ignored,
}

impl Binding {
    /// The words for what is not the usual.
    pub(crate) const NAMES: [(&'static str, Self); 4] = [
        ("certificate", Self::Certificate),
        ("dpop", Self::Dpop),
        ("any", Self::Any),
        ("ignore", Self::Ignored),
    ];

    /// Whether tokens with proofs are taken.
    pub(crate) fn takes_proofs(self) -> bool {
        matches!(self, Self::Dpop | Self::Any)
    }

    /// What a token with this claim `cnf` is bound to, of what is checked.
    ///
    /// # Errors
    /// [`Refusal::BindingMissing`] and [`Refusal::BindingUnchecked`]: a token that is bound to two
    /// things is refused where only one of them would be checked. Of `cnf`, other members are
    /// ignored where one of the two is there (RFC 7800 §3.1).
    pub(crate) fn of(self, cnf: Option<Member<'_>>) -> Result<Bound, Refusal> {
        let cnf = match (self, cnf) {
            (Self::Ignored, _) | (Self::Bearer, None) => return Ok(Bound::default()),
            (Self::Bearer, Some(_)) => return Err(Refusal::BindingUnchecked),
            (_, None) => return Err(Refusal::BindingMissing),
            (_, Some(cnf)) if cnf.kind() != Kind::Object => return Err(NO_CONFIRMATION),
            (_, Some(cnf)) => cnf,
        };
        let bound = Bound {
            certificate: thumbprint(cnf.member("x5t#S256"))?,
            key: thumbprint(cnf.member("jkt"))?,
        };
        match (self, &bound) {
            (_, Bound { certificate: None, key: None })
            | (Self::Certificate, Bound { certificate: None, .. })
            | (Self::Dpop, Bound { key: None, .. }) => Err(Refusal::BindingMissing),
            (Self::Certificate, Bound { key: Some(_), .. })
            | (Self::Dpop, Bound { certificate: Some(_), .. }) => Err(Refusal::BindingUnchecked),
            _ => Ok(bound),
        }
    }
}

/// What a token is bound to, and has to be shown with each request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bound {
    /// The certificate with this digest (RFC 8705 §3.1).
    pub(crate) certificate: Option<Thumbprint>,
    /// The key with this thumbprint (RFC 9449 §6.1).
    pub(crate) key: Option<Thumbprint>,
}

/// A SHA-256 digest.
pub(crate) type Thumbprint = [u8; 32];

fn thumbprint(member: Option<Member<'_>>) -> Result<Option<Thumbprint>, Refusal> {
    let Some(member) = member else { return Ok(None) };
    let bytes = member.text().and_then(|text| base64url::decode(text.as_bytes()));
    let thumbprint = bytes.and_then(|bytes| Thumbprint::try_from(bytes).ok());
    thumbprint.map(Some).ok_or(NO_CONFIRMATION)
}

const NO_CONFIRMATION: Refusal = Refusal::ClaimInvalid(
    "The claim cnf must be an object, and a thumbprint in it 32 bytes in base64url",
);

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test that panics is a test that fails")]
mod tests {
    use super::*;
    use crate::json::Members;

    #[test]
    fn a_token_is_bound_to_all_that_its_confirmation_names_or_refused() {
        let a = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let (missing, unchecked) = (Err(Refusal::BindingMissing), Err(Refusal::BindingUnchecked));
        let bad = Err(NO_CONFIRMATION);
        let bound = |certificate: bool, key: bool| {
            let of = |is: bool| is.then_some([0; 32]);
            Ok(Bound { certificate: of(certificate), key: of(key) })
        };
        for (cnf, certificate, dpop, any) in [
            (r#"{}"#.to_owned(), missing, missing, missing),
            (r#"{"cnf": {}}"#.to_owned(), missing, missing, missing),
            (r#"{"cnf": {"kid": "x"}}"#.to_owned(), missing, missing, missing),
            (r#"{"cnf": {"jwk": {"kty": "EC"}}}"#.to_owned(), missing, missing, missing),
            (
                format!(r#"{{"cnf": {{"x5t#S256": "{a}"}}}}"#),
                bound(true, false),
                missing,
                bound(true, false),
            ),
            (
                format!(r#"{{"cnf": {{"jkt": "{a}"}}}}"#),
                missing,
                bound(false, true),
                bound(false, true),
            ),
            // Of no use to who has stolen one of two.
            (
                format!(r#"{{"cnf": {{"x5t#S256": "{a}", "jkt": "{a}"}}}}"#),
                unchecked,
                unchecked,
                bound(true, true),
            ),
            (
                format!(r#"{{"cnf": {{"jkt": "{a}", "kid": "x", "urn:x": 1}}}}"#),
                missing,
                bound(false, true),
                bound(false, true),
            ),
            (r#"{"cnf": null}"#.to_owned(), bad, bad, bad),
            (r#"{"cnf": "x"}"#.to_owned(), bad, bad, bad),
            (format!(r#"{{"cnf": ["{a}"]}}"#), bad, bad, bad),
            (r#"{"cnf": {"x5t#S256": ""}}"#.to_owned(), bad, bad, bad),
            (r#"{"cnf": {"x5t#S256": null}}"#.to_owned(), bad, bad, bad),
            // Thirty-one bytes, padding, the other alphabet, bits that no byte needs.
            (format!(r#"{{"cnf": {{"jkt": "{}"}}}}"#, &a[..42]), bad, bad, bad),
            (format!(r#"{{"cnf": {{"jkt": "{a}="}}}}"#), bad, bad, bad),
            (format!(r#"{{"cnf": {{"jkt": "{}B"}}}}"#, &a[..42]), bad, bad, bad),
            (format!(r#"{{"cnf": {{"jkt": ["{a}"]}}}}"#), bad, bad, bad),
        ] {
            let members = Members::read(cnf.clone().into_bytes()).unwrap();
            let of = |binding: Binding| binding.of(members.get("cnf"));
            assert_eq!(of(Binding::Certificate), certificate, "{cnf}");
            assert_eq!(of(Binding::Dpop), dpop, "{cnf}");
            assert_eq!(of(Binding::Any), any, "{cnf}");
            assert_eq!(of(Binding::Ignored), bound(false, false), "{cnf}");
            let bearer = if members.get("cnf").is_some() { unchecked } else { bound(false, false) };
            assert_eq!(of(Binding::Bearer), bearer, "{cnf}");
        }
    }
}
