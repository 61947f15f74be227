//! What is linked into the modules: the packages of each, as cargo resolves them for the very build
//! that makes it, and the standard library.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};
use cargo_lock::Lockfile;
use gatehouse_sandbox::workspace;

use crate::build;

/// A package in one version. Its name comes first, so that packages are in order of their names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) name: String,
    pub(super) version: String,
}

/// What is known of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Package {
    /// Its licence, as an SPDX expression or in cargo's older form, `MIT/Apache-2.0`.
    pub(super) licence: Option<String>,
    /// The SHA-256 of the archive that crates.io has of it. A package of this workspace has none.
    pub(super) checksum: Option<String>,
    pub(super) depends_on: BTreeSet<Id>,
}

/// Packages, and on which of them each depends.
pub(super) type Packages = BTreeMap<Id, Package>;

/// The compiler, whose standard library is in every module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compiler {
    /// `1.95.0`
    pub(super) release: String,
    /// The commit that it was made of.
    pub(super) commit: String,
}

/// What is linked into all modules.
pub(super) struct Linked {
    packages: BTreeMap<Profile, Packages>,
    pub(super) compiler: Compiler,
}

/// Filters are built in one go and the gateway in another; the features of what they share, and so
/// what is linked, may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Profile {
    Filters,
    Gateway,
}

impl Linked {
    /// Asks cargo and the compiler.
    ///
    /// # Errors
    /// Cargo or the compiler cannot be run, `Cargo.lock` is not as the manifests need it, or their
    /// answers are not understood.
    pub(super) fn read() -> Result<Self> {
        let path = workspace::root().join("Cargo.lock");
        let lock = Lockfile::load(&path).with_context(|| format!("cannot read {}", path.display()));
        let lock = lock?;
        let mut packages = BTreeMap::new();
        for profile in [Profile::Filters, Profile::Gateway] {
            let mut tree = tree(&cargo_tree(profile)?)?;
            add_checksums(&mut tree, &lock);
            packages.insert(profile, tree);
        }
        Ok(Self { packages, compiler: compiler()? })
    }

    /// The packages of a module, the module's own among them.
    ///
    /// # Errors
    /// Cargo knows no such module.
    pub(super) fn of(&self, module: &str) -> Result<(Id, Packages)> {
        let all = self.packages.get(&Profile::of(module)).context("no packages were read")?;
        let name = build::package(module);
        let root = all.keys().find(|id| id.name == name);
        let root = root.with_context(|| format!("cargo names no package {name}"))?.clone();
        Ok((root.clone(), reached(all, &root)?))
    }
}

impl Profile {
    fn of(module: &str) -> Self {
        match module == gatehouse_gateway::NAME {
            true => Self::Gateway,
            false => Self::Filters,
        }
    }
}

/// The package and all that it reaches.
fn reached(all: &Packages, root: &Id) -> Result<Packages> {
    let mut reached = Packages::new();
    let mut next = vec![root.clone()];
    while let Some(id) = next.pop() {
        if reached.contains_key(&id) {
            continue;
        }
        let package =
            all.get(&id).with_context(|| format!("cargo names no package {}", id.name))?;
        next.extend(package.depends_on.iter().cloned());
        reached.insert(id, package.clone());
    }
    Ok(reached)
}

/// What separates the fields of a line. No name, version or licence has it.
const FIELDS: char = '|';

/// Asks for the packages that the modules of a build link: no build scripts, no procedural macros,
/// no tests.
fn cargo_tree(profile: Profile) -> Result<String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(&program);
    cargo.current_dir(workspace::root());
    cargo.args(["tree", "--locked", "--target", build::TARGET]);
    cargo.args(["--edges", "normal,no-proc-macro", "--prefix", "depth"]);
    cargo.arg("--format").arg(format!("{FIELDS}{{p}}{FIELDS}{{l}}{FIELDS}"));
    for module in build::known().iter().filter(|module| Profile::of(module) == profile) {
        cargo.args(["--package", &build::package(module)]);
    }
    let output = cargo.output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo does not tell what is linked: {}", said.trim());
    }
    String::from_utf8(output.stdout).context("cargo's tree is not UTF-8")
}

