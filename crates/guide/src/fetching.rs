//! Waiting for what is fetched: lets requests of tenants through that a list knows.

use gatehouse_filter::config::{self, ConfigError, Node};
use gatehouse_filter::fetched::{Awaits, Fetched, Kind, Limits, Slot, Source, Waiters, Whose};
use gatehouse_filter::{
    CountedRule, Decision, Event as _, Fetches, Filter, Host, Mode, Never, NoCodes, Polled,
    Problem, Request, Step, Until,
};
use std::time::Duration;

/// The filter, configured.
pub struct KnownTenants {
    mode: Mode,
    tenants: Fetched<Vec<String>>,
    waiters: Waiters,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The tenant is on the list.
        Allowed = "allowed",
        /// The tenant is not on the list.
        TenantUnknown = "tenant_unknown",
        /// There is no list yet, or none that is young enough.
        TenantsUnavailable = "tenants_unavailable",
    }
}

gatehouse_filter::events! {
    /// What became of the list.
    pub enum Event {
        /// It came.
        TenantsFetched = "tenants_fetched",
        /// It did not come.
        TenantsFetchFailed = "tenants_fetch_failed",
        /// What came is no list.
        TenantsRefused = "tenants_refused",
        /// It became too old.
        TenantsDropped = "tenants_dropped",
    }
}

/// What holds unless the configuration says otherwise.
const LIMITS: Limits = Limits {
    refresh: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    max_age: Duration::from_secs(3600),
    max_size: 64 * 1024,
    most: 1024 * 1024,
    retry: Duration::from_secs(5),
};

/// The list that comes from there.
fn tenants(source: Source) -> Fetched<Vec<String>> {
    let events = [
        Event::TenantsFetched,
        Event::TenantsFetchFailed,
        Event::TenantsRefused,
        Event::TenantsDropped,
    ];
    let kind = Kind {
        filter: KnownTenants::NAME,
        names: ["tenants", "lease"],
        whose: Whose::Filter(events.map(|event| event.counter())),
        read: Box::new(read),
        describe: |tenants| format!("{} tenants", tenants.len()),
    };
    Fetched::new(source, kind)
}

/// Reads what came, or says why it cannot be used.
fn read(body: &[u8]) -> Result<Vec<String>, String> {
    let names = |node: Node<'_>| node.list(|node| node.text().map(str::to_owned));
    config::read(body, names).map_err(|faults| {
        let faults: Vec<String> = faults.iter().take(3).map(ConfigError::to_string).collect();
        format!("the list is not taken: {}", faults.join("; "))
    })
}

impl Filter for KnownTenants {
    const NAME: &'static str = "known-tenants";

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    type State = Option<Slot<()>>;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Self;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
        let source = fields.required("tenants_from", |node| {
            let mut fields = node.fields()?;
            let source = Source::read(&mut fields, &LIMITS);
            fields.finish();
            source
        });
        fields.finish();
        Some(Self { mode: mode?, tenants: tenants(source?), waiters: Waiters::default() })
    }

    fn mode(&self) -> Mode {
        self.mode
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

    fn on_request(&self, request: &mut Request<'_>, slot: &mut Option<Slot<()>>) -> Decision<Code> {
        let now = request.host().now();
        let Some(tenants) = self.tenants.current(now) else {
            // A dry run delays nobody.
            if self.mode == Mode::Enforce
                && self.waiters.may_wait(slot, (), &self.tenants, Awaits::Any, now)
            {
                let step = Step::Wait(Until::Fetched);
                return Decision { step, ..Decision::pass(Code::TenantsUnavailable, None) };
            }
            let problem = Problem::new(503, "Tenants cannot be checked now; try again");
            return Decision::refuse(self.mode, Code::TenantsUnavailable, None, problem);
        };
        *slot = None;
        let tenant = request.headers.only("x-tenant").ok().flatten();
        if tenant.is_some_and(|tenant| tenants.iter().any(|known| known.as_bytes() == tenant)) {
            return Decision::pass(Code::Allowed, None);
        }
        let problem = Problem::new(403, "Send the name of a tenant in the header x-tenant, once");
        Decision::refuse(self.mode, Code::TenantUnknown, None, problem)
    }
}

impl Fetches for KnownTenants {
    fn fetched(&self) -> Vec<&dyn Polled> {
        vec![&self.tenants]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::{Answer, Headers};
    use gatehouse_filter_test::{FakeHost, answer, ask, configured, prepare, tick};

    #[test]
    fn a_request_waits_for_the_list() {
        let json = r#"{"tenants_from": {"cluster": "tenants", "path": "/tenants.json"}}"#;
        let filter: KnownTenants = configured(json).unwrap();
        let host = FakeHost::at(1_000_000);
        prepare(&filter, &host);
        let held = ask(&filter, &host, &[("x-tenant", "acme")]);
        assert_eq!(held.decision.step, Step::Wait(Until::Fetched));
        tick(&filter, &host);
        let (call, callout) = host.take_calls().remove(0);
        assert_eq!(callout.path, "/tenants.json");
        let headers = Headers::from_list(&[(":status", "200")]);
        let list = Answer { headers, body: br#"["acme"]"#.to_vec(), ..Answer::default() };
        answer(&filter, call, &list, &host);
        for (tenant, code) in [("acme", Code::Allowed), ("nobody", Code::TenantUnknown)] {
            assert_eq!(
                ask(&filter, &host, &[("x-tenant", tenant)]).decision.code,
                code,
                "{tenant}"
            );
        }
        assert_eq!(host.counted(Event::TenantsFetched), 1);
    }
}
