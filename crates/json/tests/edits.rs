//! Changes to documents.
#![cfg(test)]

use gatehouse_json::{Case, CaseError, Document, Names, Overgrown, Path};

fn document(text: &str) -> Document {
    Document::read(text.as_bytes().to_vec(), 10_000).unwrap()
}

fn written(document: &Document) -> String {
    let mut out = Vec::new();
    document.write(document.root(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn values_are_set_where_the_path_leads() {
    for (before, at, after) in [
        (r#"{"a":1}"#, "a", r#"{"a":9}"#),
        (r#"{"a":1}"#, "b", r#"{"a":1,"b":9}"#),
        (r#"{"a":1}"#, "b.c.d", r#"{"a":1,"b":{"c":{"d":9}}}"#),
        (r#"{"a":[1,2]}"#, "/a/1", r#"{"a":[1,9]}"#),
        (r#"{"a":[1,2]}"#, "/a/2", r#"{"a":[1,2,9]}"#),
        (r#"{"a":[1,2]}"#, "/a/-", r#"{"a":[1,2,9]}"#),
        (r#"{"a":[ {} , {"x":1} ]}"#, "a[*].x", r#"{"a":[{"x":9},{"x":9}]}"#),
        (r#"{"a":{"0":1}}"#, "/a/0", r#"{"a":{"0":9}}"#),
        (r#"{}"#, "a[0].b", r#"{"a":[{"b":9}]}"#),
        (r#"{}"#, "a[*].b", r#"{}"#),
        (r#"{"\u0061":1}"#, "a", r#"{"\u0061":9}"#),
        (r#"{}"#, "\"x\ty\"", r#"{"x\ty":9}"#),
        (r#"[1, 2]"#, "$", "9"),
        (r#"[[1],[2]]"#, "[*][*]", "[[9],[9]]"),
    ] {
        let mut document = document(before);
        let root = document.root();
        let places = document.place(root, &path(at)).unwrap();
        assert_eq!(places.misfits, 0, "{at} of {before}");
        let nine = document.put(b"9").unwrap();
        places.ids.iter().for_each(|place| document.set(*place, nine));
        assert_eq!(written(&document), after, "{at} of {before}");
    }
}

#[test]
fn what_is_in_the_way_of_a_path_is_never_replaced() {
    for (before, at, misfits, after) in [
        ("[1]", "a", 1, "[1]"),
        ("5", "a", 1, "5"),
        ("\"x\"", "a", 1, "\"x\""),
        ("null", "a", 1, "null"),
        ("true", "a.b", 1, "true"),
        (r#"{"a":1}"#, "a.b", 1, r#"{"a":1}"#),
        (r#"{"a":[]}"#, "a.b", 1, r#"{"a":[]}"#),
        (r#"{"a":null}"#, "a.b", 1, r#"{"a":null}"#),
        (r#"{"a":null}"#, "a[-]", 1, r#"{"a":null}"#),
        (r#"{"a":"x"}"#, "a[-]", 1, r#"{"a":"x"}"#),
        (r#"{"a":{}}"#, "a[-]", 1, r#"{"a":{}}"#),
        (r#"{"a":{}}"#, "a[0]", 1, r#"{"a":{}}"#),
        (r#"{"a":{"b":"x"}}"#, "a.b.c.d", 1, r#"{"a":{"b":"x"}}"#),
        (r#"{"a":[1,2]}"#, "/a/3", 1, r#"{"a":[1,2]}"#),
        (r#"{"a":[1,2]}"#, "a[7]", 1, r#"{"a":[1,2]}"#),
        (r#"{}"#, "a[1].b", 1, "{}"),
        (r#"{"i":"x"}"#, "i[*].a", 1, r#"{"i":"x"}"#),
        (r#"{"i":[{},1,null,{}]}"#, "i[*].a", 2, r#"{"i":[{"a":9},1,null,{"a":9}]}"#),
        (r#"[]"#, "i[*].a", 1, "[]"),
        (r#"{}"#, "i[*].a", 0, "{}"),
        (r#"{"i":[]}"#, "i[*].a", 0, r#"{"i":[]}"#),
    ] {
        let mut document = document(before);
        let root = document.root();
        let places = document.place(root, &path(at)).unwrap();
        assert_eq!(places.misfits, misfits, "{at} of {before}");
        let nine = document.put(b"9").unwrap();
        places.ids.iter().for_each(|place| document.set(*place, nine));
        assert_eq!(written(&document), after, "{at} of {before}");
    }
}

#[test]
fn names_that_differ_in_case_alone_are_found_and_may_not_be_there_twice() {
    let read =
        |text: &str| Document::read_with(text.as_bytes().to_vec(), 10_000, Names::IgnoreCase);
    for text in [
        r#"{"isAdmin":1,"ISADMIN":2}"#,
        "{\"isAdmin\":1,\"i\u{17f}Admin\":2}",
        "{\"key\":1,\"\\u212aey\":2}",
        &format!("{{{}\"K1\":0}}", (0..30).map(|k| format!("\"k{k}\":0,")).collect::<String>()),
    ] {
        let fault = read(text).unwrap_err().fault;
        assert_eq!(fault, gatehouse_json::Fault::DuplicateName, "{text}");
        assert!(Document::read(text.as_bytes().to_vec(), 0).is_ok(), "{text}");
    }
    let mut document = read(r#"{"ISADMIN":1,"b":{"i\u017fadmin":2}}"#).unwrap();
    let root = document.root();
    let found = document.select(root, &path("b.isAdmin"));
    document.remove(&found);
    let places = document.place(root, &path("isAdmin")).unwrap();
    let nine = document.put(b"9").unwrap();
    places.ids.iter().for_each(|place| document.set(*place, nine));
    assert_eq!(written(&document), r#"{"isAdmin":9,"b":{}}"#);
}

#[test]
fn what_was_put_in_can_be_changed_like_everything_else() {
    let mut document = document(r#"{"a":0,"b":0}"#);
    let root = document.root();
    let both = document.select(root, &path("*"));
    let put = document.put(br#"{"x":[1,{"y":"\u0061"}]}"#).unwrap();
    both.iter().for_each(|id| document.set(*id, put));
    let y = document.select(root, &path("a.x[1].y"));
    assert_eq!(document.string(y[0]).as_deref(), Some(&b"a"[..]));
    document.remove(&y);
    assert_eq!(written(&document), r#"{"a":{"x":[1,{}]},"b":{"x":[1,{"y":"\u0061"}]}}"#);
}

#[test]
fn removed_values_leave_no_trace() {
    for (before, at, after) in [
        (r#"{"a":1,"b":2,"c":3}"#, "a", r#"{"b":2,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "b", r#"{"a":1,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "c", r#"{"a":1,"b":2}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "*", "{}"),
        (r#"{"a":[1,2,3]}"#, "a[1]", r#"{"a":[1,3]}"#),
        (r#"{"a":[{"x":1,"y":2},{"x":3}]}"#, "a[*].x", r#"{"a":[{"y":2},{}]}"#),
        (r#"{"a":1}"#, "b.c", r#"{"a":1}"#),
        (r#"{"a":1}"#, "$", "null"),
        (r#" { "a" : 1 } "#, "x", r#"{ "a" : 1 }"#),
    ] {
        let mut document = document(before);
        let root = document.root();
        let found = document.select(root, &path(at));
        document.remove(&found);
        assert_eq!(written(&document), after, "{at} of {before}");
    }
}

#[test]
fn a_member_keeps_its_place_under_another_name() {
    for (before, at, name, after) in [
        (r#"{"a":1,"b":2}"#, "a", "c", r#"{"c":1,"b":2}"#),
        (r#"{"a":1,"b":2}"#, "a", "b", r#"{"b":1}"#),
        (r#"{"b":2,"a":1}"#, "a", "b", r#"{"b":1}"#),
        (r#"{"a":1,"b":2}"#, "a", "a", r#"{"a":1,"b":2}"#),
        (r#"{"a":1,"b":2}"#, "a", "\"", r#"{"\"":1,"b":2}"#),
        (r#"{"i":[{"a":1},{"a":2}]}"#, "i[*].a", "z", r#"{"i":[{"z":1},{"z":2}]}"#),
        (r#"[1,2]"#, "[0]", "z", "[1,2]"),
    ] {
        let mut document = document(before);
        let root = document.root();
        for id in document.select(root, &path(at)) {
            document.rename(id, name).unwrap();
        }
        assert_eq!(written(&document), after, "{at} of {before}");
    }
}

#[test]
fn values_move_with_what_is_in_them() {
    for (before, from, to, after) in [
        (r#"{"a":{"x":[1,2]},"b":0}"#, "a", "b", r#"{"b":{"x":[1,2]}}"#),
        (r#"{"a":{"x":[1,2]}}"#, "a.x", "y", r#"{"a":{},"y":[1,2]}"#),
        (r#"{"a":{"x":1}}"#, "a", "a.b", r#"{"a":{"b":{"x":1}}}"#),
        (r#"{"a":{"x":1}}"#, "a.x", "a", r#"{"a":1}"#),
        (r#"{"a":1}"#, "$", "data.inner", r#"{"data":{"inner":{"a":1}}}"#),
        (r#"[1,2,3]"#, "[0]", "[-]", "[2,3,1]"),
    ] {
        let mut document = document(before);
        let root = document.root();
        let found = document.select(root, &path(from))[0];
        let value = document.detach(found);
        let places = match from {
            "$" => document.place_anew(root, &path(to)),
            _ => document.place(root, &path(to)),
        };
        document.put_into(places.unwrap().ids[0], value);
        assert_eq!(written(&document), after, "{from} to {to} of {before}");
        // And it is still a document that can be changed at every depth.
        let ones = document.select(root, &path("*.*"));
        document.remove(&ones);
        let _ = Document::read(written(&document).into_bytes(), 1000).unwrap();
    }
}

#[test]
fn a_value_is_wrapped_and_copied() {
    let mut document = document(r#"{"a":[1.50,{"b":"\u00e9"}]}"#);
    let root = document.root();
    document.wrap(root, "data");
    let a = document.select(root, &path("data.a"))[0];
    let copy = document.put_copy(a).unwrap();
    let place = document.place(root, &path("copy")).unwrap().ids[0];
    document.set(place, copy);
    assert_eq!(
        written(&document),
        r#"{"data":{"a":[1.50,{"b":"\u00e9"}]},"copy":[1.50,{"b":"\u00e9"}]}"#
    );
}

#[test]
fn a_value_of_another_document_is_put_in_as_it_is_now_and_within_the_limit() {
    let mut other = document(r#"{"a":[1.50,{"b":"\u00e9","c":0}]}"#);
    let c = other.select(other.root(), &path("a[1].c"));
    other.remove(&c);
    let a = other.select(other.root(), &path("a"))[0];
    let want = r#"{"at":[1.50,{"b":"\u00e9"}]}"#;
    // The text as it was read, and what is put in.
    let enough = r#"{"at":0}"#.len() + r#"[1.50,{"b":"\u00e9"}]"#.len();
    for (most, fits) in [(enough + 1, true), (enough, true), (enough - 1, false), (8, false)] {
        let mut whole = Document::read(br#"{"at":0}"#.to_vec(), most).unwrap();
        let place = whole.select(whole.root(), &path("at"))[0];
        match whole.put_from(&other, a) {
            Ok(put) => {
                whole.set(place, put);
                whole.may_grow_to(1000);
                assert!(fits, "{most}");
                assert_eq!(written(&whole), want, "{most}");
            }
            Err(Overgrown) => {
                assert!(!fits, "{most}");
                // Nothing of it is left.
                assert_eq!(whole.size(), r#"{"at":0}"#.len(), "{most}");
            }
        }
    }
}

#[test]
fn names_are_converted_at_every_depth_and_may_not_collide() {
    let mut document = document(
        r#"{"order_id":1,"line_items":[{"unit_price":1.0,"line_items":[{"\u0061_b":[]}]}]}"#,
    );
    let root = document.root();
    document.convert(root, &Case::Camel.into(), &[]).unwrap();
    assert_eq!(
        written(&document),
        r#"{"orderId":1,"lineItems":[{"unitPrice":1.0,"lineItems":[{"aB":[]}]}]}"#
    );
    document.convert(root, &Case::Snake.into(), &[]).unwrap();
    assert_eq!(
        written(&document),
        r#"{"order_id":1,"line_items":[{"unit_price":1.0,"line_items":[{"a_b":[]}]}]}"#
    );

    for text in [r#"{"user_id":1,"userId":2}"#, r#"{"x":[{"userId":1,"user_\u0069d":2}]}"#] {
        let mut document = crate::document(text);
        let root = document.root();
        assert_eq!(
            document.convert(root, &Case::Camel.into(), &[]),
            Err(CaseError::Twice),
            "{text}"
        );
    }
}

#[test]
fn names_in_excepted_values_stay_and_texts_are_converted_as_names_are() {
    let mut document =
        document(r#"{"itemPrices":{"perKg":{"inEur":1}},"loc":["lineItems",0,"EUR"]}"#);
    let root = document.root();
    let prices = document.select(root, &path("itemPrices"));
    document.convert(root, &Case::Snake.into(), &prices).unwrap();
    for id in document.select(root, &path("loc[*]")) {
        document.convert_text(id, &Case::Snake.into()).unwrap();
    }
    assert_eq!(
        written(&document),
        r#"{"item_prices":{"perKg":{"inEur":1}},"loc":["line_items",0,"EUR"]}"#
    );
    document.convert(root, &Case::Snake.into(), &[]).unwrap();
    assert!(written(&document).contains(r#"{"per_kg":{"in_eur":1}}"#));
}

#[test]
fn a_copy_that_cannot_be_looked_into_is_not_written_in_part() {
    let text = format!("{{\"a\":[{}1]}}", "1,".repeat(2_500_000));
    let mut document = Document::read(text.into_bytes(), 100_000_000).unwrap();
    let root = document.root();
    let a = document.select(root, &path("a"))[0];
    let copy = document.put_copy(a).unwrap();
    let b = document.place(root, &path("b")).unwrap().ids[0];
    document.set(b, copy);
    let mut out = Vec::new();
    document.write(root, &mut out).unwrap();
    let found = document.select(root, &path("b[0]"));
    document.remove(&found);
    assert_eq!(document.write(root, &mut Vec::new()), Err(Overgrown));
}

#[test]
fn a_document_cannot_grow_beyond_its_limit() {
    let mut document = Document::read(b"[1,2,3]".to_vec(), 1_000).unwrap();
    let root = document.root();
    let mut grown = Ok(());
    for _ in 0..20 {
        grown = document.put_copy(root).map(|copy| {
            let place = document.place(root, &path("[-]")).unwrap().ids[0];
            document.set(place, copy);
        });
    }
    assert_eq!(grown, Err(Overgrown));
    let mut out = Vec::new();
    let _ = document.write(root, &mut out);
    assert!(out.len() <= 3_000, "{}", out.len());
}
