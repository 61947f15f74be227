use crate::layout::Layout;
use crate::table::{NAME, Table};
use std::rc::Rc;

/// The tables of the rules: one for each way to limit and to charge, so that what clients of one
/// rule owe is never weighed against what those of another do.
pub(super) struct Tables {
    keys: u32,
    made: Vec<(String, u32, Rc<Table>)>,
}

impl Tables {
    pub(super) fn new(keys: u32) -> Self {
        Self { keys, made: Vec::new() }
    }

    /// The table of rules of this class. Its name comes of the class alone, so that its clients
    /// keep their counts when other rules come and go.
    pub(super) fn of(&mut self, class: String, layout: Layout) -> Rc<Table> {
        if let Some((_, _, table)) = self.made.iter().find(|(known, ..)| *known == class) {
            return Rc::clone(table);
        }
        let mut name = (fnv(class.as_bytes()) & NAME).max(1);
        // Two classes of one name would be one table. There are far fewer rules than names.
        while self.made.iter().any(|(_, taken, _)| *taken == name) {
            name = (name.wrapping_add(1) & NAME).max(1);
        }
        let table = Rc::new(Table::new(name, self.keys, layout));
        self.made.push((class, name, Rc::clone(&table)));
        table
    }

    /// The table of a rule that limits nothing. It is never made, so it takes no memory.
    pub(super) fn of_nobody(layout: Layout) -> Rc<Table> {
        Rc::new(Table::new(0, 1, layout))
    }

    pub(super) fn made(self) -> Vec<Rc<Table>> {
        self.made.into_iter().map(|(_, _, table)| table).collect()
    }
}

/// FNV-1a: the same in every worker and after every reload.
fn fnv(bytes: &[u8]) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = bytes.iter().fold(0x811c_9dc5, step);
    hash ^ (hash >> 20)
}
