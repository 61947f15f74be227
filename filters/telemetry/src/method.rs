//! The method of a request, as a label.

/// A method that has a value of its own, or another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Method(&'static str);

/// Those of RFC 9110 §9, RFC 5789 and RFC 10008: what anybody else makes up is one value, as in
/// OpenTelemetry's conventions for HTTP.
const KNOWN: [&str; 10] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"];

impl Method {
    pub(crate) fn of(method: &[u8]) -> Self {
        let known = KNOWN.iter().find(|known| known.as_bytes() == method);
        Self(known.copied().unwrap_or("_OTHER"))
    }

    pub(crate) fn name(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Method;

    #[test]
    fn what_is_no_known_method_letter_by_letter_is_another_one() {
        for (method, want) in [
            ("GET", "GET"),
            ("QUERY", "QUERY"),
            ("get", "_OTHER"),
            ("M-SEARCH", "_OTHER"),
            ("", "_OTHER"),
            ("GET;.code=x;", "_OTHER"),
        ] {
            assert_eq!(Method::of(method.as_bytes()).name(), want, "{method}");
        }
    }
}
