//! What a filter does when it is told to, word by word.

use super::filter::Code;
use super::journal::{tell, text};
use gatehouse_filter::{
    Ask, Body, Broken, CallId, Caller, Callout, Callouts, Calls, Collect, Decision, Document,
    GrpcCall, HeaderName, HeaderValue, Headers, Identity, Problem, Replay, Reply, Request,
    Response, ResponseDecision, ResponseStep, Step, Topic, Until,
};
use std::rc::Rc;
use std::time::Duration;

pub(super) fn callout(cluster: &str, max_answer_bytes: usize) -> Callout {
    Callout {
        cluster: cluster.to_owned(),
        method: "GET".into(),
        authority: "server.example".to_owned(),
        path: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(1),
        max_answer_bytes,
    }
}

fn name(text: &str) -> HeaderName {
    HeaderName::try_from(text).unwrap()
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text.as_bytes()).unwrap()
}

/// Does to a head what a word says. Whether it was such a word.
fn edit(word: &str, head: &mut Headers) -> bool {
    let pair = |word: &str| {
        let (field, text) = word.split_once('=').unwrap();
        (name(field), value(text))
    };
    match word.split_at_checked(1) {
        Some(("+", rest)) => {
            let (name, value) = pair(rest);
            head.append(&name, value);
        }
        Some(("=", rest)) => {
            let (name, value) = match rest.strip_prefix(":path=") {
                Some(path) => (HeaderName::from_static(":path"), value(path)),
                None => pair(rest),
            };
            head.set(&name, value);
        }
        Some(("-", rest)) => head.remove(&name(rest)),
        _ => return false,
    }
    true
}

fn see_field(filter: &str, field: &str, head: &Headers) {
    let values: Vec<_> = head.values(field).map(text).collect();
    tell(format!("{filter} sees {field}={}", values.join(",")));
}

fn problem() -> Reply {
    Problem::new(403, "no").into()
}

/// A kept response.
pub(super) fn replay(body: &str) -> Replay {
    let head = Headers::from_list(&[("kept", "1"), ("content-type", "text/kept")]);
    Replay { status: 203, head, body: body.as_bytes().to_vec().into() }
}

fn document() -> Reply {
    Document { status: 200, headers: Vec::new(), body: b"served"[..].into() }.into()
}

fn collect<'a>(words: &mut impl Iterator<Item = &'a str>) -> Collect {
    let hold_head = words.next() == Some("hold");
    let may_replace = words.next() == Some("replace");
    let max_bytes = words.next().map_or(100, |text| text.parse().unwrap());
    Collect { max_bytes, hold_head, may_replace }
}

