//! Documents that are generated, so that what they say is known without a parser.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")]

use gatehouse_json::{Case, Document, Id, Kind};

/// What a generated document says: numbers as written, strings decoded.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Boolean(bool),
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// SplitMix64: the same documents in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth == 0 { 4 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Boolean(self.roll(2) == 0),
            2 => Value::Number(self.number()),
            3 => Value::String(self.string()),
            4 => {
                let count = self.roll(6);
                Value::Array((0..count).map(|_| self.value(depth - 1)).collect())
            }
            _ => {
                // Some have more names than are compared each with each.
                let count = if self.roll(20) == 0 { 20 + self.roll(40) } else { self.roll(7) };
                let mut members: Vec<(String, Value)> = Vec::new();
                for _ in 0..count {
                    let name = self.string();
                    if members.iter().all(|(taken, _)| *taken != name) {
                        members.push((name, self.value(depth - 1)));
                    }
                }
                Value::Object(members)
            }
        }
    }

    fn number(&mut self) -> String {
        const NUMBERS: [&str; 12] = [
            "12345678901234567890",
            "1e400",
            "-1E-400",
            "0",
            "-0",
            "0.1",
            "3.141592653589793238462643383279",
            "1.0",
            "1e0",
            "-0.0e+00",
            "9007199254740993",
            "1000000000000000000000000000000000000000000001",
        ];
        if self.roll(2) == 0 {
            return NUMBERS[self.roll(NUMBERS.len())].to_owned();
        }
        format!("{}.{}e{}", self.roll(1000), self.roll(1_000_000), self.roll(100))
    }

    fn string(&mut self) -> String {
        const CHARS: [char; 20] = [
            'a', 'b', 'Z', '0', ' ', '"', '\\', '/', '\n', '\t', '\r', '\u{8}', '\u{c}', '\0',
            '\u{1f}', '\u{7f}', 'é', '\u{2028}', '漢', '😀',
        ];
        let length = self.roll(24);
        (0..length).map(|_| CHARS[self.roll(CHARS.len())]).collect()
    }

    fn space(&mut self, text: &mut String) {
        for _ in 0..self.roll(4).saturating_sub(2) {
            text.push([' ', '\n', '\t', '\r'][self.roll(4)]);
        }
    }

    /// Writes a string, each character in one of the ways in which it may be written.
    fn quoted(&mut self, string: &str, text: &mut String) {
        text.push('"');
        for char in string.chars() {
            let must = matches!(char, '"' | '\\' | '\0'..='\u{1f}');
            if !must && self.roll(4) > 0 {
                text.push(char);
                continue;
            }
            let short = "\"\"\\\\//\u{8}b\u{c}f\nn\rr\tt".chars().collect::<Vec<_>>();
            let short = short.chunks(2).find(|pair| pair[0] == char).map(|pair| pair[1]);
            match short {
                Some(letter) if self.roll(2) == 0 => text.extend(['\\', letter]),
                _ => {
                    let mut units = [0; 2];
                    for unit in char.encode_utf16(&mut units) {
                        let hex = format!("{unit:04x}");
                        text.push_str("\\u");
                        text.push_str(&if self.roll(2) == 0 { hex } else { hex.to_uppercase() });
                    }
                }
            }
        }
        text.push('"');
    }

    fn write(&mut self, value: &Value, text: &mut String) {
        self.space(text);
        match value {
            Value::Null => text.push_str("null"),
            Value::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => text.push_str(number),
            Value::String(string) => self.quoted(string, text),
            Value::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    self.write(item, text);
                }
                self.space(text);
                text.push(']');
            }
            Value::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    self.space(text);
                    self.quoted(name, text);
                    self.space(text);
                    text.push(':');
                    self.write(value, text);
                }
                self.space(text);
                text.push('}');
            }
        }
        self.space(text);
    }
}

