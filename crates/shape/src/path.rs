//! Paths in a configuration: of values, and of places.

use gatehouse_filter::config::Node;
use gatehouse_json::Path;

/// Reads a path that values are read at, or taken away.
pub fn path(node: &Node<'_>) -> Option<Path> {
    match place(node)? {
        path if path.has_end() => node.fault(NO_VALUE_AT_END),
        path => Some(path),
    }
}

/// Reads a path that is written to: it may name the place after the last item of a list.
pub fn place(node: &Node<'_>) -> Option<Path> {
    Path::parse(node.text()?).map_or_else(|error| node.fault(error.to_string()), Some)
}

/// The place after the last item never has a value.
pub(crate) const NO_VALUE_AT_END: &str = "has `-`, the place after the last item, where \
     nothing is: only what is written may go there. A member of that name is `\"-\"`";
