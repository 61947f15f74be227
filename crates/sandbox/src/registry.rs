//! A registry of images of a test's own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::gateway::wait_for;
use crate::process::Process;
use crate::{raw, workspace};

/// An empty `docker-registry`, on plain HTTP. Dropping it stops it and removes what it has stored.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    process: Process,
    folder: PathBuf,
}

impl Registry {
    /// How `docker-registry`, and `skopeo`, which fills it, get onto a Debian machine.
    pub const INSTALL: &'static str = "apt-get install docker-registry skopeo";

    /// Whether there are a `docker-registry` and a `skopeo` on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        ["docker-registry", "skopeo"].iter().all(|program| {
            Command::new(program).arg("--version").output().is_ok_and(|run| run.status.success())
        })
    }

    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// When it is not installed, or does not answer in thirty seconds.
    pub fn start() -> Result<Self> {
        if !Self::is_installed() {
            bail!("docker-registry or skopeo is missing (Debian: `{}`)", Self::INSTALL);
        }
        // It cannot be told to take any free port and say which.
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .context("no loopback port is free")?;
        let name = format!("registry-{}-{}", std::process::id(), address.port());
        let folder = workspace::target().join("sandbox").join(name);
        let cannot = || format!("cannot write into {}", folder.display());
        fs::create_dir_all(&folder).with_context(cannot)?;
        let config = folder.join("config.json");
        // JSON is YAML.
        let told = serde_json::json!({
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": folder.join("images")}},
            "http": {"addr": address.to_string()},
        });
        fs::write(&config, told.to_string()).with_context(cannot)?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config);
        let process = Process::start(command, None)?;
        let mut started = Self { address, process, folder };
        let ready = wait_for(Duration::from_secs(30), || match started.process.exited() {
            Some(status) => Some(Err(status)),
            None => started.get("/v2/", &[]).is_ok_and(|it| it.status == 200).then_some(Ok(())),
        });
        match ready {
            Some(Ok(())) => Ok(started),
            Some(Err(status)) => {
                started.process.kill();
                bail!("docker-registry ended ({status}):\n{}", started.process.log())
            }
            None => bail!("docker-registry does not answer:\n{}", started.process.log()),
        }
    }

    /// `127.0.0.1:…`
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Pushes an image of an OCI image layout, byte for byte, with `skopeo`.
    ///
    /// # Errors
    /// What `skopeo` says.
    pub fn push(&self, layout: &Path, tag: &str, repository: &str) -> Result<()> {
        let mut skopeo = Command::new("skopeo");
        // Whom to trust is told by a file that Debian has in another package.
        skopeo.args(["--insecure-policy", "copy", "--quiet", "--preserve-digests"]);
        skopeo.arg("--dest-tls-verify=false");
        skopeo.arg(format!("oci:{}:{tag}", layout.display()));
        skopeo.arg(format!("docker://{}/{repository}:{tag}", self.address));
        let output = skopeo.output().context("cannot run skopeo")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("skopeo does not push {repository}:{tag}: {}", said.trim());
        }
        Ok(())
    }

    /// What the registry answers at a path of its API.
    ///
    /// # Errors
    /// It does not answer.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<raw::Response, raw::Error> {
        let request = raw::Request::get(path);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        raw::send(self.address, &request)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
