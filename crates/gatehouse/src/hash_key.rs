//! `gatehouse hash-key`: an API key, and the line of it that goes into the configuration of
//! api-key-auth.

use std::fs;
use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use gatehouse_api_key_auth::{Digest, MAX_KEY, Secret};

use super::Answer;

/// Print a new API key and its digest for api-key-auth.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(after_help = "Examples:
  gatehouse hash-key
  gatehouse hash-key --stdin < key.txt
  gatehouse hash-key --hmac-secret-file secret.txt

A key is never an argument: what is on a command line is seen by everybody on the machine.")]
pub struct HashKey {
    /// Take the key from standard input instead.
    #[arg(long = "stdin")]
    pub from_stdin: bool,
    /// Make a keyed digest, with the filter's hmac_secret.
    #[arg(long = "hmac-secret-file", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// What is said of a command line that may have a key on it, without showing it.
pub const NOT_HERE: &str = "hash-key takes a key from standard input alone, with `--stdin`: what \
                            is on a command line is seen by everybody on the machine; `gatehouse \
                            hash-key --help` says the rest";

/// Whether a command line that cannot be understood may have a key on it.
pub fn may_hold_a_key(arguments: impl IntoIterator<Item = String>) -> bool {
    arguments.into_iter().nth(1).is_some_and(|command| command == "hash-key")
}

impl HashKey {
    /// A new key, or the one on standard input, and its digest.
    ///
    /// # Errors
    /// A secret that is too short or cannot be read, a key that the filter would not take.
    pub fn run(&self) -> Result<Answer> {
        let secret = self.secret_file.as_deref().map(secret).transpose()?;
        let key = match self.from_stdin {
            true => read_key(secret.is_some())?,
            false => random()?,
        };
        let digest = match &secret {
            Some(secret) => Digest::hmac_sha256(secret, key.as_bytes()),
            None => Digest::sha256(key.as_bytes()),
        };
        Ok(Answer::good(report(&key, &digest, self.from_stdin)))
    }
}

/// The secret in a file, without the line break that editors put at its end.
fn secret(file: &Path) -> Result<Secret> {
    let name = file.display();
    let bytes = fs::read(file).with_context(|| format!("cannot read {name}"))?;
    Secret::new(without_line_break(&bytes))
        .ok_or_else(|| anyhow!("the secret in {name} must be {} bytes at least", Secret::SHORTEST))
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
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("there are no random bytes: {error}"))?;
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
