//! Which links are found, and which are told as broken.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_sandbox::workspace;

use super::page::Page;
use super::{links, rendered, sources};

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = workspace::target().join("book-tests").join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The faults of a clone that has this page at `docs/page.md`.
fn faults(case: &str, page: &str) -> Vec<String> {
    let name = case.replace(' ', "-");
    let root = folder(
        &name,
        &[
            ("docs/SUMMARY.md", "- [Page](page.md)\n- [There](there.md)\n"),
            ("docs/page.md", page),
            ("docs/there.md", "# There\n\n## It's `limits[].per`, twice\n\n## Twice\n\n## Twice\n"),
            ("OTHER.md", "# Other\n"),
            ("docs/plot.svg", ""),
            ("tests/cases.rs", "#[test]\nfn a_key_is_good() {}\n"),
            ("target/built.md", "[nowhere](nowhere.md)"),
            (".hidden/page.md", "[nowhere](nowhere.md)"),
        ],
    );
    links::check(&root).unwrap().faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_link_that_leads_nowhere_is_told_with_its_page_and_line() {
    for (case, page, want) in [
        ("a page", "[x](there.md)", &[][..]),
        ("a heading", "[x](there.md#its-limitsper-twice) [y](there.md#twice-1)", &[]),
        ("the list of chapters", "[x](SUMMARY.md)", &[]),
        ("its own heading", "# A-b_c d\n\n[x](#a-b_c-d)", &[]),
        ("an anchor in HTML", "<a id=\"here\"></a>\n\n[x](#here)", &[]),
        ("an image", "![x](plot.svg)", &[]),
        ("another host", "[x](https://example.com/nowhere) <mailto:a@example.com>", &[]),
        ("a folder", "[x](../tests)", &[]),
        ("a test", "[`a_key_is_good`](../tests/cases.rs)", &[]),
        ("a file by its name", "[`cases.rs`](../tests/cases.rs)", &[]),
        ("in code", "`[x](nowhere.md)`\n\n```\n[x](nowhere.md)\n```\n", &[]),
        (
            "no page",
            "a\n\n[x](nowhere.md)",
            &["docs/page.md:3: `nowhere.md`: there is no docs/nowhere.md"],
        ),
        (
            "no file in a table",
            "| a |\n|---|\n| [x](../no/file.rs) |\n",
            &["docs/page.md:3: `../no/file.rs`: there is no no/file.rs"],
        ),
        (
            "no heading",
            "[x](there.md#here)",
            &["docs/page.md:1: `there.md#here`: docs/there.md has no heading `here`"],
        ),
        (
            "no heading of its own",
            "# Here\n\n[x](#there)",
            &["docs/page.md:3: `#there`: docs/page.md has no heading `there`"],
        ),
        (
            "a heading of a file",
            "[x](plot.svg#here)",
            &["docs/page.md:1: `plot.svg#here`: only pages have headings"],
        ),
        (
            "no test",
            "[`a_key_is_bad`](../tests/cases.rs)",
            &["docs/page.md:1: tests/cases.rs has no function `a_key_is_bad`"],
        ),
        (
            "no chapter",
            "[x](../OTHER.md)",
            &["docs/page.md:1: `../OTHER.md` is no chapter: list it in docs/SUMMARY.md"],
        ),
        (
            "out of the clone",
            "[x](../../x.md)",
            &["docs/page.md:1: the link `../../x.md` leads out of the repository"],
        ),
        (
            "a root",
            "[x](/docs/there.md)",
            &["docs/page.md:1: the link `/docs/there.md` begins with `/`, which is another root \
               in every reader"],
        ),
        (
            "what is built",
            "[x](../target/built.md)",
            &["docs/page.md:1: the link `../target/built.md` leads to what is built"],
        ),
        ("no target", "[x]()", &["docs/page.md:1: the link `` has no target"]),
        (
            "a name that is not defined",
            "[x][nobody] [y][somebody]\n\n[somebody]: there.md\n",
            &["docs/page.md:1: [nobody] is defined nowhere in the page"],
        ),
    ] {
        assert_eq!(faults(case, page), want, "{case}");
    }
}

#[test]
fn a_page_for_users_is_a_chapter_once() {
    let summary = "- [Page](page.md)\n- [Page](page.md)\n";
    let root = folder(
        "summary",
        &[
            ("docs/SUMMARY.md", summary),
            ("docs/page.md", ""),
            ("docs/forgotten.md", ""),
            ("filters/audit/README.md", ""),
            ("services/console/README.md", ""),
        ],
    );
    let faults: Vec<String> =
        links::check(&root).unwrap().faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "docs/SUMMARY.md:1: docs/page.md is listed twice",
            "docs/SUMMARY.md:1: docs/forgotten.md is not listed",
            "docs/SUMMARY.md:1: filters/audit/README.md is not listed",
        ]
    );
}

