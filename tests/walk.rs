//! The first page and `docs/start.md`, typed as they stand: every `curl` of theirs is sent to the
//! gateway of `envoy/envoy.yaml`, and what comes back is what the page shows.

use std::io::Write as _;
use std::process::{Command, Stdio};

use gatehouse_sandbox::{Gateway, workspace};
use serde_json::Value;

use crate::harness::{start, trap};

/// In the order in which a newcomer reads them.
const PAGES: [&str; 2] = ["README.md", "docs/start.md"];

/// Where `cargo xtask up` has the gateway.
const SHOWN: &str = "http://127.0.0.1:8080";

#[test]
fn the_walk_goes_as_the_pages_say() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no curl (apt-get install curl)");
        return;
    }
    let gateway = start(Gateway::builder("envoy/envoy.yaml"));
    let steps: Vec<Step> = PAGES.iter().flat_map(|page| Step::of(page)).collect();
    assert!(steps.len() >= 15, "{} commands", steps.len());
    let answers = type_in(&gateway, &steps);
    assert_eq!(answers.len(), steps.len());
    let mut wrong = String::new();
    for (step, answer) in steps.iter().zip(&answers) {
        if told(answer) != told(&step.shown) {
            let Step { command, shown } = step;
            wrong += &format!("$ {command}\nshown:\n{shown}\nanswered:\n{answer}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    trap::assert_none(&gateway);
}

/// A command, and what the page shows of its output.
struct Step {
    command: String,
    shown: String,
}

impl Step {
    /// Those of a page that ask the gateway, in order.
    fn of(page: &str) -> Vec<Self> {
        let text = std::fs::read_to_string(workspace::root().join(page)).expect("the page");
        let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split_once("```"));
        let mut steps = Vec::new();
        for (block, _) in blocks {
            // What comes before the first prompt is what somebody has done before.
            for step in format!("\n{block}").split("\n$ ").skip(1) {
                let (command, shown) = step.split_once('\n').unwrap_or((step, ""));
                if command.contains(SHOWN) {
                    steps.push(Self { command: command.to_owned(), shown: shown.to_owned() });
                }
            }
        }
        steps
    }
}

/// What each command prints, in one shell: a command may use what one before it has kept.
fn type_in(gateway: &Gateway, steps: &[Step]) -> Vec<String> {
    const END: char = '\u{1e}';
    let own = gateway.url("");
    let script: String = steps
        .iter()
        .map(|step| format!("{}\nprintf '{END}'\n", step.command.replace(SHOWN, &own)))
        .collect();
    let mut shell = Command::new("bash")
        .args(["-u", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Without `-s`, curl tells there how far it is.
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    // Dropping it says that there is no more.
    let mut stdin = shell.stdin.take().expect("a pipe");
    stdin.write_all(script.as_bytes()).expect("the shell reads");
    drop(stdin);
    let output = shell.wait_with_output().expect("the shell ends");
    let text = String::from_utf8(output.stdout).expect("the answers are UTF-8");
    text.split_terminator(END).map(|answer| answer.replace("\r\n", "\n")).collect()
}

/// What of an output is the same each time: status lines, which fields there are, and of JSON the
/// names at its top and the code.
fn told(output: &str) -> Vec<String> {
    let mut told: Vec<String> =
        output.lines().filter(|line| !line.is_empty()).map(line_told).collect();
    // The order of fields is nobody's promise.
    told.sort();
    told
}

fn line_told(line: &str) -> String {
    if line.starts_with("HTTP/") || line.bytes().all(|byte| byte.is_ascii_digit()) {
        return line.to_owned();
    }
    if line.starts_with('{') {
        // A page leaves out what is long.
        let begin: String = line.chars().take_while(|letter| *letter != ':').collect();
        let code =
            serde_json::from_str::<Value>(line).ok().and_then(|json| json.get("code").cloned());
        return format!("{begin} {}", code.unwrap_or_default());
    }
    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
    match name {
        // Whether it was stored is what the page is about.
        "cache-status" => value.split("ttl=").next().unwrap_or_default().to_owned(),
        name => name.to_owned(),
    }
}
