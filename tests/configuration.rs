//! Configurations that must not start, and that `cargo xtask check` says the same of them.

/// The list that `gateway.wasm` takes.
pub(crate) mod gateway_list;

use std::path::{Path, PathBuf};
use std::process::Output;

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::{Gateway, StartError, workspace};
use serde_json::{Value, json};

use crate::harness::{configuration, trap, xtask};

/// A change that spoils a shipped config, and what must be said of it: filter, path and cure.
struct Spoiled {
    case: &'static str,
    config: &'static str,
    change: fn(&mut Value),
    filter: &'static str,
    fault: &'static str,
}

const SPOILED: [Spoiled; 5] = [
    Spoiled {
        case: "audience for audiences",
        config: "envoy/envoy.yaml",
        change: |tree| {
            let provider = &mut configuration::shipped(tree, "jwt-auth")["providers"][0];
            let audiences = provider.as_object_mut().and_then(|fields| fields.remove("audiences"));
            provider["audience"] = audiences.expect("the shipped config has audiences");
        },
        filter: "jwt-auth",
        fault: "providers[0].audience: unknown field, did you mean `audiences`?",
    },
    Spoiled {
        case: "a list whose items were commented out",
        config: "envoy/jwt-auth.yaml",
        change: |tree| {
            configuration::shipped(tree, "jwt-auth")["providers"][0]["audiences"] = Value::Null;
        },
        filter: "jwt-auth",
        fault: "providers[0].audiences: has no value: give it one, or take it out",
    },
    Spoiled {
        case: "a window without a unit",
        config: "envoy/rate-limit.yaml",
        change: |tree| {
            configuration::shipped(tree, "rate-limit")["rules"][0]["limits"][0]["window"] =
                json!(60);
        },
        filter: "rate-limit",
        fault: "rules[0].limits[0].window: must be a duration with a unit (ms, s, m, h, d), such as 30s",
    },
    Spoiled {
        case: "a placeholder that nobody fills",
        config: "envoy/header-transform.yaml",
        change: |tree| {
            configuration::shipped(tree, "header-transform")["rules"][0]["request"][0]["set"]["value"] =
                json!("${path.idd}");
        },
        filter: "header-transform",
        fault: "rules[0].request[0].set.value: ",
    },
    Spoiled {
        case: "a configuration of nothing",
        config: "envoy/header-transform.yaml",
        change: |tree| *configuration::shipped(tree, "header-transform") = json!({}),
        filter: "header-transform",
        fault: "rules: is required",
    },
];

#[test]
fn a_mistake_stops_the_start_with_a_line_that_names_it() {
    for Spoiled { case, config, change, filter, fault } in SPOILED {
        // Its start is what stops.
        let Err(refused) = Gateway::builder(config).alone().edit(change).start() else {
            panic!("{case}: Envoy started");
        };
        let has_ended = matches!(refused, StartError::Refused { status: Some(_), .. });
        assert!(has_ended, "{case}: {refused}");
        let line =
            refused.log().lines().find(|line| line.contains("wasm log") && line.contains(fault));
        let line = line.unwrap_or_else(|| panic!("{case}: no line says `{fault}`:\n{refused}"));
        assert!(line.contains(&configuration::fault_in_log(filter, fault)), "{case}: {line}");
        assert!(!refused.log().contains("panicked"), "{case}: {refused}");
    }
}

#[test]
fn check_says_the_same_offline() {
    for Spoiled { case, config, change, filter, fault } in SPOILED {
        let mut example = Example::load(&workspace::root().join(config)).expect("the example");
        change(example.tree_mut());
        let path = scratch(filter);
        example.write(&path).expect("the spoiled config can be written");
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stdout);
        std::fs::remove_file(&path).expect("the spoiled config can be removed");
        assert_eq!(output.status.code(), Some(1), "{case}: {said}");
        let wanted = format!("filter {filter}: {fault}");
        assert!(
            said.lines().any(|line| line.contains(&wanted)),
            "{case}: `{wanted}` is not in\n{said}"
        );
    }
}

