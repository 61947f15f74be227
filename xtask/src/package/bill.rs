//! The bill of materials of a module: a CycloneDX document with what is linked into it.
//!
//! <https://cyclonedx.org/docs/1.5/json/>

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use spdx::{Expression, ParseMode};
use uuid::Builder;

use super::digest;
use super::linked::{Compiler, Id, Linked, Package, Packages};
use super::version::Version;

/// What the standard library is under, and how it is referred to.
const STD_LICENCE: &str = "MIT OR Apache-2.0";
const STD: &str = "rust-std";

/// The document of a module, as JSON. The same module gives the same document: it has no time, and
/// its serial number is made of what it says.
///
/// # Errors
/// A licence that is no SPDX expression.
pub(super) fn of(module: &str, version: &Version, wasm: &[u8], linked: &Linked) -> Result<Vec<u8>> {
    let (root, packages) = linked.of(module)?;
    let own = json!({
        "type": "application",
        "bom-ref": reference(&root),
        "name": root.name,
        "version": version.as_str(),
        "description": format!("{module}.wasm, a module for Envoy, Istio and Envoy Gateway"),
        "hashes": sha256(&digest::hex(wasm)),
        "licenses": licences(&root, env!("CARGO_PKG_LICENSE"))?,
    });
    document(&own, &root, &packages, &linked.compiler)
}

fn document(own: &Value, root: &Id, packages: &Packages, compiler: &Compiler) -> Result<Vec<u8>> {
    let std = Id { name: STD.to_owned(), version: compiler.release.clone() };
    let others = packages.iter().filter(|(id, _)| *id != root);
    let mut components: Vec<Value> =
        others.map(|(id, package)| component(id, package)).collect::<Result<_>>()?;
    components.push(standard_library(&std, compiler)?);
    let mut dependencies: Vec<Value> = packages
        .iter()
        .map(|(id, package)| {
            let on: Vec<String> = package.depends_on.iter().chain([&std]).map(reference).collect();
            json!({"ref": reference(id), "dependsOn": on})
        })
        .collect();
    dependencies.push(json!({"ref": reference(&std)}));

    let mut bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": dependencies,
    });
    let serial = serial_number(&serde_json::to_vec(&bill).context("no JSON")?);
    if let Some(fields) = bill.as_object_mut() {
        fields.insert("serialNumber".to_owned(), serial.into());
    }
    let mut text = serde_json::to_vec_pretty(&bill).context("no JSON")?;
    text.push(b'\n');
    Ok(text)
}

/// Of a package, what is known.
fn component(id: &Id, package: &Package) -> Result<Value> {
    let mut component = library(id);
    if let Some(licence) = &package.licence {
        component.insert("licenses".to_owned(), licences(id, licence)?);
    }
    // A package without a checksum is not from crates.io, and has no name there.
    if let Some(checksum) = &package.checksum {
        component.insert("hashes".to_owned(), sha256(checksum));
        let purl = format!("pkg:cargo/{}@{}", id.name, escaped(&id.version));
        component.insert("purl".to_owned(), purl.into());
    }
    Ok(component.into())
}

/// What rustup installs for the target, linked into every module.
fn standard_library(id: &Id, compiler: &Compiler) -> Result<Value> {
    let mut component = library(id);
    let about = "Rust's standard library for wasm32-wasip1, with wasi-libc";
    component.insert("description".to_owned(), about.into());
    component.insert("licenses".to_owned(), licences(id, STD_LICENCE)?);
    let commit = json!([{"name": "gatehouse:rustc-commit", "value": compiler.commit}]);
    component.insert("properties".to_owned(), commit);
    Ok(component.into())
}

fn library(id: &Id) -> serde_json::Map<String, Value> {
    let known = [
        ("type", "library".to_owned()),
        ("scope", "required".to_owned()),
        ("bom-ref", reference(id)),
        ("name", id.name.clone()),
        ("version", id.version.clone()),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn reference(id: &Id) -> String {
    format!("{}@{}", id.name, id.version)
}

/// The one letter of a version in Cargo.lock that a package URL holds escaped only.
fn escaped(version: &str) -> String {
    version.replace('+', "%2B")
}

/// As an SPDX expression. Cargo once wrote `MIT/Apache-2.0` for a choice.
fn licences(id: &Id, licence: &str) -> Result<Value> {
    let expression = licence.replace('/', " OR ");
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    Expression::parse_mode(&expression, mode).map_err(|fault| {
        anyhow!("the licence of {}, `{licence}`, is none: {}", reference(id), fault.reason)
    })?;
    Ok(json!([{"expression": expression}]))
}

fn sha256(hex: &str) -> Value {
    json!([{"alg": "SHA-256", "content": hex}])
}

/// A UUID of version 8 (RFC 9562 §5.8), whose content is ours to choose: the beginning of the
/// document's SHA-256.
fn serial_number(document: &[u8]) -> String {
    let mut bytes = [0; 16];
    let digest = Sha256::digest(document);
    bytes.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    format!("urn:uuid:{}", Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
#[path = "bill_tests.rs"]
mod tests;
