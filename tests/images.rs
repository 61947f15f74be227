//! The images of `cargo xtask package`, pushed to a registry and pulled as platforms pull them.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_sandbox::{Gateway, Registry, workspace};

use crate::harness::{trap, xtask};

/// What a registry has of an image, as the programs of platforms ask for it.
mod pulled;

/// What platforms take out of an image.
mod unpacked;

use pulled::Pulled;
use unpacked::{Platform, unpack};

const VERSION: &str = "0.0.0-test";

/// From the layout through a registry and what each platform unpacks, every module comes out as it
/// was built, and Envoy loads it.
#[test]
fn every_image_comes_out_of_a_registry_as_the_module_that_went_in() {
    if !Registry::is_installed() {
        eprintln!("skipped: no registry of images ({})", Registry::INSTALL);
        return;
    }
    let release = Release::package();
    let registry = Registry::start().unwrap_or_else(|fault| panic!("{fault:#}"));
    let digests = fs::read_to_string(release.path("images/DIGESTS")).expect("a list of digests");
    let mut modules = Vec::new();
    for line in digests.lines() {
        let (image, digest) = line.split_once('@').expect("an image and its digest");
        let (module, tag) = image.split_once(':').expect("a module and a tag");
        let repository = format!("gatehouse/{module}");
        let layout = release.path(&format!("images/{module}"));
        registry.push(&layout, tag, &repository).unwrap_or_else(|fault| panic!("{fault:#}"));
        let pulled = Pulled::from(&registry, &repository, tag);
        assert_eq!(pulled.digest, digest, "{image}");
        let built = fs::read(workspace::filters().join(format!("{module}.wasm"))).expect("built");
        for platform in [Platform::Istio, Platform::EnvoyGateway] {
            let wasm = unpack(&pulled, platform)
                .unwrap_or_else(|fault| panic!("{platform:?} does not take {image}: {fault}"));
            assert!(wasm == built, "{platform:?} unpacks another module from {image}");
        }
        let wasm = unpack(&pulled, Platform::Istio).expect("unpacked above");
        fs::write(release.path(&format!("pulled/{module}.wasm")), wasm).expect("it can be written");
        modules.push((module.to_owned(), tag.to_owned()));
    }
    let mut names: Vec<&str> = modules.iter().map(|(module, _)| module.as_str()).collect();
    names.dedup();
    let mut wanted = workspace::filter_names().expect("the filters");
    wanted.push("gateway".to_owned());
    assert_eq!(names, wanted, "each module has its images");
    assert_eq!(modules.len(), names.len() * 2, "in both layouts: {modules:?}");

    let gateway = Gateway::builder("envoy/header-transform.yaml")
        .modules(release.path("pulled"))
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"));
    let response = gateway.get("/users/alice", &[]);
    assert_eq!(response.status, 200);
    let user = response.header_text("x-user-id");
    assert_eq!(user.as_deref(), Some("alice"), "what was pulled has decided");
    trap::assert_none(&gateway);
}

/// A release in a folder that goes with this.
struct Release(PathBuf);

impl Release {
    /// Of the modules that are built.
    fn package() -> Self {
        let name = format!("package-{}", std::process::id());
        let folder = workspace::target().join("sandbox").join(name);
        let _ = fs::remove_dir_all(&folder);
        let output = xtask()
            .args(["package", "--built", "--version", VERSION, "--out"])
            .arg(&folder)
            .output()
            .expect("xtask can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let release = Self(folder);
        fs::create_dir_all(release.path("pulled")).expect("a folder for what is pulled");
        release
    }

    /// A file or folder of the release.
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("gatehouse-{VERSION}")).join(Path::new(name))
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
