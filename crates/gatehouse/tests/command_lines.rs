//! Command lines, as a shell gives them to the program: what it prints, and how it ends.
#![cfg(test)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with the files of one test.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &[u8])]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gatehouse-tool-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes).expect("a file");
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came of a command line.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // Who reads no input has closed it.
    let _ = child.stdin.take().expect("an input").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let ended = Ended {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    assert!(!ended.stderr.contains("panicked"), "{arguments:?}: {ended:?}");
    ended
}

const LIMITS: &[u8] = b"rules:\n- limits: [{requests: 1, window: 60s}]\n";
const TYPO: &[u8] = b"rules:\n- limits: [{requests: 1, window: 60s}]\n  keyy: [subject]\n";
/// It warns, and no more: listeners that come from elsewhere are not seen.
const WARNS: &[u8] =
    b"dynamic_resources: {lds_config: {path_config_source: {path: /etc/lds.yaml}}}\n";

#[test]
fn a_check_says_what_is_wrong_and_where() {
    let folder = Folder::with(
        "check",
        &[("good.yaml", LIMITS), ("typo.yaml", TYPO), ("warns.yaml", WARNS), ("empty.yaml", b"")],
    );
    let caret = "typo.yaml:3:3: filter rate-limit: rules[0].keyy: unknown field, did you mean \
                 `key`?\n  |\n3 |   keyy: [subject]\n  |   ^^^^\n";
    for (arguments, input, code, stdout, stderr) in [
        (
            &["check", "--filter", "rate-limit", "good.yaml"][..],
            &b""[..],
            0,
            "good.yaml: filter rate-limit: ok\n",
            "",
        ),
        (
            &["check", "--filter", "rate-limit", "typo.yaml"],
            b"",
            1,
            caret,
            "error: 1 fault found\n",
        ),
        (
            &["check", "--filter", "rate-limit", "-"],
            TYPO,
            1,
            "<stdin>:3:3: filter rate-limit: rules[0].keyy",
            "error: 1 fault found\n",
        ),
        (
            &["check", "--filter", "rate-limit", "-"],
            br#"{"rules": [{"limits": [{"requests": 1, "window": "60s"}]}]}"#,
            0,
            "<stdin>: filter rate-limit: ok\n",
            "",
        ),
        (&["check", "warns.yaml"], b"", 0, "warns.yaml:1:21: warning: listeners", ""),
        (
            &["check", "--strict", "warns.yaml"],
            b"",
            1,
            "warns.yaml:1:21: warning: listeners",
            "error: 1 fault found\n",
        ),
        (
            &["check", "empty.yaml", "nowhere.yaml"],
            b"",
            2,
            "empty.yaml: is empty\nnowhere.yaml: cannot be read: No such file or directory (os \
             error 2)\n",
            "error: 2 faults found\n",
        ),
        (&["check", "--filter", "rate-limit", "empty.yaml"], b"", 1, "rate-limit: is empty", "1 f"),
        (
            &["check", "--filter", "rate-limt", "good.yaml"],
            b"",
            2,
            "",
            "error: no filter is called `rate-limt`, did you mean `rate-limit`?\n",
        ),
        (&["check"], b"", 2, "", "required arguments were not provided"),
        (&["check", "-", "-"], b"", 2, "", "error: standard input can be read once\n"),
        (&["check", "--format", "xml", "good.yaml"], b"", 2, "", "possible values: text, json"),
        (&["chek"], b"", 2, "", "similar subcommand"),
    ] {
        let ended = run(&folder.0, arguments, input);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.contains(stdout), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(stderr), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn programs_get_json() {
    let folder = Folder::with("json", &[("typo.yaml", TYPO)]);
    let arguments = ["check", "--format", "json", "--filter", "rate-limit", "typo.yaml"];
    let ended = run(&folder.0, &arguments, b"");
    let answer: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let line = serde_json::json!({
        "file": "typo.yaml", "line": 3, "column": 3, "level": "fault",
        "text": "filter rate-limit: rules[0].keyy: unknown field, did you mean `key`?",
    });
    assert_eq!(answer, serde_json::json!({"faults": 1, "warnings": 0, "lines": [line]}));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
}

#[test]
fn hostile_files_get_a_clear_error() {
    let bomb: String = (1..40).map(|n| format!("- &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let bomb = format!("- &a0 1\n{bomb}");
    let deep = "[".repeat(100_000);
    let deep_mappings: String = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let deep_json = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let manifest = "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nspec: ";
    for (case, name, bytes, want) in [
        ("aliases of aliases", "x.yaml", bomb.as_bytes(), "aliases make more than 1000000 values"),
        ("deep lists", "x.yaml", deep.as_bytes(), "x.yaml:1:"),
        ("deep mappings", "x.yaml", deep_mappings.as_bytes(), "is not valid YAML"),
        ("deep JSON", "x.json", deep_json.as_bytes(), "recursion limit exceeded"),
        ("not UTF-8", "x.yaml", b"a: 1\nb: \xff\n", "x.yaml:2:4: is not UTF-8"),
        ("UTF-16", "x.yaml", b"\xff\xfea\0:\0", "x.yaml:1:1: is not UTF-8"),
        ("a byte order mark in JSON", "x.json", b"\xef\xbb\xbf{}", "begins with a byte order mark"),
        (
            "a name that comes twice",
            "x.yaml",
            b"a: 1\nb: 2\na: 3\n",
            "x.yaml:3:1: is not valid YAML",
        ),
        ("a name that comes twice", "x.json", br#"{"a": 1, "a": 2}"#, "is not valid JSON"),
        ("an alias of nothing", "x.yaml", b"a: *b\n", "x.yaml:1:"),
        ("an alias of itself", "x.yaml", b"a: &a [*a]\n", "stands for what is not there yet"),
        ("a tab", "x.yaml", b"a:\n\tb: 1\n", "x.yaml:2:"),
        ("nothing", "x.json", b"", "is not valid JSON"),
        ("a word", "x.yaml", b"word", "must be a mapping of fields"),
        ("a manifest of a word", "x.yaml", manifest.as_bytes(), "spec.url: is required"),
        (
            "a broken manifest",
            "x.yaml",
            b"apiVersion: v1\nkind: [\n",
            "x.yaml:2:7: is not valid YAML",
        ),
    ] {
        let folder = Folder::with("hostile", &[(name, bytes)]);
        let ended = run(&folder.0, &["check", name], b"");
        assert_eq!(ended.code, Some(1), "{case}: {ended:?}");
        assert!(ended.stdout.contains(want), "{case}: {ended:?}");
        assert!(ended.stdout.len() < 2_000, "{case}: {ended:?}");
    }
    for (case, text) in [
        ("a huge number", "rules: [{limits: [{requests: 99999999999999999999, window: 1s}]}]"),
        ("a huge exponent", "rules: [{limits: [{requests: 1e999, window: 1s}]}]"),
        ("a negative number", "rules: [{limits: [{requests: -1, window: 1s}]}]"),
        ("no number at all", "rules: [{limits: [{requests: .nan, window: 1s}]}]"),
    ] {
        let folder = Folder::with("numbers", &[("x.yaml", text.as_bytes())]);
        let ended = run(&folder.0, &["check", "--filter", "rate-limit", "x.yaml"], b"");
        assert!(ended.stdout.contains("rules[0].limits[0].requests: must be"), "{case}: {ended:?}");
        assert_eq!(ended.code, Some(1), "{case}");
    }
}

#[test]
fn a_line_that_may_hold_a_secret_is_not_shown() {
    let text = b"hmac_secret: hunter2\nconsumers: [{name: a, keys: []}]\n";
    let folder = Folder::with("secret", &[("x.yaml", text)]);
    let ended = run(&folder.0, &["check", "--filter", "api-key-auth", "x.yaml"], b"");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("x.yaml:1:1: filter api-key-auth: hmac_secret"), "{ended:?}");
    assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
}

#[test]
fn a_key_becomes_a_digest_and_is_never_an_argument() {
    let folder = Folder::with("keys", &[("secret", b"thirty-two bytes of a secret, or more\n")]);
    let key = b"acme-partner-demo-key\n";
    let digest =
        "- digest: sha256:7a25f2d0eef2a409489420852076494650d8d0c087f2c0a95cc9cedc68518ae1\n";
    for (arguments, code, stdout, stderr) in [
        (&["hash-key", "--stdin"][..], 0, digest, ""),
        (&["hash-key", "--stdin", "--hmac-secret-file", "secret"], 0, "- digest: hmac_sha256:", ""),
        (&["hash-key", "--hmac-secret-file", "none"], 2, "", "error: cannot read none"),
        (&["hash-key"], 0, "key, for the consumer only:\ngatehouse_", ""),
        (&["hash-key", "my-own-key"], 2, "", "seen by everybody"),
        (&["hash-key", "--stdin=my-own-key"], 2, "", "seen by everybody"),
    ] {
        let ended = run(&folder.0, arguments, key);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.contains(stdout), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(stderr), "{arguments:?}: {ended:?}");
        let shown = format!("{ended:?}");
        assert!(!shown.contains("my-own-key") && !shown.contains("acme-partner"), "{shown}");
    }
}

#[test]
fn a_new_file_is_written_once_and_what_is_asked_wrongly_is_told() {
    let folder = Folder::with("init", &[]);
    let shop = ["init", "--upstream", "shop=127.0.0.1:8000", "--limit", "100/minute"];
    let with = |more: &[&'static str]| [&shop[..], more].concat();
    for (arguments, code, stdout, stderr) in [
        (shop.to_vec(), 0, "envoy.yaml is written.", ""),
        (shop.to_vec(), 2, "", "error: envoy.yaml is there already: it is not overwritten\n"),
        (vec!["check", "--strict", "envoy.yaml"], 0, "filter rate-limit: ok", ""),
        (vec!["init", "--out", "-"], 2, "", "there is no upstream: say --upstream NAME=HOST:PORT"),
        (with(&["--out", "-", "--issuer", "https://a.example"]), 2, "", "--audience"),
        (vec!["init", "--out", "-", "--limit", "5/week"], 2, "", "`week`: must be one of second"),
        (
            with(&["--out", "-", "--issuer", "https://a/?x", "--audience", "a"]),
            2,
            "",
            "cannot be found from it: say where they are, --jwks URL",
        ),
        (with(&["--out", "-", "--upstream", "b"]), 2, "", "must be NAME=HOST:PORT[,PREFIX]"),
        (with(&["--out", "-", "--upstream", "b=b:80"]), 2, "", "`/` is another's already"),
        (with(&["--out", "none/envoy.yaml"]), 2, "", "cannot create none/envoy.yaml"),
        (with(&["--out", "-", "--port", "99999"]), 2, "", "99999"),
    ] {
        let ended = run(&folder.0, &arguments, b"");
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.contains(stdout), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(stderr), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn what_is_written_is_good_whatever_its_names() {
    let folder = Folder::with("names", &[]);
    for options in [
        &["--upstream", "on=10.0.0.1:80"][..],
        &["--upstream", "8=[::1]:80,/x", "--upstream", "no=y:80"],
        &["--upstream", "true=0x10:80", "--modules", "/my modules: {x}"],
        &["--upstream", "a=b:80", "--issuer", "https://[::1]:8443/x", "--audience", "a\"b: c"],
        &[
            "--upstream",
            "a=b:80",
            "--issuer",
            "https://a/x?y=#z",
            "--jwks",
            "https://b/k?l",
            "--audience",
            "a",
        ],
        &["--upstream", "a=b:80", "--issuer", "http://a", "--audience", "1", "--audience", "yes"],
        &["--upstream", "a=b:80", "--limit", "1000000000/second", "--gateway"],
    ] {
        let written = run(&folder.0, &[&["init", "--out", "-"], options].concat(), b"");
        assert_eq!(written.code, Some(0), "{options:?}: {written:?}");
        let checked = run(&folder.0, &["check", "--strict", "-"], written.stdout.as_bytes());
        assert_eq!(checked.code, Some(0), "{options:?}: {checked:?}\n{}", written.stdout);
    }
}

#[test]
fn a_chain_of_seven_functions_is_short_and_good() {
    let folder = Folder::with("chain", &[]);
    let seven = [
        "rate-limit",
        "response-cache",
        "jwt-auth",
        "api-key-auth",
        "authorization",
        "header-transform",
        "body-transform",
    ];
    let one = run(&folder.0, &[&["chain", "--gateway"], &seven[..]].concat(), b"");
    assert!(one.stdout.lines().count() <= 100, "{}", one.stdout);
    for filter in gatehouse_gateway::FILTERS {
        for options in [&[][..], &["--gateway"], &["--capabilities", "--gateway"]] {
            let printed = run(&folder.0, &[&["chain", filter.name], options].concat(), b"");
            let checked = run(&folder.0, &["check", "--strict", "-"], printed.stdout.as_bytes());
            // Alone, who decides by the caller decides by nobody.
            assert_eq!(checked.code, Some(0), "{}: {checked:?}", filter.name);
        }
    }
    for (arguments, stderr) in [
        (&["chain"][..], "required arguments were not provided"),
        (&["chain", "jwt-auht"], "no filter is called `jwt-auht`, did you mean `jwt-auth`?"),
        (&["chain", "audit", "audit"], "`audit` comes twice"),
    ] {
        let ended = run(&folder.0, arguments, b"");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(stderr), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn every_command_teaches_itself() {
    let folder = Folder::with("help", &[]);
    let help = run(&folder.0, &["--help"], b"");
    for command in ["check", "chain", "completions", "explain", "hash-key", "init"] {
        assert!(help.stdout.contains(command), "{command}: {help:?}");
        let ended = run(&folder.0, &[command, "--help"], b"");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("Examples:\n"), "{command}: {ended:?}");
    }
    let check = run(&folder.0, &["check", "--help"], b"").stdout;
    for part in ["A fault is what stops Envoy", "A warning is what starts", "Ends with 0 where"] {
        assert!(check.contains(part), "{part}: {check}");
    }
    assert_eq!(run(&folder.0, &[], b"").code, Some(2));
    let explained = run(&folder.0, &["explain", "rate-limit.rules[0].limits[0].window"], b"");
    assert!(explained.stdout.contains("`1s` to `30d`"), "{explained:?}");
    assert_eq!(run(&folder.0, &["explain", "rate-limit.windw"], b"").code, Some(2));
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = Folder::with("shells", &[]);
    for (shell, says) in [
        ("bash", "complete -F _gatehouse"),
        ("zsh", "#compdef gatehouse"),
        ("fish", "complete -c gatehouse"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ended = run(&folder.0, &["completions", shell], b"");
        assert_eq!(ended.code, Some(0), "{shell}: {ended:?}");
        assert!(ended.stdout.contains(says) && ended.stdout.contains("hash-key"), "{shell}");
    }
}

/// `gatehouse check … | head -1`.
#[test]
fn who_closes_the_pipe_ends_it_quietly() {
    let folder = Folder::with("pipe", &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
        .args(["completions", "zsh"])
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