/// Reads lines such as `2|memchr v2.8.3|Unlicense OR MIT|`: how deep, what, under which licence. A
/// package that was told before ends with `(*)`, and what is below it is not told again.
fn tree(lines: &str) -> Result<Packages> {
    let mut packages = Packages::new();
    // The packages above the line, outermost first.
    let mut above: Vec<Id> = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let unknown = || anyhow!("cargo's tree has the line `{line}`, which is not understood");
        let mut fields = line.split(FIELDS);
        let depth = fields.next().and_then(|depth| depth.parse::<usize>().ok());
        let depth = depth.ok_or_else(unknown)?;
        let id = fields.next().and_then(id).ok_or_else(unknown)?;
        let licence = fields.next().ok_or_else(unknown)?;
        above.truncate(depth);
        if above.len() != depth {
            return Err(unknown());
        }
        if let Some(package) = above.last().and_then(|parent| packages.get_mut(parent)) {
            package.depends_on.insert(id.clone());
        }
        let licence = Some(licence).filter(|licence| !licence.is_empty()).map(ToOwned::to_owned);
        packages.entry(id.clone()).or_insert_with(|| Package { licence, ..Package::default() });
        above.push(id);
    }
    Ok(packages)
}

/// Reads `name v1.2.3`, and what may follow it: where it is from.
fn id(text: &str) -> Option<Id> {
    let mut words = text.split(' ');
    let name = words.next().filter(|name| !name.is_empty())?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some(Id { name, version })
}

fn add_checksums(packages: &mut Packages, lock: &Lockfile) {
    for locked in &lock.packages {
        let id = Id { name: locked.name.to_string(), version: locked.version.to_string() };
        if let Some(package) = packages.get_mut(&id) {
            package.checksum = locked.checksum.as_ref().map(ToString::to_string);
        }
    }
}

fn compiler() -> Result<Compiler> {
    let told = build::rustc(&["-vV"])?;
    let field = |name: &str| {
        let value = told.lines().find_map(|line| line.strip_prefix(name));
        value.map(ToOwned::to_owned).with_context(|| format!("`rustc -vV` has no line `{name}…`"))
    };
    Ok(Compiler { release: field("release: ")?, commit: field("commit-hash: ")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Id {
        Id { name: name.to_owned(), version: "1.0.0".to_owned() }
    }

    fn names(packages: &Packages) -> Vec<&str> {
        packages.keys().map(|id| id.name.as_str()).collect()
    }

    const TREE: &str = "\
0|first v1.0.0 (/somewhere/first)|Apache-2.0|
1|shared v1.0.0|MIT/Apache-2.0|
2|deep v1.0.0|MIT|

0|second v1.0.0 (/somewhere/second)|Apache-2.0|
1|other v1.0.0||
1|shared v1.0.0|MIT/Apache-2.0| (*)
";

    #[test]
    fn what_is_told_once_belongs_to_all_that_depend_on_it() {
        let all = tree(TREE).unwrap();
        let of = |name: &str| reached(&all, &package(name)).unwrap();
        assert_eq!(names(&of("first")), ["deep", "first", "shared"]);
        assert_eq!(names(&of("second")), ["deep", "other", "second", "shared"]);
        assert_eq!(all[&package("shared")].licence.as_deref(), Some("MIT/Apache-2.0"));
        assert_eq!(all[&package("other")].licence, None);
        assert_eq!(all[&package("shared")].depends_on, BTreeSet::from([package("deep")]));
        assert_eq!(all[&package("deep")].depends_on, BTreeSet::new());
    }

    #[test]
    fn a_line_that_is_not_understood_is_told() {
        for line in ["serde v1.0.0|MIT|", "0|serde|MIT|", "0|serde v1.0.0", "1|serde v1.0.0|MIT|"] {
            let error = tree(line).unwrap_err().to_string();
            assert!(error.contains(&format!("`{line}`")), "{error}");
        }
    }

    #[test]
    fn the_checksum_is_that_of_the_very_version() {
        let sum = "0".repeat(63);
        let lock = format!(
            "version = 4\n\n\
             [[package]]\nname = \"deep\"\nversion = \"0.9.0\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{sum}1\"\n\n\
             [[package]]\nname = \"deep\"\nversion = \"1.0.0\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{sum}2\"\n\n\
             [[package]]\nname = \"first\"\nversion = \"1.0.0\"\n"
        );
        let mut all = tree(TREE).unwrap();
        add_checksums(&mut all, &lock.parse().unwrap());
        assert_eq!(all[&package("deep")].checksum, Some(format!("{sum}2")));
        assert_eq!(all[&package("first")].checksum, None);
    }
}
