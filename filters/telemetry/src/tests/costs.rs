//! What rate-limit has charged a request.

use super::*;
use gatehouse_filter::Charges;

/// Sends a request that is charged so.
fn charge(vm: &Vm, charges: &[(&str, i64)], host: &FakeHost) {
    host.unset(Attribute::FilterState(Charges::STATE));
    Charges::leave(charges.iter().copied(), host);
    vm.send(GET, true, host);
}

#[test]
fn units_are_counted_by_rule_and_caller_whoever_charged_them_and_when() {
    let host = FakeHost::default();
    let vm = Vm::start(r#"{"cost": {}}"#, &host);
    for charges in [
        &[("orders", 3)][..],
        &[("orders", 1), ("calls", 5)],
        &[],
        // Two filters have a rule of this name, and of one only the response tells.
        &[("calls", 2), ("calls", 1), ("calls", 40)],
        // All of it was given back.
        &[("free", 2), ("free", -2)],
        &[("free", 2), ("free", -1)],
    ] {
        charge(&vm, charges, &host);
    }
    let name = |rule: &str| {
        format!("gatehouse_cost_units_total rule={rule} route=orders consumer=acme tier=gold")
    };
    let want = [(name("orders"), 4), (name("calls"), 5 + 43), (name("free"), 1)];
    assert_eq!(counted(&host), want.into_iter().collect());
}

#[test]
fn without_the_label_all_rules_count_as_one_and_rules_have_a_bound_too() {
    for (json, want) in [
        (r#"{"cost": {"labels": []}}"#, &[("gatehouse_cost_units_total", 6)][..]),
        (
            r#"{"cost": {"labels": ["rule"]}, "labels": {"rule": {"most": 2, "always": ["c"]}}}"#,
            &[
                ("gatehouse_cost_units_total rule=a", 1),
                ("gatehouse_cost_units_total rule=_OTHER", 2),
                ("gatehouse_cost_units_total rule=c", 3),
            ],
        ),
    ] {
        let host = FakeHost::default();
        let vm = Vm::start(json, &host);
        charge(&vm, &[("a", 1), ("b", 2), ("c", 3)], &host);
        assert_eq!(counted(&host), list(want), "{json}");
    }
}

#[test]
fn without_the_store_units_count_under_another_rule_and_that_is_counted() {
    let host = FakeHost::default();
    let vm = Vm::start(r#"{"cost": {"labels": ["rule"]}}"#, &host);
    host.store.break_down();
    charge(&vm, &[("a", 1), ("b", 2)], &host);
    assert_eq!(counted(&host)["gatehouse_cost_units_total rule=_OTHER"], 3);
    assert_eq!(host.counted(Event::StoreFailed), 1);
}
