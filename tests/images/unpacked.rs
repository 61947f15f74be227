//! What platforms take out of an image, as their sources say.
//!
//! Istio: <https://github.com/istio/istio/blob/master/pkg/wasm/imagefetcher.go>. Envoy Gateway has
//! the same with a bound: <https://github.com/envoyproxy/gateway/blob/main/internal/wasm>,
//! `imagefetcher.go`, and `cache.go` for what is a module at all.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::pulled::{Layer, Pulled};

/// Who unpacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Istio,
    EnvoyGateway,
}

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const WASM_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";
const PLUGIN: &str = "plugin.wasm";
/// How much of an archive Envoy Gateway reads.
const ENVOY_GATEWAY_READS: u64 = 256 * 1024 * 1024;

/// The module of an image, by the platform's rules.
pub(super) fn unpack(image: &Pulled, platform: Platform) -> Result<Vec<u8>, String> {
    let wasm = if image.media_type == DOCKER_MANIFEST {
        archived(image, DOCKER_LAYER, platform)?
    } else {
        archived(image, OCI_LAYER, platform).or_else(|no_archive| {
            artifact(image).map_err(|no_artifact| format!("{no_archive}; {no_artifact}"))
        })?
    };
    match wasm.len() >= 8 && wasm.starts_with(b"\0asm") {
        true => Ok(wasm),
        false => Err("what it holds is no module".to_owned()),
    }
}

/// `compat`: the last layer is an archive, and in it is a file with this name, in any folder.
fn archived(image: &Pulled, media_type: &str, platform: Platform) -> Result<Vec<u8>, String> {
    let layer = image.layers.last().ok_or("there is no layer")?;
    if layer.media_type != media_type {
        return Err(format!("the last layer is {}, not {media_type}", layer.media_type));
    }
    let bound = match platform {
        Platform::Istio => u64::MAX,
        Platform::EnvoyGateway => ENVOY_GATEWAY_READS,
    };
    let mut archive = tar::Archive::new(GzDecoder::new(layer.bytes.as_slice()).take(bound));
    let broken = |fault: std::io::Error| format!("the archive is broken: {fault}");
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let is_plugin = entry.path().map_err(broken)?.file_name() == Path::new(PLUGIN).file_name();
        if is_plugin {
            let mut wasm = Vec::new();
            entry.read_to_end(&mut wasm).map_err(broken)?;
            return Ok(wasm);
        }
    }
    Err(format!("no {PLUGIN} is in the archive"))
}

/// `oci`: two layers, one of which is the module as it is.
fn artifact(image: &Pulled) -> Result<Vec<u8>, String> {
    if image.layers.len() != 2 {
        return Err(format!("there are {} layers, not two", image.layers.len()));
    }
    let is_module = |layer: &&Layer| layer.media_type == WASM_LAYER;
    let layer = image.layers.iter().find(is_module);
    Ok(layer.ok_or(format!("no layer is {WASM_LAYER}"))?.bytes.clone())
}

/// What breaks a rule is refused: otherwise the case that images pass would say nothing.
#[test]
fn an_image_that_breaks_a_rule_is_refused() {
    let module = b"\0asm\x01\0\0\0";
    let archive = |name: &str, content: &[u8]| {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len().try_into().expect("a size"));
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content).expect("an entry");
        let tar = tar.into_inner().expect("an archive");
        let mut compressed = Vec::new();
        flate2::read::GzEncoder::new(tar.as_slice(), flate2::Compression::fast())
            .read_to_end(&mut compressed)
            .expect("it compresses");
        compressed
    };
    let image = |media_type: &str, layers: Vec<(&str, Vec<u8>)>| {
        let layer = |(media_type, bytes): (&str, Vec<u8>)| Layer {
            media_type: media_type.to_owned(),
            bytes,
        };
        Pulled {
            digest: String::new(),
            media_type: media_type.to_owned(),
            layers: layers.into_iter().map(layer).collect(),
        }
    };
    let oci = "application/vnd.oci.image.manifest.v1+json";
    let good = archive(PLUGIN, module);
    let wasm = || (WASM_LAYER, module.to_vec());
    for (case, pulled, refusal) in [
        ("compat", image(oci, vec![(OCI_LAYER, good.clone())]), None),
        ("of Docker", image(DOCKER_MANIFEST, vec![(DOCKER_LAYER, good.clone())]), None),
        ("in a folder", image(oci, vec![(OCI_LAYER, archive("a/plugin.wasm", module))]), None),
        ("an artifact", image(oci, vec![("application/json", b"{}".to_vec()), wasm()]), None),
        ("an artifact of one layer", image(oci, vec![wasm()]), Some("1 layers, not two")),
        (
            "another name",
            image(oci, vec![(OCI_LAYER, archive("telemetry.wasm", module))]),
            Some("no plugin.wasm"),
        ),
        (
            "no module",
            image(oci, vec![(OCI_LAYER, archive(PLUGIN, b"<html></html>"))]),
            Some("no module"),
        ),
        (
            "an archive of another kind",
            image(DOCKER_MANIFEST, vec![(OCI_LAYER, good)]),
            Some("not application/vnd.docker.image"),
        ),
        ("nothing", image(oci, vec![]), Some("no layer")),
    ] {
        for platform in [Platform::Istio, Platform::EnvoyGateway] {
            match (unpack(&pulled, platform), refusal) {
                (Ok(wasm), None) => assert_eq!(wasm, module, "{case}"),
                (Err(fault), Some(refusal)) => assert!(fault.contains(refusal), "{case}: {fault}"),
                (unpacked, _) => panic!("{case}: {unpacked:?}"),
            }
        }
    }
}