fn value(document: &mut Document, id: Id) -> Value {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match document.kind(id) {
        Kind::Null => Value::Null,
        Kind::Boolean => Value::Boolean(document.raw(id) == b"true"),
        Kind::Number => Value::Number(text(document.raw(id))),
        Kind::String => Value::String(text(&document.string(id).unwrap())),
        Kind::Array => {
            let items: Vec<Id> = document.children(id).collect();
            Value::Array(items.into_iter().map(|item| value(document, item)).collect())
        }
        Kind::Object => {
            let members: Vec<Id> = document.children(id).collect();
            let member = |member: Id| (text(&document.name(member)), value(document, member));
            Value::Object(members.into_iter().map(member).collect())
        }
    }
}

fn read(text: &[u8]) -> Document {
    Document::read(text.to_vec(), 10_000_000)
        .unwrap_or_else(|fault| panic!("{fault}: {}", text.escape_ascii()))
}

fn written(document: &Document) -> Vec<u8> {
    let mut out = Vec::new();
    document.write(document.root(), &mut out).unwrap();
    out
}

#[test]
fn ten_thousand_documents_say_the_same_before_and_after() {
    let mut dice = Dice(5);
    for round in 0..10_000 {
        let made = dice.value(4);
        let mut text = String::new();
        dice.write(&made, &mut text);
        let mut document = read(text.as_bytes());
        let root = document.root();
        assert_eq!(value(&mut document, root), made, "round {round}: {text}");
        // What is not changed is written as it was read.
        let out = written(&document);
        assert_eq!(String::from_utf8(out).unwrap(), text.trim(), "round {round}");
        // What is written from its parts says the same, too.
        let mut changed = document.clone();
        let root = changed.root();
        changed.wrap(root, "data");
        let data = changed.member(root, b"data").unwrap();
        let added = changed.place(data, &gatehouse_json::Path::parse("x.y").unwrap()).unwrap().ids;
        let wrapped = written(&changed);
        changed.remove(&added);
        let mut again = read(&wrapped);
        let root = again.root();
        if let Value::Object(members) = value(&mut again, root)
            && let [(name, inner)] = members.as_slice()
        {
            assert_eq!(name, "data");
            if let (Value::Object(before), Value::Object(after)) = (&made, inner) {
                assert_eq!(&after[..before.len()], before.as_slice(), "round {round}: {text}");
            }
        } else {
            panic!("round {round}: {}", String::from_utf8_lossy(&wrapped));
        }
        // Another parser finds the same strings, where it can read the numbers.
        if let Ok(other) = serde_json::from_str::<serde_json::Value>(&text) {
            assert_eq!(strings_of(&other), strings(&made), "round {round}: {text}");
        } else {
            assert!(text.contains("1e400"), "round {round}: {text}");
        }
    }
}

#[test]
fn converting_names_changes_nothing_else() {
    let mut dice = Dice(17);
    for round in 0..2_000 {
        let made = dice.value(4);
        let mut text = String::new();
        dice.write(&made, &mut text);
        let mut document = read(text.as_bytes());
        let root = document.root();
        if document.convert(root, &Case::Snake.into(), &[]).is_err() {
            continue;
        }
        let mut again = read(&written(&document));
        let root = again.root();
        let (before, after) = (leaves(&made), leaves(&value(&mut again, root)));
        assert_eq!(before, after, "round {round}: {text}");
    }
}

fn leaves(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(members) => members.iter().flat_map(|(_, value)| leaves(value)).collect(),
        leaf => vec![leaf.clone()],
    }
}

/// Every string and name, sorted: the other parser may keep another order.
fn strings(value: &Value) -> Vec<String> {
    let mut found = match value {
        Value::String(string) => vec![string.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], strings(value)].concat())
            .collect(),
        _ => Vec::new(),
    };
    found.sort();
    found
}

fn strings_of(value: &serde_json::Value) -> Vec<String> {
    let mut found = match value {
        serde_json::Value::String(string) => vec![string.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings_of).collect(),
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], strings_of(value)].concat())
            .collect(),
        _ => Vec::new(),
    };
    found.sort();
    found
}
