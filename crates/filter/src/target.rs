/// Splits a request target into its path and its query, without the `?`; a fragment is dropped.
///
/// ```
/// assert_eq!(gatehouse_filter::split_target(b"/a?b=c?d#e"), (&b"/a"[..], Some(&b"b=c?d"[..])));
/// ```
pub fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let target = target.split(|byte| *byte == b'#').next().unwrap_or_default();
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next())
}

/// The raw (still encoded) values of one query parameter, in the order sent. The name is compared
/// raw.
pub fn query_values<'a>(query: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    query.split(|byte| *byte == b'&').filter_map(move |pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        (parts.next()? == name.as_bytes()).then(|| parts.next().unwrap_or_default())
    })
}
