//! The flow of requests and responses through the filter's phases.

mod collapsing;
mod failing;
mod hits;
mod identities;
mod methods;
mod mixed;
mod parts;
mod purging;
mod refreshing;
mod searching;
mod shadow;
mod validating;
mod varying;

use super::*;
use gatehouse_filter::{
    Attribute, Headers, OnRequestBody, Replay, Reply, ResponseStep, Step as FilterStep, Topic,
    Until,
};
use gatehouse_filter_test::{FakeHost, configured};

/// What the cache is configured with, unless a test says otherwise.
const ALL: &str = r#"{"name": "all"}"#;
const NOW: u64 = 1_800_000_000;

/// A VM with the filter, on a host that others may share.
struct Vm {
    host: Rc<FakeHost>,
    cache: ResponseCache,
    queue: u32,
}

/// A request that has gone through the filter's request phase.
struct Sent<'v> {
    vm: &'v Vm,
    state: State,
    fields: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    code: Code,
    step: FilterStep,
    /// The head with the edits on it.
    head: Headers,
}

/// What a client got.
#[derive(Debug)]
struct Got {
    code: Option<Code>,
    status: u16,
    head: Headers,
    body: Vec<u8>,
}

/// A host at the time of the tests.
fn host() -> Rc<FakeHost> {
    let host = Rc::new(FakeHost::at(NOW));
    host.set(Attribute::CodeDetails, "via_upstream");
    host
}

