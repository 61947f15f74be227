use gatehouse_steps::took;

/// Walks the wire form of a head without copying.
///
/// Positions are added up and checked only where something is taken: looking for one field among
/// twenty is the commonest thing that filters do.
pub(super) struct Pairs<'a> {
    /// For each field that is left, the lengths of its name and of its value.
    lengths: std::slice::Iter<'a, [u8; 8]>,
    data: &'a [u8],
    /// Where in the data the next field begins.
    next: u64,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(pairs: &'a [u8]) -> Self {
        let (count, rest) = pairs.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let count = usize::try_from(u32::from_le_bytes(*count)).unwrap_or(usize::MAX);
        let (lengths, data) = rest.split_at_checked(count.saturating_mul(8)).unwrap_or_default();
        Self { lengths: lengths.as_chunks().0.iter(), data, next: 0 }
    }

    /// The value of the next field of this name.
    pub(super) fn next_named(&mut self, name: &[u8]) -> Option<&'a [u8]> {
        let length = u64::try_from(name.len()).ok()?;
        loop {
            let field = self.field()?;
            if field.name_length == length && self.text(field.name_at, field.name_length)? == name {
                return self.text(field.value_at, field.value_length);
            }
        }
    }

    #[inline]
    fn field(&mut self) -> Option<Field> {
        let [a, b, c, d, e, f, g, h] = *self.lengths.next()?;
        took(1);
        let name_length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let value_length = u64::from(u32::from_le_bytes([e, f, g, h]));
        // Behind each text stands a zero byte. 2^32 fields of 2^33 bytes would be needed to wrap
        // around.
        let name_at = self.next;
        let value_at = name_at.wrapping_add(name_length).wrapping_add(1);
        self.next = value_at.wrapping_add(value_length).wrapping_add(1);
        Some(Field { name_at, name_length, value_at, value_length })
    }

    /// The text at a position, if all of it and the zero byte behind it are there.
    #[inline]
    fn text(&self, at: u64, length: u64) -> Option<&'a [u8]> {
        let (_, rest) = self.data.split_at_checked(usize::try_from(at).ok()?)?;
        let (text, end) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        (!end.is_empty()).then_some(text)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.field()?;
        let name = self.text(field.name_at, field.name_length)?;
        Some((name, self.text(field.value_at, field.value_length)?))
    }
}

/// Where the name and the value of a field are in the data, unchecked.
struct Field {
    name_at: u64,
    name_length: u64,
    value_at: u64,
    value_length: u64,
}

/// The wire form of a head with more fields at its end. A head that is not of the form is one
/// without fields.
pub(super) fn with_added<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    pairs: &[u8],
    added: &[(N, V)],
) -> Vec<u8> {
    let (count, rest) = pairs.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let count = u32::from_le_bytes(*count);
    let lengths = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(8);
    let (count, (lengths, data)) = match rest.split_at_checked(lengths) {
        Some(parts) => (count, parts),
        None => (0, Default::default()),
    };
    // Two lengths and two zero bytes a field.
    let more = added.iter().map(|(name, value)| {
        name.as_ref().len().saturating_add(value.as_ref().len()).saturating_add(10)
    });
    let mut all = Vec::with_capacity(more.fold(pairs.len().max(4), usize::saturating_add));
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    all.extend(count.saturating_add(number(added.len())).to_le_bytes());
    all.extend(lengths);
    for (name, value) in added {
        all.extend(number(name.as_ref().len()).to_le_bytes());
        all.extend(number(value.as_ref().len()).to_le_bytes());
    }
    all.extend(data);
    for (name, value) in added {
        for bytes in [name.as_ref(), value.as_ref()] {
            all.extend(bytes);
            all.push(0);
        }
    }
    all
}
