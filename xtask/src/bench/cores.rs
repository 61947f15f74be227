//! Which core Envoy gets and which the load, and how a thread is put there.

use anyhow::Result;

use super::process::Process;

/// The cores of a run; `None` when they cannot be kept apart.
pub(super) struct Cores {
    pair: Option<Pair>,
}

struct Pair {
    gateway: usize,
    load: usize,
}

impl Cores {
    /// # Errors
    /// The kernel does not tell which cores this process may use.
    pub(super) fn choose() -> Result<Self> {
        let allowed = platform::allowed()?;
        // The first core is where most machines handle their interrupts: leave it to the load.
        let pair = allowed.last().and_then(|&gateway| {
            // The other half of a physical core would take from Envoy what it gives to the load.
            let shared = platform::siblings(gateway);
            let others = || allowed.iter().copied().filter(|core| *core != gateway);
            let load = others().find(|core| !shared.contains(core)).or_else(|| others().next())?;
            Some(Pair { gateway, load })
        });
        Ok(Cores { pair })
    }

    /// One line for the reader of a report.
    pub(super) fn describe(&self) -> String {
        match &self.pair {
            Some(pair) => format!("Envoy on core {}, the load on core {}", pair.gateway, pair.load),
            None => {
                "cannot pin: fewer than two cores, so Envoy and the load take turns on one and the numbers \
                     are less steady"
                    .to_owned()
            }
        }
    }

    /// Starts a gateway on its core, and waits until it listens.
    ///
    /// # Errors
    /// The kernel refuses, or those of `start` and [`Process::wait_until_ready`].
    pub(super) fn start(&self, start: impl FnOnce() -> Result<Process>) -> Result<Process> {
        // A gateway inherits the core from the thread that starts it.
        self.use_for_gateway()?;
        let started = start();
        self.use_for_load()?;
        let mut process = started?;
        process.wait_until_ready()?;
        Ok(process)
    }

    /// Moves this thread, and what it starts, to Envoy's core.
    fn use_for_gateway(&self) -> Result<()> {
        self.pair.as_ref().map_or(Ok(()), |pair| platform::pin(pair.gateway))
    }

    /// Moves this thread to the load's core.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn use_for_load(&self) -> Result<()> {
        self.pair.as_ref().map_or(Ok(()), |pair| platform::pin(pair.load))
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;

    use anyhow::{Context as _, Result};
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// The cores that this process may use, ascending.
    pub(super) fn allowed() -> Result<Vec<usize>> {
        let set = sched_getaffinity(None).context("cannot ask for the allowed cores")?;
        Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
    }

    /// The hardware threads of the same physical core, itself included; empty when unknown.
    pub(super) fn siblings(core: usize) -> Vec<usize> {
        let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
        parse_list(&fs::read_to_string(path).unwrap_or_default())
    }

    pub(super) fn pin(core: usize) -> Result<()> {
        let mut set = CpuSet::new();
        set.set(core);
        sched_setaffinity(None, &set).with_context(|| format!("cannot move to core {core}"))
    }

    /// The kernel's list format: `0-1,8`.
    fn parse_list(list: &str) -> Vec<usize> {
        let mut cores = Vec::new();
        for part in list.trim().split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
                cores.extend(first..=last);
            }
        }
        cores
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_kernels_core_lists_are_read() {
            for (list, cores) in
                [("0\n", vec![0]), ("0-2", vec![0, 1, 2]), ("0,8-9\n", vec![0, 8, 9]), ("", vec![])]
            {
                assert_eq!(parse_list(list), cores, "{list}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use anyhow::{Result, bail};

    pub(super) fn allowed() -> Result<Vec<usize>> {
        bail!("bench reads the CPU time of Envoy's threads from /proc: it runs on Linux only")
    }

    pub(super) fn siblings(_: usize) -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn pin(_: usize) -> Result<()> {
        Ok(())
    }
}
