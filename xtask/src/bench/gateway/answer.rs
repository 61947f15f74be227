//! What the origin answers.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::requests::PROOF;

const BODY: &str = "{\"id\":17}\n";

static USUAL: LazyLock<String> = LazyLock::new(|| with(""));

/// The same to every request, but for one that asks for a proof.
pub(super) fn to(head: &[u8]) -> Cow<'static, [u8]> {
    let proof = head.get(4..).is_some_and(|rest| rest.starts_with(PROOF.as_bytes()));
    if proof {
        return Cow::Owned(with(&seen(&String::from_utf8_lossy(head))).into_bytes());
    }
    Cow::Borrowed(USUAL.as_bytes())
}

fn with(lines: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\n{lines}\r\n{BODY}",
        BODY.len()
    )
}

/// The fields that tell what the gateway wrote: `x-user` as `x-saw-user`, and `x-bench` alike.
fn seen(head: &str) -> String {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let told = fields.filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let of_interest = name == "x-user" || name == "x-bench";
        of_interest.then(|| format!("{}: {value}\r\n", name.replace("x-", "x-saw-")))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_gateway_wrote_is_told() {
        let head = "GET /proof HTTP/1.1\r\nHost: a\r\nX-User: alice\r\nx-bench: a b\r\n\r\n";
        assert_eq!(seen(head), "x-saw-user: alice\r\nx-saw-bench: a b\r\n");
        assert_eq!(seen("GET /proof HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    }
}
