//! A response that goes into the store.

use crate::ask::Ask;
use crate::asking::Asking;
use crate::key::Key;
use crate::lookup::{self, MOST_SETS, digests, variant_key};
use crate::object::{Fixed, Kind, Object, Parts};
use crate::objects::{Put, Unstored};
use crate::searches::{Search, search_labels, searches_key};
use crate::work::Work;
use crate::{Event, ResponseCache};
use gatehouse_caching::{
    Arrival, Asked, Lifetime, NotStored, Partition, ResponseDirectives, Vary, may_store, tags,
};
use gatehouse_filter::{Event as _, Headers, Secret};

/// A response that is stored when its body has come to its end.
#[derive(Debug)]
pub(crate) struct Keeping {
    /// The key of its URL, and whose it is, with the fields that select it, separated by commas;
    /// `None` where no field does.
    varies: Option<(Key, String)>,
    /// What it says of queries, and the key under which that stands.
    search: Option<(Key, Search)>,
    key: Key,
    fixed: Fixed,
    head: Headers,
    labels: Vec<u8>,
}

/// A stored response that an update has made anew.
pub(crate) struct Anew<'a> {
    pub(crate) status: u16,
    /// What came of both heads.
    pub(crate) fields: &'a [(&'a [u8], &'a [u8])],
    pub(crate) update: &'a Headers,
    /// What counts of the request.
    pub(crate) asked: Asked,
}

/// A response that may be stored.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) status: u16,
    /// All fields that are stored, `:status` and `content-length` among them.
    pub(crate) fields: &'a [(&'a [u8], &'a [u8])],
    pub(crate) lifetime: Lifetime,
    pub(crate) partition: Partition,
    /// Whether it says that it is for others than the one that it answers.
    pub(crate) is_public: bool,
    /// How many purges there were when it was asked for.
    pub(crate) purges: u64,
}

/// Whether a response says that it is for all, whoever has asked.
pub(crate) fn is_public(directives: &ResponseDirectives) -> bool {
    directives.public || directives.s_maxage.is_some()
}

impl Keeping {
    /// A response to a request, as it is stored. `None` where it answers no other request, or has
    /// too many tags.
    pub(crate) fn new(ask: &Ask, judged: &Judged<'_>, secret: &Secret) -> Option<Self> {
        let Judged { status, fields, lifetime, partition, is_public, purges } = *judged;
        let is_sent =
            |(name, _): &&(&[u8], &[u8])| *name != b":status" && *name != b"content-length";
        let head: Vec<(&[u8], &[u8])> = fields.iter().filter(is_sent).copied().collect();
        let head = Headers::from_list(&head);
        let search = Search::of(&head, &ask.key);
        let base = match &search {
            Some(search) => search.key(&ask.key, secret),
            None => ask.key.clone(),
        };
        let base = match partition {
            Partition::Shared => base,
            Partition::Own => ask.own_key(&base, secret)?,
        };
        let Vary::Fields(names) = Vary::read(&head) else { return None };
        let (key, varies) = if names.is_empty() {
            (base, None)
        } else {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            let selecting = names.join(",");
            (variant_key(ask, &base, &selecting, secret), Some((base, selecting)))
        };
        let fixed = Fixed { version: 0, purges, kind: Kind::Response, status, is_public, lifetime };
        let labels = labels(ask, status, &head, search.is_some())?;
        let search = search.map(|search| (searches_key(&ask.key, secret), search));
        Some(Self { varies, search, key, fixed, head, labels })
    }

    /// A stored response as it is after an update.
    ///
    /// # Errors
    /// [`NotStored`] where it may not be stored any more; `Ok(None)` where it has too many tags.
    pub(crate) fn anew(
        asking: &Asking,
        Anew { status, fields, update, asked }: Anew<'_>,
        work: &Work<'_>,
    ) -> Result<Option<Self>, NotStored> {
        let (ask, rule) = (&asking.ask, &asking.ask.rule);
        let head = Headers::from_list(fields);
        let directives = ResponseDirectives::read(&head);
        let arrival = Arrival { asked: asking.asked, received: work.now };
        let lifetime =
            Lifetime::of_freshened(status, &head, update, &directives, &rule.freshness, arrival);
        let storing = may_store(&asked, &rule.storing, status, &head, &directives, &lifetime)?;
        let judged = Judged {
            status,
            fields,
            lifetime,
            partition: storing.partition,
            is_public: is_public(&directives),
            purges: asking.purges,
        };
        Ok(Self::new(ask, &judged, work.secret))
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn lifetime(&self) -> &Lifetime {
        &self.fixed.lifetime
    }

    /// The object, without being stored.
    fn object(&self, version: u64, body: &[u8]) -> Vec<u8> {
        let fixed = Fixed { version, ..self.fixed };
        let (key, labels) = (&self.key.text, &self.labels);
        Object::write(&fixed, &Parts { key, labels, head: &self.head.wire(), body })
    }
}

impl ResponseCache {
    /// Stores a response, and gives the object that it is then, as it is written.
    pub(crate) fn keep(&self, keeping: &Keeping, body: &[u8], work: &Work<'_>) -> Vec<u8> {
        let version = self.config.objects.version();
        let object = keeping.object(version, body);
        let stored = self
            .add_sets(keeping, work)
            .and_then(|()| self.put(&keeping.key, version, &object, keeping, work));
        match stored {
            Ok(put) => {
                Event::Stored.count(work.host);
                work.host.add(Event::Evicted.counter(), put.evicted);
                if let Some(total) = put.total {
                    self.gauges.show(total, work.host);
                }
            }
            Err(Unstored::Purged) => Event::PurgedOnItsWay.count(work.host),
            Err(Unstored::Store | Unstored::Contended) => Event::StoreFailed.count(work.host),
        }
        object
    }

