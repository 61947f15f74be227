//! The kinds that Kubernetes has built in, by its own schemas, which come as a wheel.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::wheel::Wheel;
use serde_json::{Value, json};

use crate::python;

/// The newest Kubernetes whose schemas there are.
const VERSION: &str = "1.37.0";

/// Reads a list of objects and a version, prints what is wrong with each; nothing where all is well.
const PROGRAM: &str = r#"
import functools, json, sys
import kubernetes_validate
from kubernetes_validate import utils

# Each schema stands on one file of all definitions, which takes longer to read than to apply.
utils.schema_contents = functools.cache(utils.schema_contents)
asked = json.load(sys.stdin)
faults = []
for document in asked["objects"]:
    try:
        kubernetes_validate.validate(document, asked["version"], strict=True)
        faults.append(None)
    except kubernetes_validate.ValidationError as fault:
        path = ".".join(str(part) for part in fault.path)
        faults.append(f"{path}: {fault.message}")
    except kubernetes_validate.SchemaNotFoundError as fault:
        faults.append(fault.message)
json.dump(faults, sys.stdout)
"#;

/// The schemas, installed.
#[derive(Debug)]
pub struct Kinds {
    home: PathBuf,
}

impl Kinds {
    /// Gets them where they are not there.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn install(progress: impl Fn(&str)) -> Result<Self> {
        let wheel = Wheel {
            package: "kubernetes-validate",
            version: VERSION.to_owned(),
            folder: "kubernetes-validate",
            file: "kubernetes_validate/__init__.py",
            size: "24 MB",
            with_dependencies: true,
        };
        Ok(Self { home: wheel.install(progress)? })
    }

    /// What is wrong with each of these objects in a version of Kubernetes, such as `1.35`; a field
    /// that is not known, among others.
    ///
    /// # Errors
    /// They cannot be asked.
    pub fn faults(&self, objects: &[Value], version: &str) -> Result<Vec<Option<String>>> {
        let asked = json!({"objects": objects, "version": version});
        let faults = python::ask(&self.home, PROGRAM, &asked)?;
        serde_json::from_value(faults).context("not a list of faults")
    }
}
