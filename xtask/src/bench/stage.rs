//! Where the set-ups run that pass requests on.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::cores::Cores;
use super::origin::{self, Answer};
use super::process::Process;
use super::{Sources, envoy_process};

/// What all set-ups share.
pub(super) struct Stage<'a> {
    envoy: &'a Path,
    /// Where configurations and logs are written.
    pub(super) scratch: &'a Path,
    pub(super) cores: Cores,
    /// The port of the origin.
    pub(super) origin: u16,
}

impl<'a> Stage<'a> {
    /// Starts the origin, which answers each request after `delay`.
    ///
    /// # Errors
    /// No cores, or no port.
    pub(super) fn new(
        envoy: &'a Path,
        sources: &'a Sources,
        delay: Duration,
        answer: Answer,
    ) -> Result<Self> {
        let cores = Cores::choose()?;
        cores.use_for_load()?;
        let origin = origin::start(delay, answer)?;
        note!("{}", cores.describe());
        Ok(Stage { envoy, scratch: &sources.scratch, cores, origin })
    }

    /// Starts an Envoy on a configuration that makes it listen on `port`.
    ///
    /// # Errors
    /// As [`envoy_process::run`].
    pub(super) fn envoy(
        &self,
        name: &str,
        port: u16,
        workers: u32,
        configuration: &Value,
    ) -> Result<Process> {
        envoy_process::run(self.envoy, self.scratch, name, port, workers, configuration)
    }
}
