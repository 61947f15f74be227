use crate::document::{Document, Id, Node, Overgrown, Span};

impl Document {
    /// Appends a value as it is now. What was not changed is written as it was read, white space
    /// included. What `out` holds already does not count against the limit.
    ///
    /// # Errors
    /// [`Overgrown`]; then `out` holds a part.
    pub fn write(&self, id: Id, out: &mut Vec<u8>) -> Result<(), Overgrown> {
        if self.lost {
            return Err(Overgrown);
        }
        let start = out.len();
        let mut at = id;
        loop {
            let node = self.node(at);
            if at != id && node.key.end != 0 {
                self.push(node.key, out);
                out.push(b':');
            }
            if !node.is(Node::CHANGED) {
                self.push(node.value, out);
            } else {
                let (open, close) = self.brackets(at);
                out.push(open);
                if node.first != 0 {
                    at = Id(node.first);
                    continue;
                }
                out.push(close);
            }
            if out.len().saturating_sub(start) > self.most {
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

    /// Most spans are short, and a copy of unknown length is a call in wasm: short ones go by
    /// words, the last of which may bring bytes that follow in the text and are dropped again.
    fn push(&self, span: Span, out: &mut Vec<u8>) {
        const SHORT: u32 = 64;
        let length = span.end.wrapping_sub(span.start);
        if length > SHORT {
            return out.extend_from_slice(self.span(span));
        }
        let end = out.len().wrapping_add(length as usize);
        let mut at = span.start as usize;
        while out.len() < end {
            match self.text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
                Some(word) => out.extend_from_slice(word),
                None => {
                    out.extend_from_slice(self.text.get(at..span.end as usize).unwrap_or_default());
                    break;
                }
            }
            at = at.wrapping_add(8);
        }
        out.truncate(end);
    }

    fn brackets(&self, id: Id) -> (u8, u8) {
        match self.text.get(self.node(id).value.start as usize) {
            Some(b'[') => (b'[', b']'),
            _ => (b'{', b'}'),
        }
    }
}
