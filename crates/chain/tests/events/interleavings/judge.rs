//! What must hold of a request, however it came.

use super::{Case, Part, STREAM};
use crate::fake::{Asked, Sink, World};
use gatehouse_chain::Direction::{Request, Response};

impl Case<'_> {
    /// What must hold however it came.
    pub(super) fn judge(
        &self,
        world: &World,
        lines: &[String],
        what: &dyn Fn() -> String,
    ) -> String {
        let [upstream, client] = [Request, Response].map(|of| world.sink(STREAM, of));
        let context = || format!("{}\n{lines:#?}", what());
        let replies = world.proxy.asked(Asked::Reply);
        assert!(replies <= 1, "answered twice: {}", context());
        let is_refused = replies == 1;
        let may_refuse_late = self.chain.iter().any(|behaviour| behaviour.refuses_late);
        assert!(
            !is_refused || upstream.head.is_none() || may_refuse_late,
            "a refused request has come to the upstream: {}",
            context()
        );
        assert!(!is_refused || !upstream.is_complete, "it has come whole: {}", context());
        let is_over = client.is_complete || upstream.is_complete;
        assert!(is_over, "it is stuck: {}", context());
        for name in ["first", "second", "third"] {
            self.judge_bodies(name, lines, &context);
        }
        if is_refused {
            let status = &client.head.as_ref().unwrap()[0].1;
            return format!("refused with {status}");
        }
        self.judge_passed(upstream, lines, &context)
    }

    /// Bodies are seen whole, and once unless the filter itself asked to be asked again.
    fn judge_bodies(&self, name: &str, lines: &[String], context: &dyn Fn() -> String) {
        let sent = self.sent();
        let start = format!("{name} has body ");
        let seen: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(&start)).collect();
        for body in &seen {
            let body = body.trim_end_matches(", head gone");
            assert!(
                body == "too much" || body == format!("[{sent}]") || body == "[XYZ]",
                "{}",
                context()
            );
        }
        let at = ["first", "second", "third"].iter().position(|known| *known == name).unwrap();
        let Some(behaviour) = self.chain.get(at) else { return };
        let asks_again =
            ["reads, then waits", "waits late", "waits little late", "reads little, then waits"]
                .contains(&behaviour.name);
        assert!(seen.len() <= 1 || (asks_again && seen.len() == 2), "{}", context());
    }

    /// A request that passes arrives as it was sent, or as its filters have made it.
    fn judge_passed(
        &self,
        upstream: Sink,
        lines: &[String],
        context: &dyn Fn() -> String,
    ) -> String {
        let is_replaced = self.chain.iter().any(|behaviour| behaviour.name.starts_with("replaces"));
        let body = if is_replaced { "XYZ".to_owned() } else { self.sent() };
        assert_eq!(upstream.body, body, "{}", context());
        let has_trailers = self.parts.iter().any(|part| matches!(part, Part::Trailers));
        assert_eq!(upstream.trailers.is_some(), has_trailers, "{}", context());
        let head = upstream.head.unwrap();
        for (field, count) in [("a", "+a=1"), ("b", "+b=1"), ("x", "nothing")] {
            let scripts = self.chain.iter().map(|behaviour| (behaviour.script)().to_string());
            let want: usize = scripts.map(|script| script.matches(count).count()).sum();
            let got = head.iter().filter(|(name, _)| name == field).count();
            assert_eq!(got, want, "{field}: {}", context());
        }
        for (at, name) in ["first", "second", "third"].into_iter().enumerate() {
            let Some(behaviour) = self.chain.get(at) else { continue };
            let reads = (behaviour.script)().to_string().contains("read ");
            let has =
                |what: &str| lines.iter().any(|line| line.starts_with(&format!("{name} {what}")));
            assert!(has("is asked") && has("has body") == reads, "{name}: {}", context());
        }
        let length =
            head.iter().find(|(name, _)| name == "content-length").map(|(_, length)| &**length);
        assert!(length.is_none_or(|length| length == body.len().to_string()), "{}", context());
        let is_kept = self.chain.iter().all(|behaviour| !behaviour.name.starts_with("replaces"));
        assert!(!is_kept || length.is_some() != has_trailers, "{}", context());
        let head: Vec<_> = head.iter().filter(|(name, _)| name != "content-length").collect();
        format!("passed {head:?} {body} {:?}", upstream.trailers)
    }
}
