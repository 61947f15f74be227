//! The operations in the README, each done to what its comment says, with what its comment says
//! coming out.

use std::collections::BTreeSet;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use super::builder;
use crate::harness::Shared;

/// An operation, and the comment above it: `GET /a | x-b: 1  ->  GET /c`.
#[derive(Clone)]
struct Example {
    operation: Value,
    before: Vec<String>,
    after: Vec<String>,
}

#[test]
fn the_operations_in_the_readme_do_what_it_says() {
    let request = [examples("### Headers"), examples("### Path, query, method and host")].concat();
    let response =
        [examples("### Headers"), examples("### Status"), examples("### Location and cookies")]
            .concat();
    assert!(
        request.len() >= 29 && response.len() >= 27,
        "{} and {}",
        request.len(),
        response.len()
    );
    let rule = |list: &str, number: usize, example: &Example| {
        let mut condition =
            json!({"headers": [{"name": "x-case", "exact": format!("{list}-{number}")}]});
        if example.operation.to_string().contains("{id}") {
            condition["path"] = json!({"template": "/v1/users/{id}/{rest=**}"});
        }
        json!({"match": condition, "reroute": true, list: [example.operation]})
    };
    let mut rules = Vec::new();
    for (list, examples) in [("request", &request), ("response", &response)] {
        rules.extend(
            examples.iter().enumerate().map(|(number, example)| rule(list, number, example)),
        );
    }
    let gateway = Shared::start(builder(json!({"rules": rules})));
    for (number, example) in request.iter().enumerate() {
        example.assert_request(&gateway, number);
    }
    for (number, example) in response.iter().enumerate() {
        example.assert_response(&gateway, number);
    }
    gateway.assert_no_trap();
}

impl Example {
    #[track_caller]
    fn assert_request(&self, gateway: &Shared, number: usize) {
        let (method, target) = start_line(&self.before).unwrap_or(("GET", "/"));
        let request = Request::new(method, target).header("x-case", format!("request-{number}"));
        let headers = fields(&self.before).into_iter().filter(|(name, _)| *name != "host");
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let exchange = gateway.ask(request);
        let echo = exchange.response.json();
        assert_eq!(exchange.response.status, 200, "{}: {echo}", self.operation);
        if let Some((method, target)) = start_line(&self.after) {
            assert_eq!(
                (&echo["method"], &echo["path"]),
                (&json!(method), &json!(target)),
                "{}",
                self.operation
            );
        }
        let received = echo["headers"].as_array().expect("the headers that arrived").iter();
        let received: Vec<(&str, &str)> = received
            .filter_map(|field| Some((field[0].as_str()?, field[1].as_str()?)))
            .filter(|(name, _)| self.names().contains(name))
            .collect();
        self.assert_fields(received);
    }

    #[track_caller]
    fn assert_response(&self, gateway: &Shared, number: usize) {
        let status = |side: &[String]| {
            side.first().and_then(|first| first.parse::<u16>().ok()).unwrap_or(200)
        };
        let mut target = format!("/?status={}", status(&self.before));
        for (name, value) in fields(&self.before) {
            // What would end a parameter, or the target.
            let value = value.replace(';', "%3B").replace(' ', "%20");
            target = format!("{target}&header={name}:{value}");
        }
        let exchange =
            gateway.ask(Request::get(target).header("x-case", format!("response-{number}")));
        let response = &exchange.response;
        assert_eq!(response.status, status(&self.after), "{}: {}", self.operation, response.text());
        let mut received = Vec::new();
        for name in self.names() {
            let values = response.header_all(name).into_iter();
            received.extend(values.map(|value| (name, std::str::from_utf8(value).expect("text"))));
        }
        self.assert_fields(received);
    }

    fn names(&self) -> BTreeSet<&str> {
        [fields(&self.before), fields(&self.after)]
            .concat()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    #[track_caller]
    fn assert_fields(&self, mut received: Vec<(&str, &str)>) {
        let mut wanted = fields(&self.after);
        // The order of names is nobody's business; that of values is.
        received.sort_by_key(|(name, _)| *name);
        wanted.sort_by_key(|(name, _)| *name);
        assert_eq!(received, wanted, "{}", self.operation);
    }
}

fn start_line(side: &[String]) -> Option<(&str, &str)> {
    side.first()?.split_once(' ').filter(|(method, _)| !method.ends_with(':'))
}

fn fields(side: &[String]) -> Vec<(&str, &str)> {
    side.iter().filter_map(|part| part.split_once(": ")).collect()
}

/// The examples in the block of YAML under a heading.
fn examples(heading: &str) -> Vec<Example> {
    let path = workspace::root().join("filters/header-transform/README.md");
    let text = std::fs::read_to_string(path).expect("the README");
    let (_, section) = text.split_once(&format!("\n{heading}\n")).expect("the heading");
    let (_, block) = section.split_once("```yaml\n").expect("a block");
    let (block, _) = block.split_once("\n```").expect("the end of the block");
    let operations: Vec<Value> = serde_saphyr::from_str(block).expect("a list of operations");
    let comments: Vec<(&str, &str)> =
        block.lines().filter_map(|line| line.strip_prefix("# ")?.split_once("  ->  ")).collect();
    assert_eq!(
        operations.len(),
        comments.len(),
        "{heading}: every operation has its effect in a comment"
    );
    let parts = |side: &str| side.split(" | ").map(str::to_owned).collect();
    let example = |(operation, (before, after)): (Value, (&str, &str))| Example {
        operation,
        before: parts(before),
        after: parts(after),
    };
    operations.into_iter().zip(comments).map(example).collect()
}
