//! Where the consumers are: in the configuration, or in a list that is fetched.

use crate::{Consumers, Uses};
use gatehouse_filter::config::{self, ConfigError, Fields, Node};
use gatehouse_filter::fetched::{self, Fetched, Kind, Limits, Polled, Whose};
use gatehouse_filter::{Counter, Event, Filter};
use std::rc::Rc;
use std::time::Duration;

/// Where the consumers are.
pub enum Source {
    /// In the configuration.
    Inline(Rc<Consumers>),
    /// In a list that is polled.
    Polled(Box<Fetched<Consumers>>),
}

/// The filter that uses them.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    filter: &'static str,
    events: [Counter; 4],
}

impl Owner {
    /// This filter, which counts these of the list, in the order of [`fetched::Event`].
    pub fn of<F: Filter<Event: Event>>(events: [F::Event; 4]) -> Self {
        Self { filter: F::NAME, events: events.map(Event::counter) }
    }
}

impl Source {
    /// Reads `consumers` and `consumers_from`, of which there may be one. `inline` says what is made of
    /// the first, `polled` of the second.
    ///
    /// `Some(None)` where there is neither; `None` where what there is is wrong.
    pub fn read(
        fields: &mut Fields<'_>,
        inline: &Uses,
        polled: Uses,
        owner: Owner,
    ) -> Option<Option<Self>> {
        let consumers =
            fields.optional("consumers", |node| Consumers::read(&node, inline).map(Rc::new));
        let from = fields.optional("consumers_from", |node| {
            let mut fields = node.fields()?;
            let source = fetched::Source::read(&mut fields, &LIMITS);
            fields.finish();
            source
        });
        Some(match (consumers?, from?) {
            (None, None) => None,
            (Some(consumers), None) => Some(Self::Inline(consumers)),
            (None, Some(source)) => Some(Self::Polled(Box::new(from_there(source, polled, owner)))),
            (Some(_), Some(_)) => {
                return fields.node().fault("must have exactly one of consumers, consumers_from");
            }
        })
    }

    /// What is polled, if it is.
    pub fn polled(&self) -> Option<&dyn Polled> {
        match self {
            Self::Inline(_) => None,
            Self::Polled(list) => Some(&**list),
        }
    }

    /// The consumers, where they are written in the configuration.
    pub fn inline(&self) -> Option<&Consumers> {
        match self {
            Self::Inline(consumers) => Some(consumers),
            Self::Polled(_) => None,
        }
    }
}

/// The list that comes from there.
fn from_there(source: fetched::Source, uses: Uses, owner: Owner) -> Fetched<Consumers> {
    let kind = Kind {
        filter: owner.filter,
        names: ["consumers", "consumers-lease"],
        whose: Whose::Filter(owner.events),
        describe: Consumers::description,
        read: Box::new(move |body| read_body(body, &uses)),
    };
    Fetched::new(source, kind)
}

/// All of the list or nothing: a consumer that is left out would be refused without anybody knowing
/// why. A list of nobody is one: whoever withdraws the last key means it.
fn read_body(body: &[u8], uses: &Uses) -> Result<Consumers, String> {
    let listed = |node: Node<'_>| match node.is_empty_list() {
        true => Some(Consumers::default()),
        false => Consumers::read(&node, uses),
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

/// The largest list, in bytes: some twenty thousand consumers.
const MOST: usize = 4 * 1024 * 1024;

/// Unless told otherwise, the last good list is used for ever.
const LIMITS: Limits = Limits {
    refresh: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    max_age: Duration::MAX,
    max_size: MOST,
    most: MOST,
    retry: Duration::from_secs(5),
};
