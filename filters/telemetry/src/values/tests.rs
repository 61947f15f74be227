use super::*;
use gatehouse_filter_test::FakeHost;

fn values(most: usize, host: &FakeHost) -> Values {
    let values = Values::new(Label::Consumer, most, Vec::new());
    values.prepare(host).unwrap();
    values
}

#[test]
fn values_are_told_apart_byte_by_byte_as_far_as_they_are_texts() {
    let host = FakeHost::default();
    let values = values(100, &host);
    let long = "a".repeat(LONGEST);
    let longer = "a".repeat(LONGEST + 1);
    for (value, want) in [
        (&b"acme"[..], "acme"),
        (b"Acme", "Acme"),
        (b"acme ", "acme "),
        (b"a\0b\n;.code=x;", "a\0b\n;.code=x;"),
        ("é".as_bytes(), "é"),
        (b"\xff", OTHER),
        (OTHER.as_bytes(), OTHER),
        (b"", ""),
        (long.as_bytes(), &long),
        (longer.as_bytes(), OTHER),
    ] {
        let place = values.place(value, &host).unwrap();
        assert_eq!(&*values.text(place), want, "{value:?}");
        assert_eq!(values.place(value, &host).unwrap(), place, "{value:?}");
    }
}

#[test]
fn one_that_tells_fewer_apart_than_another_keeps_to_its_own_bound() {
    let host = FakeHost::default();
    let [many, few] = [4, 2].map(|most| values(most, &host));
    for name in ["a", "b", "c", "d", "e"] {
        many.place(name.as_bytes(), &host).unwrap();
    }
    let texts = |values: &Values| {
        ["a", "b", "c", "d", "e"].map(|name| {
            let place = values.place(name.as_bytes(), &host).unwrap();
            values.text(place).to_string()
        })
    };
    assert_eq!(texts(&many), ["a", "b", "c", "d", OTHER]);
    assert_eq!(texts(&few), ["a", "b", OTHER, OTHER, OTHER]);
}
