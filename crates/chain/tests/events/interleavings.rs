//! Every order in which a request can come, and what its filters wait for with it.

mod behaviours;
mod judge;

use crate::fake::{Asked, GET, ROOT, World, journal};
use behaviours::{BEHAVIOURS, Behaviour};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::Value;
use std::collections::BTreeSet;

const STREAM: u32 = 7;

/// What a client sends, one part after the other.
#[derive(Clone, Copy, Debug)]
enum Part {
    Head { is_end: bool },
    Body(&'static str, bool),
    Trailers,
}

/// Every way in which a body, or none, can follow a head.
///
/// The first three are enough where the filters are many.
const SHAPES: [&[Part]; 8] = [
    &[Part::Head { is_end: true }],
    &[Part::Head { is_end: false }, Part::Body("ab", false), Part::Body("c", true)],
    &[Part::Head { is_end: false }, Part::Body("abc", false), Part::Trailers],
    &[Part::Head { is_end: false }, Part::Body("", true)],
    &[Part::Head { is_end: false }, Part::Body("abc", true)],
    &[Part::Head { is_end: false }, Part::Body("abc", false), Part::Body("", true)],
    &[
        Part::Head { is_end: false },
        Part::Body("a", false),
        Part::Body("bc", false),
        Part::Trailers,
    ],
    &[Part::Head { is_end: false }, Part::Trailers],
];

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Happens {
    Next,
    Answer(u32),
    Message(u32),
    Tick,
}

/// How a request may end before it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// All comes.
    Whole,
    /// The client leaves.
    Left,
    /// The proxy answers by itself.
    Answered,
}

struct Case<'a> {
    chain: Vec<&'a Behaviour>,
    parts: &'static [Part],
    may_hold_heads: bool,
}

impl Case<'_> {
    fn world(&self) -> World {
        let filters: Vec<Value> = self.chain.iter().map(|behaviour| (behaviour.script)()).collect();
        let mut world = World::of(Value::Array(filters)).holding_heads(self.may_hold_heads);
        world.open(STREAM, ROOT);
        world
    }

    /// Runs one order of events, and says what could happen after them.
    fn run(&self, order: &[Happens]) -> (World, Vec<Happens>) {
        let mut world = self.world();
        let mut parts = self.parts.iter();
        let mut ticks = 0;
        for happens in order {
            match happens {
                Happens::Next => match *parts.next().unwrap() {
                    Part::Head { is_end } => {
                        let length = self.sent().len().to_string();
                        let has_trailers =
                            self.parts.iter().any(|part| matches!(part, Part::Trailers));
                        let fields = [GET, &[("content-length", &length)]].concat();
                        let fields = if has_trailers { GET } else { &fields[..] };
                        world.head(STREAM, Request, fields, is_end);
                    }
                    Part::Body(bytes, is_end) => world.body(STREAM, Request, bytes, is_end),
                    Part::Trailers => world.trailers(STREAM, Request, "t=1"),
                },
                Happens::Answer(call) => world.answer(ROOT, *call, 200),
                Happens::Message(call) => world.grpc_answer(ROOT, *call),
                Happens::Tick => {
                    ticks += 1;
                    world.tick(ROOT);
                }
            }
        }
        let mut next = Vec::new();
        if parts.len() > 0 {
            next.push(Happens::Next);
        }
        next.extend(world.proxy.calls.borrow().iter().map(|call| Happens::Answer(call.0)));
        next.extend(world.proxy.grpc_calls.borrow().iter().map(|call| Happens::Message(call.0)));
        let waits = self.chain.iter().filter(|behaviour| behaviour.name.contains("waits")).count();
        let enough = waits + usize::from(waits > 0 && self.chain.len() == 1);
        if ticks < enough && !order.is_empty() && !next.is_empty() {
            next.push(Happens::Tick);
        }
        (world, next)
    }

    /// Runs every order of events. How many there were.
    fn run_all(&self) -> usize {
        let mut outcomes = BTreeSet::new();
        let mut orders = vec![Vec::new()];
        let mut count = 0;
        while let Some(order) = orders.pop() {
            let (world, next) = self.run(&order);
            if next.is_empty() {
                outcomes.insert(self.finish(world, &order, End::Whole));
                assert_eq!(outcomes.len(), 1, "{} differ: {outcomes:#?}", self.describe(&order));
                count += 1;
                continue;
            }
            let is_alone = self.chain.len() == 1;
            if !order.is_empty() && (is_alone || order.len().is_multiple_of(2)) {
                self.finish(self.run(&order).0, &order, End::Left);
            }
            if !order.is_empty() && (is_alone || !order.len().is_multiple_of(2)) {
                self.finish(self.run(&order).0, &order, End::Answered);
            }
            for happens in next {
                orders.push([&order[..], &[happens]].concat());
            }
        }
        count
    }

    fn describe(&self, order: &[Happens]) -> String {
        let names: Vec<_> = self.chain.iter().map(|behaviour| behaviour.name).collect();
        let (parts, may_hold_heads) = (self.parts, self.may_hold_heads);
        format!("{names:?} with {parts:?} as {order:?}, heads may be held: {may_hold_heads}:")
    }

    /// Ends a run, and looks at all that has happened.
    fn finish(&self, mut world: World, order: &[Happens], end: End) -> String {
        let mut lines = journal::take();
        let what = || self.describe(order);
        match end {
            End::Left => world.delete(STREAM),
            End::Answered => {
                if !world.half(STREAM, Response, |half| half.has_head()) {
                    world.proxy_answers(STREAM, 408);
                }
                // With its response a stream ends.
                assert!(world.sink(STREAM, Response).is_complete, "{}", what());
                assert!(world.proxy.asked(Asked::Reply) <= 1, "{}", what());
                world.delete(STREAM);
            }
            End::Whole => {}
        }
        // Whatever was under way comes to its end.
        let mut ticks = 0;
        while ticks < 8 {
            let call = world.proxy.calls.borrow().first().map(|call| call.0);
            let message = world.proxy.grpc_calls.borrow().first().map(|call| call.0);
            match (call, message) {
                (Some(call), _) => world.answer(ROOT, call, 200),
                (None, Some(message)) => world.grpc_answer(ROOT, message),
                (None, None) => {
                    ticks += 1;
                    world.tick(ROOT);
                }
            }
        }
        let after = journal::take();
        if end != End::Whole {
            let acts = |line: &&String| {
                ["reply", "resume", "edit", "upstream", "replace"]
                    .iter()
                    .any(|act| line.starts_with(act))
            };
            let late: Vec<_> = after.iter().filter(acts).collect();
            assert!(late.is_empty(), "{} {end:?}: {late:?} in {lines:#?} and {after:#?}", what());
        }
        lines.extend(after);
        let errors: Vec<_> = lines.iter().filter(|line| line.starts_with("error")).collect();
        assert!(errors.is_empty(), "{} {errors:?} in {lines:#?}", what());
        let outcome = match end {
            End::Whole => self.judge(&world, &lines, &what),
            End::Left | End::Answered => String::new(),
        };
        if end == End::Whole {
            world.delete(STREAM);
        }
        assert_eq!(world.vm.requests(), 0, "{}", what());
        outcome
    }

    fn sent(&self) -> String {
        let bytes = |part: &Part| if let Part::Body(bytes, _) = part { *bytes } else { "" };
        self.parts.iter().map(bytes).collect()
    }
}

