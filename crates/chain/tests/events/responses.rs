//! Responses of every shape, through filters that do everything with them.

use crate::fake::{STREAM, Sink, World, only, run};
use gatehouse_chain::Direction::Response;
use serde_json::{Value, json};

/// Every way in which a body, or none, can follow a head of a response, with what is sent.
///
/// The first four are enough where the filters are many.
const SHAPES: [(&str, &str); 9] = [
    ("ok.", ""),
    ("ok:3 r:ab r:c.", "abc"),
    ("ok r:a r:bc rt", "abc"),
    ("ok r:a r:b r:c.", "abc"),
    ("ok:0 r:.", ""),
    ("ok:3 r:abc.", "abc"),
    ("ok:3 r:abc r:.", "abc"),
    ("ok r:abc rt", "abc"),
    ("ok rt", ""),
];

/// What a filter does with a response.
struct Behaviour {
    name: &'static str,
    script: fn() -> Value,
}

const fn behaviour(name: &'static str, script: fn() -> Value) -> Behaviour {
    Behaviour { name, script }
}

const BEHAVIOURS: [Behaviour; 19] = [
    behaviour("passes", || json!({"response": "+a=1 pass"})),
    behaviour("counts", || json!({"response": "+a=1 count"})),
    behaviour("takes no part", || json!({"bare": true})),
    behaviour("reads", || json!({"response": "+a=1 read hold look", "response_body": "+b=1 pass"})),
    behaviour(
        "reads little",
        || json!({"response": "+a=1 read hold look 1", "response_body": "+b=1 pass"}),
    ),
    behaviour("reads late", || json!({"response": "+a=1 read free look"})),
    behaviour("reads little late", || json!({"response": "+a=1 read free look 1"})),
    behaviour(
        "replaces",
        || json!({"response": "+a=1 read hold replace", "response_body": "replace XYZW +b=1 pass"}),
    ),
    behaviour(
        "replaces late",
        || json!({"response": "+a=1 read free replace", "response_body": "replace XYZW pass"}),
    ),
    behaviour("copies", || json!({"response": "+a=1 copy 100"})),
    behaviour("copies little", || json!({"response": "copy 1"})),
    behaviour("follows", || json!({"response": "+a=1 follow"})),
    behaviour("refuses", || json!({"response": "+a=1 refuse"})),
    behaviour(
        "reads and refuses",
        || json!({"response": "read hold look", "response_body": "refuse"}),
    ),
    behaviour(
        "reads little and refuses",
        || json!({"response": "read hold look 1", "response_body": "refuse"}),
    ),
    behaviour("refuses late", || json!({"response": "read free look", "response_body": "refuse"})),
    behaviour(
        "refuses little late",
        || json!({"response": "read free look 1", "response_body": "refuse"}),
    ),
    behaviour("breaks", || json!({"response": "read hold look", "response_body": "broken"})),
    behaviour("breaks late", || json!({"response": "read free look", "response_body": "broken"})),
];

const NAMES: [&str; 3] = ["first", "second", "third"];

/// Runs a chain with every shape of a response, in every place that it can have. How many there
/// were.
fn run_chain(chain: &[&Behaviour], shapes: &[(&'static str, &'static str)]) -> usize {
    let filters: Vec<Value> = chain.iter().map(|behaviour| (behaviour.script)()).collect();
    let filters = Value::Array(filters);
    let mut count = 0;
    for (shape, sent) in shapes {
        // Where nothing was sent, the host has nothing to replace.
        if !shape.contains("r:")
            && chain.iter().any(|behaviour| behaviour.name.starts_with("replaces"))
        {
            continue;
        }
        for (before, after) in [("get", ""), ("post", "b:xy."), ("post b:x", "b:y.")] {
            let (mut world, mut lines) = run(&filters, &format!("{before} {shape} {after}"));
            let judged = Judged { chain, shape, sent, lines: &lines };
            judged.judge(&world);
            world.delete(STREAM);
            lines = crate::fake::journal::take();
            let logs = only(&lines, &["first logs", "second logs", "third logs"]).len();
            let want = chain.iter().filter(|behaviour| behaviour.name != "takes no part").count();
            assert_eq!((logs, world.vm.requests()), (want, 0), "{lines:#?}");
            count += 1;
        }
    }
    count
}

/// Whether a filter is asked for a copy when parts of the body are held already.
fn copies_late(chain: &[&Behaviour]) -> bool {
    let holds = |behaviour: &&Behaviour| (behaviour.script)().to_string().contains("read hold");
    let copies = chain.iter().position(|behaviour| behaviour.name.starts_with("copies"));
    copies.is_some_and(|at| chain[at..].iter().any(holds))
}

struct Judged<'a> {
    chain: &'a [&'a Behaviour],
    shape: &'a str,
    sent: &'a str,
    lines: &'a [String],
}

