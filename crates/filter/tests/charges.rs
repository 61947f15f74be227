//! What a request has cost, left in filter state and read from it.

use gatehouse_filter::{Attribute, Charges};
use gatehouse_filter_test::FakeHost;

fn of(state: &str) -> Vec<(String, u64)> {
    let host = FakeHost::default();
    host.set(Attribute::FilterState(Charges::STATE), state);
    Charges::of(&host)
}

#[test]
fn what_is_left_is_added_to_what_was_there_and_is_summed_by_rule() {
    let host = FakeHost::default();
    for (charges, state, sums) in [
        (&[][..], None, &[][..]),
        (&[("a", 0)], None, &[]),
        (&[("a", 2), ("b", 1)], Some("a=2;b=1;"), &[("a", 2), ("b", 1)]),
        (&[("a", 3)], Some("a=2;b=1;a=3;"), &[("a", 5), ("b", 1)]),
        (&[("b", -1), ("a", -4)], Some("a=2;b=1;a=3;b=-1;a=-4;"), &[("a", 1)]),
        (
            &[("rules[0]", 7)],
            Some("a=2;b=1;a=3;b=-1;a=-4;rules[0]=7;"),
            &[("a", 1), ("rules[0]", 7)],
        ),
    ] {
        Charges::leave(charges.iter().copied(), &host);
        let left = host.attribute_of(Charges::STATE);
        assert_eq!(left.as_deref(), state.map(str::as_bytes), "{charges:?}");
        let sums: Vec<_> = sums.iter().map(|(rule, units)| ((*rule).to_owned(), *units)).collect();
        assert_eq!(Charges::of(&host), sums, "{charges:?}");
    }
}

#[test]
fn what_is_none_counts_nothing_and_nothing_overflows() {
    for (state, want) in [
        ("", &[][..]),
        (";;=;a", &[]),
        ("a=x;b=;c=1.5;d=0x1;e= 1", &[]),
        ("a=-5", &[]),
        ("a=99999999999999999999", &[]),
        ("a=9223372036854775807;a=1", &[("a", i64::MAX.unsigned_abs())]),
        ("a=1;b", &[("a", 1)]),
    ] {
        let want: Vec<_> = want.iter().map(|(rule, units)| ((*rule).to_owned(), *units)).collect();
        assert_eq!(of(state), want, "{state}");
    }
    let host = FakeHost::default();
    host.set(Attribute::FilterState(Charges::STATE), b"a=1;\xff".to_vec());
    assert_eq!(Charges::of(&host), []);
}
