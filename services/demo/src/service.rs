//! The services by name.

use std::fmt;
use std::str::FromStr;

/// One of the demo services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Logs users in and publishes the key that verifies their tokens.
    Auth,
    /// The profiles of the demo users.
    Users,
    /// A few orders; runs as several replicas.
    Orders,
    /// The catalogue.
    Products,
    /// What a user might buy next; only calls of the gateway's own go there.
    Recommendations,
    /// Answers with what it received; the end-to-end tests look through it at what the gateway
    /// forwards.
    Echo,
}

impl Service {
    /// Every service, in the order in which they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Auth, Self::Users, Self::Orders, Self::Products, Self::Recommendations, Self::Echo];

    /// The name on the command line, in `/healthz` and, unless an instance is named, in
    /// `x-served-by`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Users => "users",
            Self::Orders => "orders",
            Self::Products => "products",
            Self::Recommendations => "recommendations",
            Self::Echo => "echo",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    /// Names are exact: lower case, no surrounding space.
    fn from_str(name: &str) -> Result<Self, UnknownService> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == name)
            .ok_or_else(|| UnknownService { name: name.to_owned() })
    }
}

/// A name that is no service's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownService {
    name: String,
}

impl fmt::Display for UnknownService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Service::ALL.map(Service::name).join(", ");
        write!(f, "unknown service `{}`: the services are {known}", self.name.escape_debug())
    }
}

impl std::error::Error for UnknownService {}
