//! Whether a module is there, and as new as what it is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::example::GATEWAY;
use crate::workspace;

/// The crates that no module links: changing them makes no module old.
const DEV_ONLY: [&str; 8] =
    ["check", "config-file", "deploy", "filter-test", "gatehouse", "guide", "import", "sandbox"];

/// Refuses a module of ours that is missing, or older than its sources: what it does would not be
/// what the code says.
///
/// # Errors
/// It is so, or its sources cannot be read.
pub fn ensure_built(module: &Path) -> Result<()> {
    let Ok(built) = module.metadata().and_then(|metadata| metadata.modified()) else {
        bail!("{} is not built: run `cargo xtask build`", module.display());
    };
    let name = module.file_stem().unwrap_or_default().to_string_lossy();
    match newer(&sources(&workspace::root(), &name)?, built)? {
        None => Ok(()),
        Some(source) => bail!(
            "{} is older than {}: run `cargo xtask build`",
            module.display(),
            source.strip_prefix(workspace::root()).unwrap_or(&source).display()
        ),
    }
}

/// The files and folders that the module is made of. All filters are in the gateway.
fn sources(root: &Path, module: &str) -> Result<Vec<PathBuf>> {
    let mut sources = vec![root.join("Cargo.lock")];
    for (folder, is_in) in [
        ("filters", &(|name: &str| name == module || module == GATEWAY) as &dyn Fn(&str) -> bool),
        ("crates", &|name: &str| {
            !DEV_ONLY.contains(&name) && (name != GATEWAY || module == GATEWAY)
        }),
    ] {
        let folder = root.join(folder);
        let cannot = || format!("cannot list {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            if is_in(&entry.file_name().to_string_lossy()) {
                sources.push(entry.path().join("src"));
            }
        }
    }
    Ok(sources)
}

/// The first file, at or below one of these places, that was changed after this time.
fn newer(places: &[PathBuf], than: SystemTime) -> Result<Option<PathBuf>> {
    for place in places {
        let cannot = || format!("cannot read {}", place.display());
        // A crate without the folder, a clone without a lock file.
        let Ok(metadata) = place.metadata() else { continue };
        if metadata.is_dir() {
            let entries = fs::read_dir(place).with_context(cannot)?;
            let below: Vec<PathBuf> =
                entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
            if let Some(found) = newer(&below, than)? {
                return Ok(Some(found));
            }
        } else if metadata.modified().with_context(cannot)? > than {
            return Ok(Some(place.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_module_is_old_when_a_file_that_it_is_made_of_is_newer() {
        let root = std::env::temp_dir().join(format!("gatehouse-modules-{}", std::process::id()));
        let built = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let write = |path: &str, seconds: u64| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        for path in [
            "Cargo.lock",
            "filters/a/src/lib.rs",
            "filters/b/src/deep/er.rs",
            "crates/chain/src/lib.rs",
            "crates/gateway/src/lib.rs",
            "crates/guide/src/lib.rs",
        ] {
            write(path, 999);
        }
        let is_old =
            |module: &str| newer(&sources(&root, module).unwrap(), built).unwrap().is_some();
        assert!(!is_old("a") && !is_old("gateway"), "nothing is newer");
        for (path, old) in [
            ("filters/b/src/deep/er.rs", &["b", "gateway"][..]),
            ("crates/chain/src/lib.rs", &["a", "b", "gateway"]),
            ("crates/gateway/src/lib.rs", &["gateway"]),
            ("Cargo.lock", &["a", "b", "gateway"]),
            ("crates/guide/src/lib.rs", &[]),
        ] {
            write(path, 1_001);
            let told: Vec<&str> =
                ["a", "b", "gateway"].into_iter().filter(|module| is_old(module)).collect();
            assert_eq!(told, old, "{path}");
            write(path, 999);
        }
        fs::remove_dir_all(root).unwrap();
    }
}