#[test]
fn a_link_knows_its_line_its_place_and_what_it_says() {
    let text = "a\n[*x* `y`](b.md) ![`z`](c.png)";
    let page = Page::read(text);
    let told: Vec<_> = page
        .links
        .iter()
        .map(|link| {
            let [place, label] = [&link.place, &link.text].map(|range| text.get(range.clone()));
            (link.line, place.unwrap(), label.unwrap(), &link.code)
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "[*x* `y`](b.md)", "*x* `y`", &None),
            (2, "![`z`](c.png)", "`z`", &Some("z".to_owned())),
        ]
    );
}

#[test]
fn the_sources_of_the_book_are_the_chapters_and_what_they_lead_to() {
    let root = folder(
        "sources",
        &[
            ("docs/book.toml", "[book]\n"),
            ("docs/SUMMARY.md", "[Start](../README.md)\n\n- [Page](page.md)\n"),
            (
                "README.md",
                "[page](docs/page.md#x), [the `envoy` folder](envoy), [e](envoy/e.yaml), \
                 [all](docs/SUMMARY.md)",
            ),
            ("docs/page.md", "# x\n\n[back](../README.md) ![plot](plot.svg)\n"),
            ("docs/plot.svg", "<svg/>"),
            ("envoy/e.yaml", "static_resources: {}\n"),
            ("envoy/secret.yaml", ""),
        ],
    );
    let to = folder("laid", &[]);
    sources::lay(&root, &to).unwrap();
    let read = |path: &str| fs::read_to_string(to.join(path)).unwrap_or_default();
    assert_eq!(read("src/SUMMARY.md"), "[Start](README.md)\n\n- [Page](docs/page.md)\n");
    assert_eq!(
        read("src/README.md"),
        "[page](docs/page.md#x), the `envoy` folder, [e](envoy/e.yaml), all"
    );
    assert_eq!(read("src/docs/page.md"), read_of(&root, "docs/page.md"));
    assert_eq!(read("src/docs/plot.svg"), "<svg/>");
    assert_eq!(read("src/envoy/e.yaml"), "static_resources: {}\n");
    assert!(!to.join("src/envoy/secret.yaml").exists(), "nothing leads to it");
}

fn read_of(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn a_page_of_the_book_that_leads_nowhere_is_told() {
    let book = folder(
        "rendered",
        &[
            ("a.html", r##"<a href="b/c.html#x"></a><a href="#y"></a><h1 id="y">"##),
            ("b/c.html", r##"<h1 id="x"></h1><img src="../d.png"><a href="https://e/"></a>"##),
            ("d.png", ""),
            ("404.html", r##"<a href="nowhere.html"></a>"##),
            (
                "bad.html",
                r##"<a href="b/README.html"></a><a href="a.html#z"></a><a href="b"></a>"##,
            ),
        ],
    );
    assert_eq!(
        rendered::faults(&book).unwrap(),
        [
            "bad.html: `b/README.html` leads nowhere",
            "bad.html: `a.html#z` leads nowhere",
            "bad.html: `b` leads nowhere",
        ]
    );
}
