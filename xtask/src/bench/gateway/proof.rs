//! A set-up proves that it does its work: what does nothing is quick.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};

use super::super::identity::token::SUBJECT;
use super::super::load;
use super::super::set_up::{REQUEST_ID, USER_AGENT};
use super::contenders::Contender;
use super::requests::Requests;

/// Sends a few requests to a gateway that was just started.
///
/// # Errors
/// It passes what it must refuse, or does not write what it must.
pub(super) fn check(contender: &Contender, address: SocketAddr, requests: &Requests) -> Result<()> {
    let ability = contender.ability;
    if ability.checks_tokens {
        let ask = |request: &[u8]| load::ask(address, request);
        refused(ask(&requests.forged), 401).context("a forged token")?;
        refused(ask(&requests.anonymous), 401).context("a request without token")?;
    }
    let answer = load::ask(address, &requests.proof)?;
    let has = |name: &str, value: &str| field(&answer, name) == Some(value);
    if ability.checks_tokens {
        ensure!(has("x-saw-user", SUBJECT), "the origin does not see whose token it is: {answer}");
    }
    let written = has("x-saw-bench", &format!("{REQUEST_ID} {USER_AGENT}"));
    ensure!(written == ability.edits, "the field of the request is written: {written}; {answer}");
    let written = has("x-content-type-options", "nosniff");
    ensure!(written == ability.edits, "the field of the response is written: {written}; {answer}");
    let told = tells(&answer);
    ensure!(told == ability.tells, "the client is told what is left: {told}; {answer}");
    for kind in requests.kinds() {
        let mut load = load::Load::connect(address, &[])?;
        load.turn_to(kind);
        load.serve(1).context("an answer of each kind")?;
    }
    if ability.limits {
        load::ask(address, &requests.limited).context("the first of a small limit")?;
        refused(load::ask(address, &requests.limited), 429)
            .context("the second of a small limit")?;
    }
    Ok(())
}

fn refused(answer: Result<String>, status: u16) -> Result<()> {
    match answer {
        Err(error) if error.to_string().contains(&format!("HTTP/1.1 {status} ")) => Ok(()),
        Err(error) => bail!("is not refused with {status}: {error:#}"),
        Ok(_) => bail!("passes, and must be refused with {status}"),
    }
}

/// The value of the first field of that name in an answer's head.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Whether there is a field about a limit, in any of the forms that there are.
fn tells(answer: &str) -> bool {
    ["ratelimit", "ratelimit-remaining", "x-ratelimit-remaining"]
        .into_iter()
        .any(|name| field(answer, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_case() {
        let answer = "HTTP/1.1 200 OK\r\nX-RateLimit-Remaining: 7\r\nA: b\r\n\r\nratelimit: 1\r\n";
        assert_eq!(field(answer, "a"), Some("b"));
        assert!(tells(answer));
        assert!(!tells("HTTP/1.1 200 OK\r\na: b\r\n\r\nratelimit: 1\r\n"));
    }

    #[test]
    fn only_the_right_refusal_will_do() {
        let answer = |text: &str| Err(anyhow::anyhow!("the gateway answered: {text}"));
        assert!(refused(answer("HTTP/1.1 401 Unauthorized"), 401).is_ok());
        assert!(refused(answer("HTTP/1.1 503 Service Unavailable"), 401).is_err());
        assert!(refused(Ok(String::new()), 401).is_err());
    }
}
