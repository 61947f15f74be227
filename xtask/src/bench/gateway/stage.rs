//! Where the set-ups run: the cores, the origin, the requests, and how one is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::super::cores::Cores;
use super::super::load::Load;
use super::super::process::{Process, free_port};
use super::super::{envoy_process, load::Requests as Sequence, origin};
use super::contenders::{Contender, Program};
use super::requests::Requests;
use super::{answer, envoy, proof};

/// What all set-ups share.
pub(super) struct Stage {
    envoy: PathBuf,
    /// Where configurations, logs and what the peers need are written.
    pub(super) scratch: PathBuf,
    pub(super) cores: Cores,
    /// The port of the origin.
    pub(super) origin: u16,
    pub(super) requests: Requests,
    /// The file with the public key, for the peers.
    pub(super) key: PathBuf,
}

/// A gateway that runs and has shown that it does its work.
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) load: Load,
    /// What it is sent, of each kind.
    pub(super) kinds: [Sequence; 4],
    /// From its start to its first answer.
    pub(super) first_answer: Duration,
    /// CPU time that it used until then.
    pub(super) first_cpu: Duration,
}

impl Stage {
    /// Starts the origin.
    ///
    /// # Errors
    /// No cores, no port, or a key that cannot be written to `scratch`.
    pub(super) fn new(envoy: &Path, scratch: &Path, requests: Requests) -> Result<Self> {
        let cores = Cores::choose()?;
        cores.use_for_load()?;
        let origin = origin::start(Duration::ZERO, answer::to)?;
        let key = scratch.join("key.pem");
        let pem = gatehouse_demo::signing_key().public_key().to_pem()?;
        fs::write(&key, pem).with_context(|| format!("cannot write {}", key.display()))?;
        Ok(Stage {
            envoy: envoy.to_owned(),
            scratch: scratch.to_owned(),
            cores,
            origin,
            requests,
            key,
        })
    }

    /// Starts a set-up and has it prove what it does.
    ///
    /// # Errors
    /// It does not start, does not answer, or does not do its work.
    pub(super) fn start(&self, contender: &Contender, workers: u32) -> Result<Running> {
        let port = free_port()?;
        let process = self.cores.start(|| self.spawn(contender, port, workers))?;
        process.wait_for_answer(&self.requests.good)?;
        let (first_answer, first_cpu) = (process.age(), process.cpu()?);
        proof::check(contender, process.address(), &self.requests)
            .with_context(|| format!("set-up {}; {}", contender.name, process.log_end()))?;
        let load = Load::connect(process.address(), &self.requests.good)?;
        Ok(Running { process, load, kinds: self.requests.kinds(), first_answer, first_cpu })
    }

    fn spawn(&self, contender: &Contender, port: u16, workers: u32) -> Result<Process> {
        match &contender.program {
            Program::Envoy(filters) => {
                let configuration = envoy::configuration(port, self.origin, filters);
                let name = format!("gateway-{}", contender.name);
                envoy_process::run(&self.envoy, &self.scratch, &name, port, workers, &configuration)
            }
            Program::Peer(peer) => {
                let mut command = peer.command(self, contender.over.is_none(), port)?;
                Process::start(contender.name, &self.scratch, port, &mut command)
            }
        }
    }
}
