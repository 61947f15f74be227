//! Whose answers are whose: whatever an upstream forgets to say.

use super::*;
use gatehouse_filter::Identity;

/// Who sends a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    Nobody,
    Alice,
    Bob,
    /// By `authorization` alone.
    TokenA,
    TokenB,
}

use Who::{Alice, Bob, Nobody, TokenA, TokenB};

fn sent_by<'v>(vm: &'v Vm, who: Who, more: Fields<'_>) -> Sent<'v> {
    let subject = match who {
        Alice => Some("alice"),
        Bob => Some("bob"),
        Nobody | TokenA | TokenB => None,
    };
    match subject {
        Some(subject) => vm.host.identify(&Identity {
            subject: Some(subject.to_owned()),
            tier: Some("gold".to_owned()),
            ..Identity::default()
        }),
        None => vm.host.unset(Attribute::FilterState(Identity::STATE)),
    }
    let token = match who {
        TokenA => &[("authorization", "Bearer a")][..],
        TokenB => &[("authorization", "Bearer b")],
        Nobody | Alice | Bob => &[],
    };
    vm.send(&[token, more].concat())
}

/// Heads of upstreams that answer one client, and for whom else that is then, under each rule:
/// `strict`, `own`.
const HEADS: [(&str, Fields<'static>, [For; 2]); 11] = [
    ("nothing", &[], [For::Nobody, For::Nobody]),
    ("a lifetime", &[("cache-control", "max-age=60")], [For::Nobody, For::Same]),
    ("an expiry", &[("expires", "Sun, 06 Nov 2050 08:49:37 GMT")], [For::Nobody, For::Same]),
    ("private", &[("cache-control", "private, max-age=60")], [For::Nobody, For::Nobody]),
    ("no-store", &[("cache-control", "no-store")], [For::Nobody, For::Nobody]),
    (
        "must-revalidate",
        &[("cache-control", "max-age=60, must-revalidate")],
        [For::Same, For::Same],
    ),
    ("public", &[("cache-control", "public, max-age=60")], [For::All, For::Same]),
    ("s-maxage", &[("cache-control", "s-maxage=60")], [For::All, For::Same]),
    (
        "what varies by the token",
        &[("cache-control", "max-age=60"), ("vary", "authorization")],
        [For::Nobody, For::Same],
    ),
    (
        "public that varies by the cookie",
        &[("cache-control", "public, max-age=60"), ("vary", "cookie")],
        [For::All, For::Same],
    ),
    (
        "a cookie",
        &[("cache-control", "max-age=60, must-revalidate"), ("set-cookie", "id=1")],
        [For::Nobody, For::Nobody],
    ),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum For {
    Nobody,
    /// The one who has asked.
    Same,
    All,
}

/// An upstream that was public and now answers each for himself, or the other way round.
#[test]
fn an_identity_gets_its_own_answer_where_that_is_newer_than_a_stale_one_for_all() {
    let all = &[("cache-control", "public, max-age=10")][..];
    let own = &[("cache-control", "max-age=100, must-revalidate")][..];
    let brief = &[("cache-control", "max-age=1, must-revalidate")][..];
    // (sentence, the answers in order with who asks, seconds later, who asks then, what he gets)
    type Answer<'a> = (Who, Fields<'a>, &'a str, u64);
    type Case<'a> = (&'a str, [Answer<'a>; 2], Who, Option<&'a str>);
    let cases: [Case<'_>; 6] = [
        ("his own", [(Bob, all, "all", 11), (Alice, own, "alice", 5)], Alice, Some("alice")),
        ("another's", [(Bob, all, "all", 11), (Alice, own, "alice", 5)], Bob, None),
        ("nobody's", [(Bob, all, "all", 11), (Alice, own, "alice", 5)], Nobody, None),
        ("his own, stale too", [(Bob, all, "all", 11), (Alice, brief, "alice", 5)], Alice, None),
        ("his own, older", [(Alice, own, "alice", 0), (Nobody, all, "all", 11)], Alice, None),
        ("one for all, fresh", [(Bob, all, "old", 11), (Bob, all, "all", 5)], Alice, Some("all")),
    ];
    for (sentence, answers, who, want) in cases {
        let vm = vm(r#"{"identified": "strict"}"#);
        for (who, head, text, seconds) in answers {
            sent_by(&vm, who, &[]).answer(200, head, text);
            vm.later(seconds.max(1));
        }
        let sent = sent_by(&vm, who, &[]);
        match want {
            Some(text) => assert_eq!(sent.hit().text(), text, "{sentence}"),
            None => {
                assert!(sent.is_at_origin(), "{sentence}");
                sent.leave();
            }
        }
    }
}

#[test]
fn an_answer_to_one_client_is_for_others_only_if_the_upstream_says_so() {
    for (what, head, wants) in HEADS {
        for (rule, want) in
            [r#"{"identified": "strict"}"#, r#"{"identified": "own"}"#].iter().zip(wants)
        {
            for first in [Alice, TokenA] {
                let vm = vm(rule);
                let text = format!("for {first:?}");
                sent_by(&vm, first, &[]).answer(200, head, &text);
                for second in [Alice, Bob, TokenA, TokenB, Nobody] {
                    let is_hit = match want {
                        For::Nobody => false,
                        For::Same => first == second,
                        For::All => true,
                    };
                    let sent = sent_by(&vm, second, &[]);
                    let told = format!("{what} {rule} {first:?} {second:?}");
                    assert_eq!(!sent.is_at_origin(), is_hit, "{told}: {:?}", sent.code);
                    if is_hit {
                        assert_eq!(sent.hit().text(), text, "{told}");
                    } else {
                        sent.leave();
                    }
                }
            }
        }
    }
}

#[test]
fn what_nobody_was_answered_is_for_somebody_only_if_it_is_for_all() {
    for (what, head, want) in [
        ("a lifetime", &[("cache-control", "max-age=60")][..], [false, false, true]),
        ("public", &[("cache-control", "public, max-age=60")], [true, false, true]),
        ("s-maxage", &[("cache-control", "s-maxage=60")], [true, false, true]),
        (
            "must-revalidate",
            &[("cache-control", "max-age=60, must-revalidate")],
            [false, false, true],
        ),
    ] {
        for (identified, want) in ["strict", "own", "shared"].iter().zip(want) {
            let vm = vm(&format!(r#"{{"identified": "{identified}"}}"#));
            sent_by(&vm, Nobody, &[]).answer(200, head, "for all");
            for who in [Alice, TokenA] {
                let sent = sent_by(&vm, who, &[]);
                assert_eq!(!sent.is_at_origin(), want, "{what} {identified} {who:?}");
                sent.leave();
            }
        }
    }
}

#[test]
fn a_rule_can_say_that_answers_are_for_all() {
    let vm = vm(r#"{"identified": "shared"}"#);
    sent_by(&vm, Alice, &[]).answer(200, FRESH, "for all");
    for who in [Nobody, Bob, TokenA] {
        assert_eq!(told(sent_by(&vm, who, &[])), "200 for all", "{who:?}");
    }
}

#[test]
fn what_a_rule_shares_is_not_shared_by_another_rule() {
    let shared = r#"{"match": {"headers": [{"name": "x-shared", "present": true}]}, "identified": "shared"}"#;
    let rules = &format!(r#"{shared}, {{"name": "strict"}}"#);
    let vm = vm(rules);
    sent_by(&vm, Alice, &[("x-shared", "1")]).answer(200, FRESH, "for Alice");
    for who in [Nobody, Alice, Bob] {
        let sent = sent_by(&vm, who, &[]);
        assert!(sent.is_at_origin(), "{who:?}");
        sent.leave();
    }
}

#[test]
fn a_part_of_the_identity_in_the_key_says_for_whom() {
    let vm = vm(r#"{"key": {"identity": ["subject"]}}"#);
    sent_by(&vm, Alice, &[]).answer(200, FRESH, "for Alice");
    assert_eq!(told(sent_by(&vm, Alice, &[])), "200 for Alice");
    for who in [Bob, Nobody, TokenA] {
        let sent = sent_by(&vm, who, &[]);
        assert!(sent.is_at_origin(), "{who:?}");
        // A client whose subject is not known is strictly one of its own.
        sent.answer(200, FRESH, "other");
    }
    assert_eq!(told(sent_by(&vm, Alice, &[])), "200 for Alice");
    assert_eq!(told(sent_by(&vm, TokenA, &[])), "asks: Miss", "it is nobody's subject");
    let tiers = vm_with(&host(), r#"{"key": {"identity": ["tier"]}}"#, "", 1);
    sent_by(&tiers, Alice, &[]).answer(200, FRESH, "gold");
    assert_eq!(
        told(sent_by(&tiers, Bob, &[])),
        "200 gold",
        "the rule says that the tier is enough"
    );
    assert_eq!(told(sent_by(&tiers, Nobody, &[])), "asks: Miss");
}

#[test]
fn validation_and_errors_give_nobody_what_is_another_s() {
    let head = [("cache-control", "max-age=60, must-revalidate"), ("etag", "\"a\"")];
    let vm = vm(ALL);
    sent_by(&vm, Alice, &[]).answer(200, &head, "for Alice");
    vm.later(61);
    let sent = sent_by(&vm, Bob, &[]);
    assert_eq!((sent.code, sent.sends("if-none-match")), (Code::Miss, None));
    sent.answer(200, &head, "for Bob");
    let sent = sent_by(&vm, Alice, &[]);
    assert_eq!(sent.sends("if-none-match").as_deref(), Some("\\\"a\\\""));
    assert_eq!(sent.answer(304, &[("etag", "\"a\"")], "").text(), "for Alice");
    assert_eq!(told(sent_by(&vm, Alice, &[])), "200 for Alice");
    assert_eq!(told(sent_by(&vm, Bob, &[])), "200 for Bob");
    vm.later(61);
    assert_eq!(sent_by(&vm, TokenA, &[]).fails("upstream_reset").status, 503);
}

#[test]
fn an_update_that_is_for_others_no_more_is_theirs_no_more() {
    let public = [("cache-control", "public, max-age=60"), ("etag", "\"a\"")];
    let vm = vm(ALL);
    sent_by(&vm, Alice, &[]).answer(200, &public, "for all");
    assert_eq!(told(sent_by(&vm, Bob, &[])), "200 for all");
    vm.later(60);
    let update = [("cache-control", "private, max-age=60"), ("etag", "\"a\"")];
    assert_eq!(sent_by(&vm, Alice, &[]).answer(304, &update, "").text(), "for all");
    for who in [Nobody, Alice, Bob] {
        let sent = sent_by(&vm, who, &[]);
        assert!(sent.is_at_origin(), "{who:?}");
        sent.leave();
    }
}

#[test]
fn whose_identity_says_nothing_is_known_by_the_credential() {
    let vm = vm(r#"{"identified": "own"}"#);
    let scopes = Identity { scopes: vec!["read".to_owned()], ..Identity::default() };
    let of = |token: &str| {
        vm.host.identify(&scopes);
        vm.send(&[("authorization", token)])
    };
    of("Bearer a").answer(200, FRESH, "for a");
    assert_eq!(told(of("Bearer a")), "200 for a");
    assert_eq!(told(of("Bearer b")), "asks: Miss");
}
