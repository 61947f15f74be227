//! The tables of what becomes of each option: the code goes by them, and so does the documentation.

/// The options of one thing: a plugin, an entity, an object.
#[derive(Debug)]
pub(crate) struct Options {
    /// What it is called in its file.
    pub(crate) name: &'static str,
    /// What it becomes.
    pub(crate) ours: &'static str,
    /// Whether an option that nobody knows may be one that guards something.
    pub(crate) is_guard: bool,
    pub(crate) rows: &'static [Row],
}

/// An option.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What it becomes; of one that is not carried over, why not.
    pub(crate) ours: &'static str,
    pub(crate) fate: Fate,
}

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is in the new file, as far as the code does not say otherwise of its value.
    Carried,
    /// It says nothing about requests.
    Nothing,
    /// It is not in the new file, unless it says what it says without being written.
    Lost(&'static str),
    /// The same of one that guards something: what it guards is closed.
    Guards(&'static str),
}

impl Options {
    pub(crate) fn find(&self, name: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

/// One that is carried over.
pub(crate) const fn carried(name: &'static str, ours: &'static str) -> Row {
    Row { name, ours, fate: Fate::Carried }
}

/// One that says nothing about requests.
pub(crate) const fn nothing(name: &'static str) -> Row {
    Row { name, ours: "says nothing about requests", fate: Fate::Nothing }
}

/// One that is lost where it is not as usual.
pub(crate) const fn lost(name: &'static str, usual: &'static str, why: &'static str) -> Row {
    Row { name, ours: why, fate: Fate::Lost(usual) }
}

/// One that closes what it guards where it is not as usual.
pub(crate) const fn guards(name: &'static str, usual: &'static str, why: &'static str) -> Row {
    Row { name, ours: why, fate: Fate::Guards(usual) }
}

/// The table as Markdown.
pub(crate) fn markdown(tables: &[&Options]) -> String {
    let mut text = String::new();
    for table in tables {
        text.push_str(&format!("### `{}`\n\n{}\n\n", table.name, sentence(table.ours)));
        if table.rows.is_empty() {
            continue;
        }
        text.push_str("| theirs | ours |\n|---|---|\n");
        for row in table.rows {
            let ours = match row.fate {
                Fate::Carried | Fate::Nothing => sentence(row.ours),
                Fate::Lost(_) => format!("Not carried over: {}.", row.ours),
                Fate::Guards(_) => format!("**Closed**: {}.", row.ours),
            };
            text.push_str(&format!("| `{}` | {ours} |\n", row.name));
        }
        text.push('\n');
    }
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let rest = letters.as_str();
    let stop = if text.ends_with(['.', ':']) { "" } else { "." };
    first.map(|first| format!("{first}{rest}{stop}")).unwrap_or_default()
}