/// A VM on a host, with a rule, and the other members of the configuration.
fn vm_with(host: &Rc<FakeHost>, rule: &str, members: &str, queue: u32) -> Vm {
    let json =
        format!(r#"{{"store": {{"size": "1MiB", "objects": 64}}, "rules": [{rule}]{members}}}"#);
    let cache: ResponseCache = configured(&json).unwrap();
    host.set_queue(Some(queue));
    cache.start(&**host).unwrap();
    Vm { host: Rc::clone(host), cache, queue }
}

fn vm(rule: &str) -> Vm {
    vm_with(&host(), rule, "", 1)
}

/// A head without what every request has.
type Fields<'a> = &'a [(&'a str, &'a str)];

impl Vm {
    /// A request; `GET https://a.example/` unless the fields say otherwise.
    fn send(&self, fields: Fields<'_>) -> Sent<'_> {
        self.send_with(fields, None)
    }

    fn send_with(&self, fields: Fields<'_>, body: Option<&[u8]>) -> Sent<'_> {
        let usual =
            [(":method", "GET"), (":scheme", "https"), (":authority", "a.example"), (":path", "/")];
        let missing =
            usual.iter().filter(|(name, _)| fields.iter().all(|(field, _)| field != name));
        let fields = missing.chain(fields).map(|(name, value)| ((*name).into(), (*value).into()));
        let sent = Sent {
            vm: self,
            state: State::default(),
            fields: fields.collect(),
            body: body.map(<[u8]>::to_vec),
            code: Code::Miss,
            step: FilterStep::Continue,
            head: Headers::default(),
        };
        sent.again()
    }

    fn get(&self, path: &str, more: Fields<'_>) -> Sent<'_> {
        self.send(&[&[(":path", path)], more].concat())
    }

    /// Has the origin answer `GET` of this path, and the answer stored where that may be.
    fn fill(&self, path: &str, answer: Fields<'_>, body: &str) -> Got {
        self.get(path, &[]).answer(200, answer, body)
    }

    fn later(&self, seconds: u64) {
        self.host.clock.advance(std::time::Duration::from_secs(seconds));
    }
}

impl Sent<'_> {
    /// Has the filter asked about it, from the start or again.
    fn again(mut self) -> Self {
        self.vm.host.set_queue(Some(self.vm.queue));
        let head = Headers::from_list(&self.fields);
        let mut request = Request::new(head, &*self.vm.host).with_body(self.body.is_some());
        let mut decision = self.vm.cache.on_request(&mut request, &mut self.state);
        if matches!(decision.step, FilterStep::ReadBody(_)) {
            let mut body = Body::new(self.body.clone().unwrap_or_default());
            let (cache, host) = (&self.vm.cache, &*self.vm.host);
            decision = cache
                .on_request_body(Some(&mut request), &mut body, host, &mut self.state)
                .unwrap();
        }
        self.head = request.headers.settled();
        (self.code, self.step) = (decision.code, decision.step);
        self
    }

    fn is_at_origin(&self) -> bool {
        self.step == FilterStep::Continue
    }

    /// What it waits for, where it waits.
    fn topic(&self) -> Option<Topic> {
        match self.step {
            FilterStep::Wait(Until::Woken(topic)) => Some(topic),
            _ => None,
        }
    }

    /// A field of the request as the origin sees it.
    fn sends(&self, name: &str) -> Option<String> {
        self.head.first(name).map(|value| value.escape_ascii().to_string())
    }

    /// What the filter has answered.
    fn hit(mut self) -> Got {
        let (status, mut head, body) = match std::mem::replace(&mut self.step, FilterStep::Continue)
        {
            FilterStep::Reply(Reply::Replay(Replay { status, head, body })) => {
                (status, head, body.as_slice().to_vec())
            }
            FilterStep::Reply(Reply::Document(document)) => {
                let fields = document.headers.iter();
                let fields: Vec<_> =
                    fields.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
                (document.status, Headers::from_list(&fields), document.body.to_vec())
            }
            FilterStep::Reply(Reply::Problem(problem)) => {
                let body = problem.document("x");
                (problem.status, Headers::default(), body)
            }
            step => panic!("it was not answered: {:?} {step:?}", self.code),
        };
        head = head.settled();
        let code = Some(self.code);
        // The filter sees its own reply, and Envoy has given it a type of content.
        let is_typed = head.first("content-type").is_some();
        let mut fields: Vec<_> = vec![(&b":status"[..], status.to_string().into_bytes())];
        fields.extend(head.iter_received().map(|(name, value)| (name, value.to_vec())));
        if !is_typed {
            fields.push((b"content-type", b"text/plain".to_vec()));
        }
        let mut response = Response::new(Headers::from_list(&fields), &*self.vm.host);
        let decision = self.vm.cache.on_response(&mut response, &mut self.state);
        assert_eq!((decision.code, decision.step), (None, ResponseStep::Continue));
        let head = response.into_headers().settled();
        self.leave();
        Got { code, status, head, body }
    }

    /// The origin answers.
    fn answer(self, status: u16, fields: Fields<'_>, body: &str) -> Got {
        self.answer_bytes(status, fields, body.as_bytes())
    }

    /// Envoy answers in the origin's place.
    fn fails(self, details: &str) -> Got {
        let host = Rc::clone(&self.vm.host);
        host.set(Attribute::CodeDetails, details);
        let got = self.answer(503, &[("content-type", "text/plain")], "upstream connect error");
        host.set(Attribute::CodeDetails, "via_upstream");
        got
    }

    fn answer_bytes(mut self, status: u16, fields: Fields<'_>, body: &[u8]) -> Got {
        assert!(self.is_at_origin(), "{:?} {:?}", self.code, self.step);
        let mut all = vec![(":status".to_owned(), status.to_string())];
        all.extend(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let (cache, host) = (&self.vm.cache, &*self.vm.host);
        let has_body = !body.is_empty();
        let mut response = Response::new(Headers::from_list(&all), host).with_body(has_body);
        let decision = cache.on_response(&mut response, &mut self.state);
        let head = response.into_headers().settled();
        let code = decision.code;
        let got = |head: Headers, body: &[u8]| {
            let status =
                head.first(":status").and_then(|text| str::from_utf8(text).ok()?.parse().ok());
            Got { code, status: status.unwrap(), head, body: body.to_vec() }
        };
        let got = match decision.step {
            ResponseStep::Continue => got(head, body),
            ResponseStep::Replace(Replay { status, head, body }) => {
                Got { code, status, head: head.settled(), body: body.as_slice().to_vec() }
            }
            ResponseStep::CopyBody { max_bytes } => {
                let copy = (body.len() <= max_bytes).then(|| body.to_vec());
                cache.on_copied_body(Copied(copy), host, &mut self.state);
                got(head, body)
            }
            ResponseStep::ReadBody(collect) => {
                assert!(body.len() <= collect.max_bytes);
                let mut read = Body::new(body.to_vec());
                let decision = cache.on_response_body(None, &mut read, host, &mut self.state);
                assert_eq!(decision.unwrap().step, ResponseStep::Continue);
                got(head, read.replacement().unwrap_or(body))
            }
            ResponseStep::Reply(reply) => {
                Got { code, status: reply.status(), head: Headers::default(), body: Vec::new() }
            }
            ResponseStep::FollowBody => panic!("a cache copies bodies"),
        };
        self.leave();
        got
    }

    /// The head of the answer has come, and the body breaks off.
    fn breaks_off(mut self, fields: Fields<'_>) {
        let all = [&[(":status", "200")], fields].concat();
        let host = &*self.vm.host;
        let mut response = Response::new(Headers::from_list(&all), host).with_body(true);
        let _ = self.vm.cache.on_response(&mut response, &mut self.state);
        self.leave();
    }

    /// The request is no more.
    fn leave(mut self) {
        self.vm
            .cache
            .on_end(&Ended::new(None, Headers::default(), &*self.vm.host), &mut self.state);
    }
}

impl Got {
    fn field(&self, name: &str) -> Option<String> {
        self.head.first(name).map(|value| value.escape_ascii().to_string())
    }

    /// What this cache says that it did, without its name.
    fn status_of_cache(&self) -> String {
        let last = self.head.values("cache-status").last();
        let text =
            last.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default();
        text.strip_prefix("gatehouse; ").unwrap_or(&text).to_owned()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What happens to a request in a table: which answer it gets.
fn told(sent: Sent<'_>) -> String {
    match sent.is_at_origin() {
        true => {
            let told = format!("asks: {:?}", sent.code);
            sent.leave();
            told
        }
        false => {
            let got = sent.hit();
            format!("{} {}", got.status, got.text())
        }
    }
}

const FRESH: Fields<'static> = &[("cache-control", "max-age=60"), ("content-type", "text/plain")];
