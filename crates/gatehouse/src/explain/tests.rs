//! What is told of the filters that there are.

use super::*;

fn told(what: &str) -> Result<String, String> {
    let explain = Explain { what: Some(what.to_owned()).filter(|what| !what.is_empty()) };
    explain.run().map(|answer| answer.text).map_err(|error| error.to_string())
}

#[test]
fn every_filter_has_a_manual() {
    let manuals: Vec<&str> = gatehouse_manual::all().iter().map(|manual| manual.name).collect();
    let mut filters: Vec<&str> = gatehouse_gateway::FILTERS.iter().map(|it| it.name).collect();
    filters.push(gatehouse_gateway::NAME);
    filters.sort_unstable();
    assert_eq!(manuals, filters);
    for manual in gatehouse_manual::all() {
        assert!(manual.purpose().len() > 40, "{}", manual.name);
        assert!(!manual.fields().is_empty(), "{}", manual.name);
        assert!(told("").unwrap().contains(manual.name), "{}", manual.name);
    }
}

#[test]
fn every_field_of_every_filter_is_found_by_its_name() {
    for manual in gatehouse_manual::all() {
        for field in manual.fields() {
            for name in &field.names {
                let text = told(&format!("{}.{name}", manual.name)).unwrap();
                assert!(text.contains(name.as_str()), "{}.{name}: {text}", manual.name);
            }
        }
    }
}

#[test]
fn a_path_is_found_in_every_form() {
    for (asked, want) in [
        ("rate-limit.rules[0].limits[0].window", "limits[].window (filters/rate-limit/README.md"),
        ("rate-limit.window", "type: whole seconds, `1s` to `30d`"),
        ("jwt-auth.providers.audiences", "providers[].audiences (filters/jwt-auth/README.md"),
        ("authorization.rules.match.path.prefix", "match.path.prefix (docs/rules.md, “Rules”)"),
        (
            "response-cache.rules.freshness.default",
            "(filters/response-cache/README.md, “Freshness”)",
        ),
        ("response-cache.rules.key.host", "(filters/response-cache/README.md, “Keys”)"),
        ("aggregate.rules[0].calls[1].timeout", "(filters/aggregate/README.md, “Calls”)"),
        ("aggregate.rules.timeout", "rules[].timeout (filters/aggregate/README.md"),
        ("jwt-auth.dpop", "    dpop.origins\n"),
        ("rate-limit.rules.refusal.detail", "refusal.detail (docs/refusals.md"),
        ("gateway.filters", "The filters, in the order in which requests meet them"),
    ] {
        let text = told(asked).unwrap();
        assert!(text.contains(want), "{asked}: {text}");
    }
}

#[test]
fn what_there_is_not_is_told_with_what_is_near() {
    for (asked, want) in [
        ("rate-limt", "no filter is called `rate-limt`, did you mean `rate-limit`?"),
        ("coraza", "no filter is called `coraza`; there are aggregate, api-key-auth"),
        ("rate-limit.windw", "rate-limit has no field `windw`, did you mean `limits[].window`?"),
        (
            "telemetry.coffee",
            "telemetry has no field `coffee`; `gatehouse explain telemetry` lists those that it has",
        ),
        ("rate-limit.", ""),
        (".", "no filter is called ``"),
        ("rate-limit.[[[", "rate-limit has no field ``"),
    ] {
        match told(asked) {
            Err(error) => assert!(error.starts_with(want), "{asked}: {error}"),
            Ok(text) => assert!(want.is_empty(), "{asked}: {text}"),
        }
    }
}
