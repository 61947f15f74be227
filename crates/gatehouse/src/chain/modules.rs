//! Where the modules are.

use clap::Args;

/// Where the modules are.
#[derive(Debug, Clone, Args)]
pub struct Modules {
    /// The folder with the modules, as Envoy sees it.
    #[arg(long = "modules", value_name = "DIR", default_value = "/etc/gatehouse/filters")]
    pub folder: String,
}

impl Modules {
    /// A module's file, as YAML has it.
    pub(crate) fn file(&self, module: &str) -> String {
        let path = format!("{}/{module}.wasm", self.folder.trim_end_matches('/'));
        let is_plain = |each: char| each.is_ascii_alphanumeric() || "/._-".contains(each);
        match path.chars().all(is_plain) {
            true => path,
            // All JSON is YAML.
            false => serde_json::Value::from(path).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_yaml_needs_it() {
        for (folder, want) in [
            ("/etc/gatehouse/filters", "/etc/gatehouse/filters/jwt-auth.wasm"),
            ("/opt/", "/opt/jwt-auth.wasm"),
            ("/my modules", r#""/my modules/jwt-auth.wasm""#),
            ("/a: {b}", r#""/a: {b}/jwt-auth.wasm""#),
        ] {
            let modules = Modules { folder: folder.to_owned() };
            assert_eq!(modules.file("jwt-auth"), want);
        }
    }
}
