//! Calls of one request: asks a service about the tenant.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    Answered, Ask, Broken, Callout, Calls, CountedRule, Decision, Filter, Host, Mode, Never,
    NoCodes, OnAnswers, Problem, Request, Step, percent_encoded,
};
use std::time::Duration;

/// The filter, configured.
pub struct AskTenants {
    cluster: String,
    on_error: OnError,
}

/// What becomes of a request that the service cannot be asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OnError {
    Deny,
    Allow,
}

const ON_ERROR: [(&str, OnError); 2] = [("deny", OnError::Deny), ("allow", OnError::Allow)];

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The service knows the tenant.
        Allowed = "allowed",
        /// The request names no tenant, or more than one.
        TenantMissing = "tenant_missing",
        /// The service does not know the tenant.
        TenantUnknown = "tenant_unknown",
        /// The service did not answer, and `on_error` is `deny`.
        ServiceUnavailable = "service_unavailable",
        /// The service did not answer, and `on_error` is `allow`.
        Unchecked = "unchecked",
    }
}

impl Filter for AskTenants {
    const NAME: &'static str = "ask-tenants";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = ();
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Self;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
        let on_error =
            fields.with_default("on_error", OnError::Deny, |node| node.one_of(&ON_ERROR));
        fields.finish();
        Some(Self { cluster: cluster?, on_error: on_error? })
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

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        let Ok(Some(tenant)) = request.headers.only("x-tenant") else {
            return refuse(Code::TenantMissing, 400, "Send the header x-tenant, once");
        };
        let calls = Calls { callouts: vec![self.question(tenant)], ask: Ask::AtAll };
        Decision { step: Step::Call(calls), ..Decision::pass(Code::Allowed, None) }
    }
}

impl OnAnswers for AskTenants {
    fn on_answers(
        &self,
        answers: Vec<Answered>,
        _request: &mut Request<'_>,
        (): &mut (),
    ) -> Result<Decision<Code>, Broken> {
        let [Answered { answer, .. }] = answers.as_slice() else {
            return Err(Broken("has made one call, and has another number of answers"));
        };
        Ok(match (answer.status(), self.on_error) {
            (Some(200), _) => Decision::pass(Code::Allowed, None),
            (Some(404), _) => refuse(Code::TenantUnknown, 403, "This tenant is not known"),
            // Also where there is no status: the call was refused, or the answer broke off.
            (_, OnError::Deny) => {
                refuse(Code::ServiceUnavailable, 503, "Tenants cannot be checked now; try again")
            }
            (_, OnError::Allow) => Decision::pass(Code::Unchecked, None),
        })
    }
}

impl AskTenants {
    /// What a client sent becomes a part of a path: encoded.
    fn question(&self, tenant: &[u8]) -> Callout {
        let path = b"/tenants/".iter().copied().chain(percent_encoded(tenant));
        Callout {
            cluster: self.cluster.clone(),
            method: "GET".into(),
            authority: self.cluster.clone(),
            path: path.map(char::from).collect(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_millis(500),
            max_answer_bytes: 0,
        }
    }
}

fn refuse(code: Code, status: u16, detail: &'static str) -> Decision<Code> {
    Decision::refuse(Mode::Enforce, code, None, Problem::new(status, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::{Answer, CallRefused, Headers};
    use gatehouse_filter_test::{FakeHost, ask, configured};

    #[test]
    fn the_service_decides_and_on_error_where_it_cannot() {
        let status = |status: &str| Answer {
            headers: Headers::from_list(&[(":status", status)]),
            ..Answer::default()
        };
        let refused = Answer::refused(CallRefused::BadArgument);
        for (case, answer, on_error, code) in [
            ("known", status("200"), "deny", Code::Allowed),
            ("unknown", status("404"), "allow", Code::TenantUnknown),
            ("broken", status("503"), "deny", Code::ServiceUnavailable),
            ("broken", status("503"), "allow", Code::Unchecked),
            ("no such cluster", refused.clone(), "deny", Code::ServiceUnavailable),
            ("no such cluster", refused, "allow", Code::Unchecked),
            ("broken off", Answer::default(), "deny", Code::ServiceUnavailable),
        ] {
            let json = format!(r#"{{"cluster": "tenants", "on_error": "{on_error}"}}"#);
            let filter: AskTenants = configured(&json).unwrap();
            let host = FakeHost::default();
            let mut request = Request::new(Headers::default(), &host);
            let decision = filter
                .on_answers(vec![Answered { call: 0, answer }], &mut request, &mut ())
                .unwrap();
            assert_eq!(decision.code, code, "{case}, {on_error}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        let filter: AskTenants = configured(r#"{"cluster": "tenants"}"#).unwrap();
        let asked = ask(&filter, &FakeHost::default(), &[("x-tenant", "../a?b")]);
        let Step::Call(calls) = asked.decision.step else { panic!("no call") };
        assert_eq!(calls.callouts[0].path, "/tenants/..%2Fa%3Fb");
    }
}
