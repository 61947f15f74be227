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
}

impl Challenge {
    /// The challenge unless a configuration says otherwise.
    pub fn usual(own: &'static str) -> Self {
        Self { own, realm: "gatehouse".to_owned(), schemes: vec![own.to_owned()] }
    }

    /// Reads `realm` and `schemes`; unless told otherwise, the filter's own scheme will do, and
    /// these others.
    pub fn read(fields: &mut Fields<'_>, own: &'static str, others: &[&str]) -> Option<Self> {
        let mut usual = Self::usual(own);
        usual.schemes.extend(others.iter().map(|other| (*other).to_owned()));
        let realm =
            fields.with_default("realm", usual.realm, |node| node.quotable().map(str::to_owned));
        let schemes = fields.with_default("schemes", usual.schemes, schemes);
        Some(Self { own, realm: realm?, schemes: schemes? })
    }

    /// The answer that also asks for credentials: a field for each scheme, which is easier to read
    /// than one for all (RFC 9110 §11.6.1).
    #[must_use]
    pub fn ask(&self, problem: Problem) -> Problem {
        let asked = self.schemes.iter().filter_map(|scheme| self.field(scheme, &[]));
        asked.fold(problem, |problem, field| problem.with_header(WWW_AUTHENTICATE, field))
    }

    /// The answer that tells what is wrong with credentials of the filter's own scheme. Values need
    /// no escapes between quotes. Where that scheme would not do, nothing is told. A 401 also names
    /// the other schemes: credentials of those would do as well.
    #[must_use]
    pub fn tell(&self, problem: Problem, parameters: &[(&str, &str)]) -> Problem {
        let names_others = problem.status == 401;
        let told =
            self.schemes.iter().filter_map(|scheme| match scheme.eq_ignore_ascii_case(self.own) {
                true => self.field(scheme, parameters),
                false if names_others => self.field(scheme, &[]),
                false => None,
            });
        told.fold(problem, |problem, field| problem.with_header(WWW_AUTHENTICATE, field))
    }

    fn field(&self, scheme: &str, parameters: &[(&str, &str)]) -> Option<HeaderValue> {
        let mut field = format!("{scheme} realm=\"{}\"", self.realm);
        for (name, value) in parameters {
            field.extend([", ", name, "=\"", value, "\""]);
        }
        HeaderValue::try_from(field.into_bytes()).ok()
    }
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
        ] {
            assert_eq!(challenge(configured).unwrap_err(), want);
        }
    }
}
