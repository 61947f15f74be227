//! What a registry has of an image: its manifest, and the blobs that this names.
//!
//! Istio and Envoy Gateway pull with go-containerregistry, which asks for a manifest by tag, then
//! for blobs by digest, and checks each against its digest:
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull>

use gatehouse_sandbox::Registry;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// An image as it came.
pub(super) struct Pulled {
    /// That of the manifest, with its algorithm.
    pub(super) digest: String,
    /// The media type that the registry says the manifest has.
    pub(super) media_type: String,
    pub(super) layers: Vec<Layer>,
}

/// A layer, as it came and by what the manifest says of it.
pub(super) struct Layer {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// What go-containerregistry says that it takes.
const ACCEPTED: &str = "application/vnd.docker.distribution.manifest.v2+json,\
                        application/vnd.oci.image.manifest.v1+json";

impl Pulled {
    /// Pulls an image by its tag.
    #[track_caller]
    pub(super) fn from(registry: &Registry, repository: &str, tag: &str) -> Self {
        let get = |path: String, headers: &[(&str, &str)]| {
            let response = registry.get(&path, headers).unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            response
        };
        let path = format!("/v2/{repository}/manifests/{tag}");
        let response = get(path, &[("accept", ACCEPTED)]);
        let media_type = response.header_text("content-type").expect("a media type");
        let digest = sha256(&response.body);
        assert_eq!(response.header_text("docker-content-digest").as_ref(), Some(&digest));
        let manifest = response.json();
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().expect("a digest");
            let bytes = get(format!("/v2/{repository}/blobs/{digest}"), &[]).body;
            assert_eq!(sha256(&bytes), digest, "{repository}:{tag}");
            bytes
        };
        // It is there for those who look for it, though no platform does.
        let _ = blob(&manifest["config"]);
        let layers = manifest["layers"].as_array().expect("a list of layers");
        let layer = |descriptor: &Value| Layer {
            media_type: descriptor["mediaType"].as_str().expect("a media type").to_owned(),
            bytes: blob(descriptor),
        };
        Self { digest, media_type, layers: layers.iter().map(layer).collect() }
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", gatehouse_filter::hex::text(&Sha256::digest(bytes)))
}
