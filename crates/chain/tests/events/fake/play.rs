//! What happens to a request, as text.

use super::journal;
use super::world::{GET, OK, ROOT, World};
use gatehouse_chain::Direction::{self, Request, Response};
use serde_json::Value;

/// The request that texts are about, where they say nothing else.
pub(crate) const STREAM: u32 = 7;

impl World {
    /// Makes this happen, in order, to one request.
    ///
    /// A head is `get`, or `post` where a body follows; a response's `ok.`, or `ok` where a body
    /// follows; a number behind a colon is its `content-length`. `b:text` is a part of the body,
    /// `r:text` of the response's, and the last with a full stop; `t` and `rt` are trailers,
    /// `t:a=1,b=2` those. Then
    /// there are `tick`, `answer:1`, `message:1` with the number of the call, `proxy:503` where the
    /// proxy answers, `queue` where something is in the VM's queue, and `leave` at the end.
    pub(crate) fn play(&mut self, context: u32, events: &str) {
        for event in events.split_whitespace() {
            let (name, rest) = event.split_once(':').unwrap_or((event, ""));
            let number = || rest.parse().unwrap();
            match name {
                "get" | "post" => self.sized_head(context, Request, rest, name == "get"),
                "ok" | "ok." => self.sized_head(context, Response, rest, name == "ok."),
                "b" => self.part(context, Request, rest),
                "r" => self.part(context, Response, rest),
                "t" if rest.is_empty() => self.trailers(context, Request, "t=1"),
                "t" => self.trailers(context, Request, &rest.replace(',', " ")),
                "rt" => self.trailers(context, Response, "t=1"),
                "tick" => self.tick(ROOT),
                "answer" => self.answer(ROOT, number(), 200),
                "message" => self.grpc_answer(ROOT, number()),
                "proxy" => self.proxy_answers(context, rest.parse().unwrap()),
                "queue" => self.queue_ready(ROOT),
                "leave" => self.delete(context),
                other => panic!("nothing happens like this: {other}"),
            }
        }
    }

    fn sized_head(&mut self, context: u32, of: Direction, length: &str, is_end: bool) {
        let fields = if of == Request { GET } else { OK };
        let sized = [fields, &[("content-length", length)]].concat();
        self.head(context, of, if length.is_empty() { fields } else { &sized }, is_end);
    }

    fn part(&mut self, context: u32, of: Direction, text: &str) {
        let bytes = text.trim_end_matches('.');
        self.body(context, of, bytes, bytes != text);
    }
}

/// Runs these filters, and what they and the proxy did.
pub(crate) fn run(filters: &Value, events: &str) -> (World, Vec<String>) {
    let mut world = World::of(filters.clone());
    world.open(STREAM, ROOT);
    world.play(STREAM, events);
    (world, journal::take())
}

/// The lines that begin with one of these words.
pub(crate) fn only(lines: &[String], starts: &[&str]) -> Vec<String> {
    lines
        .iter()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)))
        .cloned()
        .collect()
}
