//! What the access log has told so far, in bounded memory.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::clock::Millis;
use crate::entry::Entry;
use crate::note::Note;

/// What the access log has told.
#[derive(Default, Debug)]
pub(crate) struct Traffic {
    /// Lines that were read.
    pub(crate) lines: u64,
    /// Lines that are none of an access log in JSON, or too long.
    pub(crate) unread: u64,
    /// When the first line came.
    pub(crate) since: Option<Millis>,
    pub(crate) recent: VecDeque<Seen>,
    pub(crate) refusals: VecDeque<Refusal>,
    pub(crate) callers: BTreeMap<(&'static str, String), Tally>,
    /// All callers that are not told apart.
    pub(crate) other_callers: Tally,
    /// How often each filter decided what, by rule.
    pub(crate) rules: BTreeMap<Decided, u64>,
    /// What was left of limits, by policy and client.
    pub(crate) left: BTreeMap<(String, String), LeftSeen>,
}

/// A request that was seen.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    number: u64,
    time: String,
    request_id: String,
    method: String,
    path: String,
    route: String,
    status: u16,
    duration_ms: u64,
    caller: Option<String>,
    user_agent: String,
    details: String,
    cache_status: String,
    notes: Vec<Note>,
}

/// A request that the gateway refused, or would have.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    number: u64,
    time: String,
    request_id: String,
    method: String,
    path: String,
    status: u16,
    caller: Option<String>,
    client: String,
    filter: String,
    code: String,
    rule: Option<String>,
    why: Option<String>,
    shadow: bool,
}

/// What one caller, or many, asked.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) client_errors: u64,
    pub(crate) server_errors: u64,
    pub(crate) bytes: u64,
}

/// A filter's decision by a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Decided {
    pub(crate) filter: String,
    pub(crate) code: String,
    pub(crate) rule: String,
}

/// What was left of a limit when it was last seen.
#[derive(Debug)]
pub(crate) struct LeftSeen {
    pub(crate) left: u64,
    pub(crate) quota: Option<u64>,
    pub(crate) window_s: Option<u64>,
    pub(crate) reset_s: Option<u64>,
    pub(crate) at: Millis,
}

impl Traffic {
    /// Takes a line in.
    pub(crate) fn line(&mut self, line: &str, now: Millis) {
        match Entry::read(line).filter(|_| line.len() <= LONGEST_LINE) {
            Some(entry) => self.take(entry, now),
            None => self.skip(),
        }
    }

    /// Counts a line that cannot be read.
    pub(crate) fn skip(&mut self) {
        self.unread = self.unread.saturating_add(1);
    }

    fn take(&mut self, entry: Entry, now: Millis) {
        self.lines = self.lines.saturating_add(1);
        self.since.get_or_insert(now);
        self.count_rules(&entry);
        self.count_left(&entry, now);
        self.count_caller(&entry);
        if let Some(refusal) = refusal(&entry, self.lines) {
            push(&mut self.refusals, refusal, MOST_REFUSALS);
        }
        push(&mut self.recent, Seen::of(entry, self.lines), MOST_RECENT);
    }

    fn count_rules(&mut self, entry: &Entry) {
        for note in &entry.notes {
            let Some(rule) = &note.rule else { continue };
            let decided = Decided {
                filter: note.filter.clone(),
                code: note.code.clone(),
                rule: rule.clone(),
            };
            if self.rules.len() < MOST_RULES || self.rules.contains_key(&decided) {
                add(self.rules.entry(decided).or_default(), 1);
            }
        }
    }

    fn count_caller(&mut self, entry: &Entry) {
        let Some((kind, name)) = entry.caller() else { return };
        let key = (kind, name.to_owned());
        let is_known = self.callers.len() < MOST_CALLERS || self.callers.contains_key(&key);
        let tally =
            if is_known { self.callers.entry(key).or_default() } else { &mut self.other_callers };
        add(&mut tally.requests, 1);
        add(&mut tally.client_errors, u64::from((400..500).contains(&entry.status)));
        add(&mut tally.server_errors, u64::from(entry.status >= 500));
        add(&mut tally.bytes, entry.bytes);
    }

    fn count_left(&mut self, entry: &Entry, now: Millis) {
        let client = entry.caller().map_or(entry.client.as_str(), |(_, name)| name);
        for left in &entry.left {
            let key = (left.policy.clone(), client.to_owned());
            if self.left.len() >= MOST_LEFT && !self.left.contains_key(&key) {
                let oldest = self.left.iter().min_by_key(|(_, seen)| seen.at);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    self.left.remove(&oldest);
                }
            }
            let seen = LeftSeen {
                left: left.left,
                quota: left.quota,
                window_s: left.window_s,
                reset_s: left.reset_s,
                at: now,
            };
            self.left.insert(key, seen);
        }
    }
}

impl Seen {
    fn of(entry: Entry, number: u64) -> Self {
        let caller = entry.caller().map(|(_, name)| name.to_owned());
        Self {
            number,
            time: entry.time,
            request_id: entry.request_id,
            method: entry.method,
            path: entry.path,
            route: entry.route,
            status: entry.status,
            duration_ms: entry.duration_ms,
            caller,
            user_agent: entry.user_agent,
            details: entry.details,
            cache_status: entry.cache_status,
            notes: entry.notes,
        }
    }
}

