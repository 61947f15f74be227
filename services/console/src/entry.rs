//! A line of the access log.

use serde_json::{Map, Value};

use crate::note::Note;
use crate::text::cut;

/// What the console makes of a line, every text cut to a length.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) time: String,
    pub(crate) request_id: String,
    pub(crate) client: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) route: String,
    pub(crate) user_agent: String,
    /// 0 where the client left before there was one.
    pub(crate) status: u16,
    pub(crate) details: String,
    pub(crate) upstream: String,
    pub(crate) duration_ms: u64,
    pub(crate) bytes: u64,
    /// What the filters decided.
    pub(crate) notes: Vec<Note>,
    pub(crate) cache_status: String,
    /// What is left of limits, as the client was told.
    pub(crate) left: Vec<Left>,
}

/// What was left of a limit: an item of the fields `RateLimit` and `RateLimit-Policy`.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Left {
    pub(crate) policy: String,
    pub(crate) left: u64,
    pub(crate) quota: Option<u64>,
    pub(crate) window_s: Option<u64>,
    pub(crate) reset_s: Option<u64>,
}

impl Entry {
    /// Reads a line; `None` where it is no JSON object with a status.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let text = |name: &str, most: usize| {
            let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
            cut(if text == "-" { "" } else { text }, most)
        };
        let number = |name: &str| fields.get(name).and_then(Value::as_u64).unwrap_or_default();
        let status = u16::try_from(fields.get("status")?.as_u64()?).ok()?;
        Some(Self {
            time: text("time", 40),
            request_id: text("request_id", 64),
            client: text("client", 64),
            method: text("method", 32),
            path: text("path", 300),
            route: text("route", 128),
            user_agent: text("user_agent", 200),
            status,
            details: text("details", 200),
            upstream: text("upstream", 128),
            duration_ms: number("duration_ms"),
            bytes: number("bytes_sent"),
            notes: notes(&fields),
            cache_status: text("cache_status", 200),
            left: left(&text("ratelimit", 1000), &text("ratelimit_policy", 1000)),
        })
    }

    /// Who the request is from: a consumer before a subject, as the last filter has it.
    pub(crate) fn caller(&self) -> Option<(&'static str, &str)> {
        let consumer = |note: &'_ Note| note.consumer.is_some();
        let with_consumer = self.notes.iter().rev().find(|note| consumer(note));
        if let Some(name) = with_consumer.and_then(|note| note.consumer.as_deref()) {
            return Some(("consumer", name));
        }
        let subject = self.notes.iter().rev().find_map(|note| note.subject.as_deref());
        subject.map(|name| ("subject", name))
    }
}

/// The notes of the filters, in the order of the log's fields: `jwt_auth` holds one of jwt-auth.
fn notes(fields: &Map<String, Value>) -> Vec<Note> {
    let note = |(name, value): (&String, &Value)| {
        Note::read(value.as_str()?).filter(|note| note.filter == *name)
    };
    fields.iter().filter_map(note).take(MOST_NOTES).collect()
}

/// `"orders";r=29;t=2` beside `"orders";q=30;w=60`: structured fields (RFC 9651), of which a filter
/// of ours writes no other forms.
fn left(states: &str, policies: &str) -> Vec<Left> {
    let policy = |name: &str| items(policies).find(|(this, _)| *this == name).map(|(_, item)| item);
    let state = |(name, item): (&str, &str)| {
        let policy = policy(name).unwrap_or_default();
        Some(Left {
            policy: cut(name, 128),
            left: parameter(item, "r")?,
            quota: parameter(policy, "q"),
            window_s: parameter(policy, "w"),
            reset_s: parameter(item, "t"),
        })
    };
    items(states).filter_map(state).take(MOST_LIMITS).collect()
}

/// The name and the parameters of each item.
fn items(list: &str) -> impl Iterator<Item = (&str, &str)> {
    // A name is printable and has no quotes, but may have a comma.
    let mut rest = list;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('"')?;
        let (name, after) = after.split_once('"')?;
        let (item, next) = after.split_once(',').unwrap_or((after, ""));
        rest = next;
        Some((name, item))
    })
}

