//! Real threads over one store, as Envoy's workers are.

use crate::{Code, RateLimit};
use gatehouse_filter::{
    Attribute, Attributes, Clock, Counter, Expressions, Filter, Hash, Headers, Histogram, Meter,
    NoRandom, NoVerifier, Random, Request, SetError, Signatures, Store, StoreError, Timestamp,
    Version,
};
use gatehouse_filter_test::configured;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// What Envoy gives its workers: one map under a lock, with versions counted up from 1, of which
/// any will do for a key that does not exist.
#[derive(Default)]
struct Shared {
    values: Mutex<Values>,
    versions: AtomicU32,
    conflicts: AtomicUsize,
}

type Values = HashMap<Vec<u8>, (Vec<u8>, u32)>;

/// One worker's view.
struct Worker<'a> {
    shared: &'a Shared,
    number: u8,
}

impl Store for Worker<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let values = self.shared.values.lock().map_err(|_| StoreError)?;
        Ok(values.get(key).map(|(value, version)| (value.clone(), Version(*version))))
    }

    fn set(&self, key: &[u8], value: &[u8], version: Option<Version>) -> Result<(), SetError> {
        // So that others get between a read and its write more often than they would.
        std::thread::yield_now();
        let mut values = self.shared.values.lock().map_err(|_| SetError::Failed)?;
        let current = values.get(key).map(|(_, version)| Version(*version));
        if version.is_some() && current.is_some() && version != current {
            self.shared.conflicts.fetch_add(1, Ordering::Relaxed);
            return Err(SetError::Conflict);
        }
        let version = self.shared.versions.fetch_add(1, Ordering::Relaxed) + 1;
        values.insert(key.to_vec(), (value.to_vec(), version));
        Ok(())
    }
}

impl Meter for Worker<'_> {
    fn add(&self, _counter: Counter, _by: u64) {}

    fn record(&self, _histogram: Histogram, _value: u64) {}

    fn define_counter(&self, _name: &str, _labels: &[(&str, &str)]) -> Counter {
        Counter::Defined(None)
    }

    fn define_histogram(&self, _name: &str, _labels: &[(&str, &str)]) -> Histogram {
        Histogram(None)
    }
}

impl Clock for Worker<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(super::NOW)
    }
}

impl Attributes for Worker<'_> {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        (attribute == Attribute::SourceAddress).then(|| b"192.0.2.1:1000".to_vec())
    }
}

impl Random for Worker<'_> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        bytes.fill(self.number);
        Ok(())
    }
}

impl Expressions for Worker<'_> {}

impl gatehouse_filter::Callouts for Worker<'_> {}

impl Signatures for Worker<'_> {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        Err(NoVerifier)
    }
}

/// How many of 200 requests of each of 8 workers pass. The workers prepare the store while others
/// already serve.
fn passed(limit: u32, algorithm: &str, shared: &Shared) -> usize {
    let json = format!(
        r#"{{"keys": 64, "rules": [{{"limits": [{{"requests": {limit}, "window": "60s",
            "algorithm": "{algorithm}"}}]}}]}}"#
    );
    let work = |number: u8| {
        let host = Worker { shared, number };
        let filter: RateLimit = configured(&json).unwrap();
        filter.start(&host).unwrap();
        let codes = (0..200).map(|_| {
            let mut request = Request::new(Headers::from_list(&[(":path", "/")]), &host);
            filter.on_request(&mut request, &mut Default::default()).code
        });
        codes.filter(|code| *code == Code::Allowed).count()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|number| scope.spawn(move || work(number))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

#[test]
fn eight_workers_at_once_pass_exactly_the_limit() {
    for algorithm in ["token_bucket", "sliding_window"] {
        let mut conflicts = 0;
        for limit in [1, 10, 100, 1_000] {
            for _ in 0..10 {
                let shared = Shared::default();
                assert_eq!(passed(limit, algorithm, &shared), limit as usize, "{algorithm}");
                conflicts += shared.conflicts.into_inner();
            }
        }
        assert!(conflicts > 0, "{algorithm}: no two workers ever met: the test shows nothing");
    }
}
