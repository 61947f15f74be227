//! The filters that there are: the one list of them.

use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_audit::Audit;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_chain::{Link, link};
use gatehouse_filter::config::{self, ConfigError, Environment, Node};
use gatehouse_filter::{Filter, Phases};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_response_cache::ResponseCache;
use gatehouse_telemetry::Telemetry;

/// Every filter. A new one is a folder under `filters/`, a dependency of this crate and a line
/// here.
pub const FILTERS: &[Registered] = &[
    Registered::of::<Aggregate>(),
    Registered::of::<ApiKeyAuth>(),
    Registered::of::<Audit>(),
    Registered::of::<Authorization>(),
    Registered::of::<BodyTransform>(),
    Registered::of::<HeaderTransform>(),
    Registered::of::<JwtAuth>(),
    Registered::of::<RateLimit>(),
    Registered::of::<ResponseCache>(),
    Registered::of::<Telemetry>(),
];

/// A filter, without its types.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// Its name: that of its folder under `filters/`, of its module and of its entries in a
    /// gateway.
    pub name: &'static str,
    /// The phases that it takes part in.
    pub phases: Phases,
    /// Reads its configuration, as [`Filter::configure`] does.
    pub configure: fn(Node<'_>) -> Option<Box<dyn Link>>,
}

impl Registered {
    const fn of<F: Filter>() -> Self {
        Self { name: F::NAME, phases: Phases::of::<F>(), configure: link::<F> }
    }

    /// Configures the filter from JSON. What that refers to is in this environment.
    ///
    /// # Errors
    /// See [`config::read_value_in`].
    pub fn read(
        &self,
        json: &[u8],
        environment: &dyn Environment,
    ) -> Result<Box<dyn Link>, Vec<ConfigError>> {
        config::read_in(json, environment, self.configure)
    }
}

/// The filter of this name.
pub fn filter(name: &str) -> Option<&'static Registered> {
    FILTERS.iter().find(|filter| filter.name == name)
}

/// The phases in which one of the filters takes part.
#[cfg(all(target_family = "wasm", feature = "module"))]
pub(crate) const fn phases() -> Phases {
    let (mut all, mut rest) = (Phases::of::<Aggregate>(), FILTERS);
    while let [filter, others @ ..] = rest {
        all = all.or(filter.phases);
        rest = others;
    }
    all
}
