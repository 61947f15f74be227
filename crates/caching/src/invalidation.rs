//! What an unsafe request makes invalid (RFC 9111 §4.4, RFC 9875 §3).

use crate::location::Target;
use crate::method::is_safe;
use crate::tags::tags;
use gatehouse_filter::Headers;

/// The paths, with their queries, of the target's origin whose stored responses no longer hold: the
/// target itself, and what `location` and `content-location` lead to. None, where the method is
/// safe or the answer an error.
pub fn invalidated(
    method: &[u8],
    status: u16,
    target: &Target<'_>,
    response: &Headers,
) -> Vec<Vec<u8>> {
    if is_safe(method) || !(200..=399).contains(&status) {
        return Vec::new();
    }
    let mut paths = vec![target.path.to_vec()];
    for field in ["location", "content-location"] {
        for path in response.values(field).filter_map(|reference| target.resolve(reference)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// The cache groups of the target's origin whose responses no longer hold: those that the response
/// to an unsafe request names.
pub fn invalidated_groups(method: &[u8], response: &Headers) -> Vec<Vec<u8>> {
    if is_safe(method) { Vec::new() } else { tags(response, "cache-group-invalidation") }
}
