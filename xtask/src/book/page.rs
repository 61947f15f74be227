//! A page in Markdown: where it leads, and where in it others can lead.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};

/// What there is in a page for those who check and move links.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// In the order of the page.
    pub(super) links: Vec<Link>,
    /// The names of its headings, as GitHub and mdbook make them.
    pub(super) anchors: BTreeSet<String>,
    /// `[text][name]` of a name that the page does not say, with its line.
    pub(super) undefined: Vec<(usize, String)>,
}

/// A link or an image.
#[derive(Debug)]
pub(super) struct Link {
    /// As it is written: `../docs/rules.md#requests-in-disguise`.
    pub(super) target: String,
    /// From 1.
    pub(super) line: usize,
    /// Where it stands, with its text and its target.
    pub(super) place: Range<usize>,
    /// Where its text stands; empty where it has none.
    pub(super) text: Range<usize>,
    /// What it says, where that is nothing but code.
    pub(super) code: Option<String>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut undefined = Vec::new();
        let mut unknown = |broken: BrokenLink<'_>| {
            // `[so]` alone may be meant as it stands.
            if broken.link_type == LinkType::Reference {
                undefined.push((line(text, broken.span.start), broken.reference.to_string()));
            }
            None
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        let parser = Parser::new_with_broken_link_callback(text, options, Some(&mut unknown));
        let mut reader = Reader::default();
        for (event, place) in parser.into_offset_iter() {
            reader.take(text, event, place);
        }
        let Reader { mut page, .. } = reader;
        page.undefined = undefined;
        page
    }
}

#[derive(Default)]
struct Reader {
    page: Page,
    /// Those that have begun; an image can be in a link.
    open: Vec<Link>,
    /// The text so far of the heading that has begun.
    heading: Option<String>,
    /// How many headings had the same name.
    seen: BTreeMap<String, usize>,
}

impl Reader {
    fn take(&mut self, text: &str, event: Event<'_>, place: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { .. }) => self.heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => self.name_heading(),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.widen(&place);
                self.open.push(Link {
                    target: dest_url.to_string(),
                    line: line(text, place.start),
                    text: place.start..place.start,
                    place,
                    code: None,
                });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.page.links.extend(self.open.pop()),
            Event::Code(code) => {
                if let Some(link) = self.open.last_mut() {
                    link.code = link.text.is_empty().then(|| code.to_string());
                }
                self.widen(&place);
                self.spell(&code);
            }
            Event::Text(words) => {
                if let Some(link) = self.open.last_mut() {
                    link.code = None;
                }
                self.widen(&place);
                self.spell(&words);
            }
            Event::Start(_) => self.widen(&place),
            Event::Html(html) | Event::InlineHtml(html) => {
                self.page.anchors.extend(ids(&html).map(str::to_owned));
            }
            _ => {}
        }
    }

    /// The text of the innermost link goes up to here.
    fn widen(&mut self, place: &Range<usize>) {
        if let Some(link) = self.open.last_mut() {
            let start = if link.text.is_empty() { place.start } else { link.text.start };
            link.text = start..place.end;
        }
    }

    fn spell(&mut self, words: &str) {
        if let Some(heading) = &mut self.heading {
            heading.push_str(words);
        }
    }

    fn name_heading(&mut self) {
        let name = anchor(&self.heading.take().unwrap_or_default());
        let times = self.seen.entry(name.clone()).or_default();
        self.page.anchors.insert(match *times {
            0 => name,
            times => format!("{name}-{times}"),
        });
        *times = times.saturating_add(1);
    }
}

/// What a link to a heading with this text has after its `#`: letters and digits in lower case, a
/// hyphen for each blank, nothing for all else.
fn anchor(heading: &str) -> String {
    let written = |letter: char| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ => letter.is_alphanumeric().then_some(letter),
    };
    heading.trim().chars().filter_map(written).flat_map(char::to_lowercase).collect()
}

/// The values of `id` in a piece of HTML.
fn ids(html: &str) -> impl Iterator<Item = &str> {
    html.split(" id=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id)
}

fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count().saturating_add(1)
}
