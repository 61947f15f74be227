use super::*;
use gatehouse_filter::config;
use gatehouse_filter_test::FakeHost;

fn cost(json: &str) -> Cost {
    config::read(json.as_bytes(), Cost::read).unwrap()
}

#[test]
fn a_header_says_the_cost_and_what_cannot_be_read_costs_most() {
    let host = FakeHost::default();
    let long = "9".repeat(60 * 1024);
    let cases: [(&[&[u8]], u32); 15] = [
        (&[], 3),
        (&[b"0"], 0),
        (&[b"7"], 7),
        (&[b" 7 "], 7),
        (&[b"007"], 7),
        (&[b"50"], 50),
        (&[b"51"], 50),
        (&[b"99999999999999999999"], 50),
        (&[long.as_bytes()], 50),
        (&[b""], 50),
        (&[b"-7"], 50),
        (&[b"+7"], 50),
        (&[b"7.5"], 50),
        (&[b"\xff"], 50),
        (&[b"1", b"1"], 50),
    ];
    for (values, want) in cases {
        let fields: Vec<(&str, &[u8])> = values.iter().map(|value| ("x-cost", *value)).collect();
        let shown = values.iter().map(|value| value.escape_ascii().to_string()).collect::<Vec<_>>();
        let request = Request::new(Headers::from_list(&fields), &host);
        let response = Response::new(Headers::from_list(&fields), &host);
        let before = cost(r#"{"header": "X-Cost", "default": 3, "most": 50}"#);
        assert_eq!((before.before(&request), before.after(&response)), (want, None), "{shown:?}");
        let after = cost(r#"{"response_header": "x-cost", "default": 3, "most": 50}"#);
        assert_eq!((after.before(&request), after.after(&response)), (3, Some(want)), "{shown:?}");
        let fixed = cost("5");
        assert_eq!((fixed.before(&request), fixed.after(&response)), (5, None));
    }
}
