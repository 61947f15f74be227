//! What the service is asked (RFC 7662 §2.1).

use ct_codecs::{Base64, Encoder as _};
use gatehouse_filter::fetched::Location;
use gatehouse_filter::{Callout, HeaderName, HeaderValue, percent_encoded};
use std::time::Duration;

/// Where the service is, and who asks it.
pub(crate) struct Service {
    /// An Envoy cluster.
    pub(crate) cluster: String,
    pub(crate) location: Location,
    pub(crate) credentials: Credentials,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// The most bytes of an answer.
    pub(crate) max_size: usize,
}

/// As whom the gateway asks, in the form in which it is sent. It has a secret: it is never printed.
pub(crate) enum Credentials {
    /// The value of `authorization`.
    Field(HeaderValue),
    /// More of the form.
    Form(Vec<u8>),
}

/// How a client shows that it is the one (RFC 6749 §2.3.1), by the names of RFC 7591 §2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Authentication {
    Basic,
    Post,
}

impl Authentication {
    pub(crate) const NAMES: [(&'static str, Self); 2] =
        [("client_secret_basic", Self::Basic), ("client_secret_post", Self::Post)];

    /// The credentials of a client; `None` where they cannot be sent.
    pub(crate) fn of(self, id: &str, secret: &str) -> Option<Credentials> {
        match self {
            // RFC 6749 §2.3.1: each is form-encoded first. So a colon in the identifier is none
            // that ends it.
            Self::Basic => {
                let pair = [encoded(id), encoded(secret)].join(&b':');
                let value = format!("Basic {}", Base64::encode_to_string(pair).ok()?);
                HeaderValue::try_from(value.into_bytes()).ok().map(Credentials::Field)
            }
            Self::Post => {
                let members = [(&b"&client_id="[..], id), (b"&client_secret=", secret)];
                let member = |(name, value): (&[u8], &str)| [name, &encoded(value)].concat();
                Some(Credentials::Form(members.map(member).concat()))
            }
        }
    }
}

impl Service {
    /// For a line in a log: `by the cluster `auth`, /introspect`.
    pub(super) fn place(&self) -> String {
        format!("by the cluster `{}`, {}", self.cluster, self.location.path)
    }

    /// Asks about a token.
    pub(super) fn question(&self, token: &[u8]) -> Callout {
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ];
        // Encoded, a token ends no member of the form, whatever is in it.
        let mut body = b"token=".to_vec();
        body.extend(percent_encoded(token));
        body.extend_from_slice(b"&token_type_hint=access_token");
        match &self.credentials {
            Credentials::Field(value) => headers.push((AUTHORIZATION, value.clone())),
            Credentials::Form(members) => body.extend_from_slice(members),
        }
        Callout {
            cluster: self.cluster.clone(),
            method: "POST".into(),
            authority: self.location.authority.clone(),
            path: self.location.path.clone(),
            headers,
            body,
            timeout: self.timeout,
            max_answer_bytes: self.max_size,
        }
    }
}

fn encoded(text: &str) -> Vec<u8> {
    percent_encoded(text.as_bytes()).collect()
}

const ACCEPT: HeaderName = HeaderName::from_static("accept");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("accept-encoding");
const AUTHORIZATION: HeaderName = HeaderName::from_static("authorization");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_as_rfc_6749_says() {
        for (id, secret, basic, post) in [
            // The example of RFC 6749 §2.3.1.
            (
                "s6BhdRkqt3",
                "7Fjfp0ZBr1KtDRbnfVdmIw",
                "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3",
                "&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw",
            ),
            // `a%3Ab:p%25%26%20`.
            (
                "a:b",
                "p%& ",
                "Basic YSUzQWI6cCUyNSUyNiUyMA==",
                "&client_id=a%3Ab&client_secret=p%25%26%20",
            ),
        ] {
            let Some(Credentials::Field(field)) = Authentication::Basic.of(id, secret) else {
                panic!("{id}");
            };
            assert_eq!(field, HeaderValue::from_static(basic));
            let Some(Credentials::Form(form)) = Authentication::Post.of(id, secret) else {
                panic!("{id}");
            };
            assert_eq!(form, post.as_bytes());
        }
    }

    #[test]
    fn a_token_is_one_member_of_the_form_whatever_is_in_it() {
        let service = Service {
            cluster: "auth".to_owned(),
            location: Location { authority: "as.example".to_owned(), path: "/i".to_owned() },
            credentials: Authentication::Post.of("id", "secret").unwrap(),
            timeout: Duration::from_secs(1),
            max_size: 1024,
        };
        for (token, want) in [
            (&b"mF_9.B5f-4.1JqM"[..], "mF_9.B5f-4.1JqM"),
            (b"a&token=b", "a%26token%3Db"),
            (b"a+b/c==", "a%2Bb%2Fc%3D%3D"),
            (b"a b\r\n\0\xff", "a%20b%0D%0A%00%FF"),
        ] {
            let callout = service.question(token);
            let want = format!(
                "token={want}&token_type_hint=access_token&client_id=id&client_secret=secret"
            );
            assert_eq!(callout.body, want.as_bytes());
            assert_eq!(&*callout.method, "POST");
        }
    }
}
