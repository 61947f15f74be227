//! Configurations that could do nothing, or not what they say.

use crate::Aggregate;
use gatehouse_filter_test::configured;
use serde_json::{Value, json};

#[test]
fn a_fault_is_told_with_the_path_of_its_field() {
    let a = json!({"name": "a", "cluster": "a", "path": "/"});
    let with = |members: Value| {
        let mut call = a.clone();
        gatehouse_filter_test::change(&mut call, &members);
        json!({"calls": [call, {"name": "b", "cluster": "b", "path": "/"}]})
    };
    for (rule, want) in [
        (json!({}), "rules[0].calls: is required"),
        (json!({"calls": []}), "rules[0].calls: must not be empty"),
        (with(json!({"name": "a b"})), "rules[0].calls[0].name: must be made of letters"),
        (with(json!({"name": "b"})), "rules[0].calls[1].name: must be unique"),
        (with(json!({"path": "a"})), "rules[0].calls[0].path: must begin with a slash"),
        (with(json!({"path": "${path.x}"})), "rules[0].calls[0].path: `${path.x}`"),
        (with(json!({"path": "/a b"})), "rules[0].calls[0].path: must be printable ASCII"),
        (with(json!({"path": "/a#b"})), "rules[0].calls[0].path: must be printable ASCII"),
        (with(json!({"path": "/a/../b"})), "rules[0].calls[0].path: must not have dot segments"),
        (with(json!({"path": "/${call.c.id}"})), "(character 2): names no call: there are a, b"),
        (with(json!({"path": "/${call.a.id}"})), "is the call itself, which has no answer yet"),
        (with(json!({"path": "/${call.b.x y}"})), "the path has a name with other characters"),
        (with(json!({"path": "/${item}"})), "is known to a call with `for_each` only"),
        (with(json!({"path": "/${cal.b}"})), "call.NAME.PATH, status.NAME, body.PATH"),
        (with(json!({"path": "/${response.status}"})), "there is no response yet"),
        (with(json!({"method": "TRACE"})), "rules[0].calls[0].method: must be one of"),
        (with(json!({"authority": "a b"})), "rules[0].calls[0].authority: must"),
        (with(json!({"authority": "a\r\nb"})), "rules[0].calls[0].authority: must"),
        (with(json!({"timeout": "0s"})), "rules[0].calls[0].timeout: must be from 1ms to 1h"),
        (with(json!({"max_size": "33MiB"})), "rules[0].calls[0].max_size: must be from 1B to"),
        (with(json!({"body": {}})), "rules[0].calls[0]: a body of a GET has no meaning"),
        (
            with(json!({"method": "POST", "body": {}, "forward_body": true})),
            "rules[0].calls[0]: must have either body or forward_body",
        ),
        (with(json!({"statuses": [99]})), "rules[0].calls[0].statuses[0]: must be a status"),
        (with(json!({"hidden": true, "into": "x"})), "hidden and into exclude each other"),
        (with(json!({"into": "x[*]"})), "rules[0].calls[0].into: must name one place"),
        (with(json!({"optional": true, "pass_client_errors": true})), "pass_client_errors does"),
        (with(json!({"optional": {}})), "rules[0].calls[0].optional.default: is required"),
        (
            with(json!({"for_each": {"value": "b[*]"}})),
            "rules[0].calls[0]: for_each does nothing: name `${item}`",
        ),
        (
            with(json!({"for_each": {"value": "c[*]"}, "path": "/${item}"})),
            "rules[0].calls[0].for_each.value: `c[*]`: names no call",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}/${items}"})),
            "must name `${item}` or `${items}`, not both",
        ),
        (
            with(json!({"join": {"to": "b[*]", "by": "x", "as": "y"}})),
            "join is for calls with for_each",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}",
                        "join": {"to": "b[*]", "by": "x", "as": "$"}})),
            "rules[0].calls[0].join.as: must name one place in the object",
        ),
        (with(json!({"when": {"value": "x", "equals": "y"}})), "names no fact"),
        (with(json!({"when": {"value": "${method}"}})), "rules[0].calls[0].when: must be `value`"),
        (with(json!({"when": {"call": "b"}})), "rules[0].calls[0].when: must be `value`"),
        (with(json!({"when": {"identity": "sub"}})), "unknown part of an identity"),
        (
            with(json!({"when": {"value": "${method}", "equals": "a", "exists": true}})),
            "must have one of equals, one_of and exists",
        ),
        (with(json!({"pass_headers": ["accept-encoding"]})), "is `identity` in calls"),
        (with(json!({"pass_headers": ["if-none-match"]})), "a call needs the whole answer"),
        (with(json!({"pass_headers": ["host"]})), "rules[0].calls[0].pass_headers[0]: is what"),
        (with(json!({"headers": {"content-length": "1"}})), "belongs to the connection"),
        (with(json!({"headers": {"range": "bytes=0-1"}})), "a call needs the whole answer"),
        (with(json!({"headers": {"x y": "1"}})), "rules[0].calls[0].headers.x y:"),
        (
            with(json!({"operations": [{"set_header": {"name": "x-a", "value": "b"}}]})),
            "rules[0].calls[0].operations[0].set_header",
        ),
        (
            json!({"calls": [a, {"name": "b", "cluster": "b", "path": "/", "into": "a"}]}),
            "rules[0]: the calls a and b go to one place",
        ),
        (
            json!({"calls": [
                {"name": "b", "cluster": "b", "path": "/", "into": "a.b.c"},
                {"name": "c", "cluster": "b", "path": "/", "into": "a.b"},
            ]}),
            "rules[0]: the calls b and c go to one place",
        ),
        (with(json!({"path": "/%2"})), "rules[0].calls[0].path: has a `%` that begins no escape"),
        (with(json!({"path": "/?a=100%"})), "has a `%` that begins no escape"),
        (with(json!({"path": "/${query.a | default: b/c}"})), "has a `default` that no path can"),
        (with(json!({"path": "/${query.a | default:}"})), "has a `default` that no path can have"),
        (with(json!({"headers": {"x-a": "a\nb"}})), "rules[0].calls[0].headers.x-a: has a control"),
        (
            with(json!({"headers": {"x-a": "${query.a | default: b\u{7}}"}})),
            "rules[0].calls[0].headers.x-a: has a control character",
        ),
        (with(json!({"pass_headers": ["x-a", "X-A"]})), "calls[0].pass_headers[1]: is there twice"),
        (
            with(json!({"headers": {"x-a": "1", "X-A": "2"}})),
            "rules[0].calls[0].headers: has x-a twice",
        ),
        (
            json!({"calls": [a], "response_headers": {"x-a": "1", "X-A": "2"}}),
            "rules[0].response_headers: has x-a twice",
        ),
        (with(json!({"pass_headers": ["traceparent"]})), "goes with every call anyway"),
        (
            with(json!({"pass_headers": ["x-a"], "headers": {"X-A": "b"}})),
            "rules[0].calls[0]: pass_headers does nothing for x-a",
        ),
        (
            json!({"calls": [a], "pass_headers": ["x-user"]}),
            "rules[0]: pass_headers does nothing for x-user",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}",
                        "when": {"value": "${item}", "equals": "x"}})),
            "rules[0].calls[0].when: is asked once for all items",
        ),
        (
            with(json!({"for_each": {"value": "b[*]", "at_once": 4}, "path": "/${items}"})),
            "for_each.at_once does nothing: `${items}` is one call",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}",
                        "join": {"to": "b[*]", "by": "x", "as": "y", "key": "z"}})),
            "join.key does nothing",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${items}",
                        "join": {"to": "b[*]", "by": "x", "as": "y", "key": "z[*]"}})),
            "rules[0].calls[0].join.key: must name one value",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${items}",
                        "join": {"to": "b[*]", "by": "$", "as": "y"}})),
            "rules[0].calls[0].join.by: must name a value in the object",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}", "hidden": true,
                        "join": {"to": "b[*]", "by": "x", "as": "y"}})),
            "hidden does nothing: what is joined is nowhere else",
        ),
        (
            with(json!({"for_each": {"value": "b[*]", "most": 65}, "path": "/${item}"})),
            "rules[0]: the call a: for_each.most does nothing",
        ),
        (
            with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}", "into": "$"})),
            "the call a: its answers are a list, and `$` takes",
        ),
        (with(json!({"into": "$", "optional": {"default": []}})), "the call a: its default is no"),
        (with(json!({"into": "$", "not_json": "text"})), "the call a: not_json makes a text"),
        (with(json!({"timeout": "6s"})), "rules[0]: the call a: timeout does nothing"),
        (with(json!({"max_size": "9MiB"})), "rules[0]: the call a: max_size does nothing"),
        (with(json!({"hidden": true, "optional": true})), "the call a: does nothing: it is hidden"),
        (
            with(json!({"pass_client_errors": true, "statuses": ["2xx", "4xx"]})),
            "the call a: pass_client_errors does nothing",
        ),
        (
            json!({"calls": [a,
                {"name": "b", "cluster": "b", "path": "/${item}", "for_each": {"value": "a[*]"}},
                {"name": "c", "cluster": "c", "path": "/", "when": {"call": "b", "statuses": [200]}},
            ]}),
            "the call c: names the status of a call for each item",
        ),
        (
            json!({"calls": [a,
                {"name": "b", "cluster": "b", "path": "/${item}", "for_each": {"value": "a[*]"}},
            ], "response_headers": {"x-a": "${status.b}"}}),
            "rules[0]: response_headers names the status of a call for each item",
        ),
        (
            json!({"calls": [a, {"name": "b", "cluster": "b", "path": "/"}], "max_calls": 1}),
            "rules[0]: max_calls is always too small",
        ),
        (
            json!({"match": {"methods": ["POST", "PUT"]}, "calls": [a], "etag": true}),
            "rules[0]: etag does nothing",
        ),
        (json!({"calls": [a], "partial": {"member": "x"}}), "partial does nothing: no call is"),
        (
            json!({"calls": [
                {"name": "b", "cluster": "b", "path": "/", "into": "x.b", "optional": true},
            ], "partial": {"member": "x"}}),
            "partial.member is where a call's answer goes",
        ),
        (
            with(json!({}))
                .as_object()
                .map(|rule| {
                    let mut rule = json!(rule);
                    rule["merge"] = json!({"on_conflict": "last"});
                    rule
                })
                .expect("a rule"),
            "rules[0]: merge does nothing",
        ),
        (
            json!({"calls": [{"name": "b", "cluster": "b", "path": "/", "optional": true}],
                   "partial": {"header": "vary"}}),
            "rules[0].partial.header: is written by this filter itself",
        ),
        (
            json!({"calls": [a], "response_headers": {"x-gatehouse-partial": "b"}}),
            "response_headers has the field of partial answers",
        ),
        (json!({"calls": [a], "max_body": "1KiB"}), "max_body does nothing"),
        (json!({"calls": [a], "merge": {"on_conflict": "none"}}), "rules[0].merge.on_conflict:"),
        (json!({"calls": [a], "response_headers": {"etag": "x"}}), "is written by this filter"),
        (json!({"calls": [a], "response_headers": {"x-a": "${body.x}"}}), "is known to calls only"),
        (json!({"calls": [a], "etags": true}), "rules[0].etags: unknown field, did you mean"),
        (
            json!({"calls": [
                {"name": "a", "cluster": "a", "path": "/${call.b.x}"},
                {"name": "b", "cluster": "b", "path": "/", "after": ["c"]},
                {"name": "c", "cluster": "c", "path": "/", "when": {"call": "a", "statuses": [200]}},
                {"name": "d", "cluster": "d", "path": "/${call.a.x}"},
            ]}),
            "rules[0]: calls wait for each other: a, b, c, a",
        ),
    ] {
        let configuration = json!({"rules": [rule]}).to_string();
        let faults = configured::<Aggregate>(&configuration).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.contains(want)), "{want}\n{rule}\n{faults:#?}");
    }
}

