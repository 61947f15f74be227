//! `cargo xtask hash-key`: what `gatehouse hash-key` prints, from a checkout.

use anyhow::Result;
use gatehouse::hash_key::HashKey;

use crate::arguments::{Command, Given, Opt};

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
/// See [`HashKey::run`].
fn run(given: &Given) -> Result<()> {
    say!("{}", read(given).run()?.text.trim_end());
    Ok(())
}

fn read(given: &Given) -> HashKey {
    HashKey {
        from_stdin: given.has("--stdin"),
        secret_file: given.value("--hmac-secret-file").map(Into::into),
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
                .map(|given| read(&given))
                .map_err(|error| error.to_string())
        };
        let options = |from_stdin, file: Option<&str>| HashKey {
            from_stdin,
            secret_file: file.map(Into::into),
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
}
