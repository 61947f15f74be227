//! Interim responses (RFC 9110 §15.2): they go on to the client, and are not stored.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::origin::fresh;
use super::{SHARED, Shared};
use crate::harness::trap;

#[test]
fn interim_responses_go_on_and_are_not_stored() {
    let Shared { gateway, origin, .. } = &*SHARED;
    let hint = "103 Early Hints\r\nlink: </styles.css>; rel=preload; as=style\r\nx-hint: 1\r\n";
    origin.script("interim1", vec![fresh().interim(hint)]);
    origin.script("interim2", vec![fresh().interim("102 Processing\r\n")]);
    let get = |path: &str| {
        let mut stream = TcpStream::connect(gateway.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a limit");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it can be sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    for (path, interim) in
        [("/all/interim1/a", "HTTP/1.1 103"), ("/all/interim2/a", "HTTP/1.1 102")]
    {
        let first = get(path);
        assert!(first.starts_with(interim), "{first}");
        assert!(first.contains("HTTP/1.1 200 OK"), "{first}");
        let second = get(path);
        assert!(second.starts_with("HTTP/1.1 200 OK"), "{second}");
        assert!(!second.contains("x-hint"), "{second}");
    }
    assert_eq!((origin.asked("interim1"), origin.asked("interim2")), (1, 1));
    trap::assert_none(gateway);
}
