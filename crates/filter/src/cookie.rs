//! Cookies of a request.

use crate::Headers;
use crate::list::unquoted;
use crate::target::halves;

/// The values of the cookies with this name, in the order sent (RFC 6265 §4.2.1). The quotes that
/// may be around one are none of it (§4.1.1): servers take `"a"` and `a` for the same.
pub fn cookie_values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let cookies = headers.values("cookie").flat_map(|field| field.split(|byte| *byte == b';'));
    cookies.filter_map(move |cookie| cookie_value(cookie, name))
}

/// The value of a cookie, where it is this one. A cookie without `=` is a name without a value.
pub(crate) fn cookie_value<'c>(cookie: &'c [u8], name: &str) -> Option<&'c [u8]> {
    let (this, value) = halves(cookie);
    (this.trim_ascii() == name.as_bytes()).then(|| unquoted(value.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_however_it_is_sent() {
        for (fields, want) in [
            (&["a=1"][..], &["1"][..]),
            (&["b=2; a=1;c=3"], &["1"]),
            (&["b=2", "a=1"], &["1"]),
            (&["a=1; a=2", "a=3"], &["1", "2", "3"]),
            (&["a=\"1\""], &["1"]),
            (&["a= \"1\" ;b"], &["1"]),
            (&["a=\"1"], &["\"1"]),
            (&["a=\""], &["\""]),
            (&["a=\"\""], &[""]),
            (&["a"], &[""]),
            (&["a=b=c"], &["b=c"]),
            (&["A=1", "aa=1", "%61=1", ""], &[]),
        ] {
            let list: Vec<_> = fields.iter().map(|field| ("cookie", *field)).collect();
            let headers = Headers::from_list(&list);
            let values: Vec<_> = cookie_values(&headers, "a").collect();
            let want: Vec<_> = want.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(values, want, "{fields:?}");
        }
    }
}
