//! An OCI image layout: a folder that holds images, from which any tool pushes them.
//!
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, ImageIndexBuilder, ImageManifest, MediaType, OciLayoutBuilder,
    SCHEMA_VERSION, Sha256Digest,
};
use serde::Serialize;

use super::digest;
use super::release::File;

/// The version of the layout, which is not that of the specification.
const LAYOUT_VERSION: &str = "1.0.0";

/// Blobs by their digest, and the images that are made of them.
#[derive(Default)]
pub(super) struct Layout {
    blobs: BTreeMap<String, Vec<u8>>,
    images: Vec<Descriptor>,
}

impl Layout {
    /// Takes a blob in, and says how a manifest refers to it.
    ///
    /// # Errors
    /// None that is known: the digest is of this program's own making.
    pub(super) fn blob(&mut self, media_type: MediaType, bytes: Vec<u8>) -> Result<Descriptor> {
        let digest = digest::hex(&bytes);
        let size = bytes.len().try_into()?;
        let descriptor = Descriptor::new(media_type, size, digest.parse::<Sha256Digest>()?);
        self.blobs.insert(digest, bytes);
        Ok(descriptor)
    }

    /// Takes an image in under this tag, and gives its digest.
    ///
    /// # Errors
    /// As [`Self::blob`].
    pub(super) fn image(&mut self, tag: &str, manifest: &ImageManifest) -> Result<String> {
        let mut descriptor = self.blob(MediaType::ImageManifest, json(manifest)?)?;
        let digest = descriptor.digest().to_string();
        let name = HashMap::from([(ANNOTATION_REF_NAME.to_owned(), tag.to_owned())]);
        descriptor.set_annotations(Some(name));
        self.images.push(descriptor);
        Ok(digest)
    }

    /// The files of the layout.
    ///
    /// # Errors
    /// None that is known: every field that the index needs is there.
    pub(super) fn into_files(self) -> Result<Vec<File>> {
        let marker = OciLayoutBuilder::default().image_layout_version(LAYOUT_VERSION).build()?;
        let index = ImageIndexBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageIndex)
            .manifests(self.images)
            .build()?;
        let mut files =
            vec![File::new("oci-layout", json(&marker)?), File::new("index.json", json(&index)?)];
        let blobs = self.blobs.into_iter();
        files.extend(
            blobs.map(|(digest, bytes)| File::new(&format!("blobs/sha256/{digest}"), bytes)),
        );
        Ok(files)
    }
}

/// With the names of every object in order: annotations are a `HashMap`, whose order is another in
/// every run, and the digest of a manifest is that of its bytes.
///
/// # Errors
/// What is no JSON.
pub(super) fn json(document: &impl Serialize) -> Result<Vec<u8>> {
    let sorted = serde_json::to_value(document).context("no JSON")?;
    serde_json::to_vec(&sorted).context("no JSON")
}
