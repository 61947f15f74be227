use crate::Refusal;
use gatehouse_filter::Headers;

/// The bearer token of a request (RFC 6750 §2.1): what follows the scheme in `authorization`, unchecked.
///
/// Credentials of another scheme are not for this filter: then there is no token.
///
/// # Errors
/// [`Refusal::TokenRepeated`] where there is more than one field or, joined by a comma, more than one token:
/// whoever picks one lets a client show different tokens to different readers.
pub(crate) fn bearer(headers: &Headers) -> Result<Option<&[u8]>, Refusal> {
    let field = headers.only("authorization").map_err(|_| Refusal::TokenRepeated)?;
    // RFC 9110 §11.4: scheme, one or more spaces, token.
    let mut parts = field.unwrap_or_default().splitn(2, |byte| *byte == b' ');
    let scheme = parts.next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let mut token = parts.next().unwrap_or_default();
    while let Some(rest) = token.strip_prefix(b" ") {
        token = rest;
    }
    if token.contains(&b',') {
        return Err(Refusal::TokenRepeated);
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_with_one_token_is_a_token() {
        type Case<'a> = (&'a [&'a str], Result<Option<&'a str>, Refusal>);
        let cases: &[Case<'_>] = &[
            (&[], Ok(None)),
            (&["Bearer a.b.c"], Ok(Some("a.b.c"))),
            (&["bearer a.b.c"], Ok(Some("a.b.c"))),
            (&["BEARER a.b.c"], Ok(Some("a.b.c"))),
            (&["Bearer   a.b.c"], Ok(Some("a.b.c"))),
            (&["Basic YTpi"], Ok(None)),
            (&["a.b.c"], Ok(None)),
            (&["Bearera.b.c"], Ok(None)),
            (&["Bearer\ta.b.c"], Ok(None)),
            (&[""], Ok(None)),
            // Sent, and wrong: what is left is judged as a token.
            (&["Bearer"], Ok(Some(""))),
            (&["Bearer "], Ok(Some(""))),
            (&["Bearer a.b.c d"], Ok(Some("a.b.c d"))),
            (&["Bearer a.b.c", "Bearer d.e.f"], Err(Refusal::TokenRepeated)),
            (&["Bearer a.b.c", "Bearer a.b.c"], Err(Refusal::TokenRepeated)),
            (&["Basic YTpi", "Bearer a.b.c"], Err(Refusal::TokenRepeated)),
            (&["Bearer a.b.c,Bearer d.e.f"], Err(Refusal::TokenRepeated)),
            (&["Bearer a.b.c, Basic YTpi"], Err(Refusal::TokenRepeated)),
        ];
        for (fields, want) in cases {
            let fields: Vec<_> = fields.iter().map(|value| ("authorization", value)).collect();
            let headers = Headers::from_list(&fields);
            let want = want.map(|token| token.map(str::as_bytes));
            assert_eq!(bearer(&headers), want, "{fields:?}");
        }
    }
}
