use crate::document::{Document, Id, Node, Overgrown};

impl Document {
    /// Appends a value as it is now. What was not changed is written as it was read, white space included.
    ///
    /// # Errors
    /// [`Overgrown`]; then `out` holds a part.
    pub fn write(&self, id: Id, out: &mut Vec<u8>) -> Result<(), Overgrown> {
        let mut at = id;
        loop {
            let node = self.node(at);
            if at != id && node.key.end != 0 {
                out.extend_from_slice(self.span(node.key));
                out.push(b':');
            }
            if !node.is(Node::CHANGED) {
                out.extend_from_slice(self.span(node.value));
            } else {
                let (open, close) = self.brackets(at);
                out.push(open);
                if node.first != 0 {
                    at = Id(node.first);
                    continue;
                }
                out.push(close);
            }
            if out.len() > self.most {
                return Err(Overgrown);
            }
            // On to the next value, out of all containers that end here.
            loop {
                if at == id {
                    return Ok(());
                }
                let node = self.node(at);
                if node.next != 0 {
                    out.push(b',');
                    at = Id(node.next);
                    break;
                }
                at = Id(node.parent);
                out.push(self.brackets(at).1);
            }
        }
    }

    fn brackets(&self, id: Id) -> (u8, u8) {
        match self.text.get(self.node(id).value.start as usize) {
            Some(b'[') => (b'[', b']'),
            _ => (b'{', b'}'),
        }
    }
}
