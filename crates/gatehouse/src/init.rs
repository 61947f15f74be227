//! `gatehouse init`: a whole `envoy.yaml` to begin with.

mod bootstrap;
mod issuer;
mod limit;
mod questions;
mod upstream;

use std::io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::Answer;
use super::chain::Modules;
use issuer::Address;
use limit::Limit;
use upstream::Upstream;

/// Write a working envoy.yaml, from options or from a few questions.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatehouse init
  gatehouse init --upstream shop=127.0.0.1:8000 --limit 100/minute
  gatehouse init --upstream shop=shop:8000,/ --upstream auth=auth:8000,/auth \\
    --issuer https://login.example.com/realms/shop --audience shop

A file that is there already is not overwritten. With an issuer every request needs a token of it; \
its keys are fetched from --jwks, or found by OpenID Connect Discovery.")]
pub struct Init {
    /// A service behind the gateway, and the beginning of the paths that are its own.
    #[arg(long = "upstream", value_name = "NAME=HOST:PORT[,PREFIX]")]
    pub upstreams: Vec<Upstream>,
    /// Who issues tokens: what they say in `iss`.
    #[arg(long, value_name = "URL", requires = "audiences")]
    pub issuer: Option<Address>,
    /// For whom tokens are: what they say in `aud`.
    #[arg(long = "audience", value_name = "NAME", requires = "issuer")]
    pub audiences: Vec<String>,
    /// Where the issuer's keys are; without it the issuer says so itself.
    #[arg(long, value_name = "URL", requires = "issuer")]
    pub jwks: Option<Address>,
    /// How many requests a client may send.
    #[arg(long, value_name = "NUMBER/UNIT")]
    pub limit: Option<Limit>,
    /// Where the gateway listens.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Where Envoy's admin interface listens, on loopback.
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    pub admin_port: u16,
    /// One module, gateway.wasm, with all filters.
    #[arg(long)]
    pub gateway: bool,
    /// The file to write; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "envoy.yaml")]
    pub out: PathBuf,
    /// Where the modules are.
    #[command(flatten)]
    pub modules: Modules,
}

/// What a gateway is to be.
pub(crate) struct Wanted {
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) provider: Option<Provider>,
    pub(crate) limit: Option<Limit>,
}

/// Whose tokens are taken.
pub(crate) struct Provider {
    pub(crate) issuer: Address,
    pub(crate) audiences: Vec<String>,
    pub(crate) jwks: Option<Address>,
}

impl Provider {
    /// A document below an issuer says where its keys are, unless somebody else does (OpenID
    /// Connect Discovery 1.0 §4).
    fn check(&self) -> Result<()> {
        let url = &self.issuer.url;
        if self.jwks.is_none() && url.contains(['?', '#']) {
            bail!("{url}: its keys cannot be found from it: say where they are, --jwks URL");
        }
        Ok(())
    }
}

impl Init {
    /// Writes the file.
    ///
    /// # Errors
    /// There is no upstream and nobody to ask, the file is there already, or cannot be written.
    pub fn run(&self) -> Result<Answer> {
        let is_printed = self.out == Path::new("-");
        if !is_printed && self.out.exists() {
            bail!("{} is there already: it is not overwritten", self.out.display());
        }
        let wanted = self.wanted()?;
        upstream::check(&wanted.upstreams)?;
        wanted.provider.as_ref().map_or(Ok(()), Provider::check)?;
        let text = bootstrap::text(&wanted, self)?;
        if is_printed {
            return Ok(Answer::good(text));
        }
        write(&self.out, &text)?;
        let name = self.out.display();
        Ok(Answer::good(format!(
            "{name} is written. Next:\n  gatehouse check {name}\n  envoy -c {name}\n"
        )))
    }

    fn wanted(&self) -> Result<Wanted> {
        if !self.upstreams.is_empty() {
            let provider = self.issuer.clone().map(|issuer| Provider {
                issuer,
                audiences: self.audiences.clone(),
                jwks: self.jwks.clone(),
            });
            return Ok(Wanted { upstreams: self.upstreams.clone(), provider, limit: self.limit });
        }
        if !stdin().is_terminal() {
            bail!(
                "there is no upstream: say --upstream NAME=HOST:PORT, or ask on a terminal for \
                 questions"
            );
        }
        questions::ask(&mut stdin().lock(), &mut stderr().lock())
    }
}

/// Writes a file that is not there yet: whoever made one meanwhile keeps it.
fn write(path: &Path, text: &str) -> Result<()> {
    let name = path.display();
    match std::fs::File::create_new(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).with_context(|| format!("cannot write {name}"))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{name} is there already: it is not overwritten")
        }
        Err(error) => Err(error).with_context(|| format!("cannot create {name}")),
    }
}
