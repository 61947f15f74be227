//! The response fields of draft-ietf-httpapi-ratelimit-headers-11: lists of structured fields (RFC 9651).

use crate::gcra::Level;
use crate::policy::Quota;
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Reply};

/// RFC 9110 §10.2.3, as a number of seconds.
pub(crate) const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What a client is told about its limits.
#[derive(Debug)]
pub(crate) struct Fields {
    /// `"orders";q=100;w=60`: so many requests in so many seconds.
    policy: HeaderValue,
    /// `"orders";r=50;t=30`: so many requests are left, and all of them in so many seconds.
    limit: HeaderValue,
}

impl Fields {
    /// The fields for limits and their levels. `None` only for names that no header field can carry, which
    /// the configuration refuses.
    pub(crate) fn new(quotas: &[Quota], levels: &[Level]) -> Option<Self> {
        let mut policy = String::new();
        let mut limit = String::new();
        for (quota, level) in quotas.iter().zip(levels) {
            let window = quota.limit.window / 1_000_000_000;
            member(&mut policy, &quota.name, &[("q", quota.limit.requests.into()), ("w", window)]);
            member(&mut limit, &quota.name, &[("r", level.remaining()), ("t", level.reset())]);
        }
        Some(Self {
            policy: HeaderValue::try_from(policy.into_bytes()).ok()?,
            limit: HeaderValue::try_from(limit.into_bytes()).ok()?,
        })
    }

    /// Adds the fields to a response. An upstream may have limits of its own: both fields are lists, so
    /// ours come after its.
    pub(crate) fn append_to(self, headers: &mut Headers) {
        headers.append(&POLICY, self.policy);
        headers.append(&LIMIT, self.limit);
    }

    /// Adds the fields to an answer of our own.
    pub(crate) fn on_reply(self, reply: Reply) -> Reply {
        reply.with_header(POLICY, self.policy).with_header(LIMIT, self.limit)
    }
}

/// Adds `"name";key=number;…` to a list. Names have no quote and no backslash.
fn member(list: &mut String, name: &str, parameters: &[(&str, u64)]) {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list.push('"');
    list.push_str(name);
    list.push('"');
    for (key, number) in parameters {
        list.push(';');
        list.push_str(key);
        list.push('=');
        list.push_str(&number.to_string());
    }
}
