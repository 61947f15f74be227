//! gRPC calls: asks a service about the tenant, in protobuf.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::protobuf::put_bytes;
use gatehouse_filter::{
    CallId, Callouts, CountedRule, Decision, Filter, GrpcAnswer, GrpcCall, Host, Mode, Never,
    NoCodes, OnGrpcAnswer, Problem, Request, Step, Until,
};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The filter, configured.
pub struct GrpcTenants {
    cluster: String,
    /// The calls without an answer, and who waits for them.
    open: RefCell<Vec<(CallId, Weak<Answered>)>>,
}

/// Whether the service knows the tenant, when it has answered.
type Answered = Cell<Option<bool>>;

/// What is remembered of a request that waits.
pub struct Asked {
    call: CallId,
    answered: Rc<Answered>,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The service knows the tenant.
        Allowed = "allowed",
        /// The service does not know the tenant, or did not answer.
        TenantRefused = "tenant_refused",
    }
}

impl Filter for GrpcTenants {
    const NAME: &'static str = "grpc-tenants";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = Option<Asked>;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Self;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let cluster = fields.required("cluster", |node| match node.text()? {
            name if name.len() > GrpcCall::MOST_OF_A_NAME => {
                node.fault("is too long for a cluster's name")
            }
            name => Some(name.to_owned()),
        });
        fields.finish();
        Some(Self { cluster: cluster?, open: RefCell::default() })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        false
    }

    fn on_request(&self, request: &mut Request<'_>, asked: &mut Option<Asked>) -> Decision<Code> {
        if asked.is_none() {
            *asked = self.call(request);
        }
        let Some(Asked { call, answered }) = asked else { return refuse() };
        match answered.get() {
            None => {
                let step = Step::Wait(Until::Answered(*call));
                Decision { step, ..Decision::pass(Code::Allowed, None) }
            }
            Some(true) => Decision::pass(Code::Allowed, None),
            Some(false) => refuse(),
        }
    }
}

impl GrpcTenants {
    /// `None` where the call was not made: then no answer comes.
    fn call(&self, request: &Request<'_>) -> Option<Asked> {
        let mut message = Vec::new();
        put_bytes(&mut message, 1, request.headers.only("x-tenant").ok().flatten()?);
        let call = GrpcCall {
            cluster: &self.cluster,
            service: "acme.tenants.v1.Tenants",
            method: "Check",
            metadata: &[],
            message: &message,
            timeout: Duration::from_millis(500),
        };
        let call = request.callouts().grpc(&call).ok()?;
        let answered = Rc::new(Answered::default());
        self.open.borrow_mut().push((call, Rc::downgrade(&answered)));
        Some(Asked { call, answered })
    }
}

impl OnGrpcAnswer for GrpcTenants {
    const MAX_ANSWER_BYTES: usize = 1024;

    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, _callouts: &dyn Callouts) {
        let mut open = self.open.borrow_mut();
        let Some(position) = open.iter().position(|(id, _)| *id == call) else { return };
        let (_, waits) = open.swap_remove(position);
        // Nobody waits any more where the client has left.
        if let Some(answered) = waits.upgrade() {
            answered.set(Some(answer.status == 0));
        }
    }
}

fn refuse() -> Decision<Code> {
    let problem = Problem::new(403, "Send the name of a tenant in the header x-tenant, once");
    Decision::refuse(Mode::Enforce, Code::TenantRefused, None, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Headers;
    use gatehouse_filter_test::{FakeHost, configured};

    #[test]
    fn a_request_waits_for_the_answer_to_its_own_call() {
        for (status, code) in
            [(0, Code::Allowed), (5, Code::TenantRefused), (14, Code::TenantRefused)]
        {
            let filter: GrpcTenants = configured(r#"{"cluster": "tenants"}"#).unwrap();
            let host = FakeHost::default();
            let mut request = Request::new(Headers::from_list(&[("x-tenant", "acme")]), &host);
            let mut asked = None;
            let held = filter.on_request(&mut request, &mut asked);
            let sent = host.take_grpc_calls().remove(0);
            assert_eq!(held.step, Step::Wait(Until::Answered(sent.id)));
            filter.on_grpc_answer(sent.id, &GrpcAnswer { status, ..GrpcAnswer::default() }, &host);
            assert_eq!(filter.on_request(&mut request, &mut asked).code, code, "{status}");
            assert!(filter.open.borrow().is_empty());
        }
    }
}
