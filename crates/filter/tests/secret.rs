//! The secret that all workers share.

use gatehouse_filter::Secret;
use gatehouse_filter_test::FakeHost;
use std::hash::Hasher as _;

fn digest(secret: &Secret) -> u64 {
    let mut hasher = secret.hasher();
    hasher.write(b"what a client chose");
    hasher.finish()
}

#[test]
fn all_workers_agree_on_one_secret() {
    let host = FakeHost::default();
    let first = Secret::agreed(&host, b"secret").unwrap();
    let second = Secret::agreed(&host, b"secret").unwrap();
    assert_eq!(digest(&first), digest(&second));
    let other = Secret::agreed(&host, b"another").unwrap();
    assert_ne!(digest(&first), digest(&other));
    assert_eq!(format!("{first:?}"), "***");
    assert_eq!(host.store.keys(), 2);
    host.store.break_down();
    assert!(Secret::agreed(&host, b"secret").is_err());
}
