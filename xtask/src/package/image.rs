//! A module as an OCI image, in the two layouts of the Wasm image specification, both of which
//! Istio and Envoy Gateway unpack.
//!
//! - `compat`: an image as any other, with one layer, a compressed tar archive that holds
//!   `plugin.wasm`. <https://github.com/solo-io/wasm/blob/master/spec/spec-compat.md>
//! - `oci`: an artifact of two layers, what runs the module and the module as it is.
//!   <https://github.com/solo-io/wasm/blob/master/spec/spec.md>

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use oci_spec::image::{
    ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_TITLE, ANNOTATION_VENDOR,
    ANNOTATION_VERSION, Arch, Descriptor, ImageConfigurationBuilder, ImageManifestBuilder,
    MediaType, Os, RootFsBuilder, SCHEMA_VERSION,
};
use serde_json::json;

use super::archive::{self, Epoch};
use super::digest;
use super::layout::{self, Layout};
use super::release::File;
use super::version::Version;

/// The two layouts of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What every tool and every registry takes: the tag is the version.
    Compat,
    /// An artifact: the tag is the version, with `-oci` after it.
    Oci,
}

/// An image of a module.
pub(super) struct Image<'a> {
    pub(super) module: &'a str,
    pub(super) version: &'a Version,
    pub(super) wasm: &'a [u8],
    pub(super) kind: Kind,
}

/// What Istio and Envoy Gateway look for in the layer of `compat`.
const MODULE_FILE: &str = "plugin.wasm";
/// How a manifest says that it is `compat`.
const VARIANT: &str = "module.wasm.image/variant";
const RUNTIME: &str = "application/vnd.module.wasm.config.v1+json";
const MODULE: &str = "application/vnd.module.wasm.content.layer.v1+wasm";
/// The version of the interface between proxy and module, as its marker calls it:
/// `proxy_abi_version_0_2_1`.
const ABI: &str = "v0.2.1";

impl Image<'_> {
    /// The tag under which the image is in its layout.
    pub(super) fn tag(&self) -> String {
        match self.kind {
            Kind::Compat => self.version.to_string(),
            Kind::Oci => format!("{}-oci", self.version),
        }
    }

    /// Puts the image into the layout, and gives its digest.
    ///
    /// # Errors
    /// As [`Layout::image`].
    pub(super) fn add_to(&self, layout: &mut Layout, epoch: Epoch) -> Result<String> {
        let (config, layers) = match self.kind {
            Kind::Compat => self.compat(layout, epoch)?,
            Kind::Oci => self.oci(layout)?,
        };
        let manifest = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .config(config)
            .layers(layers)
            .annotations(self.annotations())
            .build()?;
        layout.image(&self.tag(), &manifest)
    }

    /// For Linux on amd64, as any image that Docker builds there, though the module runs anywhere:
    /// Docker pulls no image of an unknown system, and containerd unpacks none of another platform
    /// (`core/unpack/unpacker.go`), which Kubernetes needs to mount it.
    ///
    /// One layer, no more: the specification says so, and Istio refused another number until 2022
    /// (istio/istio#40647).
    fn compat(&self, layout: &mut Layout, epoch: Epoch) -> Result<(Descriptor, Vec<Descriptor>)> {
        let module = File::new(MODULE_FILE, self.wasm.to_vec());
        let tar = archive::of("", &[module], epoch)?;
        let root = RootFsBuilder::default()
            .typ("layers")
            .diff_ids([format!("sha256:{}", digest::hex(&tar))])
            .build()?;
        let config = ImageConfigurationBuilder::default()
            .architecture(Arch::Amd64)
            .os(Os::Linux)
            .rootfs(root)
            .build()?;
        let config = layout.blob(MediaType::ImageConfig, layout::json(&config)?)?;
        let layer = layout.blob(MediaType::ImageLayerGzip, archive::compressed(&tar)?)?;
        Ok((config, vec![layer]))
    }

    /// Two layers, no fewer: Istio and Envoy Gateway refuse another number. What the first one says
    /// is the manifest's config too, by which tools for artifacts tell what an artifact is.
    fn oci(&self, layout: &mut Layout) -> Result<(Descriptor, Vec<Descriptor>)> {
        let runtime = json!({"type": "envoy_proxy", "abiVersions": [ABI], "config": {}});
        let bytes = serde_json::to_vec(&runtime).context("no JSON")?;
        let config = layout.blob(MediaType::from(RUNTIME), bytes)?;
        let titled = |mut descriptor: Descriptor, title: &str| {
            let title = HashMap::from([(ANNOTATION_TITLE.to_owned(), title.to_owned())]);
            descriptor.set_annotations(Some(title));
            descriptor
        };
        let module = layout.blob(MediaType::from(MODULE), self.wasm.to_vec())?;
        let layers =
            vec![titled(config.clone(), "runtime-config.json"), titled(module, MODULE_FILE)];
        Ok((config, layers))
    }

    /// What is the same for every build of a version: no time, no commit.
    fn annotations(&self) -> HashMap<String, String> {
        let title = format!("gatehouse-{}", self.module);
        let about = format!("Gatehouse for Envoy, Istio and Envoy Gateway: {}", self.module);
        let mut annotations = HashMap::from([
            (ANNOTATION_TITLE.to_owned(), title),
            (ANNOTATION_DESCRIPTION.to_owned(), about),
            (ANNOTATION_VERSION.to_owned(), self.version.to_string()),
            (ANNOTATION_LICENSES.to_owned(), env!("CARGO_PKG_LICENSE").to_owned()),
            (ANNOTATION_VENDOR.to_owned(), "Gatehouse".to_owned()),
        ]);
        if self.kind == Kind::Compat {
            annotations.insert(VARIANT.to_owned(), "compat".to_owned());
        }
        annotations
    }
}
