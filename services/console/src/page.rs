//! The page: files that are part of the program.

/// A file of the page.
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const ASSETS: [Asset; 8] = [
    asset("/", HTML, include_str!("../page/index.html")),
    asset("/icon.svg", SVG, include_str!("../page/icon.svg")),
    asset("/console.css", STYLE, include_str!("../page/console.css")),
    asset("/console.js", SCRIPT, include_str!("../page/console.js")),
    asset("/elements.js", SCRIPT, include_str!("../page/elements.js")),
    asset("/uplot/uPlot.min.css", STYLE, include_str!("../page/uplot/uPlot.min.css")),
    asset("/uplot/uPlot.iife.min.js", SCRIPT, include_str!("../page/uplot/uPlot.iife.min.js")),
    asset("/uplot/LICENSE", TEXT, include_str!("../page/uplot/LICENSE")),
];

const fn asset(path: &'static str, media_type: &'static str, text: &'static str) -> Asset {
    Asset { path, media_type, text }
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_from_another_host_and_nothing_makes_html_of_text() {
        for asset in ASSETS.iter().filter(|asset| !asset.path.starts_with("/uplot/")) {
            // The name of SVG's namespace is no address.
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            for word in [
                "http://",
                "https://",
                "//cdn",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                " style=",
                "onclick",
            ] {
                assert!(!text.contains(word), "{}: {word}", asset.path);
            }
        }
    }
}
