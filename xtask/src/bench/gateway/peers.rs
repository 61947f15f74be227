//! Other gateways that do the same, as `tests/peers/` configures them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use gatehouse_demo::{AUDIENCE, ISSUER};

use super::super::process::program;
use super::super::python::{self, peers};
use super::super::template;
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
            Self::FastApi => python::install(&stage.scratch),
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
                let mut command = python::serve(&stage.scratch, "gateway:app", port);
                command
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

/// Writes a configuration of `tests/peers/`; where it is then.
fn fill(stage: &Stage, template: &str, name: &str, port: u16) -> Result<PathBuf> {
    let (key, scratch, modules) = (
        stage.key.to_string_lossy(),
        stage.scratch.to_string_lossy(),
        nginx_modules().unwrap_or_default(),
    );
    template::fill(
        template,
        &stage.scratch,
        name,
        &[
            ("port", &port.to_string()),
            ("origin", &stage.origin.to_string()),
            ("key", &key),
            ("scratch", &scratch),
            ("peers", &peers().to_string_lossy()),
            ("modules", &modules.to_string_lossy()),
            ("issuer", ISSUER),
            ("audience", AUDIENCE),
        ],
    )
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::super::template::replaced;
    use super::*;

    #[test]
    fn every_mark_of_the_templates_is_known() {
        let known = ["port", "origin", "key", "scratch", "peers", "modules", "issuer", "audience"];
        for file in
            ["haproxy/bare.cfg", "haproxy/gateway.cfg", "nginx/bare.conf", "nginx/gateway.conf"]
        {
            let text = fs::read_to_string(peers().join(file)).unwrap();
            let text = replaced(&text, &known.map(|name| (name, "")));
            assert!(!text.contains('@'), "{file}");
        }
    }
}
