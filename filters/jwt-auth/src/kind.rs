//! What kind of token a token says that it is (RFC 7515 §4.1.9, RFC 8725 §3.11).

/// A kind of token: a media type in the one spelling that is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kind(String);

impl Kind {
    /// The kind that a `typ` names. RFC 7515 §4.1.9: `application/` before a name without another
    /// slash may be left out; RFC 2045 §5.1: types are compared without regard to case.
    pub(crate) fn of(typ: &str) -> Self {
        let typ = typ.to_ascii_lowercase();
        let short = typ.strip_prefix("application/").filter(|rest| !rest.contains('/'));
        Self(short.map_or_else(|| typ.clone(), str::to_owned))
    }

    /// Whether it says that it is something else than an access token. Every kind of JWT that has a
    /// name of its own ends in `+jwt` (RFC 8725 §3.11), and of those `at+jwt` alone is one (RFC
    /// 9068 §2.1): a logout token, a security event, a DPoP proof are none.
    pub(crate) fn is_foreign(&self) -> bool {
        self.0.ends_with("+jwt") && self.0 != "at+jwt"
    }

    /// As it is compared.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn one_kind_has_several_spellings_and_no_other_is_taken_for_it() {
        for (typ, want) in [
            ("at+jwt", true),
            ("AT+JWT", true),
            ("application/at+jwt", true),
            ("Application/At+Jwt", true),
            ("application/application/at+jwt", false),
            ("application/at+jwt/", false),
            ("application/at+jwt; charset=utf-8", false),
            ("x/at+jwt", false),
            ("at+jwt ", false),
            ("at\u{2b}jwt\0", false),
            ("jwt", false),
            ("", false),
        ] {
            assert_eq!(Kind::of(typ) == Kind::of("at+jwt"), want, "{typ:?}");
        }
    }

    #[test]
    fn what_has_a_name_of_its_own_is_no_access_token() {
        for (typ, want) in [
            ("logout+jwt", true),
            ("dpop+jwt", true),
            ("application/secevent+jwt", true),
            ("oauth-authz-req+JWT", true),
            ("at+jwt", false),
            ("application/AT+jwt", false),
            ("JWT", false),
            ("JOSE", false),
            ("urn:example:x", false),
            ("", false),
        ] {
            assert_eq!(Kind::of(typ).is_foreign(), want, "{typ}");
        }
    }
}
