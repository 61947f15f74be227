//! The page: files that are part of the program.

/// A file of the page.
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const ASSETS: [Asset; 8] = [
    Asset {
        path: "/",
        media_type: "text/html; charset=utf-8",
        text: include_str!("../page/index.html"),
    },
    Asset {
        path: "/icon.svg",
        media_type: "image/svg+xml",
        text: include_str!("../page/icon.svg"),
    },
    Asset {
        path: "/console.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("../page/console.css"),
    },
    Asset {
        path: "/console.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/console.js"),
    },
    Asset {
        path: "/elements.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/elements.js"),
    },
    Asset {
        path: "/uplot/uPlot.min.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("../page/uplot/uPlot.min.css"),
    },
    Asset {
        path: "/uplot/uPlot.iife.min.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/uplot/uPlot.iife.min.js"),
    },
    Asset {
        path: "/uplot/LICENSE",
        media_type: "text/plain; charset=utf-8",
        text: include_str!("../page/uplot/LICENSE"),
    },
];

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
