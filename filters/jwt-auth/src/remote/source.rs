use super::discovery::Location;
use gatehouse_filter::Callout;
use std::time::Duration;

/// Where something comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// An Envoy cluster.
    pub(crate) cluster: String,
    /// What is fetched through it; with `discovery`, the document that tells where the keys are.
    pub(crate) location: Location,
    pub(crate) discovery: Option<Discovery>,
    pub(crate) fetch: Fetch,
}

/// How it is fetched, and how long it is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fetch {
    /// How old it is fetched anew.
    pub(crate) refresh: Duration,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// How old it is used no more.
    pub(crate) max_age: Duration,
    /// The most bytes of an answer.
    pub(crate) max_size: usize,
    /// The least time between two fetches while there is something to go on with.
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
        if self.discovery.is_some() { self.fetch.timeout.saturating_mul(2) } else { self.fetch.timeout }
    }

    /// Asks for the document that tells where the keys are.
    pub(super) fn document(&self) -> Callout {
        self.get(&self.cluster, &self.location, None)
    }

    /// Asks for what is fetched, where it is another than the one with this tag.
    pub(super) fn body(&self, tag: Option<String>) -> Callout {
        self.get(&self.cluster, &self.location, tag)
    }

    /// Asks for the keys where a document told that they are. That may be elsewhere than the last time, where a tag
    /// means something else.
    pub(super) fn keys(&self, discovery: &Discovery, keys: &Location) -> Callout {
        self.get(&discovery.keys_cluster, keys, None)
    }

    fn get(&self, cluster: &str, location: &Location, tag: Option<String>) -> Callout {
        let mut headers =
            vec![("accept".to_owned(), "application/json, application/jwk-set+json".to_owned())];
        headers.extend(tag.map(|tag| ("if-none-match".to_owned(), tag)));
        Callout {
            cluster: cluster.to_owned(),
            method: "GET",
            authority: location.authority.clone(),
            path: location.path.clone(),
            headers,
            body: Vec::new(),
            timeout: self.fetch.timeout,
        }
    }
}
