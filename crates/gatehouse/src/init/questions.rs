//! A few questions, for whoever has no options.

use std::io::{BufRead, Write};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

use super::{Provider, Wanted};

/// Asks what a gateway is to be. What is not understood is asked again.
pub(super) fn ask(input: &mut impl BufRead, output: &mut impl Write) -> Result<Wanted> {
    let mut questions = Questions { input, output };
    let mut upstreams = Vec::new();
    while let Some(upstream) = match upstreams.is_empty() {
        true => Some(questions.required("A service behind the gateway, NAME=HOST:PORT[,PREFIX]")?),
        false => questions.optional("Another one, or nothing")?,
    } {
        upstreams.push(upstream);
    }
    let provider = match questions.optional("Who issues tokens, https://…, or nothing")? {
        None => None,
        Some(issuer) => Some(Provider {
            issuer,
            audiences: vec![questions.required("For whom they are, the audience")?],
            jwks: questions.optional("Where its keys are, https://…, or nothing to ask it")?,
        }),
    };
    let limit = questions.optional("How much a client may send, 100/minute, or nothing")?;
    Ok(Wanted { upstreams, provider, limit })
}

struct Questions<'a, I, O> {
    input: &'a mut I,
    output: &'a mut O,
}

impl<I: BufRead, O: Write> Questions<'_, I, O> {
    fn required<T: FromStr>(&mut self, question: &str) -> Result<T>
    where
        T::Err: std::fmt::Display,
    {
        loop {
            if let Some(answer) = self.optional(question)? {
                return Ok(answer);
            }
        }
    }

    fn optional<T: FromStr>(&mut self, question: &str) -> Result<Option<T>>
    where
        T::Err: std::fmt::Display,
    {
        loop {
            write!(self.output, "{question}: ").and_then(|()| self.output.flush())?;
            let mut line = String::new();
            if self.input.read_line(&mut line).context("cannot read the answer")? == 0 {
                bail!("the answers ended before the questions");
            }
            match line.trim() {
                "" => return Ok(None),
                answer => match answer.parse() {
                    Ok(answer) => return Ok(Some(answer)),
                    Err(error) => writeln!(self.output, "  {error}")?,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(answers: &str) -> (Result<Wanted>, String) {
        let mut output = Vec::new();
        let wanted = ask(&mut answers.as_bytes(), &mut output);
        (wanted, String::from_utf8(output).unwrap())
    }

    #[test]
    fn what_is_not_understood_is_asked_again() {
        let (wanted, said) = answered("\nshop\nshop=shop:80\n\nhttps://a.example\napi\n\n5/day\n");
        let wanted = wanted.unwrap();
        assert_eq!(wanted.upstreams.len(), 1);
        assert!(said.contains("must be NAME=HOST:PORT"), "{said}");
        let provider = wanted.provider.unwrap();
        assert_eq!((provider.issuer.url.as_str(), &*provider.audiences[0]), {
            ("https://a.example", "api")
        });
        assert_eq!(wanted.limit.unwrap().requests, 5);
    }

    #[test]
    fn answers_that_end_too_early_are_an_error() {
        let (wanted, _) = answered("shop=shop:80\n");
        assert_eq!(wanted.err().unwrap().to_string(), "the answers ended before the questions");
    }
}
