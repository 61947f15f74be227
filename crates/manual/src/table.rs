//! The tables of fields in a document.

use crate::field::{Field, Path};

/// What the first column of a table of fields is called.
const HEADINGS: [&str; 2] = ["field", "part"];

/// The fields of all tables, in the order of the document.
pub(crate) fn fields(document: &'static str, text: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut section = String::new();
    let mut columns: Option<Columns> = None;
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if !is_code && line.starts_with('#') {
            section = line.trim_start_matches('#').trim().to_owned();
        }
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let cells = cells(line);
        match &columns {
            None => columns = Some(Columns::read(&cells)),
            Some(columns) => fields.extend(columns.field(document, &section, &cells)),
        }
    }
    fields
}

/// Which cell of a row is what.
struct Columns {
    is_of_fields: bool,
    names: Vec<String>,
}

impl Columns {
    fn read(cells: &[String]) -> Self {
        let names: Vec<String> = cells.iter().map(|cell| cell.to_lowercase()).collect();
        let is_of_fields = names.first().is_some_and(|first| HEADINGS.contains(&first.as_str()));
        Self { is_of_fields, names }
    }

    fn field(&self, document: &'static str, section: &str, cells: &[String]) -> Option<Field> {
        let names = quoted(cells.first()?);
        if !self.is_of_fields || names.is_empty() {
            return None;
        }
        let cell = |wanted: &[&str]| {
            let place = self.names.iter().position(|name| wanted.contains(&name.as_str()));
            place.and_then(|place| cells.get(place)).cloned().unwrap_or_default()
        };
        let is_known = |name: &str| ["type", "values", "default"].contains(&name);
        // Whatever else it tells is the meaning.
        let others = self.names.iter().zip(cells).skip(1);
        let meaning: Vec<&str> = others
            .filter(|(name, cell)| !is_known(name) && !cell.is_empty())
            .map(|(_, cell)| cell.as_str())
            .collect();
        Some(Field {
            document,
            section: section.to_owned(),
            paths: names.iter().map(|name| Path::read(name)).collect(),
            names,
            kind: cell(&["type", "values"]),
            default: cell(&["default"]),
            meaning: meaning.join(". "),
        })
    }
}

/// The cells of a row. A bar with a backslash before it is none between cells.
fn cells(line: &str) -> Vec<String> {
    const BAR: &str = "\u{0}";
    let line = line.replace("\\|", BAR);
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().replace(BAR, "|")).collect()
}

/// What stands between backticks, where the names of fields are.
fn quoted(cell: &str) -> Vec<String> {
    let is_name = |text: &&str| {
        text.chars().all(|each| each.is_ascii_alphanumeric() || "_.[]-".contains(each))
    };
    cell.split('`').skip(1).step_by(2).filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_their_section() {
        let text = "\
# a
## Configuration
| Field | Type | Default | Meaning |
|---|---|---|---|
| `rules[].a`, `rules[].b` | `x\\|y` | none | What it is. |
| no name | | | |

### More
| field | | |
|---|---|---|
| `c` | required | Whatever. |

| code | status |
|---|---|
| `d` | 200 |
";
        let fields = fields("doc", text);
        let rows: Vec<_> = fields
            .iter()
            .map(|field| {
                (
                    field.section.as_str(),
                    field.names.join(" "),
                    field.kind.as_str(),
                    &*field.meaning,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("Configuration", "rules[].a rules[].b".to_owned(), "`x|y`", "What it is."),
                ("More", "c".to_owned(), "", "required. Whatever."),
            ]
        );
    }
}
