//! The page itself.

use gatehouse_sandbox::workspace;

/// What the blocks of this language below a heading of `docs/operating.md` hold, in order.
#[track_caller]
pub(super) fn blocks(heading: &str, language: &str) -> Vec<String> {
    let path = workspace::root().join("docs/operating.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let begin = format!("\n## {heading}\n");
    let (_, below) = page.split_once(&begin).unwrap_or_else(|| panic!("no heading `{heading}`"));
    let section = below.split_once("\n## ").map_or(below, |(section, _)| section);
    let fence = format!("\n```{language}\n");
    let blocks: Vec<String> = section
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block.to_owned())
        .collect();
    assert!(!blocks.is_empty(), "`{heading}` shows no {language}");
    blocks
}
