//! The store of objects: its bounds, and what two VMs do to it at once.

use super::*;
use crate::object::{Fixed, Kind, Parts};
use crate::total::UNCOUNTED;
use gatehouse_caching::{Arrival, FreshnessOptions, Lifetime, ResponseDirectives};
use gatehouse_filter::{Headers, Secret};
use gatehouse_filter_test::{FakeHost, Numbers};
use std::cell::Cell;
use std::time::Duration;

const KIB: usize = 1 << 10;
const BUDGET: u64 = 1 << 20;

struct Vm {
    objects: Objects,
    host: Rc<FakeHost>,
}

fn vm_of(host: &Rc<FakeHost>, slots: u32, budget: u64) -> Vm {
    let objects = Objects::new("c/t/", slots, budget);
    objects.prepare(&**host).unwrap();
    Vm { objects, host: Rc::clone(host) }
}

fn vm(host: &Rc<FakeHost>) -> Vm {
    vm_of(host, 256, BUDGET)
}

fn host() -> Rc<FakeHost> {
    Rc::new(FakeHost::at(1_000_000))
}

fn key(name: &str) -> Key {
    let secret = Secret::agreed(&FakeHost::default(), b"s").unwrap();
    Key::new(&secret, format!("https://a.example/{name}").into_bytes())
}

/// A key in the same bucket as this one.
fn neighbour(of: &Key, objects: &Objects) -> Key {
    let keys = (0..).map(|number| key(&format!("neighbour{number}")));
    let bucket = objects.bucket_of(&of.digest);
    keys.into_iter().find(|key| objects.bucket_of(&key.digest) == bucket).unwrap()
}

fn object(key: &Key, version: u64, body: &[u8]) -> Vec<u8> {
    let head = Headers::from_list(&[("cache-control", "max-age=60")]);
    let now = Timestamp::from_seconds(1_000_000);
    let arrival = Arrival { asked: now, received: now };
    let (directives, options) = (ResponseDirectives::read(&head), FreshnessOptions::default());
    let lifetime = Lifetime::of(200, &head, &directives, &options, arrival);
    let (kind, status) = (Kind::Response, 200);
    let fixed = Fixed { version, purges: 0, kind, status, is_public: true, lifetime };
    Object::write(&fixed, &Parts { key: &key.text, body, ..Parts::default() })
}

impl Vm {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, Unstored> {
        let version = self.objects.version();
        let bytes = object(key, version, body);
        let now = self.host.clock.now();
        self.objects.put(&*self.host, &key.digest, (version, &bytes), now, || Ok(true))
    }

    fn find(&self, key: &Key) -> Option<Vec<u8>> {
        let found = self.objects.find(&*self.host, key, self.host.clock.now()).unwrap()?;
        assert_eq!(found.object.key(), key.text, "what is found is of this key");
        Some(found.object.body().as_slice().to_vec())
    }

    /// What all take, when this VM has counted what it has done.
    fn total(&self) -> Total {
        self.objects.count(&*self.host, Change::default()).unwrap()
    }

    /// All that the index knows of.
    fn indexed(&self) -> Total {
        let mut total = Total::default();
        for bucket in 0..self.objects.buckets {
            for (_, entry) in self.objects.read(&*self.host, bucket).unwrap().0.objects() {
                total.bytes = total.bytes.saturating_add(entry.size.into());
                total.objects = total.objects.saturating_add(1);
            }
        }
        total
    }

    /// The bytes of values that are in slots.
    fn in_slots(&self) -> u64 {
        let slots = self.host.store.all_keys().into_iter().filter(|key| key.starts_with(b"c/t/o"));
        slots.map(|key| self.host.store.value(&key).unwrap().len() as u64).sum()
    }
}

