//! `cargo xtask hash-key`: an API key, and the line of it that goes into the configuration of
//! api-key-auth.

use std::fs::{self, File};
use std::io::{Read as _, stdin};

use crate::arguments::{Command, Given, Opt};
use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_api_key_auth::{Digest, MAX_KEY, Secret};

pub(crate) const COMMAND: Command = Command {
    name: "hash-key",
    operands: "",
    about: "Print a new API key and its digest for api-key-auth.",
    options: &[
        Opt { name: "--stdin", value: None, about: "take the key from standard input instead" },
        Opt {
            name: "--hmac-secret-file",
            value: Some("FILE"),
            about: "make a keyed digest, with the filter's hmac_secret",
        },
    ],
    run,
};

/// Prints a new key, or the one on standard input, and its digest.
///
/// # Errors
/// Bad options, a secret that is too short or cannot be read, a key that the filter would not take.
fn run(given: &Given) -> Result<()> {
    let options = Options::read(given);
    let secret = options.secret_file.as_deref().map(secret).transpose()?;
    let key = match options.from_stdin {
        true => read_key(secret.is_some())?,
        false => random()?,
    };
    let digest = match &secret {
        Some(secret) => Digest::hmac_sha256(secret, key.as_bytes()),
        None => Digest::sha256(key.as_bytes()),
    };
    say!("{}", report(&key, &digest, options.from_stdin).trim_end());
    Ok(())
}

#[derive(Debug, Default, PartialEq)]
struct Options {
    from_stdin: bool,
    /// A file, because what is on a command line is seen by everybody on the machine.
    secret_file: Option<String>,
}

impl Options {
    fn read(given: &Given) -> Self {
        Self {
            from_stdin: given.has("--stdin"),
            secret_file: given.value("--hmac-secret-file").map(ToOwned::to_owned),
        }
    }
}

/// The secret in a file, without the line break that editors put at its end.
fn secret(file: &str) -> Result<Secret> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {file}"))?;
    Secret::new(without_line_break(&bytes))
        .ok_or_else(|| anyhow!("the secret in {file} must be {} bytes at least", Secret::SHORTEST))
}

/// The key on standard input.
fn read_key(keyed: bool) -> Result<String> {
    let mut bytes = Vec::new();
    stdin().take(64 * 1024).read_to_end(&mut bytes).context("cannot read standard input")?;
    let key = std::str::from_utf8(without_line_break(&bytes))
        .map_err(|_| anyhow!("the key must be text"))?;
    judge(key, keyed)?;
    Ok(key.to_owned())
}

/// The shortest key that a plain digest keeps: a shorter one would be found by trying.
const SHORTEST: usize = 16;

fn judge(key: &str, keyed: bool) -> Result<()> {
    if key.is_empty() {
        bail!("there is no key on standard input");
    }
    if key.len() > MAX_KEY {
        bail!("the key must be {MAX_KEY} bytes at most: api-key-auth refuses longer ones");
    }
    if key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        bail!("the key must be printable ASCII without spaces: it travels in a header");
    }
    if key.len() < SHORTEST && !keyed {
        bail!(
            "a key of less than {SHORTEST} characters can be found from its plain digest by trying: \
             use --hmac-secret-file, or a new key"
        );
    }
    Ok(())
}

fn without_line_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// A new key of 256 random bits. It begins with a word, so that a search for leaked secrets finds
/// it.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(format!("gatehouse_{}", gatehouse_filter::hex::text(&bytes)))
}

/// What is printed: a key that came in is not shown again.
fn report(key: &str, digest: &Digest, was_given: bool) -> String {
    let line = format!("- digest: {digest}\n");
    match was_given {
        true => line,
        false => {
            format!("key, for the consumer only:\n{key}\n\nunder `keys` of the consumer:\n{line}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_an_argument() {
        let parse = |args: &[&str]| {
            COMMAND
                .parse(&args.iter().map(ToString::to_string).collect::<Vec<_>>())
                .map(|given| Options::read(&given))
                .map_err(|error| error.to_string())
        };
        let options = |from_stdin, file: Option<&str>| Options {
            from_stdin,
            secret_file: file.map(str::to_owned),
        };
        assert_eq!(parse(&[]), Ok(options(false, None)));
        assert_eq!(parse(&["--stdin", "--hmac-secret-file", "f"]), Ok(options(true, Some("f"))));
        assert_eq!(parse(&["--hmac-secret-file=f"]), Ok(options(false, Some("f"))));
        assert_eq!(
            parse(&["--hmac-secret-file"]),
            Err("--hmac-secret-file needs a file".to_owned())
        );
        for args in [&["my-secret-key"][..], &["--stdin=my-secret-key"]] {
            let error = parse(args).unwrap_err();
            assert!(error.contains("--stdin") && !error.contains("my-secret-key"), "{error}");
        }
    }

    #[test]
    fn a_key_that_would_not_work_is_refused() {
        for (key, keyed, is_good) in [
            ("0123456789abcdef", false, true),
            ("0123456789abcde", false, false),
            ("0123456789abcde", true, true),
            ("", true, false),
            ("0123456789 abcdef", false, false),
            ("0123456789abcdef\u{e9}", false, false),
            (&"k".repeat(512), false, true),
            (&"k".repeat(513), false, false),
        ] {
            assert_eq!(judge(key, keyed).is_ok(), is_good, "{key} {keyed}");
        }
        assert_eq!(without_line_break(b"k\r\n"), b"k");
        assert_eq!(without_line_break(b"k\n\n"), b"k\n");
    }

    #[test]
    fn a_new_key_is_printed_with_a_line_that_the_filter_takes() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        judge(&one, false).unwrap();
        let digest = Digest::sha256(one.as_bytes());
        let report = report(&one, &digest, false);
        let line = report.lines().last().unwrap().strip_prefix("- digest: ").unwrap();
        assert_eq!(Digest::parse(line).unwrap().to_string(), digest.to_string());
        assert!(report.contains(&one));
        assert!(
            !super::report(&one, &digest, true).contains(&one),
            "a key that came in is not shown again"
        );
    }
}