/// Why the gateway answered itself, and not well, or would have.
fn refusal(entry: &Entry, number: u64) -> Option<Refusal> {
    let is_answered_here = entry.status >= 400 && entry.details != "via_upstream";
    let (filter, code, note) = if is_answered_here {
        let code_of = |note: &Note| {
            let rest = entry.details.strip_prefix(note.filter.as_str());
            rest.and_then(|rest| rest.strip_prefix('.'))
        };
        let refused = entry.notes.iter().find_map(|note| Some((note, code_of(note)?)));
        match refused {
            // A note of another decision is not this one's reason.
            Some((note, code)) => {
                let reason = (note.code == code).then(|| note.clone());
                (note.filter.clone(), code.to_owned(), reason)
            }
            None => ("envoy".to_owned(), entry.details.clone(), None),
        }
    } else {
        let note = entry.notes.iter().find(|note| note.would_refuse())?;
        (note.filter.clone(), note.code.clone(), Some(note.clone()))
    };
    let (rule, why) = note.map_or((None, None), |note| (note.rule, note.why));
    Some(Refusal {
        number,
        time: entry.time.clone(),
        request_id: entry.request_id.clone(),
        method: entry.method.clone(),
        path: entry.path.clone(),
        status: entry.status,
        caller: entry.caller().map(|(_, name)| name.to_owned()),
        client: entry.client.clone(),
        filter,
        code,
        rule,
        why,
        shadow: !is_answered_here,
    })
}

fn push<T>(into: &mut VecDeque<T>, item: T, most: usize) {
    if into.len() >= most {
        into.pop_back();
    }
    into.push_front(item);
}

fn add(to: &mut u64, number: u64) {
    *to = to.saturating_add(number);
}

/// Bytes of a line. Envoy's own limit on a head is 96 KiB, and most of a line is texts from it.
pub(crate) const LONGEST_LINE: usize = 128 * 1024;
const MOST_RECENT: usize = 50;
const MOST_REFUSALS: usize = 50;
const MOST_CALLERS: usize = 1000;
const MOST_RULES: usize = 1000;
const MOST_LEFT: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> Traffic {
        let mut traffic = Traffic::default();
        lines.iter().for_each(|line| traffic.line(line, 1000));
        traffic
    }

    #[test]
    fn a_refusal_has_its_reason_and_its_request() {
        let traffic = after(&[
            r#"{
                "status":200,"details":"via_upstream","jwt_auth":"jwt_auth.allowed;subject=alice"
            }"#,
            r#"{
                "status":401,"request_id":"r1","details":"jwt_auth.token_expired",
                "jwt_auth":"jwt_auth.token_expired;rule=orders;why=exp%201%20was"
            }"#,
            r#"{"status":404,"request_id":"r2","details":"route_not_found"}"#,
            r#"{"status":400,"request_id":"r5","details":"http1.codec_error"}"#,
            r#"{"status":500,"request_id":"r3","details":"via_upstream"}"#,
            r#"{
                "status":200,"request_id":"r4","details":"response_cache.hit",
                "authorization":"authorization.no_rule;mode=shadow;why=x"
            }"#,
        ]);
        let shown: Vec<_> = traffic
            .refusals
            .iter()
            .map(|refusal| {
                let why = refusal.why.as_deref().unwrap_or_default();
                format!(
                    "{} {}.{} {why} {}",
                    refusal.request_id, refusal.filter, refusal.code, refusal.shadow
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "r4 authorization.no_rule x true",
                "r5 envoy.http1.codec_error  false",
                "r2 envoy.route_not_found  false",
                "r1 jwt_auth.token_expired exp 1 was false"
            ]
        );
        assert_eq!((traffic.lines, traffic.unread), (6, 0));
        let alice = Tally { requests: 1, ..Tally::default() };
        assert_eq!(traffic.callers[&("subject", "alice".to_owned())], alice);
    }

    #[test]
    fn what_clients_send_cannot_make_memory_grow() {
        let mut traffic = Traffic::default();
        for number in 0..3000 {
            traffic.line(
                &format!(
                    r#"{{
                        "status":403,"details":"x.y","client":"{number}",
                        "jwt_auth":"jwt_auth.c{number};rule=r{number};subject=s{number}",
                        "ratelimit":"\"p\";r=1"
                    }}"#
                ),
                number,
            );
        }
        assert_eq!((traffic.recent.len(), traffic.refusals.len()), (MOST_RECENT, MOST_REFUSALS));
        assert_eq!((traffic.callers.len(), traffic.rules.len()), (MOST_CALLERS, MOST_RULES));
        assert_eq!(traffic.other_callers.requests, 2000);
        assert_eq!(traffic.left.len(), MOST_LEFT);
        assert!(traffic.left.contains_key(&("p".to_owned(), "s2999".to_owned())));

        traffic.line(&format!(r#"{{"status":200,"path":"{}"}}"#, "x".repeat(LONGEST_LINE)), 0);
        traffic.line("<img onerror>", 0);
        assert_eq!((traffic.lines, traffic.unread), (3000, 2));
    }
}