fn parameter(item: &str, name: &str) -> Option<u64> {
    let pair =
        |part: &str| part.split_once('=').filter(|(this, _)| this.trim() == name)?.1.parse().ok();
    item.split(';').find_map(pair)
}

const MOST_NOTES: usize = 32;
const MOST_LIMITS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_envoy_writes_it() {
        let line = r#"{
            "aggregate":null,"api_key_auth":"api_key_auth.anonymous","authorization":null,
            "bytes_sent":145,"cache_status":null,"client":"127.0.0.1",
            "details":"jwt_auth.token_expired","duration_ms":3,"flags":"-",
            "jwt_auth":"jwt_auth.token_expired;rule=orders;why=exp%201","method":"GET",
            "path":"/orders/<img onerror=alert(1)>","request_id":"c722","route":"orders",
            "status":401,"time":"2026-11-29T23:30:27.407Z","upstream":null,
            "user_agent":"curl/7.88.1","ratelimit":"\"a,b\";r=29;t=2, \"day\";r=7;t=60",
            "ratelimit_policy":"\"a,b\";q=30;w=60, \"day\";q=9;w=86400"
        }"#;
        let entry = Entry::read(line).unwrap();
        assert_eq!((entry.status, entry.duration_ms, entry.bytes), (401, 3, 145));
        assert_eq!(entry.path, "/orders/<img onerror=alert(1)>");
        let notes: Vec<_> = entry.notes.iter().map(|note| note.filter.as_str()).collect();
        assert_eq!(notes, ["api_key_auth", "jwt_auth"]);
        let left = |policy: &str, left, quota, window_s, reset_s| Left {
            policy: policy.to_owned(),
            left,
            quota: Some(quota),
            window_s: Some(window_s),
            reset_s: Some(reset_s),
        };
        assert_eq!(entry.left, [left("a,b", 29, 30, 60, 2), left("day", 7, 9, 86_400, 60)]);
    }

    #[test]
    fn what_is_no_line_is_told_apart_and_what_is_odd_is_left_out() {
        for line in
            ["", "[]", "null", "{", "{}", r#"{"status":"200"}"#, r#"{"status":70000}"#, "GET /"]
        {
            assert_eq!(Entry::read(line), None, "{line}");
        }
        let odd = r#"{
            "status":0,"method":7,"path":["x"],"duration_ms":-1,"jwt_auth":"authorization.allowed",
            "ratelimit":"\"x;r=1\";r=a, junk, \""
        }"#;
        let entry = Entry::read(odd).unwrap();
        assert_eq!((entry.status, entry.method.as_str(), entry.path.as_str()), (0, "", ""));
        assert!(entry.notes.is_empty() && entry.left.is_empty());
    }

    #[test]
    fn texts_have_a_longest_length() {
        let line =
            format!(r#"{{"status":200,"path":"{0}","user_agent":"{0}"}}"#, "é".repeat(10_000));
        let entry = Entry::read(&line).unwrap();
        assert_eq!((entry.path.chars().count(), entry.user_agent.chars().count()), (301, 201));
    }

    #[test]
    fn a_consumer_goes_before_a_subject() {
        let of = |line: &str| {
            Entry::read(line).unwrap().caller().map(|(kind, name)| format!("{kind} {name}"))
        };
        let key = r#"{
            "status":200,"api_key_auth":"api_key_auth.allowed;consumer=acme",
            "jwt_auth":"jwt_auth.allowed;subject=alice"
        }"#;
        assert_eq!(of(key).as_deref(), Some("consumer acme"));
        let token = r#"{
            "status":200,"api_key_auth":"api_key_auth.anonymous",
            "jwt_auth":"jwt_auth.allowed;subject=alice"
        }"#;
        assert_eq!(of(token).as_deref(), Some("subject alice"));
        assert_eq!(of(r#"{"status":200}"#), None);
    }
}