#[test]
fn what_is_put_is_found_by_every_vm_until_something_else_is_put() {
    let host = host();
    let (one, other) = (vm(&host), vm(&host));
    assert_eq!(one.find(&key("x")), None);
    let put = one.put(&key("x"), b"1").unwrap();
    assert_eq!((one.total().objects, put.evicted), (1, 0));
    for vm in [&one, &other, &one] {
        assert_eq!(vm.find(&key("x")).as_deref(), Some(&b"1"[..]));
    }
    let put = other.put(&key("x"), b"two").unwrap();
    assert_eq!((other.total().objects, put.evicted), (1, 0), "it took the place of the first");
    for vm in [&one, &other] {
        assert_eq!(vm.find(&key("x")).as_deref(), Some(&b"two"[..]));
    }
    assert_eq!(one.total(), one.indexed());
}

/// While one VM replaces an object, another one finds the old one or the new one.
#[test]
fn an_object_that_is_replaced_is_there_all_the_time() {
    for calls in 0.. {
        let host = host();
        let key = key("a");
        vm(&host).put(&key, b"old").unwrap();
        let seen = Rc::new(Cell::new(None));
        let (told, other, wanted) = (Rc::clone(&seen), vm(&host), key.clone());
        host.store.interrupt_after(calls, move || told.set(Some(other.find(&wanted))));
        vm(&host).put(&key, b"new").unwrap();
        if host.store.is_uninterrupted() {
            break;
        }
        let found = seen.take().unwrap();
        let found = found.as_deref();
        assert!(found == Some(b"old") || found == Some(b"new"), "call {calls}: {found:?}");
    }
}

/// And while another one finds it, one VM replaces it.
#[test]
fn an_object_is_found_whenever_it_is_replaced() {
    for calls in 0.. {
        let host = host();
        let key = key("a");
        vm(&host).put(&key, b"old").unwrap();
        let (other, wanted) = (vm(&host), key.clone());
        let reader = vm(&host);
        host.store.interrupt_after(calls, move || {
            other.put(&wanted, b"new").unwrap();
        });
        let found = reader.find(&key);
        if host.store.is_uninterrupted() {
            break;
        }
        let found = found.as_deref();
        assert!(found == Some(b"old") || found == Some(b"new"), "call {calls}: {found:?}");
    }
}

#[test]
fn conflicts_at_every_write_end_in_an_object_or_in_the_word_that_there_is_none() {
    for conflicts in 0..80 {
        let host = host();
        let vm = vm(&host);
        vm.put(&key("x"), b"old").unwrap();
        host.store.conflict_next(conflicts);
        let put = vm.put(&key("x"), b"new");
        host.store.conflict_next(0);
        let found = vm.find(&key("x"));
        match put {
            Ok(_) => assert_eq!(found.as_deref(), Some(&b"new"[..]), "{conflicts}"),
            // What was there is as good as it was.
            Err(why) => {
                assert_eq!(why, Unstored::Contended, "{conflicts}");
                assert_eq!(found.as_deref(), Some(&b"old"[..]), "{conflicts}");
            }
        }
        assert!(vm.in_slots() <= vm.total().bytes, "{conflicts}");
    }
}

#[test]
fn a_value_that_was_changed_torn_or_is_anothers_is_not_served() {
    let writer = |host: &Rc<FakeHost>| {
        let vm = vm(host);
        vm.put(&key("x"), b"the body of x").unwrap();
        vm.put(&key("y"), b"the body of y").unwrap();
        vm
    };
    let first = host();
    let vm_ = writer(&first);
    let slot_of = |key: &Key| {
        let bucket = vm_.objects.bucket_of(&key.digest);
        let (slot, entry) = vm_.objects.read(&*first, bucket).unwrap().0.find(&key.digest).unwrap();
        (vm_.objects.object_key(bucket, slot), entry)
    };
    let ((x, entry), (y, _)) = (slot_of(&key("x")), slot_of(&key("y")));
    let value = first.store.value(&x).unwrap();
    let mut changed = value.clone();
    changed[value.len() - 3] ^= 1;
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("cut", value[..value.len() - 1].to_vec()),
        ("changed", changed),
        ("another's", first.store.value(&y).unwrap()),
        ("of another version", object(&key("x"), entry.version.wrapping_add(1), b"other")),
        ("of another key and the same version", object(&key("y"), entry.version, b"other")),
    ] {
        let host = host();
        writer(&host);
        host.store.put(&x, &bytes);
        let reader = vm(&host);
        assert_eq!(reader.find(&key("x")), None, "{what}");
        assert!(reader.find(&key("y")).is_some(), "{what}");
        reader.put(&key("x"), b"again").unwrap();
        assert_eq!(reader.find(&key("x")).as_deref(), Some(&b"again"[..]), "{what}");
        assert_eq!(reader.total().objects, 2, "{what}");
    }
}