/// A compiled pattern seeds hash tables, which asks Envoy for random numbers.
#[test]
fn every_filter_starts_with_a_pattern_in_a_condition() {
    for (config, filters) in [
        (
            "envoy/envoy.yaml",
            &[
                "api-key-auth",
                "jwt-auth",
                "authorization",
                "rate-limit",
                "header-transform",
                "body-transform",
            ][..],
        ),
        ("envoy/jwt-auth.yaml", &["jwt-auth"]),
        ("envoy/rate-limit.yaml", &["rate-limit"]),
        ("envoy/rate-limit-global.yaml", &["rate-limit"]),
        ("envoy/header-transform.yaml", &["header-transform"]),
        ("envoy/body-transform.yaml", &["body-transform"]),
        ("envoy/jwt-auth-remote.yaml", &["jwt-auth"]),
        ("envoy/api-key-auth.yaml", &["api-key-auth"]),
        ("envoy/authorization.yaml", &["authorization"]),
        ("envoy/response-cache.yaml", &["response-cache"]),
    ] {
        let with_pattern = move |tree: &mut Value| {
            for filter in filters {
                let rules = &mut configuration::shipped(tree, filter)["rules"];
                let mut rule = rules[0].clone();
                rule["name"] = json!("pattern");
                rule["match"]["headers"] = json!([{"name": "x-never", "regex": "^[0-9]+$"}]);
                rules.as_array_mut().expect("rules are a list").insert(0, rule);
            }
        };
        // Nobody calls the service that one of them names.
        let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let started =
            Gateway::builder(config).upstream("rate-limit:8081", nobody).edit(with_pattern).start();
        let gateway = started.unwrap_or_else(|refused| panic!("{config}: {refused}"));
        trap::assert_none(&gateway);
    }
}

/// Envoy takes them too: `versions` has a case that starts each.
#[test]
fn the_shipped_configs_pass_check() {
    let folder = workspace::root().join("envoy");
    let files = std::fs::read_dir(&folder).expect("the examples");
    let paths: Vec<PathBuf> = files
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    assert!(paths.len() >= 4, "{paths:?}");
    for path in paths {
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", path.display());
        let example = Example::load(&path).expect("the example");
        // A piece of one, or another tool's, has no filters to be told of.
        for filter in example.filters().iter().filter(|_| example.is_bootstrap()) {
            let told = format!("filter {}: ok", filter.filter());
            assert!(said.contains(&told), "{}: {said}", path.display());
        }
    }
}

#[test]
fn a_readme_shows_what_the_example_of_its_filter_has() {
    for filter in
        ["jwt-auth", "api-key-auth", "authorization", "rate-limit", "response-cache", "telemetry"]
    {
        let readme = workspace::root().join("filters").join(filter).join("README.md");
        let readme = std::fs::read_to_string(readme).expect("the README");
        let block = readme
            .split("```yaml\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next())
            .expect("an example");
        let shown: Value = serde_saphyr::from_str(block).expect("the example is YAML");
        let mut example = Example::load(&workspace::root().join(format!("envoy/{filter}.yaml")))
            .expect("the example");
        let shipped = configuration::shipped(example.tree_mut(), filter);
        assert!(is_shown(&shown, shipped), "{filter}:\n{shown}\n{shipped}");
    }
}

/// Whether two values are one; a text that was cut short ends in three dots.
fn is_shown(shown: &Value, shipped: &Value) -> bool {
    match (shown, shipped) {
        (Value::String(shown), Value::String(shipped)) => {
            shown == shipped
                || shown.strip_suffix("...").is_some_and(|start| shipped.starts_with(start))
        }
        (Value::Array(shown), Value::Array(shipped)) => {
            shown.len() == shipped.len()
                && shown.iter().zip(shipped).all(|(one, other)| is_shown(one, other))
        }
        (Value::Object(shown), Value::Object(shipped)) => {
            let is_there = |(name, one): (&String, &Value)| {
                shipped.get(name).is_some_and(|other| is_shown(one, other))
            };
            shown.len() == shipped.len() && shown.iter().all(is_there)
        }
        _ => shown == shipped,
    }
}

/// `cargo xtask check` of one file.
fn check(path: &Path) -> Output {
    xtask().arg("check").arg(path).output().expect("xtask can be run")
}

/// A file of this process's own.
fn scratch(name: &str) -> PathBuf {
    let folder = workspace::target().join("sandbox");
    std::fs::create_dir_all(&folder).expect("a folder for the config");
    folder.join(format!("{name}-{}.yaml", std::process::id()))
}

#[test]
fn every_file_of_cases_is_compiled() {
    let folder = workspace::root().join("tests");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("tests/main.rs");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("tests/") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            assert!(
                main.contains(&format!("\nmod {name};\n")),
                "tests/main.rs does not name {name}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen} files");
}
