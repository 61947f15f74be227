//! Buckets in the store that all workers share.

use gatehouse_filter::{Buckets, SetError, StoreError};
use gatehouse_filter_test::FakeHost;

fn digest(number: u64) -> [u8; 16] {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    digest
}

#[test]
fn a_bucket_is_written_only_by_who_has_read_its_last_value() {
    let (host, buckets) = (FakeHost::default(), Buckets::new("t/".to_owned(), 4));
    assert_eq!(buckets.read(&host, &digest(1)).unwrap_err(), StoreError, "nobody made it");
    buckets.prepare(&host, b"-").unwrap();
    let keys = host.store.all_keys().len();
    let (bytes, first) = buckets.read(&host, &digest(5)).unwrap();
    let (_, second) = buckets.read(&host, &digest(1)).unwrap();
    assert_eq!(bytes, b"-");
    first.store(&host, b"a").unwrap();
    assert_eq!(second.store(&host, b"b"), Err(SetError::Conflict), "5 and 1 share a bucket");
    buckets.prepare(&host, b"-").unwrap();
    assert_eq!(buckets.read(&host, &digest(9)).unwrap().0, b"a");
    assert_eq!(buckets.read(&host, &digest(2)).unwrap().0, b"-");
    assert_eq!(host.store.all_keys().len(), keys, "nothing grows");
}
