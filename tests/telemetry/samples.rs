use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::with_consumers;
use crate::harness::{trap, until};

#[test]
fn slow_and_failed_requests_are_told_of_in_the_log_so_many_a_minute_without_their_secrets() {
    let telemetry = json!({"samples": {"slow": "200ms", "per_minute": 3}});
    let builder = with_consumers(&[("acme", "gold")], telemetry).concurrency(1);
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let ask = |path: &str| {
        let request = Request::get(path)
            .header("x-api-key", "acme-key")
            .header("cookie", "session=s3cret")
            .header("x-request-id", "218db299-131a-41a6-8a59-c6cd3bb99105");
        gateway.request(request).status
    };
    assert_eq!(ask("/fine?token=s3cret"), 200);
    assert_eq!(ask("/slow?delay_ms=250&token=s3cret"), 200);
    assert_eq!(ask("/failed?status=502&token=s3cret"), 502);
    for _ in 0..20 {
        assert_eq!(ask("/more?status=500&token=s3cret"), 500);
    }
    let told = || -> Vec<Value> {
        let log = gateway.stderr();
        let sample = |line: &str| serde_json::from_str(line.get(line.find("{\"")?..)?).ok();
        log.lines().filter(|line| line.contains("\"sample\":")).filter_map(sample).collect()
    };
    until("the log is written", || told().len() >= 3);
    let paths: Vec<_> = told().iter().map(|line| line["path"].clone()).collect();
    // In a minute that begins meanwhile there may be three more.
    assert_eq!(paths[..3], ["/slow", "/failed", "/more"].map(Value::from));
    assert!(paths.len() <= 6, "{paths:?}");
    let slow = &told()[0];
    assert_eq!(slow["sample"], "slow");
    assert_eq!((slow["status"].clone(), slow["route"].clone()), (json!(200), json!("echo")));
    assert_eq!(slow["consumer"], "acme");
    assert!(slow["milliseconds"].as_u64() >= Some(250), "{slow}");
    assert!(slow["request_id"].is_string(), "{slow}");
    assert_eq!(told()[1]["sample"], "error");
    assert!(!gateway.stderr().contains("s3cret") && !gateway.stderr().contains("acme-key"));
    trap::assert_none(&gateway);
}
