use crate::percent_decoded;
use gatehouse_steps::took;

/// Splits a request target into its path and its query, without the `?`; a fragment is dropped.
///
/// ```
/// assert_eq!(gatehouse_filter::split_target(b"/a?b=c?d#e"), (&b"/a"[..], Some(&b"b=c?d"[..])));
/// ```
pub fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    took(target.len());
    let target = target.split(|byte| *byte == b'#').next().unwrap_or_default();
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next())
}

/// The values of one parameter of a query, still encoded, in the order sent. Its name is compared
/// decoded: whoever hides a parameter by encoding its name would have this gateway read one value
/// and the upstream another. A parameter without `=` has an empty value.
///
/// ```
/// let values: Vec<_> = gatehouse_filter::query_values(b"a=1&%61=%32&b=3&a", "a").collect();
/// assert_eq!(values, [&b"1"[..], b"%32", b""]);
/// ```
pub fn query_values<'a>(query: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    query.split(|byte| *byte == b'&').filter_map(move |pair| query_value(pair, name))
}

/// Name and value of each parameter of a query, or of a form, still encoded, in the order sent.
/// Nothing between two `&` is no parameter.
///
/// ```
/// let pairs: Vec<_> = gatehouse_filter::query_pairs(b"a=1=2&&b").collect();
/// assert_eq!(pairs, [(&b"a"[..], &b"1=2"[..]), (b"b", b"")]);
/// ```
pub fn query_pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(halves)
}

/// The value of a `name=value` of a query, still encoded, where it is this parameter's: see
/// [`query_values`].
pub fn query_value<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (this, value) = halves(pair);
    // Of thousands of parameters nearly all differ in the first byte already.
    let (first, wanted) = (this.first(), name.as_bytes().first());
    let may_be = first == wanted || first == Some(&b'%');
    (may_be && percent_decoded(this).eq(name.bytes())).then_some(value)
}

/// Name and value of a pair; one without `=` has an empty value.
pub(crate) fn halves(pair: &[u8]) -> (&[u8], &[u8]) {
    took(pair.len().saturating_add(1));
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}