/// Decides on a request as the words say.
pub(super) fn decide<'a>(
    filter: &'static str,
    mut words: impl Iterator<Item = &'a str>,
    mut request: Option<&mut Request<'_>>,
    mut body: Option<&mut Body>,
    callouts: &dyn Callouts,
) -> Result<Decision<Code>, Broken> {
    let decision = |code, step| Decision { code, rule: None, caller: None, step, why: None };
    let (mut caller, mut rule, mut why) = (None, None, None);
    let mut decided = decision(Code::Passed, Step::Continue);
    while let Some(word) = words.next() {
        if let Some(request) = request.as_mut()
            && edit(word, &mut request.headers)
        {
            continue;
        }
        let seen = request.as_deref();
        decided = match word {
            "pass" => decision(Code::Passed, Step::Continue),
            "refuse" => decision(Code::Refused, Step::Reply(problem())),
            "replay" => {
                let mut replay = replay(words.next().unwrap());
                replay.head.append(&name("age"), value("3"));
                decision(Code::Served, Step::Reply(replay.into()))
            }
            "document" => decision(Code::Served, Step::Reply(document())),
            "wait" => decision(Code::Undecided, Step::Wait(Until::Fetched)),
            "wait-topic" => {
                let topic = Topic(words.next().unwrap().parse().unwrap());
                decision(Code::Undecided, Step::Wait(Until::Woken(topic)))
            }
            "wait-stray" => decision(Code::Undecided, Step::Wait(Until::Answered(CallId(999)))),
            "wait-grpc" => {
                let call = GrpcCall {
                    cluster: "grpc",
                    service: "s",
                    method: "m",
                    metadata: &[],
                    message: b"",
                    timeout: Duration::from_secs(1),
                };
                match callouts.grpc(&call) {
                    Ok(call) => decision(Code::Undecided, Step::Wait(Until::Answered(call))),
                    Err(_) => decision(Code::Refused, Step::Reply(problem())),
                }
            }
            "wait-call" => match callouts.call(&callout("own", 3)) {
                Ok(call) => decision(Code::Undecided, Step::Wait(Until::Answered(call))),
                Err(_) => decision(Code::Refused, Step::Reply(problem())),
            },
            "call" | "call-each" => {
                let count: usize = words.next().unwrap().parse().unwrap();
                let callouts =
                    (0..count).map(|number| callout(&format!("{filter}-{number}"), number + 4));
                let ask = if word == "call" { Ask::AtAll } else { Ask::AtEach };
                let calls = Calls { callouts: callouts.collect(), ask };
                decision(Code::Undecided, Step::Call(calls))
            }
            "read" => decision(Code::Undecided, Step::ReadBody(collect(&mut words))),
            "broken" => return Err(Broken("the filter is broken")),
            "caller" => {
                let subject = words.next().map(str::to_owned);
                caller = Some(Rc::new(Caller::from(Identity { subject, ..Identity::default() })));
                continue;
            }
            "replace" => {
                body.as_mut().unwrap().replace(words.next().unwrap().as_bytes().to_vec());
                continue;
            }
            "route" => {
                let route = seen.unwrap().route_name().map(text).unwrap_or_default();
                tell(format!("{filter} sees {route}"));
                continue;
            }
            "who" => {
                let who = seen.unwrap().identity().and_then(|identity| identity.subject.clone());
                tell(format!("{filter} sees that it is {who:?}"));
                continue;
            }
            "field" => {
                see_field(filter, words.next().unwrap(), &seen.unwrap().headers);
                continue;
            }
            "follows" => {
                tell(format!(
                    "{filter} sees that a body follows: {}",
                    seen.unwrap().body_follows()
                ));
                continue;
            }
            "time" => {
                tell(format!("{filter} sees that it is {}", seen.unwrap().host().now().0));
                continue;
            }
            "warn" => {
                callouts.warn("beware");
                continue;
            }
            "rule" => {
                rule = words.next().map(Into::into);
                continue;
            }
            "because" => {
                why = words.next().map(Into::into);
                continue;
            }
            other => panic!("no such word: {other}"),
        };
    }
    Ok(Decision { caller, rule, why, ..decided })
}

/// Decides on a response as the words say.
pub(super) fn decide_response<'a>(
    filter: &'static str,
    mut words: impl Iterator<Item = &'a str>,
    mut response: Option<&mut Response<'_>>,
    mut body: Option<&mut Body>,
) -> Result<ResponseDecision<Code>, Broken> {
    let mut decided = ResponseDecision::undecided();
    while let Some(word) = words.next() {
        if let Some(response) = response.as_mut()
            && edit(word, &mut response.headers)
        {
            continue;
        }
        decided = match word {
            "field" => {
                see_field(filter, words.next().unwrap(), &response.as_deref().unwrap().headers);
                continue;
            }
            "follows" => {
                let follows = response.as_deref().unwrap().body_follows();
                tell(format!("{filter} sees that a response body follows: {follows}"));
                continue;
            }
            "pass" => ResponseDecision::undecided(),
            "count" => ResponseDecision::pass(Code::Passed, None),
            "note" => ResponseDecision::pass(Code::Passed, Some("orders".into())),
            "refuse" => ResponseDecision::refuse(Code::Refused, None, problem()),
            "replay" => {
                let step = ResponseStep::Replace(replay(words.next().unwrap()));
                ResponseDecision { code: Some(Code::Served), step, ..decided }
            }
            "read" => {
                ResponseDecision { step: ResponseStep::ReadBody(collect(&mut words)), ..decided }
            }
            "copy" => {
                let max_bytes = words.next().unwrap().parse().unwrap();
                ResponseDecision { step: ResponseStep::CopyBody { max_bytes }, ..decided }
            }
            "follow" => ResponseDecision { step: ResponseStep::FollowBody, ..decided },
            "broken" => return Err(Broken("the filter is broken")),
            "replace" => {
                body.as_mut().unwrap().replace(words.next().unwrap().as_bytes().to_vec());
                continue;
            }
            other => panic!("no such word: {other}"),
        };
    }
    Ok(decided)
}