impl Judged<'_> {
    fn what(&self) -> String {
        let names: Vec<_> = self.chain.iter().map(|behaviour| behaviour.name).collect();
        format!("{names:?} with {}: {:#?}", self.shape, self.lines)
    }

    fn seen(&self, name: &str, what: &str) -> Vec<&str> {
        let start = format!("{name} {what} ");
        self.lines.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    }

    fn is(&self, at: usize, start: &str) -> bool {
        self.chain[at].name.starts_with(start)
    }

    fn judge(&self, world: &World) {
        let client = world.sink(STREAM, Response);
        assert!(client.is_complete || client.is_broken_off, "it is stuck: {}", self.what());
        let replies = world.half(STREAM, Response, |_| only(self.lines, &["reply"]));
        assert!(replies.len() <= 1, "answered twice: {}", self.what());
        let errors = only(self.lines, &["error"]);
        let Some(reply) = replies.first() else {
            assert!(errors.is_empty(), "{}", self.what());
            return self.judge_passed(&client);
        };
        let at = NAMES.iter().position(|name| reply.contains(name));
        let is_broken = reply == "reply 500 gatehouse.broken";
        assert!(is_broken == at.is_none() && is_broken != errors.is_empty(), "{}", self.what());
        let status = if is_broken { "500" } else { "403" };
        let is_late = client.head.as_ref().unwrap()[0].1 == "200";
        assert_eq!(client.is_broken_off, is_late, "{}", self.what());
        assert!(is_late || client.head.unwrap()[0].1 == status, "{}", self.what());
        // Filters before it are not told of a response that the client does not get.
        let Some(at) = at.filter(|at| self.chain[*at].name == "refuses") else { return };
        for name in &NAMES[..at] {
            assert_eq!(self.seen(name, "sees response").len(), 0, "{}", self.what());
        }
    }

    /// A response that passes arrives as it was sent, or as its filters have made it.
    fn judge_passed(&self, client: &Sink) {
        assert!(
            !self.chain.iter().any(|behaviour| behaviour.name.contains("refuses")),
            "{}",
            self.what()
        );
        let mut body = self.sent;
        for at in (0..self.chain.len()).rev() {
            self.judge_seen(at, body);
            if self.is(at, "replaces") {
                body = "XYZW";
            }
        }
        assert_eq!(client.body, body, "{}", self.what());
        assert_eq!(client.trailers.is_some(), self.shape.ends_with("rt"), "{}", self.what());
        let head = client.head.as_ref().unwrap();
        for (field, word) in [("a", "+a=1"), ("b", "+b=1")] {
            let scripts = self.chain.iter().map(|behaviour| (behaviour.script)().to_string());
            let want: usize = scripts.filter(|script| script.contains(word)).count();
            let got = head.iter().filter(|(name, _)| name == field).count();
            assert_eq!(got, want, "{field}: {}", self.what());
        }
        let order: Vec<_> =
            self.lines.iter().filter_map(|line| line.split_once(" sees response")).collect();
        let asked = (0..self.chain.len()).rev().filter(|at| !self.is(*at, "takes no part"));
        let want: Vec<_> = asked.map(|at| NAMES[at]).collect();
        assert_eq!(order.iter().map(|line| line.0).collect::<Vec<_>>(), want, "{}", self.what());
        let length =
            head.iter().find(|(name, _)| name == "content-length").map(|(_, length)| &**length);
        assert!(length.is_none_or(|length| length == body.len().to_string()), "{}", self.what());
        let is_kept = self.chain.iter().all(|behaviour| !behaviour.name.starts_with("replaces"));
        assert!(!is_kept || length.is_some() == self.shape.starts_with("ok:"), "{}", self.what());
    }

    /// Each byte is seen once, by those who asked for it.
    fn judge_seen(&self, at: usize, body: &str) {
        let limit = if self.chain[at].name.contains("little") { 1 } else { 100 };
        let what = if body.len() > limit { "too much".to_owned() } else { format!("[{body}]") };
        let bodies = self.seen(NAMES[at], "has response body");
        let copies = self.seen(NAMES[at], "has a copy");
        let shown = self.seen(NAMES[at], "is shown");
        if self.is(at, "follows") {
            let (end, parts) = shown.split_last().unwrap();
            assert_eq!((*end, parts.concat().as_str()), ("the end", body), "{}", self.what());
            assert!(parts.iter().all(|part| !part.is_empty()), "{}", self.what());
        } else if self.is(at, "copies") {
            assert_eq!((bodies, copies), (vec![], vec![&*what]), "{}", self.what());
        } else if self.is(at, "reads") || self.is(at, "replaces") {
            let bodies: Vec<_> =
                bodies.iter().map(|body| body.trim_end_matches(", head gone")).collect();
            assert_eq!((bodies, copies), (vec![&*what], vec![]), "{}", self.what());
        } else {
            assert_eq!((bodies.len(), copies.len()), (0, 0), "{}", self.what());
        }
    }
}

#[test]
fn one_filter_sees_every_byte_of_a_response_once() {
    let count: usize = BEHAVIOURS.iter().map(|behaviour| run_chain(&[behaviour], &SHAPES)).sum();
    assert!(count > 400, "{count}");
}

/// Runs all chains of two and of three for which this holds.
fn run_chains(is_wanted: fn(&[&Behaviour]) -> bool) -> usize {
    // The third of a kind would do nothing else than the second, and who follows waits for others
    // as who copies does.
    let is_its_own = |behaviour: &&Behaviour| !["counts", "follows"].contains(&behaviour.name);
    let some: Vec<_> = BEHAVIOURS.iter().filter(is_its_own).collect();
    let mut count = 0;
    for first in &BEHAVIOURS {
        for second in &BEHAVIOURS {
            if is_wanted(&[first, second]) {
                count += run_chain(&[first, second], &SHAPES);
            }
        }
    }
    for first in &some {
        for second in &some {
            for third in &some {
                if is_wanted(&[first, second, third]) {
                    count += run_chain(&[first, second, third], &SHAPES[..4]);
                }
            }
        }
    }
    count
}

#[test]
fn several_filters_see_every_byte_of_a_response_once() {
    let count = run_chains(|chain| !copies_late(chain));
    assert!(count > 40_000, "{count}");
}

#[test]
fn a_copy_is_of_what_has_reached_its_filter_though_others_held_it_before() {
    let count = run_chains(copies_late);
    assert!(count > 6_000, "{count}");
}
