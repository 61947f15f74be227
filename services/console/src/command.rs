//! The command line.

use std::fmt;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: gatehouse-console [--admin HOST:PORT] [--access-log FILE] [--listen ADDRESS:PORT] \
[--name NAME]...

  --admin        Envoy's admin interface, 127.0.0.1:9901 unless given
  --access-log   the gateway's access log, one JSON object a line; without it no single \
requests are shown
  --listen       where the console is, 127.0.0.1:9902 unless given
  --name         a host name that the console is reached by, beside localhost and loopback \
addresses";

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Serve(Options),
    Help,
}

/// What to serve, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) admin: String,
    pub(crate) access_log: Option<PathBuf>,
    pub(crate) listen: String,
    pub(crate) names: Vec<String>,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Misuse {
    ValueMissing(String),
    ArgumentUnknown(String),
}

impl Command {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let mut options = Options {
            admin: "127.0.0.1:9901".to_owned(),
            access_log: None,
            listen: "127.0.0.1:9902".to_owned(),
            names: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            if matches!(flag, "-h" | "--help") {
                return Ok(Self::Help);
            }
            if !matches!(flag, "--admin" | "--access-log" | "--listen" | "--name") {
                return Err(Misuse::ArgumentUnknown(argument));
            }
            let value = inline.or_else(|| arguments.next());
            let value = value.ok_or_else(|| Misuse::ValueMissing(flag.to_owned()))?;
            match flag {
                "--admin" => options.admin = value,
                "--access-log" => options.access_log = Some(value.into()),
                "--listen" => options.listen = value,
                _ => options.names.push(value),
            }
        }
        Ok(Self::Serve(options))
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValueMissing(flag) => write!(out, "{flag} needs a value"),
            Self::ArgumentUnknown(argument) => write!(out, "{argument:?} is not an argument here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(ToOwned::to_owned))
            .map_err(|misuse| misuse.to_string())
    }

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let defaults = || Options {
            admin: "127.0.0.1:9901".to_owned(),
            access_log: None,
            listen: "127.0.0.1:9902".to_owned(),
            names: Vec::new(),
        };
        assert_eq!(parse(""), Ok(Command::Serve(defaults())));
        let given = Options {
            admin: "gateway:9901".to_owned(),
            access_log: Some("/a.log".into()),
            listen: "0.0.0.0:1".to_owned(),
            names: vec!["a".to_owned(), "b".to_owned()],
        };
        let line = "--admin gateway:9901 --access-log=/a.log --listen 0.0.0.0:1 --name a --name=b";
        assert_eq!(parse(line), Ok(Command::Serve(given)));
        assert_eq!(parse("--listen x --help"), Ok(Command::Help));
        assert_eq!(parse("--listen"), Err("--listen needs a value".to_owned()));
        assert_eq!(parse("x"), Err("\"x\" is not an argument here".to_owned()));
    }
}
