//! The words after `cargo xtask <command>`, read in one place by what the command says that it
//! takes.

use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use lexopt::{Arg, Parser};

/// A command of this program.
pub(crate) struct Command {
    /// The word that calls it.
    pub(crate) name: &'static str,
    /// What it takes beside options, as its help shows it: `[FILE]`. Empty where that is nothing.
    pub(crate) operands: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// The options that it takes.
    pub(crate) options: &'static [Opt],
    /// Does it.
    pub(crate) run: fn(&Given) -> Result<()>,
}

/// An option of a command.
pub(crate) struct Opt {
    /// With its dashes.
    pub(crate) name: &'static str,
    /// The value that it takes, as its help shows it: `N`, `FILE`. `None` for a switch.
    pub(crate) value: Option<&'static str>,
    /// What it does.
    pub(crate) about: &'static str,
}

/// The words that a command was given.
#[derive(Debug, Default)]
pub(crate) struct Given {
    options: Vec<(&'static str, String)>,
    operands: Vec<String>,
    /// It is only asked what it does.
    pub(crate) wants_help: bool,
}

impl Command {
    /// Reads the words.
    ///
    /// # Errors
    /// An option that the command does not have, a value that is missing or too many, an operand
    /// where it takes none. No value is repeated: it may be a secret.
    pub(crate) fn parse(&self, words: &[String]) -> Result<Given> {
        let mut given = Given::default();
        let mut parser = Parser::from_args(words);
        while let Some(word) = parser.next().map_err(|_| anyhow!("{} takes text", self.name))? {
            let option = match word {
                Arg::Short('h') | Arg::Long("help") => {
                    given.wants_help = true;
                    continue;
                }
                Arg::Value(_) if self.operands.is_empty() => bail!("{}", self.takes_no_operand()),
                Arg::Value(operand) => {
                    given.operands.push(operand.to_string_lossy().into_owned());
                    continue;
                }
                Arg::Short(letter) => bail!("{}", self.has_no(&format!("-{letter}"))),
                Arg::Long(name) => {
                    let name = format!("--{name}");
                    let known = self.options.iter().find(|option| option.name == name);
                    known.ok_or_else(|| anyhow!("{}", self.has_no(&name)))?
                }
            };
            let value = match option.value {
                Some(kind) => {
                    let value = parser.value();
                    value.map_err(|_| anyhow!("{} needs {}", option.name, described(kind)))?
                }
                None if parser.optional_value().is_some() => {
                    bail!("{} takes no value", option.name)
                }
                None => OsString::new(),
            };
            given.options.push((option.name, value.to_string_lossy().into_owned()));
        }
        Ok(given)
    }

    /// What the command does, what it takes, and its options.
    pub(crate) fn help(&self) -> String {
        let mut help = format!("usage: cargo xtask {}", self.name);
        if !self.options.is_empty() {
            help.push_str(" [option…]");
        }
        if !self.operands.is_empty() {
            help.push_str(&format!(" {}", self.operands));
        }
        help.push_str(&format!("\n\n{}\n", self.about));
        if !self.options.is_empty() {
            help.push_str("\noptions:\n");
        }
        for Opt { name, value, about } in self.options {
            let shown = format!("{name} {}", value.unwrap_or_default());
            help.push_str(&format!("  {shown:24} {about}\n"));
        }
        help.trim_end().to_owned()
    }

    fn has_no(&self, option: &str) -> String {
        format!("{} has no option `{option}`; {}", self.name, self.options())
    }

    fn takes_no_operand(&self) -> String {
        format!("{} takes options only; {}", self.name, self.options())
    }

    fn options(&self) -> String {
        let names: Vec<&str> = self.options.iter().map(|option| option.name).collect();
        match names.as_slice() {
            [] => "it has none".to_owned(),
            [one] => format!("there is {one}"),
            [others @ .., last] => format!("there are {} and {last}", others.join(", ")),
        }
    }
}

impl Given {
    /// Whether the option was given.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.value(option).is_some()
    }

    /// The option's value; the last one, where it was given again.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.values(option).last()
    }

    /// Every value of the option, in order.
    pub(crate) fn values(&self, option: &str) -> impl Iterator<Item = &str> {
        let named = move |(name, _): &&(&'static str, String)| *name == option;
        self.options.iter().filter(named).map(|(_, value)| value.as_str())
    }

    /// The option's value as a number above zero.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn positive<T: FromStr + PartialOrd + Default>(
        &self,
        option: &str,
    ) -> Result<Option<T>> {
        let Some(value) = self.value(option) else { return Ok(None) };
        match value.parse() {
            Ok(number) if number > T::default() => Ok(Some(number)),
            _ => bail!("{option}: `{value}` is not a whole number above zero"),
        }
    }

    /// What was given beside options, in order.
    pub(crate) fn operands(&self) -> &[String] {
        &self.operands
    }
}

/// A number of any size that fits.
///
/// # Errors
/// It is none, or does not fit.
pub(crate) fn number<T: FromStr>(name: impl Display, value: &str) -> Result<T> {
    value.parse().map_err(|_| anyhow!("{name} must be a number in range, not `{value}`"))
}

fn described(kind: &str) -> &'static str {
    match kind {
        "N" => "a number",
        "FILE" => "a file",
        "DIR" => "a folder",
        _ => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: Command = Command {
        name: "walk",
        operands: "[DOG…]",
        about: "Walks.",
        options: &[
            Opt { name: "--far", value: None, about: "not only round the block" },
            Opt { name: "--hours", value: Some("N"), about: "so long" },
        ],
        run: |_| Ok(()),
    };

    fn parse(line: &str) -> Result<Given, String> {
        let words: Vec<String> = line.split_whitespace().map(ToOwned::to_owned).collect();
        COMMAND.parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn options_and_operands_come_in_any_order_and_both_spellings() {
        for line in ["--far --hours 2 rex bello", "rex --hours=2 bello --far"] {
            let given = parse(line).unwrap();
            assert_eq!(given.operands(), ["rex", "bello"], "{line}");
            assert!(given.has("--far"), "{line}");
            assert_eq!(given.positive::<u8>("--hours").unwrap(), Some(2), "{line}");
        }
        assert_eq!(parse("--hours 1 --hours 3").unwrap().value("--hours"), Some("3"));
        assert_eq!(parse("-- --far").unwrap().operands(), ["--far"]);
    }

    #[test]
    fn what_is_not_understood_is_told_with_what_there_is() {
        let known = "there are --far and --hours";
        for (line, want) in [
            ("--fra", format!("walk has no option `--fra`; {known}")),
            ("-x", format!("walk has no option `-x`; {known}")),
            ("--hours", "--hours needs a number".to_owned()),
            ("--far=secret", "--far takes no value".to_owned()),
        ] {
            assert_eq!(parse(line).unwrap_err(), want, "{line}");
        }
        let error = parse("--hours 0").unwrap().positive::<u8>("--hours").unwrap_err();
        assert_eq!(error.to_string(), "--hours: `0` is not a whole number above zero");
    }

    #[test]
    fn help_names_every_option() {
        assert!(parse("--help").unwrap().wants_help && parse("rex -h").unwrap().wants_help);
        let help = COMMAND.help();
        assert!(help.starts_with("usage: cargo xtask walk [option…] [DOG…]\n\nWalks.\n"), "{help}");
        assert!(help.contains("--far") && help.contains("--hours N"), "{help}");
    }
}