/// Runs a chain with every shape of a request, with heads held alone and without.
fn run_chain(chain: &[&Behaviour], shapes: &[&'static [Part]]) -> usize {
    let mut count = 0;
    for parts in shapes {
        for may_hold_heads in [true, false] {
            if !may_hold_heads && chain.iter().any(|behaviour| behaviour.holds_heads) {
                continue;
            }
            // Where nothing was sent, the host has nothing to replace.
            let has_body = parts.iter().any(|part| matches!(part, Part::Body(..)));
            if !has_body && chain.iter().any(|behaviour| behaviour.name.starts_with("replaces")) {
                continue;
            }
            count += Case { chain: chain.to_vec(), parts, may_hold_heads }.run_all();
        }
    }
    count
}

#[test]
fn one_filter_decides_the_same_in_every_order_of_events() {
    let count: usize = BEHAVIOURS.iter().map(|behaviour| run_chain(&[behaviour], &SHAPES)).sum();
    assert!(count > 1_000, "{count}");
}

#[test]
fn two_filters_decide_the_same_in_every_order_of_events() {
    let mut count = 0;
    for first in &BEHAVIOURS {
        for second in &BEHAVIOURS {
            // Calls that are answered one by one come in very many orders.
            let calls: usize = [first, second].map(Behaviour::calls_at_each).iter().sum();
            let shapes = if calls > 2 { 1 } else { 3 };
            count += run_chain(&[first, second], &SHAPES[..shapes]);
        }
    }
    assert!(count > 10_000, "{count}");
}

#[test]
fn three_filters_decide_the_same_in_every_order_of_events() {
    let named = |names: &[&str]| -> Vec<&Behaviour> {
        BEHAVIOURS.iter().filter(|behaviour| names.contains(&behaviour.name)).collect()
    };
    let some = named(&[
        "waits and passes",
        "calls and refuses",
        "replaces late",
        "reads",
        "waits little late",
    ]);
    let mut count = 0;
    for first in &some {
        for second in &some {
            for third in &some {
                count += run_chain(&[first, second, third], &SHAPES[1..2]);
            }
        }
    }
    assert!(count > 1_000, "{count}");
}
