//! What the kernel tells about a process and its children.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The process and whatever it started that still runs, itself first.
///
/// # Errors
/// It has ended.
pub(super) fn of(process: u32) -> Result<Vec<u32>> {
    let mut ids = vec![process];
    let mut next = 0;
    while let Some(&id) = ids.get(next) {
        match children(id) {
            Ok(more) => ids.extend(more),
            Err(error) if next == 0 => return Err(error),
            // A child may end while it is looked at.
            Err(_) => {}
        }
        next = next.saturating_add(1);
    }
    Ok(ids)
}

/// CPU time of all threads of one process, to the nanosecond.
///
/// # Errors
/// It has ended.
pub(super) fn cpu(process: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in threads(process)? {
        let path = format!("{thread}/schedstat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let nanoseconds = on_the_cpu(&text).with_context(|| format!("{path} holds `{text}`"))?;
        total = total.saturating_add(Duration::from_nanos(nanoseconds));
    }
    Ok(total)
}

/// The resident memory of one process, as the kernel tells it.
///
/// # Errors
/// It has ended.
pub(super) fn mebibytes(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    Ok(resident_kibibytes(&status).with_context(|| format!("{path} has no VmRSS"))? / 1024.0)
}

/// Asks one process to end, and to end its children; it may have ended by itself.
pub(super) fn terminate(process: u32) {
    platform::terminate(process);
}

/// Ends one process at once; it may have ended by itself.
pub(super) fn kill(process: u32) {
    platform::kill(process);
}

fn children(process: u32) -> Result<Vec<u32>> {
    let mut ids = Vec::new();
    for thread in threads(process)? {
        // Kernels that are built without this list are rare: there, only the process itself counts.
        let list = fs::read_to_string(format!("{thread}/children")).unwrap_or_default();
        ids.extend(list.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(ids)
}

/// The folders of a process's threads.
fn threads(process: u32) -> Result<Vec<String>> {
    let folder = format!("/proc/{process}/task");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {folder}"))?;
    entries
        .map(|entry| {
            Ok(entry.context("cannot list the threads")?.path().to_string_lossy().into_owned())
        })
        .collect()
}

/// Of "time on the CPU, time waiting for one (both ns), time slices" the first.
fn on_the_cpu(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

fn resident_kibibytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(target_os = "linux")]
mod platform {
    use rustix::process::{Pid, Signal, kill_process};

    pub(super) fn terminate(process: u32) {
        send(process, Signal::TERM);
    }

    pub(super) fn kill(process: u32) {
        send(process, Signal::KILL);
    }

    fn send(process: u32, signal: Signal) {
        if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn terminate(_: u32) {}

    pub(super) fn kill(_: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read() {
        assert_eq!(on_the_cpu("12345 678 9\n"), Some(12345));
        assert_eq!(on_the_cpu(""), None);
        assert_eq!(
            resident_kibibytes("Name:\tenvoy\nVmRSS:\t   2048 kB\nThreads:\t3\n"),
            Some(2048.0)
        );
        assert_eq!(resident_kibibytes("Name:\tenvoy\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_and_its_child_are_a_tree() {
        let mut shell =
            std::process::Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let tree = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            of(shell.id()).ok().filter(|ids| ids.len() == 2)
        });
        let ids = tree.unwrap();
        assert_eq!(ids[0], shell.id());
        shell.kill().unwrap();
        shell.wait().unwrap();
        kill(ids[1]);
        assert!(of(shell.id()).is_err());
    }
}
