//! What responses tell clients about their limits.

use crate::quota::{Level, Quota};
use crate::service::{Ruling, Told};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Problem, decimal};
use std::cmp::Reverse;

const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// Fields that are one number: the last one who knows replaces it.
const NUMBERS: [&str; 7] = [
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// A form of telling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// draft-ietf-httpapi-ratelimit-headers-11: every limit, in lists of structured fields (RFC
    /// 9651).
    Draft,
    /// draft-ietf-httpapi-ratelimit-headers-03: the limit that is nearest to its end, and the
    /// windows of all.
    Draft03,
    /// What came before the drafts: the limit that is nearest to its end.
    XRateLimit,
}

impl Form {
    /// As the configuration spells them.
    pub(crate) const NAMES: [(&str, Self); 3] =
        [("draft", Self::Draft), ("draft-03", Self::Draft03), ("x-ratelimit", Self::XRateLimit)];
}

/// The fields of one response.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

#[derive(Debug)]
struct Field {
    name: HeaderName,
    value: HeaderValue,
    /// An upstream may have limits of its own. Where the field is a list, ours come after its;
    /// where it is one number, ours is the one that the client gets.
    list: bool,
}

impl Fields {
    /// The fields for limits and their levels, in these forms.
    pub(crate) fn new<'a>(
        forms: &[Form],
        limits: impl Iterator<Item = (&'a Quota, &'a Level)>,
    ) -> Self {
        if forms.is_empty() {
            return Self::default();
        }
        let lines: Vec<Line<'_>> =
            limits.map(|(quota, level)| Line::of(&quota.name, level)).collect();
        Self::of_lines(forms, &lines)
    }

    /// The fields for what a service told of a limit, and those that it adds itself: they come
    /// before ours, which replace them where there is one number.
    pub(crate) fn ruled(forms: &[Form], name: &str, ruling: &Ruling) -> Self {
        let field = |(name, value): &(HeaderName, HeaderValue)| {
            let list = !NUMBERS.contains(&name.as_str());
            Field { name: name.clone(), value: value.clone(), list }
        };
        let mut fields = Self(ruling.response.iter().map(field).collect());
        let line = ruling.told.filter(|told| told.window > 0).map(|told| Line::told(name, told));
        fields.tell(forms, line.as_slice());
        fields
    }

    fn of_lines(forms: &[Form], lines: &[Line<'_>]) -> Self {
        let mut fields = Self::default();
        fields.tell(forms, lines);
        fields
    }

    fn tell(&mut self, forms: &[Form], lines: &[Line<'_>]) {
        // Of two that are as near, the one that takes longer to come back.
        let nearest = lines.iter().min_by_key(|line| (line.remaining, Reverse(line.reset)));
        let Some(nearest) = nearest else { return };
        for form in forms {
            match form {
                Form::Draft => {
                    // Room for two limits with short names.
                    let mut policy = String::with_capacity(64);
                    let mut limit = String::with_capacity(64);
                    for line in lines {
                        member(
                            &mut policy,
                            line.name,
                            [("q", line.requests.into()), ("w", line.window)],
                        );
                        member(&mut limit, line.name, [("r", line.remaining), ("t", line.reset)]);
                    }
                    self.add("ratelimit-policy", policy, true);
                    self.add("ratelimit", limit, true);
                }
                Form::Draft03 => {
                    let mut limit = nearest.requests.to_string();
                    for line in lines {
                        limit.push_str(", ");
                        limit.push_str(&line.requests.to_string());
                        limit.push_str(";w=");
                        limit.push_str(&line.window.to_string());
                    }
                    self.add("ratelimit-limit", limit, false);
                    self.add("ratelimit-remaining", nearest.remaining.to_string(), false);
                    self.add("ratelimit-reset", nearest.reset.to_string(), false);
                }
                Form::XRateLimit => {
                    self.add("x-ratelimit-limit", nearest.requests.to_string(), false);
                    self.add("x-ratelimit-remaining", nearest.remaining.to_string(), false);
                    self.add("x-ratelimit-reset", nearest.reset.to_string(), false);
                }
            }
        }
    }

    /// Adds the fields to a response.
    pub(crate) fn put_on(self, headers: &mut Headers) {
        for Field { name, value, list } in self.0 {
            if list {
                headers.append(&name, value);
            } else {
                headers.set(&name, value);
            }
        }
    }

    /// Adds the fields to an answer of our own. What that says already it says once.
    pub(crate) fn on_reply(self, reply: Problem) -> Problem {
        self.0.into_iter().fold(reply, |reply, Field { name, value, .. }| {
            match reply.headers.iter().any(|(said, _)| *said == name && name == RETRY_AFTER) {
                true => reply,
                false => reply.with_header(name, value),
            }
        })
    }

    /// Names are printable ASCII, so every value is one that a field can have.
    fn add(&mut self, name: &'static str, value: String, list: bool) {
        let Ok(value) = HeaderValue::try_from(value.into_bytes()) else { return };
        if !list {
            self.0.retain(|field| field.name.as_str() != name);
        }
        self.0.push(Field { name: HeaderName::from_static(name), value, list });
    }
}

/// What is told of one limit.
#[derive(Clone, Copy)]
struct Line<'a> {
    name: &'a str,
    requests: u32,
    window: u64,
    remaining: u64,
    reset: u64,
}

impl<'a> Line<'a> {
    fn of(name: &'a str, level: &Level) -> Self {
        Self {
            name,
            requests: level.requests(),
            window: level.window(),
            remaining: level.remaining(),
            reset: level.reset(),
        }
    }

    fn told(name: &'a str, told: Told) -> Self {
        let (requests, window) = (told.requests, told.window);
        let remaining = told.remaining.unwrap_or(0).into();
        Self { name, requests, window, remaining, reset: told.reset_seconds().unwrap_or(window) }
    }
}

/// Adds `"name";key=number;…` to a list. Names have no quote and no backslash.
fn member(list: &mut String, name: &str, parameters: [(&str, u64); 2]) {
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
        decimal::push(list, number);
    }
}

#[cfg(test)]
mod tests;
