use super::*;
use crate::part::Networks;
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Attribute, HeaderName, Headers, Request};
use gatehouse_filter_test::FakeHost;

fn told(part: Part, address: &str, values: &[&[u8]]) -> (String, String) {
    let host = FakeHost::default();
    host.set(Attribute::SourceAddress, address);
    let fields: Vec<(&str, &[u8])> = values.iter().map(|value| ("x-key", *value)).collect();
    let request = Request::new(Headers::from_list(&fields), &host);
    let captures = Captures::default();
    let mut entries = descriptor(
        "orders",
        &[part],
        Absent::Share,
        &Facts { request: &request, captures: &captures },
    );
    assert_eq!(entries[0], ("rule".to_owned(), "orders".to_owned()));
    entries.swap_remove(1)
}

/// What is told of a request that lacks a part.
fn lacking(address: &str, absent: Absent) -> String {
    let host = FakeHost::default();
    host.set(Attribute::SourceAddress, address);
    let request = Request::new(Headers::default(), &host);
    let facts = Facts { request: &request, captures: &Captures::default() };
    let part = Part::Header(HeaderName::from_static("x-key"));
    descriptor("orders", &[part], absent, &facts).swap_remove(1).1
}

#[test]
fn every_part_has_a_name_and_a_value_that_a_person_can_read() {
    let header = Part::Header(HeaderName::from_static("x-key"));
    let address = Part::ClientAddress(Networks::default());
    let long = vec![b'a'; 60 * 1024];
    for (part, address, values, name, value) in [
        (&address, "192.0.2.7:4711", &[][..], "client_address", "192.0.2.7"),
        (&address, "[2001:db8::1:2:3:4]:4711", &[], "client_address", "2001:db8::"),
        (&address, "a pipe", &[], "client_address", "%"),
        (&header, "", &[&b"acme"[..]], "header.x-key", "acme"),
        (&header, "", &[], "header.x-key", "%"),
        (&header, "", &[b""], "header.x-key", ""),
        (&header, "", &[b"a", b"b"], "header.x-key", "a,b"),
        (&header, "", &[b"a,b"], "header.x-key", "a%2Cb"),
        (&header, "", &[&b"a"[..]; 16], "header.x-key", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"),
        (&header, "", &[&b"a"[..]; 17], "header.x-key", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,%"),
        (&header, "", &[b"%"], "header.x-key", "%25"),
        (&header, "", &[b"\xff\0 \n"], "header.x-key", "%FF%00%20%0A"),
        (&header, "", &[&long], "header.x-key", "%h44b4b4d0f1b4e1f0a9c5ab2a6cf0f6e6"),
    ] {
        let told = told(part.clone(), address, values);
        assert_eq!(told.0, name);
        match value.strip_prefix("%h") {
            // Which digits is no matter, but that they are always the same.
            Some(digits) => {
                assert!(told.1.starts_with("%h") && told.1.len() == digits.len() + 2, "{}", told.1)
            }
            None => assert_eq!(told.1, value),
        }
    }
    assert_eq!(lacking("192.0.2.7:4711", Absent::ClientAddress), "%@192.0.2.7");
    assert_eq!(lacking("a pipe", Absent::ClientAddress), "%");
    assert_eq!(lacking("192.0.2.7:4711", Absent::Share), "%");
    let digest = |last: u8| {
        let mut long = long.clone();
        *long.last_mut().unwrap() = last;
        told(header.clone(), "", &[&long]).1
    };
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}
