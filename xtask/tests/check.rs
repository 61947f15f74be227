//! `cargo xtask check`, as a program.

use std::process::{Command, Stdio};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}

#[test]
fn a_warning_is_a_fault_where_that_is_asked_for() {
    // Listeners that come from elsewhere are not seen: that is a warning.
    let file = std::env::temp_dir().join(format!("gatehouse-strict-{}.yaml", std::process::id()));
    let text = "dynamic_resources: {lds_config: {path_config_source: {path: /etc/lds.yaml}}}\n";
    std::fs::write(&file, text).expect("a file");
    for (options, is_good) in [(&[][..], true), (&["--strict"], false)] {
        let output = Command::new(XTASK)
            .arg("check")
            .args(options)
            .arg(&file)
            .current_dir(root())
            .output()
            .expect("it runs");
        assert_eq!(output.status.success(), is_good, "{options:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{options:?}: it says what it warns of");
    }
    std::fs::remove_file(&file).expect("the file can be removed");
}

#[test]
fn its_help_says_what_it_checks() {
    let output = Command::new(XTASK)
        .args(["check", "--help"])
        .current_dir(root())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for part in ["-p gatehouse -- check --help", "--strict", "Offline", "Ends with 0"] {
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part}: {text}");
    }
}

/// `cargo xtask check … | head -1`.
#[test]
fn who_closes_the_pipe_ends_it_without_a_panic() {
    let mut child = Command::new(XTASK)
        .args(["check", "envoy/envoy.yaml"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(output.status.code(), Some(141), "{told}");
}
