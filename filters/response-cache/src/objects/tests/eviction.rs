//! What goes, so that the budget holds.

use super::*;

#[test]
fn the_budget_holds_and_the_slots_and_keys_are_bounded_after_thousands_of_puts() {
    let host = host();
    let vm = vm(&host);
    let mut numbers = Numbers(1);
    for number in 0..4000 {
        let size = match numbers.below(10) {
            0 => 200 * KIB,
            1..4 => 20 * KIB,
            _ => numbers.below(2000) as usize,
        };
        host.clock.advance(Duration::from_millis(20));
        let name = format!("{}", numbers.below(3000));
        vm.put(&key(&name), &vec![7; size]).unwrap();
        assert!(vm.find(&key(&name)).is_some(), "what was just put is there: {number}");
        if number % 500 == 0 {
            assert_eq!(vm.total(), vm.indexed(), "{number}");
            assert!(vm.in_slots() <= BUDGET + BUDGET / UNCOUNTED, "{number}");
        }
    }
    assert_eq!(vm.total(), vm.indexed());
    assert!(vm.total().bytes > BUDGET / 2, "the budget is used");
    // The slots, the buckets, the size and the total.
    assert!(host.store.keys() <= 256 + 32 + 2, "{}", host.store.keys());
}

#[test]
fn what_is_used_stays_while_much_else_goes_by() {
    for (what, size, slots) in
        [("small", 300, 256), ("large", 100 * KIB, 256), ("few", 100 * KIB, 4096)]
    {
        let host = host();
        let vm = vm_of(&host, slots, BUDGET);
        let hot: Vec<_> = (0..4).map(|number| key(&format!("hot{number}"))).collect();
        for key in &hot {
            vm.put(key, &vec![1; size]).unwrap();
        }
        let mut kept = 0;
        for number in 0..1000 {
            host.clock.advance(Duration::from_secs(1));
            vm.put(&key(&format!("cold{number}")), &vec![2; size]).unwrap();
            for key in &hot {
                match vm.find(key) {
                    Some(_) => kept += 1,
                    None => {
                        vm.put(key, &vec![1; size]).unwrap();
                    }
                }
            }
        }
        assert!(kept >= 3_900, "{what}: {kept} of 4000");
    }
}

#[test]
fn an_object_of_the_largest_size_takes_the_place_of_many_small_ones() {
    let host = host();
    let vm = vm_of(&host, 4096, BUDGET);
    for number in 0..2500 {
        vm.put(&key(&format!("{number}")), &[1; 200]).unwrap();
    }
    assert!(vm.total().objects > 1900);
    let put = vm.put(&key("large"), &vec![2; 256 * KIB]).unwrap();
    assert!(put.evicted > 400 && vm.total().bytes <= BUDGET, "{put:?}");
    assert_eq!(vm.find(&key("large")).map(|body| body.len()), Some(256 * KIB));
}

/// As fast as a load test: seconds are too long to tell by them what is in use.
#[test]
fn what_is_wanted_stays_though_the_store_turns_over_in_two_seconds() {
    let host = host();
    let vms = [(); 2].map(|()| vm_of(&host, 16_384, 64 << 20));
    let sizes = [16, 64, 16, 16, 16, 64, 16, 16, 16, 64, 16, 16, 16, 64, 16, 16, 16, 64, 16, 1000];
    let wanted: Vec<Key> = (0..64).map(|number| key(&format!("wanted{number}"))).collect();
    let mut missed = 0;
    for number in 0..8_000_usize {
        host.clock.advance(Duration::from_micros(2100));
        let vm = &vms[number % 2];
        let (key, size) = match number % 5 {
            0 => (wanted[number / 5 * 7 % 64].clone(), 30),
            _ => (key(&format!("other{number}")), sizes[number % 20]),
        };
        if number % 5 != 0 || vm.find(&key).is_none() {
            missed += usize::from(number % 5 == 0);
            vm.put(&key, &vec![b'x'; size * KIB]).unwrap();
        }
    }
    assert!(missed < 64 + 16, "{missed} of 1600, of which the first 64 are not there yet");
    assert!(vms[0].total().bytes < (65 << 20), "{:?}", vms[0].total());
}
