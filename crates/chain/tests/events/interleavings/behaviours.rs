//! What the filters of the interleavings do, one script each.

use serde_json::{Value, json};

/// What a filter does.
pub(super) struct Behaviour {
    pub(super) name: &'static str,
    pub(super) script: fn() -> Value,
    /// Needs heads to be held alone.
    pub(super) holds_heads: bool,
    /// May refuse when the head has gone on, which it wanted so.
    pub(super) refuses_late: bool,
}

impl Behaviour {
    /// How many calls it makes, where it decides on answers one by one.
    pub(super) fn calls_at_each(&self) -> usize {
        let script = (self.script)().to_string();
        if !script.contains("call-each") {
            return 0;
        }
        let words: Vec<_> = script.split([' ', '"']).collect();
        let is_call = |word: &str| word.starts_with("call");
        let counts = words.windows(2).filter(|pair| is_call(pair[0]));
        counts.filter_map(|pair| pair[1].parse::<usize>().ok()).sum()
    }
}

const fn behaviour(name: &'static str, script: fn() -> Value) -> Behaviour {
    Behaviour { name, script, holds_heads: false, refuses_late: false }
}

const fn holding(name: &'static str, script: fn() -> Value) -> Behaviour {
    Behaviour { name, script, holds_heads: true, refuses_late: false }
}

const fn late(name: &'static str, script: fn() -> Value) -> Behaviour {
    Behaviour { name, script, holds_heads: false, refuses_late: true }
}

pub(super) const BEHAVIOURS: [Behaviour; 39] = [
    behaviour("passes", || json!({"head": "+a=1 pass"})),
    behaviour("refuses", || json!({"head": "+a=1 refuse"})),
    behaviour("waits and passes", || json!({"head": ["+x=1 wait", "+x=1 wait", "+a=1 pass"]})),
    behaviour("waits and refuses", || json!({"head": ["+x=1 wait", "refuse"]})),
    behaviour(
        "waits for a message and passes",
        || json!({"head": ["+x=1 wait-grpc", "+a=1 pass"]}),
    ),
    behaviour("waits for a message and refuses", || json!({"head": ["wait-grpc", "refuse"]})),
    behaviour("calls and passes", || json!({"head": "+a=1 call 2", "answers": "+b=1 pass"})),
    behaviour("calls and refuses", || json!({"head": "call 2", "answers": "refuse"})),
    behaviour("calls again", || json!({"head": "call 1", "answers": ["+a=1 call 1", "+b=1 pass"]})),
    behaviour(
        "calls, decides at each and passes",
        || json!({"head": "+a=1 call-each 2", "answers": ["call-each 0", "+b=1 pass"]}),
    ),
    behaviour(
        "calls, decides at each and passes at the first",
        || json!({"head": "+a=1 call-each 2", "answers": "+b=1 pass"}),
    ),
    behaviour(
        "calls, decides at each and refuses at the first",
        || json!({"head": "call-each 2", "answers": "refuse"}),
    ),
    behaviour(
        "calls again at each",
        || json!({"head": "call-each 2", "answers": ["+a=1 call-each 1", "call-each 0", "+b=1 pass"]}),
    ),
    behaviour(
        "calls again at the first, then decides on all",
        || json!({"head": "call-each 2", "answers": ["+a=1 call 1", "+b=1 pass"]}),
    ),
    behaviour("reads late", || json!({"head": "+a=1 read free look"})),
    behaviour(
        "replaces late",
        || json!({"head": "+a=1 read free replace", "body": "replace XYZ pass"}),
    ),
    behaviour("reads little late", || json!({"head": "read free look 1"})),
    late("refuses late", || json!({"head": "read free look", "body": "refuse"})),
    late("refuses little late", || json!({"head": "read free look 1", "body": "refuse"})),
    behaviour("calls late", || json!({"head": "+a=1 read free look", "body": "call 1"})),
    behaviour("waits late", || json!({"head": "read free look", "body": ["wait", "pass"]})),
    behaviour(
        "waits little late",
        || json!({"head": "read free look 1", "body": ["wait", "pass"]}),
    ),
    behaviour("calls little late", || json!({"head": "read free look 1", "body": "call 1"})),
    late(
        "calls and refuses late",
        || json!({"head": "read free look", "body": "call 1", "answers": "refuse"}),
    ),
    late(
        "calls late and refuses at the first",
        || json!({"head": "read free look", "body": "call-each 2", "answers": "refuse"}),
    ),
    behaviour(
        "calls late and decides at each",
        || json!({"head": "read free look", "body": "call-each 2", "answers": ["call-each 0", "pass"]}),
    ),
    behaviour("waits, then reads late", || json!({"head": ["wait", "+a=1 read free look"]})),
    behaviour(
        "calls, then reads late",
        || json!({"head": "call 1", "answers": "+a=1 read free look"}),
    ),
    holding("reads", || json!({"head": "+a=1 read hold look", "body": "+b=1 pass"})),
    holding("reads little", || json!({"head": "+a=1 read hold look 1", "body": "+b=1 pass"})),
    holding("reads and refuses", || json!({"head": "+a=1 read hold look", "body": "refuse"})),
    holding(
        "replaces",
        || json!({"head": "+a=1 read hold replace", "body": "replace XYZ +b=1 pass"}),
    ),
    holding(
        "reads, then waits",
        || json!({"head": "read hold look", "body": ["+x=1 wait", "+b=1 pass"]}),
    ),
    holding(
        "reads, then calls",
        || json!({"head": "read hold look", "body": "call 1", "answers": "+b=1 pass"}),
    ),
    holding(
        "reads little, then waits",
        || json!({"head": "read hold look 1", "body": ["+x=1 wait", "+b=1 pass"]}),
    ),
    holding(
        "waits, then reads",
        || json!({"head": ["wait", "+a=1 read hold look"], "body": "+b=1 pass"}),
    ),
    holding(
        "calls, then reads",
        || json!({"head": "call 1", "answers": "+a=1 read hold look", "body": "+b=1 pass"}),
    ),
    holding(
        "calls, then reads at the first",
        || json!({"head": "call-each 2", "answers": "+a=1 read hold look", "body": "+b=1 pass"}),
    ),
    holding(
        "reads, then calls and decides at each",
        || json!({"head": "read hold look", "body": "call-each 2", "answers": ["call-each 0", "+b=1 pass"]}),
    ),
];
