//! Why a gateway did not start.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::envoy::error_lines;

/// Why a gateway did not start.
#[derive(Debug)]
pub enum StartError {
    /// Something is missing or wrong before Envoy can be started.
    Prepare(anyhow::Error),
    /// Envoy refuses the config, or a filter refuses its configuration.
    Refused {
        /// How the process ended; `None` where it goes on without what it refuses, as an Envoy does
        /// that others have used before.
        status: Option<ExitStatus>,
        /// Envoy's whole log.
        log: String,
    },
    /// Envoy runs but has not become ready in the time given.
    NotReady {
        /// The time given.
        waited: Duration,
        /// Envoy's whole log.
        log: String,
    },
}

impl StartError {
    /// Envoy's log; empty when it was not started.
    #[must_use]
    pub fn log(&self) -> &str {
        match self {
            Self::Prepare(_) => "",
            Self::Refused { log, .. } | Self::NotReady { log, .. } => log,
        }
    }
}

impl From<anyhow::Error> for StartError {
    fn from(fault: anyhow::Error) -> Self {
        Self::Prepare(fault)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepare(fault) => write!(out, "{fault:#}"),
            Self::Refused { status: Some(status), log } => {
                write!(out, "Envoy refused to start ({status}):\n{}", error_lines(log))
            }
            Self::Refused { status: None, log } => {
                write!(out, "Envoy refused the config:\n{}", error_lines(log))
            }
            Self::NotReady { waited, log } => {
                write!(
                    out,
                    "Envoy was not ready after {} s:\n{}",
                    waited.as_secs(),
                    error_lines(log)
                )
            }
        }
    }
}

impl std::error::Error for StartError {}
