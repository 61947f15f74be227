//! The page in a real browser shows what was asked of the gateway, and runs nothing that a client
//! sent.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::{Value, json};

use super::browser::Browser;
use super::{HOSTILE, Watched, mixed_requests};
use crate::harness::until;

/// The texts of the cells of a row, by what the row is about; with a tile's or a line's own text.
const FACTS: &str = "Object.fromEntries([...document.querySelectorAll('[data-fact]')].map((one) => \
    [one.dataset.fact, \
    one.tagName === 'TR' ? [...one.cells].map((cell) => cell.innerText) : one.innerText]))";

#[test]
fn a_browser_shows_the_numbers_and_its_log_has_no_fault() {
    let Some(mut browser) = Browser::start() else {
        eprintln!("skipped: no chromium is installed (apt-get install chromium)");
        return;
    };
    let mut watched = Watched::start();
    let asked = mixed_requests(&watched.gateway);
    let live = watched.live_after(&asked);
    browser.call("Page.navigate", json!({"url": format!("http://{}/", watched.console)}));
    let total = format!("{} in all, 0 under way", asked.total());
    until("the page shows every request", || {
        browser.evaluate("document.getElementById('rate-sub')?.innerText") == total
            && browser.evaluate("document.querySelectorAll('details').length").as_u64() > Some(0)
    });

    shows_the_numbers(&mut browser, &live);
    takes_nothing_for_html(&mut browser, &watched);
    fits_a_phone(&mut browser);
    follows_the_colour_scheme(&mut browser);
    can_be_used_with_the_keyboard(&mut browser);

    watched.gateway.stop();
    until("the page says that Envoy is gone", || {
        let banner = browser.evaluate("document.getElementById('banner').innerText");
        banner.as_str().is_some_and(|text| text.contains("cannot be reached: connection refused"))
    });
    let facts = browser.evaluate(FACTS);
    assert_eq!(
        facts["client_errors"],
        live["requests"]["client_errors"].to_string(),
        "what was known stays"
    );
    assert_eq!(browser.faults(), &[] as &[Value]);
}

#[track_caller]
fn shows_the_numbers(browser: &mut Browser, live: &Value) {
    let facts = browser.evaluate(FACTS);
    let number = |fact: &str, cell: usize| {
        facts[fact][cell]
            .as_str()
            .map(ToOwned::to_owned)
            .unwrap_or_else(|| panic!("{fact}: {facts}"))
    };
    assert_eq!(facts["client_errors"], live["requests"]["client_errors"].to_string());
    assert_eq!(facts["server_errors"], "0");
    assert_eq!(facts["ratio"], "75 %");
    assert!(facts["state"].as_str().is_some_and(|state| state.contains("live")), "{facts}");
    let decisions = live["decisions"].as_array().expect("decisions");
    assert!(!decisions.is_empty());
    for decision in decisions {
        let text = |name: &str| decision[name].as_str().expect("a text");
        let fact = format!("decision {}.{}.{}", text("filter"), text("code"), text("mode"));
        assert_eq!(number(&fact, 3), decision["total"].to_string(), "{fact}");
    }
    for (fact, cell, want) in [
        ("consumer acme", 1, "6"),
        ("consumer acme", 2, "2"),
        ("consumer acme", 5, "20"),
        ("consumer alice", 1, "3"),
        ("limit orders", 2, "2"),
        ("limit orders", 3, "0"),
        ("cache Hits", 1, "3 of 4"),
    ] {
        assert_eq!(number(fact, cell), want, "{fact}: {facts}");
    }
    assert!(number("cluster orders", 1).starts_with("2 of 2"), "{facts}");
    assert!(number("keys demo", 1).ends_with(" s"), "{facts}");
}

#[track_caller]
fn takes_nothing_for_html(browser: &mut Browser, watched: &Watched) {
    // Where a gateway does not normalise paths, they are logged as they come; and a subject is
    // whatever an issuer wrote.
    let hostile = json!({
        "status": 403, "details": "authorization.no_rule", "method": HOSTILE, "request_id": HOSTILE,
        "time": HOSTILE, "client": HOSTILE, "route": HOSTILE, "user_agent": HOSTILE,
        "path": format!("/raw/{HOSTILE}"),
        "jwt_auth": format!("jwt_auth.allowed;rule={HOSTILE};subject={HOSTILE}"),
        "authorization": format!("authorization.no_rule;rule={HOSTILE};why={HOSTILE}"),
        "ratelimit": format!("\"{HOSTILE}\";r=1;t=1"), "cache_status": HOSTILE,
    });
    let mut log = OpenOptions::new().append(true).open(&watched.log).expect("the log");
    log.write_all(format!("{hostile}\n").as_bytes()).expect("it takes a line");
    for table in ["refusal-table", "request-table", "consumer-table", "left-table"] {
        until("the page shows what the client wrote", || {
            let text = browser.evaluate(&format!("document.getElementById('{table}').innerText"));
            text.as_str().is_some_and(|text| text.contains(HOSTILE))
        });
    }
    assert_eq!(browser.evaluate("document.querySelectorAll('img, script:not([src])').length"), 0);
    assert_eq!(browser.evaluate("document.title"), "Gatehouse console");
    let shown = browser.evaluate("document.getElementById('chain').textContent");
    let is_masked = |text: &str| text.contains("***") && !text.contains("7a25f2d0");
    assert!(shown.as_str().is_some_and(is_masked), "{shown}");
}

#[track_caller]
fn fits_a_phone(browser: &mut Browser) {
    let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": true});
    browser.call("Emulation.setDeviceMetricsOverride", phone);
    until("nothing is wider than a phone", || {
        browser.evaluate("document.documentElement.scrollWidth") == 360
    });
    browser.call("Emulation.clearDeviceMetricsOverride", json!({}));
}

#[track_caller]
fn follows_the_colour_scheme(browser: &mut Browser) {
    let mut back = |scheme: &str| {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.call("Emulation.setEmulatedMedia", media);
        browser.evaluate("getComputedStyle(document.body).backgroundColor")
    };
    assert_ne!(back("light"), back("dark"));
}

#[track_caller]
fn can_be_used_with_the_keyboard(browser: &mut Browser) {
    let mut reached = Vec::new();
    for _ in 0..40 {
        browser.press("Tab", 9, "");
        let focus = browser.evaluate(
            "document.activeElement.id || document.activeElement.className || \
             document.activeElement.tagName",
        );
        if focus == "pause" {
            browser.press("Enter", 13, "\r");
            assert_eq!(browser.evaluate("document.getElementById('pause').innerText"), "Resume");
            browser.press("Enter", 13, "\r");
            assert_eq!(browser.evaluate("document.getElementById('pause').innerText"), "Pause");
        }
        if focus == "SUMMARY" {
            browser.press("Enter", 13, "\r");
            assert_eq!(browser.evaluate("document.activeElement.parentElement.open"), true);
            reached.push(focus);
            break;
        }
        reached.push(focus);
    }
    for want in ["skip", "pause", "scroll", "SUMMARY"] {
        assert!(reached.contains(&json!(want)), "{want}: {reached:?}");
    }
}
