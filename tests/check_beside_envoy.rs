//! `check` beside Envoy: what the one says of a configuration, the other does.
//!
//! Each case is a listener. `check` reads it in a whole file; Envoy is given all of them at once,
//! in a file of listeners, and refuses each by itself.

/// A configuration, and what is to be said of it.
mod case;

/// What Envoy did with each listener.
mod envoys;

/// Configurations of the filters.
mod blocks;

/// Whole files.
mod files;

/// What is around them: plugins, chains, routes, clusters.
mod surroundings;

use case::{Block, Changed, Verdict, Whole, as_static};
use envoys::{Beside, scratch};
use gatehouse_check::file;
use gatehouse_sandbox::envoy;

#[test]
fn what_check_says_envoy_does() {
    let blocks = blocks::all();
    let blocks = blocks.iter().map(|block| (block.case, block.verdict, Given::Block(block)));
    let changed = surroundings::all();
    let changed = changed.iter().map(|one| (one.case, one.verdict, Given::Changed(one)));
    let cases: Vec<Listener> = blocks.chain(changed).enumerate().map(listener).collect();
    assert!(cases.len() >= 200, "{}", cases.len());
    hold_together("yaml", &cases);
}

/// Envoy's YAML knows no numbers with a point.
#[test]
fn what_check_says_of_json_envoy_does() {
    let changed = surroundings::in_json().iter();
    let changed = changed.map(|one| (one.case, one.verdict, Given::Changed(one)));
    let cases: Vec<Listener> = changed.enumerate().map(listener).collect();
    hold_together("json", &cases);
}

/// What Envoy refuses before it comes to listeners.
#[test]
fn what_check_says_of_a_whole_file_envoy_does() {
    let envoy = envoy::locate(|step| eprintln!("{step}")).expect("an Envoy");
    let folder = scratch("whole");
    let mut wrong = Vec::new();
    for Whole { case, ending, text, verdict } in files::ALL {
        let path = folder.join(format!("envoy.{ending}"));
        std::fs::write(&path, text()).expect("a file");
        let told = verdict.against_check(&file(&path, "envoy"));
        wrong.extend(told.map(|told| format!("{case}: {told}")));
        let done = envoy.validate(&path).map_err(|fault| fault.to_string());
        wrong.extend(verdict.against_done(done).map(|told| format!("{case}: {told}")));
    }
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files::ALL.len(), wrong.join("\n"));
}

/// A case, before it is known what its listener is called.
enum Given<'a> {
    Block(&'a Block),
    Changed(&'a Changed),
}

fn listener(
    (index, (case, verdict, given)): (usize, (&'static str, Verdict, Given<'_>)),
) -> Listener {
    let text = match given {
        Given::Block(block) => block.yaml(&name(index)),
        Given::Changed(changed) => changed.tree(&name(index)).to_string(),
    };
    Listener { case, verdict, text }
}

/// A listener as text.
struct Listener {
    case: &'static str,
    verdict: Verdict,
    text: String,
}

fn name(index: usize) -> String {
    format!("case-{index}")
}

/// Has `check` read each listener in a file of this kind, and Envoy all of them.
#[track_caller]
fn hold_together(ending: &str, cases: &[Listener]) {
    let folder = scratch(ending);
    let mut wrong = Vec::new();
    for Listener { case, verdict, text } in cases {
        let path = folder.join(format!("one.{ending}"));
        std::fs::write(&path, as_static(text)).expect("a file");
        let told = verdict.against_check(&file(&path, "envoy"));
        wrong.extend(told.map(|told| format!("{case}: {told}")));
    }
    let all: Vec<&str> = cases.iter().map(|listener| listener.text.as_str()).collect();
    let path = folder.join(format!("listeners.{ending}"));
    std::fs::write(&path, format!("{{\"resources\": [\n{}\n]}}", all.join(",\n"))).expect("a file");
    let beside = Beside::start(&path);
    for (index, Listener { case, verdict, .. }) in cases.iter().enumerate() {
        let told = beside.against(&name(index), *verdict);
        wrong.extend(told.map(|told| format!("{case}: {told}")));
    }
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    beside.assert_no_trap();
}