#[test]
fn a_key_of_the_same_digest_finds_nothing_of_the_other() {
    let host = host();
    let vm = vm(&host);
    vm.put(&key("x"), b"x").unwrap();
    let same = Key { text: b"https://a.example/other".to_vec(), ..key("x") };
    assert_eq!(vm.find(&key("x")).as_deref(), Some(&b"x"[..]), "also from the copy in the VM");
    assert_eq!(vm.find(&same), None);
}

#[test]
fn a_start_counts_anew_and_another_size_begins_empty() {
    let host = host();
    let first = vm(&host);
    for number in 0..20 {
        first.put(&key(&format!("{number}")), &[1; 1000]).unwrap();
    }
    let total = first.total();
    assert_eq!(total.objects, 20);
    host.store.put(b"c/t/total", &[0; 16]);
    assert_eq!(vm(&host).total(), total, "a VM that starts counts what is there");
    assert!(vm(&host).find(&key("3")).is_some(), "what is stored survives a start");
    let larger = vm_of(&host, 512, BUDGET);
    assert_eq!(larger.total(), Total::default());
    assert_eq!((larger.find(&key("3")), larger.in_slots()), (None, 0));
    larger.put(&key("3"), b"3").unwrap();
    // And back.
    let again = vm(&host);
    assert_eq!((again.find(&key("3")), again.total()), (None, Total::default()));
}

#[test]
fn what_another_vm_stores_while_one_starts_is_counted() {
    for calls in 0.. {
        let host = host();
        let writer = vm(&host);
        writer.put(&key("x"), &[1; 1000]).unwrap();
        let other = Rc::clone(&host);
        host.store.interrupt_after(calls, move || {
            let vm = Vm { objects: Objects::new("c/t/", 256, BUDGET), host: other };
            vm.objects.numbers.set(77);
            vm.put(&key("y"), &[1; 10 * KIB]).unwrap();
        });
        let starting = vm(&host);
        if host.store.is_uninterrupted() {
            break;
        }
        let total = starting.objects.total(&*host).unwrap();
        assert_eq!(total, starting.indexed(), "call {calls}");
    }
}

/// What one VM does between two calls of another one.
type Deed = fn(&Vm, &Key, &Key);

