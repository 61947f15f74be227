//! What a client is asked for that should say who it is.

use crate::config::{Fields, Node};
use crate::{HeaderName, HeaderValue, Problem};

/// A challenge (RFC 9110 §11.6.1): the realm, and every scheme whose credentials would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// The scheme of the filter's own credentials: what is said of those is said with it.
    own: &'static str,
    /// Quotable as it is.
    realm: String,
    schemes: Vec<String>,
    /// Where clients read who issues tokens for what is behind this filter (RFC 9728 §5.1): a URL.
    resource_metadata: Option<String>,
    /// What proofs of the scheme `DPoP` may be signed with (RFC 9449 §7.1): names between spaces.
    proof_algorithms: Option<String>,
}

/// The schemes of access tokens: those of any bearer (RFC 6750) and those of one key's owner (RFC
/// 9449 §7.1).
const OF_TOKENS: [&str; 2] = ["Bearer", "DPoP"];

impl Challenge {
    /// The challenge unless a configuration says otherwise.
    pub fn usual(own: &'static str) -> Self {
        Self {
            own,
            realm: "gatehouse".to_owned(),
            schemes: vec![own.to_owned()],
            resource_metadata: None,
            proof_algorithms: None,
        }
    }

    /// Reads `realm`, `schemes` and `resource_metadata`; unless told otherwise, the filter's own
    /// scheme will do, and these others.
    pub fn read(fields: &mut Fields<'_>, own: &'static str, others: &[&str]) -> Option<Self> {
        let mut usual = Self::usual(own);
        usual.schemes.extend(others.iter().map(|other| (*other).to_owned()));
        let realm =
            fields.with_default("realm", usual.realm, |node| node.quotable().map(str::to_owned));
        let schemes = fields.with_default("schemes", usual.schemes, schemes);
        let resource_metadata = fields.optional("resource_metadata", |node| {
            let url = metadata_url(&node)?;
            let takes_tokens = |schemes: &Vec<String>| schemes.iter().any(|it| is_of_tokens(it));
            if !schemes.as_ref().is_none_or(takes_tokens) {
                return node.fault("is told with Bearer and DPoP, and `schemes` has neither");
            }
            Some(url)
        });
        Some(Self {
            own,
            realm: realm?,
            schemes: schemes?,
            resource_metadata: resource_metadata?,
            proof_algorithms: None,
        })
    }

    /// The same, which also tells what proofs may be signed with: names of algorithms (RFC 7518
    /// §3.1) with spaces between them.
    #[must_use]
    pub fn with_proof_algorithms(self, names: String) -> Self {
        Self { proof_algorithms: Some(names), ..self }
    }

    /// Whether this is the scheme of the filter's own credentials.
    pub fn is_of(&self, scheme: &str) -> bool {
        is(self.own, scheme)
    }

    /// The answer that also asks for credentials: a field for each scheme, which is easier to read
    /// than one for all (RFC 9110 §11.6.1).
    #[must_use]
    pub fn ask(&self, problem: Problem) -> Problem {
        let asked = self.schemes.iter().filter_map(|scheme| self.field(scheme, &[]));
        asked.fold(problem, |problem, field| problem.with_header(WWW_AUTHENTICATE, field))
    }

    /// The answer that tells what is wrong with credentials of the filter's own scheme; where that
    /// is one of access tokens, with all of those. Values need no escapes between quotes. Where no
    /// such scheme would do, nothing is told. A 401 also names the other schemes: credentials of
    /// those would do as well.
    #[must_use]
    pub fn tell(&self, problem: Problem, parameters: &[(&str, &str)]) -> Problem {
        let is_own =
            |scheme: &str| is(scheme, self.own) || is_of_tokens(scheme) && is_of_tokens(self.own);
        self.tell_where(problem, is_own, parameters)
    }

    /// The same, told with this scheme only.
    #[must_use]
    pub fn tell_with(
        &self,
        scheme: &str,
        problem: Problem,
        parameters: &[(&str, &str)],
    ) -> Problem {
        self.tell_where(problem, |known| is(known, scheme), parameters)
    }

