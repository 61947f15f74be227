//! Consumers that are not in the configuration: a list that is fetched.

use crate::consumer::Consumers;
use crate::{ApiKeyAuth, Event};
use gatehouse_filter::Filter;
use gatehouse_filter::config::{self, ConfigError, Node};
use gatehouse_filter::fetched::{Fetched, Kind, Limits, Source, Whose};
use std::time::Duration;

/// The largest list, in bytes: some twenty thousand consumers.
pub(crate) const MOST: usize = 4 * 1024 * 1024;

/// Unless told otherwise, the last good list is used for ever.
pub(crate) const LIMITS: Limits = Limits {
    refresh: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    max_age: Duration::MAX,
    max_size: MOST,
    most: MOST,
    retry: Duration::from_secs(5),
};

/// The list that comes from there. With `has_secret`, it may have keyed digests.
pub(crate) fn from(source: Source, has_secret: bool) -> Fetched<Consumers> {
    let kind = Kind {
        filter: ApiKeyAuth::NAME,
        names: ["consumers", "lease"],
        whose: Whose::Filter(
            [
                Event::ConsumersFetched,
                Event::ConsumersFetchFailed,
                Event::ConsumersRefused,
                Event::ConsumersDropped,
            ]
            .map(gatehouse_filter::Event::counter),
        ),
        describe: Consumers::description,
        read: Box::new(move |body| read(body, has_secret)),
    };
    Fetched::new(source, kind)
}

/// All of the list or nothing: a consumer that is left out would be refused without anybody knowing
/// why. A list of nobody is one: whoever withdraws the last key means it.
fn read(body: &[u8], has_secret: bool) -> Result<Consumers, String> {
    let listed = |node: Node<'_>| match node.value().as_array() {
        Some(list) if list.is_empty() => Some(Consumers::default()),
        _ => Consumers::read(node, has_secret),
    };
    let consumers = |node: Node<'_>| {
        let mut fields = node.fields()?;
        let consumers = fields.required("consumers", listed);
        fields.finish();
        consumers
    };
    config::read(body, consumers).map_err(|faults| {
        let faults: Vec<String> = faults.iter().take(3).map(ConfigError::to_string).collect();
        format!("the list is not taken: {}", faults.join("; "))
    })
}
