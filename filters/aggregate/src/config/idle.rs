//! What is written and could never do anything, or never do it well: told before any request.

use super::call::Read;
use crate::call::{Call, Fate, NotJson};
use crate::composition::Partial;
use crate::each::How;
use crate::fact::Fact;
use crate::merge::Merge;
use crate::when::Condition;
use gatehouse_filter::HeaderName;
use gatehouse_json::{Document, Kind, Path};
use serde_json::Value;
use std::time::Duration;

/// A rule, as far as calls can be too much for it.
pub(super) struct Whole<'a> {
    /// As it is written.
    pub(super) written: &'a Value,
    pub(super) calls: &'a [Read],
    /// Which calls are made, or the whole fails.
    pub(super) sure: &'a [bool],
    pub(super) timeout: Duration,
    pub(super) max_calls: usize,
    pub(super) max_size: usize,
    pub(super) merge: Merge,
    pub(super) partial: &'a Partial,
    pub(super) has_entity_tag: bool,
    pub(super) response: Vec<&'a HeaderName>,
    /// What the fields of the answer name.
    pub(super) facts: &'a [Fact],
}

impl Whole<'_> {
    /// What is wrong, each in a sentence.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (number, Read { call, .. }) in self.calls.iter().enumerate() {
            let of_call = self.of_call(number, call);
            faults.extend(
                of_call.into_iter().map(|fault| format!("the call {}: {fault}", call.name)),
            );
        }
        faults.extend(self.of_rule().map(str::to_owned));
        faults
    }

    fn of_rule(&self) -> impl Iterator<Item = &'static str> {
        let written = |pointer| self.written.pointer(pointer);
        let calls = || self.calls.iter().map(|read| &read.call);
        let places: Vec<&Path> = calls().filter_map(|call| call.into.as_ref()).collect();
        let meets = |(number, into): (usize, &&Path)| {
            let mut before = places.iter().take(number);
            before.any(|other| other.leads_through(into) || into.leads_through(other))
        };
        let member = self.partial.member.as_deref();
        let member = member.and_then(|name| Path::parse(&format!("\"{name}\"")).ok());
        let in_member = |into: &&Path| member.as_ref().is_some_and(|name| into.leads_through(name));
        let methods = written("/match/methods").and_then(Value::as_array);
        let is_read = |method: &Value| matches!(method.as_str(), Some("GET" | "HEAD"));
        let made = self.calls.iter().zip(self.sure);
        let made = made.filter(|(read, is_sure)| **is_sure && read.call.each.is_none()).count();
        let faults = [
            (
                made > self.max_calls,
                "max_calls is always too small: there are more calls that are required",
            ),
            (
                self.has_entity_tag && methods.is_some_and(|methods| !methods.iter().any(is_read)),
                "etag does nothing: no method of `match` is GET or HEAD",
            ),
            (
                written("/partial").is_some() && calls().all(Call::is_required),
                "partial does nothing: no call is optional",
            ),
            (
                self.merge != Merge::default() && !places.iter().enumerate().any(meets),
                "merge does nothing: no two calls have an `into` that leads to or through another's",
            ),
            (
                places.iter().any(in_member),
                "partial.member is where a call's answer goes: it would be lost",
            ),
            (
                self.response.contains(&&self.partial.header),
                "response_headers has the field of partial answers",
            ),
            (
                self.facts.iter().any(|fact| self.is_no_status(fact)),
                "response_headers names the status of a call for each item: it has none of its own",
            ),
        ];
        faults.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, fault)| fault)
    }

    fn of_call(&self, number: usize, call: &Call) -> Vec<&'static str> {
        let is_written =
            |name: &str| self.written.pointer(&format!("/calls/{number}/{name}")).is_some();
        let each = call.each.as_ref();
        let is_each = |each: &&crate::each::Each| matches!(each.how, How::One { .. });
        let is_top = call.into.as_ref().is_some_and(Path::is_root);
        let names_no_status = |condition: &Condition| match condition {
            Condition::Status { call, .. } => self.is_for_each(*call),
            Condition::Value { .. } => false,
        };
        let faults = [
            (
                is_written("timeout") && call.timeout > self.timeout,
                "timeout does nothing: that of the rule is shorter",
            ),
            (
                is_written("max_size") && call.max_size > self.max_size,
                "max_size does nothing: that of the rule is smaller",
            ),
            (
                is_written("for_each/most")
                    && each.filter(is_each).is_some_and(|each| each.most > self.max_calls),
                "for_each.most does nothing: max_calls of the rule is smaller",
            ),
            (
                call.into.is_none()
                    && call.join.is_none()
                    && !call.is_required()
                    && matches!(call.method, "GET" | "HEAD" | "OPTIONS")
                    && !self.is_used(number),
                "does nothing: it is hidden, optional, and no other call names it",
            ),
            (
                is_top && each.is_some_and(|each| is_each(&each)),
                "its answers are a list, and `$` takes the members of an object",
            ),
            (
                is_top && call.not_json != NotJson::Fails && call.shaping.is_empty(),
                "not_json makes a text, and `$` takes the members of an object",
            ),
            (
                is_top && !is_object(&call.fate),
                "its default is no object, and `$` takes the members of one",
            ),
            (
                matches!(call.fate, Fate::Required { passes_client_errors: true })
                    && (400..=499).all(|status| call.wants(status)),
                "pass_client_errors does nothing: `statuses` has every 4xx",
            ),
            (
                call.facts.iter().any(|fact| self.is_no_status(fact))
                    || call.when.iter().any(names_no_status),
                "names the status of a call for each item, which has none of its own",
            ),
        ];
        faults.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, fault)| fault).collect()
    }

    /// Whether another call, or the answer's fields, have to do with a call.
    fn is_used(&self, number: usize) -> bool {
        let names = |fact: &Fact| match fact {
            Fact::Value { call, .. } | Fact::Status(call) => *call == number,
            Fact::Body(_) | Fact::Item | Fact::Items => false,
        };
        self.calls.iter().any(|read| read.call.needs.contains(&number))
            || self.facts.iter().any(names)
    }

    fn is_no_status(&self, fact: &Fact) -> bool {
        matches!(fact, Fact::Status(call) if self.is_for_each(*call))
    }

    /// Whether a call is made for each of its items.
    fn is_for_each(&self, number: usize) -> bool {
        let each = self.calls.get(number).and_then(|read| read.call.each.as_ref());
        each.is_some_and(|each| matches!(each.how, How::One { .. }))
    }
}

/// Whether what stands in for an answer can go to the top, where something does.
fn is_object(fate: &Fate) -> bool {
    let Fate::Optional(Some(json)) = fate else { return true };
    let default = Document::read(json.clone(), 0);
    default.is_ok_and(|default| default.kind(default.root()) == Kind::Object)
}