#[test]
fn whatever_two_vms_do_at_once_nothing_wrong_is_found_and_the_count_is_right() {
    let deeds: [(&str, Deed); 5] = [
        ("puts the same", |vm, same, _| {
            let _ = vm.put(same, &[2; 500]);
        }),
        ("puts its neighbour", |vm, _, neighbour| {
            let _ = vm.put(neighbour, &[3; 700]);
        }),
        ("finds", |vm, same, _| drop(vm.find(same))),
        ("removes all", |vm, _, _| {
            let _ = vm.objects.remove_all(&*vm.host, |_| true).unwrap();
        }),
        ("puts much", |vm, _, _| {
            for number in 0..6 {
                let _ = vm.put(&key(&format!("much{number}")), &vec![4; 200 * KIB]);
            }
        }),
    ];
    for (what, deed) in deeds {
        for (who, own) in deeds {
            for calls in 0..400 {
                let host = host();
                let (one, other) = (vm_of(&host, 16, BUDGET), Rc::new(vm_of(&host, 16, BUDGET)));
                let same = key("x");
                let near = neighbour(&same, &one.objects);
                one.put(&same, &[1; 300]).unwrap();
                host.clock.advance(Duration::from_secs(5));
                let (vm, keys) = (Rc::clone(&other), (same.clone(), near.clone()));
                host.store.interrupt_after(calls, move || deed(&vm, &keys.0, &keys.1));
                own(&one, &same, &near);
                if host.store.is_uninterrupted() {
                    break;
                }
                let told = format!("{who} while another {what}, call {calls}");
                for vm in [&one, &*other] {
                    for (key, bodies) in [(&same, [(1, 300), (2, 500)]), (&near, [(3, 700); 2])] {
                        let found = vm.find(key);
                        let is_whole = |body: &Vec<u8>| {
                            bodies.iter().any(|(byte, size)| *body == vec![*byte; *size])
                        };
                        assert!(found.as_ref().is_none_or(is_whole), "{told}: {found:?}");
                    }
                }
                other.total();
                assert_eq!(one.total(), one.indexed(), "{told}");
                assert!(one.in_slots() <= one.total().bytes, "{told}: what nobody counts");
                one.objects.remove_all(&*host, |_| true).unwrap();
                assert_eq!((one.total(), one.in_slots()), (Total::default(), 0), "{told}: all");
            }
        }
    }
}

#[test]
fn a_put_that_is_purged_at_any_moment_leaves_nothing_that_nobody_looks_for() {
    for calls in 0.. {
        let host = host();
        let vm_ = vm(&host);
        let is_purged = Rc::new(Cell::new(false));
        let (other, purged) = (vm(&host), Rc::clone(&is_purged));
        host.store.interrupt_after(calls, move || {
            // First it is made known, then what is there goes.
            purged.set(true);
            other.objects.remove_all(&*other.host, |_| true).unwrap();
        });
        let version = vm_.objects.version();
        let bytes = object(&key("x"), version, b"x");
        let put =
            vm_.objects.put(&*host, &key("x").digest, (version, &bytes), host.clock.now(), || {
                Ok(!is_purged.get())
            });
        if host.store.is_uninterrupted() {
            break;
        }
        let is_there = vm(&host).find(&key("x")).is_some();
        assert!(!is_there, "call {calls}: {put:?}");
    }
}

#[test]
fn a_store_that_breaks_down_at_any_call_fails_and_panics_nowhere() {
    for calls in 0..400 {
        let host = host();
        let vm = vm(&host);
        vm.put(&key("x"), &vec![1; 600 * KIB]).unwrap();
        host.store.break_down_after(calls);
        let put = vm.put(&key("y"), &vec![1; 600 * KIB]);
        let found = vm.objects.find(&*host, &key("x"), host.clock.now());
        let gone = vm.objects.remove_all(&*host, |_| true);
        let is_whole = put.is_ok() && found.is_ok() && gone.is_ok();
        assert!(is_whole || put.is_ok() || put == Err(Unstored::Store), "{calls}");
        if is_whole {
            return;
        }
    }
    panic!("it never worked");
}

#[test]
fn a_start_that_breaks_down_at_any_call_is_made_good_by_the_next() {
    for calls in 0.. {
        let host = host();
        host.store.break_down_after(calls);
        let is_done = Objects::new("c/t/", 64, BUDGET).prepare(&*host).is_ok();
        host.store.mend();
        let vm = vm_of(&host, 64, BUDGET);
        for number in 0..20 {
            let key = key(&format!("{number}"));
            vm.put(&key, b"x").unwrap();
            assert!(vm.find(&key).is_some(), "{calls}");
        }
        if is_done {
            break;
        }
    }
}

/// What goes, so that the budget holds.
mod eviction;
