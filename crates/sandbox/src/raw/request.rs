//! A request as bytes.

/// What is sent. Nothing is checked, escaped or normalised.
#[derive(Debug, Clone)]
pub struct Request {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Parts { start: Vec<u8>, headers: Vec<(Vec<u8>, Vec<u8>)>, body: Vec<u8> },
    Exact(Vec<u8>),
}

impl Request {
    /// A request with this method and target. `host` and, with a body, `content-length` are added
    /// unless given.
    #[must_use]
    pub fn new(method: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        let start = [method.as_ref(), b" ", target.as_ref(), b" HTTP/1.1\r\n"].concat();
        Self { form: Form::Parts { start, headers: Vec::new(), body: Vec::new() } }
    }

    /// `GET target`.
    #[must_use]
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// `POST target` with a JSON body.
    #[must_use]
    pub fn post_json(target: impl AsRef<[u8]>, body: &serde_json::Value) -> Self {
        Self::new("POST", target).header("content-type", "application/json").body(body.to_string())
    }

    /// These bytes, and no others.
    #[must_use]
    pub fn exact(bytes: impl Into<Vec<u8>>) -> Self {
        Self { form: Form::Exact(bytes.into()) }
    }

    /// Adds a header line; the same name may be added more than once. No effect on an exact
    /// request.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        if let Form::Parts { headers, .. } = &mut self.form {
            headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        }
        self
    }

    /// Sets the body. No effect on an exact request.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        if let Form::Parts { body, .. } = &mut self.form {
            *body = bytes.into();
        }
        self
    }

    /// What goes over the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (start, headers, body) = match &self.form {
            Form::Exact(bytes) => return bytes.clone(),
            Form::Parts { start, headers, body } => (start, headers, body),
        };
        let has = |wanted: &str| {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        let mut bytes = start.clone();
        if !has("host") {
            bytes.extend_from_slice(b"host: gateway.example\r\n");
        }
        for (name, value) in headers {
            bytes.extend_from_slice(&[name, b": ".as_slice(), value, b"\r\n"].concat());
        }
        if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    }

    pub(super) fn is_head(&self) -> bool {
        let (Form::Parts { start: bytes, .. } | Form::Exact(bytes)) = &self.form;
        bytes.starts_with(b"HEAD ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_sent_as_given() {
        let request = Request::get(b"/a b\xff").header("x-a", b"\xff").header("X-A", "two");
        let want =
            b"GET /a b\xff HTTP/1.1\r\nhost: gateway.example\r\nx-a: \xff\r\nX-A: two\r\n\r\n";
        assert_eq!(request.bytes(), want);
        assert_eq!(Request::exact(*b"\0\r\n").header("a", "b").bytes(), b"\0\r\n");
    }

    #[test]
    fn a_body_gets_its_length_unless_the_test_says_another() {
        let plain =
            String::from_utf8(Request::new("POST", "/").header("host", "h").body("abc").bytes())
                .unwrap();
        assert_eq!(plain, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc");
        let wrong =
            Request::new("POST", "/").header("Host", "h").header("Content-Length", "9").body("abc");
        assert_eq!(wrong.bytes(), b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    }
}
