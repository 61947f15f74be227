//! The documents that are in the program.

use crate::field::{Field, Path};
use crate::table;

/// A document: its path in the repository, and its text.
struct Document {
    path: &'static str,
    text: &'static str,
}

macro_rules! document {
    ($path:literal) => {
        Document {
            path: $path,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path)),
        }
    };
}

/// The README of each filter.
const FILTERS: &[(&str, Document)] = &[
    ("aggregate", document!("filters/aggregate/README.md")),
    ("api-key-auth", document!("filters/api-key-auth/README.md")),
    ("audit", document!("filters/audit/README.md")),
    ("authorization", document!("filters/authorization/README.md")),
    ("body-transform", document!("filters/body-transform/README.md")),
    ("header-transform", document!("filters/header-transform/README.md")),
    ("jwt-auth", document!("filters/jwt-auth/README.md")),
    ("rate-limit", document!("filters/rate-limit/README.md")),
    ("response-cache", document!("filters/response-cache/README.md")),
    ("telemetry", document!("filters/telemetry/README.md")),
];
const GATEWAY: Document = document!("crates/gateway/README.md");
const CONSUMERS: Document = document!("docs/consumers.md");
const REFUSALS: Document = document!("docs/refusals.md");
const RULES: Document = document!("docs/rules.md");

/// What filters have in common, and the name of the field that says that a filter has it.
const SHARED: [(&str, &Document); 3] =
    [("match", &RULES), ("refusal", &REFUSALS), ("consumers", &CONSUMERS)];

/// What there is to read of a filter.
pub struct Manual {
    /// The filter.
    pub name: &'static str,
    readme: &'static Document,
}

/// The manuals of all filters, and of the module of all of them.
pub fn all() -> Vec<Manual> {
    let gateway = [Manual { name: "gateway", readme: &GATEWAY }];
    let filters = FILTERS.iter().map(|(name, readme)| Manual { name, readme });
    let mut all: Vec<Manual> = filters.chain(gateway).collect();
    all.sort_by_key(|manual| manual.name);
    all
}

impl Manual {
    /// The path of its own document in the repository.
    pub fn document(&self) -> &'static str {
        self.readme.path
    }

    /// What the filter is for: the paragraph below the title.
    pub fn purpose(&self) -> String {
        let mut paragraphs = self.readme.text.split("\n\n");
        paragraphs.nth(1).unwrap_or_default().replace('\n', " ")
    }

    /// What it says of the field at a path, where that is one row.
    pub fn row<'f>(&self, fields: &'f [Field], path: &Path) -> Option<&'f Field> {
        let fits = fields.iter().filter(|field| field.is_named(path));
        let fits: Vec<(usize, &Field)> =
            fits.filter_map(|field| Some((field.fits(path)?, field))).collect();
        let best = fits.iter().map(|(fit, _)| *fit).max()?;
        let found = fits.into_iter().filter(|(fit, _)| *fit == best).map(|(_, field)| field);
        // Its own document comes first, and knows better.
        let found: Vec<&Field> = found.collect();
        let first = found.first()?;
        let is_one = found.iter().filter(|field| field.document == first.document).count() == 1;
        is_one.then_some(*first)
    }

    /// The first sentence of what it is for.
    pub fn summary(&self) -> String {
        let purpose = self.purpose();
        let end = purpose.find(". ").map_or(purpose.len(), |end| end.saturating_add(1));
        purpose.get(..end).unwrap_or(&purpose).to_owned()
    }

    /// Its fields, its own first, then those that it shares with other filters.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = table::fields(self.readme.path, self.readme.text);
        let has = |fields: &[Field], name: &str| {
            fields.iter().any(|field| field.paths.iter().any(|path| path.last() == name))
        };
        for (name, document) in SHARED {
            if has(&fields, name) {
                fields.extend(table::fields(document.path, document.text));
            }
        }
        fields
    }
}
