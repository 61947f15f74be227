use super::*;
use gatehouse_sandbox::workspace;
use std::fs;

/// The files that `new` reads, copied from this clone to a folder of this test.
fn clone(case: &str) -> PathBuf {
    let root = std::env::temp_dir().join(format!("gatehouse-new-{}-{case}", std::process::id()));
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        "crates/gateway/Cargo.toml",
        "crates/gateway/src/registry.rs",
        "tests/main.rs",
        "crates/manual/src/documents.rs",
        "docs/SUMMARY.md",
    ] {
        let to = root.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(workspace::root().join(path), to).unwrap();
    }
    root
}

/// Every file below a folder, with what it holds.
fn contents(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_name_is_spelt_as_each_place_spells_it() {
    let name: Name = "tenant-check2".parse().unwrap();
    assert_eq!(
        (name.kebab(), &*name.snake(), &*name.pascal()),
        ("tenant-check2", "tenant_check2", "TenantCheck2")
    );
}

#[test]
fn what_is_no_name_is_refused() {
    for text in [
        "",
        "-",
        "a-",
        "-a",
        "a--b",
        "Tenant",
        "tenant_check",
        "2fa",
        "a b",
        "../a",
        "a.b",
        "ä",
        "match",
    ] {
        assert!(text.parse::<Name>().is_err(), "{text}");
    }
    assert!("a".repeat(41).parse::<Name>().is_err());
}

#[test]
fn a_taken_name_touches_nothing() {
    let root = clone("taken");
    fs::create_dir_all(root.join("filters/half-made")).unwrap();
    fs::create_dir_all(root.join("envoy")).unwrap();
    fs::write(root.join("envoy/shown.yaml"), "").unwrap();
    let before = contents(&root);
    // A filter, other crates, files of cases, types of the registry and of the template, what lies
    // about.
    for text in [
        "jwt-auth",
        "chain",
        "demo",
        "hold",
        "harness",
        "registered",
        "config",
        "half-made",
        "shown",
        "my-filter",
    ] {
        assert!(write(&text.parse().unwrap(), &root).is_err(), "{text}");
        assert_eq!(contents(&root), before, "{text}");
    }
    let name = "tenant-check".parse().unwrap();
    write(&name, &root).unwrap();
    assert!(write(&name, &root).is_err(), "twice");
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn every_list_has_the_new_filter_once() {
    for (text, neighbours) in [
        ("aaa", "&[\n    Registered::of::<Aaa>(),\n    Registered::of::<Aggregate>(),"),
        ("tenant-check", "Registered::of::<Telemetry>(),\n    Registered::of::<TenantCheck>(),\n]"),
        ("kind", "Registered::of::<JwtAuth>(),\n    Registered::of::<Kind>(),\n"),
    ] {
        let root = clone(text);
        let name: Name = text.parse().unwrap();
        let written = write(&name, &root).unwrap();
        assert_eq!(written.len(), 14, "{written:?}");
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert!(read("crates/gateway/src/registry.rs").contains(neighbours), "{text}");
        for (path, line) in [
            ("Cargo.toml", format!("gatehouse-{text} = {{ path = \"filters/{text}\" }}")),
            (
                "crates/gateway/src/registry.rs",
                format!("use gatehouse_{}::{};", name.snake(), name.pascal()),
            ),
            ("tests/main.rs", format!("mod {};", name.snake())),
            (
                "crates/manual/src/documents.rs",
                format!("    (\"{text}\", document!(\"filters/{text}/README.md\")),"),
            ),
            ("docs/SUMMARY.md", format!("- [{text}](../filters/{text}/README.md)")),
        ] {
            assert_eq!(
                read(path).lines().filter(|other| *other == line).count(),
                1,
                "{path}: {line}"
            );
        }
        for (path, text) in contents(&root.join("filters")) {
            assert!(
                !text.contains("my-filter") && !text.contains("MyFilter"),
                "{}",
                path.display()
            );
        }
        fs::remove_dir_all(root).unwrap();
    }
}

#[test]
fn a_folder_that_is_no_clone_is_told() {
    let told =
        write(&"tenant-check".parse().unwrap(), Path::new("/nowhere")).unwrap_err().to_string();
    assert!(told.starts_with("/nowhere is no clone of Gatehouse"), "{told}");
}
