//! Other gateways that do the same, as `tests/peers/` configures them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use gatehouse_demo::{AUDIENCE, ISSUER};
use gatehouse_sandbox::workspace;

use super::stage::Stage;

/// A gateway that is not Envoy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Peer {
    /// `jwt_verify`, a stick table, and fields set.
    Haproxy,
    /// The same three in Lua.
    Nginx,
    /// The same three in Python: FastAPI, httpx and PyJWT.
    FastApi,
}

impl Peer {
    /// In the order of the table.
    pub(super) const ALL: [Self; 3] = [Self::Haproxy, Self::Nginx, Self::FastApi];

    /// The row of the one that does all.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            Self::FastApi => "fastapi",
        }
    }

    /// The row of the bare proxy.
    pub(super) fn bare(self) -> &'static str {
        match self {
            Self::Haproxy => "bare-haproxy",
            Self::Nginx => "bare-nginx",
            Self::FastApi => "bare-fastapi",
        }
    }

    /// How many times fewer requests it is sent.
    pub(super) fn slowness(self) -> usize {
        match self {
            Self::Haproxy | Self::Nginx => 1,
            Self::FastApi => 10,
        }
    }

    /// Looks whether the program is there; installs the Python packages where they are not yet.
    ///
    /// # Errors
    /// It is not there, and how to get it.
    pub(super) fn prepare(self, stage: &Stage) -> Result<()> {
        match self {
            Self::Haproxy => program("haproxy").map(drop),
            Self::Nginx => program("nginx").map(drop).and_then(|()| nginx_modules().map(drop)),
            Self::FastApi => install(stage),
        }
    }

    /// What makes it listen on `port`.
    ///
    /// # Errors
    /// Its configuration cannot be read or written.
    pub(super) fn command(self, stage: &Stage, is_bare: bool, port: u16) -> Result<Command> {
        let file = if is_bare { "bare" } else { "gateway" };
        let name = if is_bare { self.bare() } else { self.name() };
        match self {
            Self::Haproxy => {
                let configuration =
                    fill(stage, &format!("haproxy/{file}.cfg"), &format!("{name}.cfg"), port)?;
                let mut command = Command::new(program("haproxy")?);
                command.arg("-db").arg("-f").arg(configuration);
                Ok(command)
            }
            Self::Nginx => {
                let configuration =
                    fill(stage, &format!("nginx/{file}.conf"), &format!("{name}.conf"), port)?;
                let mut command = Command::new(program("nginx")?);
                command
                    .args(["-e", "stderr", "-p"])
                    .arg(&stage.scratch)
                    .arg("-c")
                    .arg(configuration);
                Ok(command)
            }
            Self::FastApi => {
                let mut command = Command::new(environment(stage).join("bin/python"));
                command
                    .args([
                        "-m",
                        "uvicorn",
                        "gateway:app",
                        "--log-level",
                        "warning",
                        "--no-access-log",
                    ])
                    .args(["--workers", "1", "--timeout-keep-alive", "3600", "--app-dir"])
                    .arg(folder().join("fastapi"))
                    .args(["--port", &port.to_string()])
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .env("GATEWAY_ORIGIN", format!("http://127.0.0.1:{}", stage.origin))
                    .env("GATEWAY_BARE", if is_bare { "1" } else { "" })
                    .env("GATEWAY_KEY", &stage.key)
                    .env("GATEWAY_ISSUER", ISSUER)
                    .env("GATEWAY_AUDIENCE", AUDIENCE);
                Ok(command)
            }
        }
    }
}

fn folder() -> PathBuf {
    workspace::root().join("tests/peers")
}

/// Writes a configuration of `tests/peers/` with its marks replaced; where it is then.
fn fill(stage: &Stage, template: &str, name: &str, port: u16) -> Result<PathBuf> {
    let template = folder().join(template);
    let text = fs::read_to_string(&template)
        .with_context(|| format!("cannot read {}", template.display()))?;
    let (key, scratch, modules) = (
        stage.key.to_string_lossy(),
        stage.scratch.to_string_lossy(),
        nginx_modules().unwrap_or_default(),
    );
    let peers = folder();
    let text = replaced(
        &text,
        &[
            ("port", &port.to_string()),
            ("origin", &stage.origin.to_string()),
            ("key", &key),
            ("scratch", &scratch),
            ("peers", &peers.to_string_lossy()),
            ("modules", &modules.to_string_lossy()),
            ("issuer", ISSUER),
            ("audience", AUDIENCE),
        ],
    );
    let path = stage.scratch.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// `text` with each `@name@` replaced by the value of that name.
fn replaced(text: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
}

/// Where a program is; the folders of servers are not on everybody's path.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("no `{name}` on this machine (Debian: apt-get install {name})"))
}

/// Debian's folder of nginx modules, with the one for Lua in it.
fn nginx_modules() -> Result<PathBuf> {
    let folder = PathBuf::from("/usr/lib/nginx/modules");
    if !folder.join("ngx_http_lua_module.so").is_file() {
        bail!(
            "nginx has no Lua here (Debian: apt-get install libnginx-mod-http-lua lua-cjson lua-luaossl)"
        );
    }
    Ok(folder)
}

/// The virtual environment of the Python peer.
fn environment(stage: &Stage) -> PathBuf {
    stage.scratch.join("fastapi")
}

fn install(stage: &Stage) -> Result<()> {
    let requirements = folder().join("fastapi/requirements.txt");
    let wanted = fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let environment = environment(stage);
    // Written last: an environment without it is not complete.
    let mark = environment.join("installed.txt");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    note!("installing the Python peer into {}", environment.display());
    said_well(Command::new(program("python3")?).args(["-m", "venv"]).arg(&environment))?;
    let python = environment.join("bin/python");
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"];
    said_well(Command::new(python).args(pip).arg(&requirements))?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))
}

/// Runs a command to its end; its last words are the error.
fn said_well(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{program} failed: {}", said.trim().lines().last().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_replaced_and_other_text_stays() {
        let text = replaced("listen @port@; # a@b @other@", &[("port", "80"), ("b", "c")]);
        assert_eq!(text, "listen 80; # a@b @other@");
    }

    #[test]
    fn every_mark_of_the_templates_is_known() {
        let known = ["port", "origin", "key", "scratch", "peers", "modules", "issuer", "audience"];
        for file in
            ["haproxy/bare.cfg", "haproxy/gateway.cfg", "nginx/bare.conf", "nginx/gateway.conf"]
        {
            let text = fs::read_to_string(folder().join(file)).unwrap();
            let text = replaced(&text, &known.map(|name| (name, "")));
            assert!(!text.contains('@'), "{file}");
        }
    }
}
