//! Where the modules' images are.

/// A registry that has an image for each filter and one of all, under one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The address that the images' names follow: `ghcr.io/OWNER/gatehouse`.
    pub registry: String,
    /// Their tag.
    pub version: String,
}

impl Images {
    /// The image of this filter, as container runtimes and Envoy Gateway take it.
    #[must_use]
    pub fn of(&self, filter: &str) -> String {
        format!("{}/{filter}:{}", self.registry, self.version)
    }
}

impl Default for Images {
    /// As the files in `deploy/` have it. Nobody owns `OWNER`: no registry takes capitals in a
    /// name, so who forgets to replace it is told.
    fn default() -> Self {
        Self {
            registry: "ghcr.io/OWNER/gatehouse".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