    fn tell_where(
        &self,
        problem: Problem,
        is_told: impl Fn(&str) -> bool,
        parameters: &[(&str, &str)],
    ) -> Problem {
        let names_others = problem.status == 401;
        let told = self.schemes.iter().filter_map(|scheme| match is_told(scheme) {
            true => self.field(scheme, parameters),
            false if names_others => self.field(scheme, &[]),
            false => None,
        });
        told.fold(problem, |problem, field| problem.with_header(WWW_AUTHENTICATE, field))
    }

    fn field(&self, scheme: &str, parameters: &[(&str, &str)]) -> Option<HeaderValue> {
        let mut field = format!("{scheme} realm=\"{}\"", self.realm);
        let algorithms = self.proof_algorithms.as_deref().filter(|_| is(scheme, "DPoP"));
        let metadata = self.resource_metadata.as_deref().filter(|_| is_of_tokens(scheme));
        let standing = [("algs", algorithms), ("resource_metadata", metadata)];
        let standing = standing.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (name, value) in parameters.iter().copied().chain(standing) {
            field.extend([", ", name, "=\"", value, "\""]);
        }
        HeaderValue::try_from(field.into_bytes()).ok()
    }
}

fn is(scheme: &str, known: &str) -> bool {
    scheme.eq_ignore_ascii_case(known)
}

fn is_of_tokens(scheme: &str) -> bool {
    OF_TOKENS.iter().any(|known| is(scheme, known))
}

/// The URL of a resource's metadata (RFC 9728 §3): absolute, without a fragment. `http` is for
/// trying things out.
fn metadata_url(node: &Node<'_>) -> Option<String> {
    let url = node.quotable()?;
    let is_url = ["https://", "http://"].iter().any(|scheme| {
        let rest = url.strip_prefix(scheme);
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', ':', '@']))
    });
    if !is_url || url.contains([' ', '#']) {
        return node.fault(
            "must be the URL of the metadata, without a fragment, such as \
             https://api.example.com/.well-known/oauth-protected-resource",
        );
    }
    Some(url.to_owned())
}

fn schemes(node: Node<'_>) -> Option<Vec<String>> {
    let mut earlier: Vec<String> = Vec::new();
    node.nonempty_list(|node| {
        let scheme = node.text()?;
        // RFC 9110 §11.1: a token, compared without regard to case.
        if HeaderName::try_from(scheme).is_err() {
            return node.fault("must be the name of a scheme, such as Bearer or ApiKey");
        }
        if earlier.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return node.fault("must be unique: an earlier one is the same");
        }
        earlier.push(scheme.to_owned());
        Some(scheme.to_owned())
    })
}

