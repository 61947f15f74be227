//! Bills of materials, of packages that are made up and of a module of this workspace.

use std::collections::BTreeSet;

use super::*;

fn id(name: &str) -> Id {
    Id { name: name.to_owned(), version: "1.0.0".to_owned() }
}

fn compiler() -> Compiler {
    Compiler { release: "1.95.0".to_owned(), commit: "59807616e".to_owned() }
}

/// A module that depends on one package of crates.io and on one of its own workspace.
fn packages() -> Packages {
    let package = |licence: &str, checksum: Option<&str>, on: &[&str]| Package {
        licence: Some(licence.to_owned()),
        checksum: checksum.map(|digit| digit.repeat(64)),
        depends_on: on.iter().map(|name| id(name)).collect::<BTreeSet<_>>(),
    };
    Packages::from([
        (id("gatehouse-a"), package("Apache-2.0", None, &["deep", "gatehouse-b"])),
        (id("gatehouse-b"), package("Apache-2.0", None, &["deep"])),
        (id("deep"), package("MIT/Apache-2.0", Some("7"), &[])),
    ])
}

fn made(packages: &Packages) -> Result<Value> {
    let own = json!({"bom-ref": "gatehouse-a@1.0.0", "name": "gatehouse-a", "version": "2.0.0"});
    let bytes = document(&own, &id("gatehouse-a"), packages, &compiler())?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[test]
fn it_says_of_each_package_its_version_licence_and_checksum() {
    let bill = made(&packages()).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(bill["metadata"]["component"]["version"], "2.0.0");
    assert_eq!(bill["metadata"]["timestamp"], Value::Null);
    let components = bill["components"].as_array().unwrap();
    let names: Vec<&str> =
        components.iter().map(|component| component["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["deep", "gatehouse-b", "rust-std"]);
    let deep = &components[0];
    assert_eq!(deep["purl"], "pkg:cargo/deep@1.0.0");
    assert_eq!(deep["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(deep["hashes"][0]["alg"], "SHA-256");
    assert_eq!(deep["hashes"][0]["content"], "7".repeat(64));
    // It is not on crates.io, where somebody else may have the name.
    assert_eq!(components[1]["purl"], Value::Null);
    assert_eq!(components[2]["version"], "1.95.0");
}

#[test]
fn what_depends_on_what_is_told_by_references_that_are_there() {
    let bill = made(&packages()).unwrap();
    let mut known: BTreeSet<&str> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    known.insert(bill["metadata"]["component"]["bom-ref"].as_str().unwrap());
    let mut told = BTreeSet::new();
    for dependency in bill["dependencies"].as_array().unwrap() {
        told.insert(dependency["ref"].as_str().unwrap());
        for on in dependency["dependsOn"].as_array().into_iter().flatten() {
            assert!(known.contains(on.as_str().unwrap()), "{on}");
        }
    }
    assert_eq!(told, known);
}

#[test]
fn the_serial_number_is_another_exactly_where_the_content_is() {
    let first = made(&packages()).unwrap();
    assert_eq!(first, made(&packages()).unwrap());
    let serial = first["serialNumber"].as_str().unwrap();
    assert!(serial.starts_with("urn:uuid:"), "{serial}");
    let mut others = packages();
    others.get_mut(&id("deep")).unwrap().checksum = Some("8".repeat(64));
    assert_ne!(made(&others).unwrap()["serialNumber"], serial);
}

/// RFC 9562 §4: version 8, variant 10.
#[test]
fn the_serial_number_is_a_uuid_of_our_own_making() {
    let serial = serial_number(b"abc");
    assert_eq!(serial, "urn:uuid:ba7816bf-8f01-8fea-8141-40de5dae2223");
}

#[test]
fn a_version_with_build_metadata_is_escaped_in_a_package_url() {
    let id = Id { name: "toml".to_owned(), version: "1.2.2+spec-1.1.0".to_owned() };
    let package = Package { checksum: Some("7".repeat(64)), ..Package::default() };
    assert_eq!(component(&id, &package).unwrap()["purl"], "pkg:cargo/toml@1.2.2%2Bspec-1.1.0");
}

#[test]
fn a_licence_that_is_none_is_told_with_its_package() {
    let mut packages = packages();
    packages.get_mut(&id("deep")).unwrap().licence = Some("as you like".to_owned());
    let error = made(&packages).unwrap_err().to_string();
    let wanted = "the licence of deep@1.0.0, `as you like`, is none: ";
    assert!(error.starts_with(wanted), "{error}");
}

#[test]
fn a_module_s_is_what_cargo_links_into_it() {
    let linked = Linked::read().unwrap();
    let version = Version::parse("9.9.9").unwrap();
    let read = |module: &str| -> Value {
        serde_json::from_slice(&of(module, &version, b"\0asm", &linked).unwrap()).unwrap()
    };
    let names = |bill: &Value| -> BTreeSet<String> {
        let components = bill["components"].as_array().unwrap().iter();
        components.map(|component| component["name"].as_str().unwrap().to_owned()).collect()
    };
    let telemetry = read("telemetry");
    assert_eq!(telemetry["metadata"]["component"]["version"], "9.9.9");
    let told = names(&telemetry);
    for name in ["gatehouse-host", "proxy-wasm", "rust-std", "serde_json"] {
        assert!(told.contains(name), "{name} is linked: {told:?}");
    }
    // What only compiles others, what only tests link, and what only another module needs.
    for name in ["serde_derive", "syn", "gatehouse-filter-test", "jwt-simple", "gatehouse-audit"] {
        assert!(!told.contains(name), "{name} is not linked: {told:?}");
    }
    let gateway = names(&read("gateway"));
    assert!(gateway.contains("gatehouse-audit") && gateway.contains("jwt-simple"), "{gateway:?}");
    for component in telemetry["components"].as_array().unwrap() {
        let name = component["name"].as_str().unwrap();
        assert_ne!(component["licenses"], Value::Null, "{name}");
        let is_own = name.starts_with("gatehouse-") || name == "rust-std";
        assert_eq!(component["hashes"] == Value::Null, is_own, "{name}");
    }
}