#[test]
fn every_fault_is_told_in_one_run() {
    let configuration = json!({"rules": [{"timeout": "x", "calls": [
        {"name": "a", "cluster": "a", "path": "a", "timeout": 5},
        {"cluster": "a", "path": "/", "metod": "GET"},
    ]}]});
    let faults = configured::<Aggregate>(&configuration.to_string()).err().unwrap_or_default();
    for path in [
        "rules[0].timeout",
        "rules[0].calls[0].path",
        "rules[0].calls[0].timeout",
        "rules[0].calls[1].name",
        "rules[0].calls[1].metod",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(path)), "{path}: {faults:#?}");
    }
}

/// What looks like one of the faults and does something.
#[test]
fn what_does_something_is_no_fault() {
    let a = json!({"name": "a", "cluster": "a", "path": "/"});
    let with = |members: Value| {
        let mut call = a.clone();
        gatehouse_filter_test::change(&mut call, &members);
        json!({"calls": [call, {"name": "b", "cluster": "b", "path": "/"}]})
    };
    for (case, rule) in [
        ("a guard", with(json!({"hidden": true, "pass_client_errors": true}))),
        ("a record", with(json!({"hidden": true, "optional": true, "method": "POST"}))),
        (
            "a hidden one whose status is told",
            json!({"calls": [
                {"name": "a", "cluster": "a", "path": "/", "hidden": true, "optional": true},
                {"name": "b", "cluster": "b", "path": "/"},
            ], "response_headers": {"x-a": "${status.a}"}}),
        ),
        ("the same time as the rule", with(json!({"timeout": "5s"}))),
        ("less than the usual time in all", {
            let mut rule = with(json!({}));
            rule["timeout"] = json!("1s");
            rule["max_size"] = json!("1KiB");
            rule
        }),
        ("fewer calls than a list has by default", {
            let mut rule = with(json!({"for_each": {"value": "b[*]"}, "path": "/${item}"}));
            rule["max_calls"] = json!(8);
            rule
        }),
        ("one call for more than there are calls", {
            with(json!({"for_each": {"value": "b[*]", "most": 500}, "path": "/?ids=${items}"}))
        }),
        (
            "the status of one call for all",
            json!({"calls": [a,
                {"name": "b", "cluster": "b", "path": "/${items}", "for_each": {"value": "a[*]"}},
                {"name": "c", "cluster": "c", "path": "/", "when": {"call": "b", "statuses": [200]}},
            ]}),
        ),
        (
            "more calls than may be, of which some are not made",
            json!({"calls": [a,
            {"name": "b", "cluster": "b", "path": "/", "when": {"identity": "subject"}},
        ], "max_calls": 1}),
        ),
        (
            "one inside the other, later",
            json!({"calls": [a,
            {"name": "b", "cluster": "b", "path": "/", "into": "a.b"},
        ], "merge": {"on_conflict": "last"}}),
        ),
        (
            "one inside the other, without `merge`",
            json!({"calls": [a,
                {"name": "b", "cluster": "b", "path": "/", "into": "a.b"},
            ]}),
        ),
        ("text that operations make an object of", {
            with(json!({"into": "$", "not_json": "text", "operations": [{"wrap": {"name": "t"}}]}))
        }),
        ("an object as a default", with(json!({"into": "$", "optional": {"default": {}}}))),
        ("a default that is hashed", with(json!({"path": "/${query.a | default: b/c | sha256}"}))),
        (
            "a default with a slash in a query",
            with(json!({"path": "/?a=${query.a | default: b/c}"})),
        ),
        ("an escape", with(json!({"path": "/a%20b"}))),
        ("x-user as the client says it", {
            let mut rule = with(json!({"pass_headers": ["x-user"]}));
            rule["headers"] = json!({});
            rule
        }),
    ] {
        let configuration = json!({"rules": [rule]}).to_string();
        if let Err(faults) = configured::<Aggregate>(&configuration) {
            panic!("{case}: {faults:#?}");
        }
    }
}
