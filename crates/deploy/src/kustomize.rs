//! The Kustomize base: what the Helm chart makes of the values in `deploy/kustomize/values.yaml`, one
//! file for each object and for each file of Envoy's.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::workspace;

use crate::files::File;
use crate::helm::{Helm, Rendered};

const VALUES: &str = "deploy/kustomize/values.yaml";
const BASE: &str = "deploy/kustomize/base";
/// Made by Kustomize out of files.
const BOOTSTRAP: &str = "configmap-bootstrap.yaml";
const DYNAMIC: &str = "configmap.yaml";
/// Lines that are of a release by Helm.
const OF_HELM: [&str; 3] =
    ["app.kubernetes.io/managed-by:", "helm.sh/chart:", "checksum/bootstrap:"];

/// The files of the base.
///
/// # Errors
/// The chart does not take the values, or has not what is expected of it.
pub(crate) fn base(helm: &Helm) -> Result<Vec<File>> {
    let values = Example::load(&workspace::root().join(VALUES))?.tree().clone();
    let rendered = helm.render(&Helm::chart(), &[values])?;
    let mut objects = match rendered.into_iter().next() {
        Some(Rendered::Files(files)) => files,
        Some(Rendered::Refused(why)) => bail!("the chart refuses {VALUES}: {why}"),
        None => bail!("Helm has rendered nothing"),
    };
    objects.remove("NOTES.txt");
    let mut of_envoy = |file: &str| {
        let text = objects.remove(file).with_context(|| format!("the chart has no {file}"))?;
        Ok::<_, anyhow::Error>(data(&text))
    };
    let (bootstrap, dynamic) = (of_envoy(BOOTSTRAP)?, of_envoy(DYNAMIC)?);
    let names: Vec<&str> = objects.keys().map(String::as_str).collect();
    let mut files = vec![kustomization(&names, &bootstrap, &dynamic)];
    for (name, text) in &objects {
        files.push(File::new(format!("{BASE}/{name}"), without_helm(text)));
    }
    for (folder, all) in [("envoy/bootstrap", bootstrap), ("envoy", dynamic)] {
        let file = |(name, text)| File::new(format!("{BASE}/{folder}/{name}"), text);
        files.extend(all.into_iter().map(file));
    }
    Ok(files)
}

/// The files in a ConfigMap.
pub(crate) fn data(config_map: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in config_map.lines().skip_while(|line| *line != "data:").skip(1) {
        if let Some(content) = line.strip_prefix("    ") {
            if let Some((_, text)) = files.last_mut() {
                text.push_str(content);
                text.push('\n');
            }
        } else if let Some(name) = line.trim().strip_suffix(": |") {
            files.push((name.to_owned(), String::new()));
        }
    }
    files
}

fn without_helm(object: &str) -> String {
    let is_of_helm = |line: &str| OF_HELM.iter().any(|label| line.trim().starts_with(label));
    let mut lines: Vec<&str> = Vec::new();
    for line in object.trim().lines() {
        if is_of_helm(line) {
            // What is said of it, and a mapping that had nothing else.
            while lines
                .last()
                .is_some_and(|last| last.trim().starts_with('#') || last.trim() == "annotations:")
            {
                lines.pop();
            }
        } else {
            lines.push(line.trim_end());
        }
    }
    lines.push("");
    lines.join("\n")
}

fn kustomization(
    objects: &[&str],
    bootstrap: &[(String, String)],
    dynamic: &[(String, String)],
) -> File {
    let list = |margin: &str, items: Vec<String>| -> String {
        items.iter().map(|item| format!("{margin}- {item}\n")).collect()
    };
    let of_folder = |folder: &str, files: &[(String, String)]| {
        files.iter().map(|(name, _)| format!("{folder}/{name}")).collect()
    };
    let text = format!(
        "# Made of the Helm chart and ../values.yaml by `cargo xtask manifests`: change it there, or in
# an overlay, as in ../overlays/production.

apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
{resources}configMapGenerator:
  # Read at the start only: another content is another name, and so other pods.
  - name: gatehouse-bootstrap
    files:
{bootstrap}  # Read again when it changes: the name stays, and so do the pods.
  - name: gatehouse
    options: {{disableNameSuffixHash: true}}
    files:
{dynamic}",
        resources = list("  ", objects.iter().map(|name| (*name).to_owned()).collect()),
        bootstrap = list("      ", of_folder("envoy/bootstrap", bootstrap)),
        dynamic = list("      ", of_folder("envoy", dynamic)),
    );
    File { path: Path::new(BASE).join("kustomization.yaml"), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_config_map_come_out_as_they_are() {
        let text = "kind: ConfigMap\ndata:\n  a.json: |\n    {\n      \"b\": 1\n    }\n  c.json: |\n    []\n";
        assert_eq!(
            data(text),
            [
                ("a.json".to_owned(), "{\n  \"b\": 1\n}\n".to_owned()),
                ("c.json".to_owned(), "[]\n".to_owned()),
            ]
        );
    }

    #[test]
    fn nothing_is_left_of_a_release() {
        let text = "\nkind: Deployment\nmetadata:\n  labels:\n    a: b\n    helm.sh/chart: gatehouse-1\n\
                    spec:\n  metadata:\n    annotations:\n      # Why.\n      checksum/bootstrap: 01\n  \
                    spec: {}\n";
        assert_eq!(
            without_helm(text),
            "kind: Deployment\nmetadata:\n  labels:\n    a: b\nspec:\n  metadata:\n  spec: {}\n"
        );
    }
}