    fn put(
        &self,
        key: &Key,
        version: u64,
        object: &[u8],
        keeping: &Keeping,
        work: &Work<'_>,
    ) -> Result<Put, Unstored> {
        let (then, purges) = (keeping.fixed.purges, &self.config.purges);
        let url = key.url();
        let is_good = || {
            if purges.count(work.host)? == then {
                return Ok(true);
            }
            let digests = digests(work.secret, url, &keeping.labels);
            Ok(!purges.is_too_old(work.host, then)?
                && purges.is_good(work.host, then, url, digests)?)
        };
        self.config.objects.put(work.host, &key.digest, (version, object), work.now, is_good)
    }

    /// Says under the key of the URL by which fields its responses are told apart, and under the
    /// path what they say of queries.
    fn add_sets(&self, keeping: &Keeping, work: &Work<'_>) -> Result<(), Unstored> {
        if let Some((base, selecting)) = &keeping.varies {
            self.add_set(base, selecting, keeping, work)?;
        }
        if let Some((key, search)) = &keeping.search {
            self.add_set(key, search.text(), keeping, work)?;
        }
        Ok(())
    }

    fn add_set(
        &self,
        key: &Key,
        set: &str,
        keeping: &Keeping,
        work: &Work<'_>,
    ) -> Result<(), Unstored> {
        let known = self.config.objects.find(work.host, key, work.now)?;
        let known = known.filter(|kept| kept.object.fixed().kind == Kind::Variants);
        let old: Vec<&str> = known.iter().flat_map(|kept| lookup::sets(&kept.object)).collect();
        if old.first() == Some(&set) {
            return Ok(());
        }
        // The newest first: it is most likely to be asked for (RFC 9111 §4.1).
        let others = old.into_iter().filter(|other| *other != set);
        let sets: Vec<&str> = std::iter::once(set).chain(others).take(MOST_SETS).collect();
        let version = self.config.objects.version();
        let fixed = Fixed { version, kind: Kind::Variants, is_public: true, ..keeping.fixed };
        let text = sets.join("\n");
        let parts = Parts { key: &key.text, head: text.as_bytes(), ..Parts::default() };
        let object = Object::write(&fixed, &parts);
        self.put(key, version, &object, keeping, work).map(|_| ())
    }
}

/// What else than its URL a response can be purged by, a line each; and of a part, which range was
/// asked for.
///
/// `None` where that is too much: what a purge would miss is not stored.
fn labels(ask: &Ask, status: u16, response: &Headers, is_search: bool) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut is_too_much = false;
    let mut add = |label: &[u8]| {
        is_too_much |= labels.len().saturating_add(label.len()) >= MOST_LABELS;
        // None of them can be asked for with a line break.
        if !is_too_much && !label.contains(&b'\n') {
            labels.extend_from_slice(label);
            labels.push(b'\n');
        }
    };
    if is_search {
        search_labels(ask.key.url()).iter().for_each(|label| add(label));
    }
    if let Some(range) = ask.head.first("range").filter(|_| status == 206) {
        add(&range_label(range));
    }
    for field in &ask.rule.tags {
        for tag in tags(response, field.as_str()) {
            add(&tag_label(&tag));
        }
    }
    for group in tags(response, "cache-groups") {
        add(&group_label(&ask.place().origin(), &group));
        // An operator purges the groups of all origins.
        add(&group_label(b"*", &group));
    }
    (!is_too_much).then_some(labels)
}

/// The bytes of labels that one response can have.
const MOST_LABELS: usize = 16 << 10;

pub(crate) fn tag_label(tag: &[u8]) -> Vec<u8> {
    [b"tag ", tag].concat()
}

/// Groups are the origin's own (RFC 9875 §2).
pub(crate) fn group_label(origin: &[u8], group: &[u8]) -> Vec<u8> {
    [b"group ", origin, b" ", group].concat()
}

pub(crate) fn range_label(range: &[u8]) -> Vec<u8> {
    [b"range ", range].concat()
}