const WWW_AUTHENTICATE: HeaderName = HeaderName::from_static("www-authenticate");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn challenge(json: &str) -> Result<Challenge, String> {
        let reader = |node: Node<'_>| {
            let mut fields = node.fields()?;
            let challenge = Challenge::read(&mut fields, "Bearer", &[]);
            fields.finish();
            challenge
        };
        config::read(json.as_bytes(), reader).map_err(|faults| faults[0].to_string())
    }

    fn fields(problem: &Problem) -> Vec<&str> {
        let text = |value: &HeaderValue| std::str::from_utf8(value.as_bytes()).unwrap().to_owned();
        problem
            .headers
            .iter()
            .inspect(|(name, _)| assert_eq!(name.as_str(), "www-authenticate"))
            .map(|(_, value)| &*text(value).leak())
            .collect()
    }

    #[test]
    fn a_client_is_told_every_scheme_that_would_do_and_of_its_own_what_is_wrong() {
        for (configured, asked, told) in [
            ("{}", vec![r#"Bearer realm="gatehouse""#], vec![r#"Bearer realm="gatehouse", a="b""#]),
            (
                r#"{"realm": "x y", "schemes": ["ApiKey", "bearer"]}"#,
                vec![r#"ApiKey realm="x y""#, r#"bearer realm="x y""#],
                vec![r#"ApiKey realm="x y""#, r#"bearer realm="x y", a="b""#],
            ),
            (
                r#"{"schemes": ["ApiKey"]}"#,
                vec![r#"ApiKey realm="gatehouse""#],
                vec![r#"ApiKey realm="gatehouse""#],
            ),
        ] {
            let challenge = challenge(configured).unwrap();
            assert_eq!(fields(&challenge.ask(Problem::new(401, "x"))), asked, "{configured}");
            let problem = challenge.tell(Problem::new(401, "x"), &[("a", "b")]);
            assert_eq!(fields(&problem), told, "{configured}");
            // What is no 401 asks for nothing: it only tells what is wrong.
            let problem = challenge.tell(Problem::new(403, "x"), &[("a", "b")]);
            let told: Vec<_> = told.into_iter().filter(|field| field.contains("a=")).collect();
            assert_eq!(fields(&problem), told, "{configured}");
        }
    }

    #[test]
    fn schemes_of_tokens_tell_where_the_metadata_are_and_dpop_what_signs_proofs() {
        const URL: &str = "https://a.example/.well-known/oauth-protected-resource/x?y=z";
        let configured =
            format!(r#"{{"schemes": ["ApiKey", "bearer", "DPoP"], "resource_metadata": "{URL}"}}"#);
        let challenge = challenge(&configured).unwrap().with_proof_algorithms("ES256 EdDSA".into());
        let key = r#"ApiKey realm="gatehouse""#.to_owned();
        let bearer = format!(r#"bearer realm="gatehouse", resource_metadata="{URL}""#);
        let proof =
            format!(r#"DPoP realm="gatehouse", algs="ES256 EdDSA", resource_metadata="{URL}""#);
        let asked = challenge.ask(Problem::new(401, "x"));
        assert_eq!(fields(&asked), [&*key, &*bearer, &*proof]);
        // RFC 9449 §7.2: what is wrong is told with the scheme that was used.
        let told = |field: &str| field.replacen("house\"", "house\", a=\"b\"", 1);
        for (scheme, status, want) in [
            ("DPoP", 401, vec![key.clone(), bearer.clone(), told(&proof)]),
            ("Bearer", 401, vec![key.clone(), told(&bearer), proof.clone()]),
            ("DPoP", 403, vec![told(&proof)]),
            ("Basic", 403, vec![]),
        ] {
            let problem = challenge.tell_with(scheme, Problem::new(status, "x"), &[("a", "b")]);
            assert_eq!(fields(&problem), want, "{scheme} {status}");
        }
        // Who does not know which was used tells it with both.
        let both = challenge.tell(Problem::new(403, "x"), &[("a", "b")]);
        assert_eq!(fields(&both), [told(&bearer), told(&proof)]);
    }

    #[test]
    fn what_is_no_scheme_is_a_fault() {
        for (configured, want) in [
            (r#"{"schemes": []}"#, "schemes: must not be empty"),
            (
                r#"{"schemes": ["Api Key"]}"#,
                "schemes[0]: must be the name of a scheme, such as Bearer or ApiKey",
            ),
            (
                r#"{"schemes": ["Bearer", "BEARER"]}"#,
                "schemes[1]: must be unique: an earlier one is the same",
            ),
            (r#"{"realm": "\""}"#, "realm: must be printable ASCII without quotes and backslashes"),
            (
                r#"{"schemes": ["ApiKey"], "resource_metadata": "https://a.example/x"}"#,
                "resource_metadata: is told with Bearer and DPoP, and `schemes` has neither",
            ),
            (r#"{"resource_metadata": 1}"#, "resource_metadata: must be text"),
            (
                r#"{"resource_metadata": "https://a.example/\u00e9"}"#,
                "resource_metadata: must be printable ASCII without quotes and backslashes",
            ),
        ] {
            assert_eq!(challenge(configured).unwrap_err(), want);
        }
        for url in [
            "/.well-known/oauth-protected-resource",
            "a.example/x",
            "ftp://a.example/x",
            "https://",
            "https:///x",
            "https://a.example/x#y",
            "https://a.example/x y",
        ] {
            let configured = format!(r#"{{"resource_metadata": "{url}"}}"#);
            assert_eq!(
                challenge(&configured).unwrap_err(),
                "resource_metadata: must be the URL of the metadata, without a fragment, such as \
                 https://api.example.com/.well-known/oauth-protected-resource",
                "{url}"
            );
        }
    }
}
