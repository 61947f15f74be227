use super::discovery::Location;
use gatehouse_filter::Callout;
use std::time::Duration;

/// Where a key set comes from, and how long it is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// An Envoy cluster.
    pub(crate) cluster: String,
    /// What is fetched through it: the keys, or the document that tells where they are.
    pub(crate) location: Location,
    pub(crate) discovery: Option<Discovery>,
    /// How old keys are fetched anew.
    pub(crate) refresh: Duration,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// How old keys are used no more.
    pub(crate) max_age: Duration,
    /// The most bytes of an answer.
    pub(crate) max_size: usize,
    /// The least time between two fetches while there are keys.
    pub(crate) retry: Duration,
}

/// What a document is needed for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Discovery {
    /// Whose keys it must be about.
    pub(crate) issuer: String,
    /// The cluster that the keys are fetched through.
    pub(crate) keys_cluster: String,
}

impl Source {
    /// What makes two sources one, whatever else differs between them.
    pub(super) fn name(&self) -> String {
        let Location { authority, path } = &self.location;
        let name = format!("{}\n{authority}\n{path}", self.cluster);
        match &self.discovery {
            None => name,
            Some(Discovery { issuer, keys_cluster }) => format!("{name}\n{keys_cluster}\n{issuer}"),
        }
    }

    /// How long a fetch may take, and a request may wait for it: an answer, or two.
    pub(super) fn patience(&self) -> Duration {
        if self.discovery.is_some() { self.timeout.saturating_mul(2) } else { self.timeout }
    }

    /// The first call of a fetch.
    pub(super) fn first_call(&self) -> Callout {
        let accept = if self.discovery.is_some() { "application/json" } else { KEY_SET };
        self.get(&self.cluster, &self.location, accept)
    }

    /// The second, where a document told where the keys are.
    pub(super) fn second_call(&self, discovery: &Discovery, keys: &Location) -> Callout {
        self.get(&discovery.keys_cluster, keys, KEY_SET)
    }

    fn get(&self, cluster: &str, location: &Location, accept: &str) -> Callout {
        Callout {
            cluster: cluster.to_owned(),
            method: "GET",
            authority: location.authority.clone(),
            path: location.path.clone(),
            headers: vec![("accept".to_owned(), accept.to_owned())],
            body: Vec::new(),
            timeout: self.timeout,
        }
    }
}

const KEY_SET: &str = "application/jwk-set+json, application/json";
