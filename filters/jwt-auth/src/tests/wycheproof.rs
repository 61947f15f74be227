//! Vectors of Wycheproof (see `testdata/README.md`), and what goes on where they end: RSA paddings
//! that are not quite right.

use super::*;
use crate::{KeySet, Refusal, verify_compact};
use rsa::BigUint;

/// Vectors that cannot be met, and why. Whoever lists one that can is told.
const CONTRADICTED: [(u64, &str); 6] = [
    (
        346,
        "wants a key for PS256 to verify PS384; 338 and 340 want one for PS512 to verify neither",
    ),
    (350, "wants the same"),
    (367, "is the very token of 357, which is valid"),
    (370, "is the very token of 357, which is valid"),
    (372, "`?` in the header is no base64url, and 366 wants such a header refused"),
    (373, "`?` in the payload is no base64url, and 371 wants such a payload refused"),
];

#[test]
fn every_vector_is_decided_as_it_says() {
    let files = [
        (
            "signatures",
            include_str!("../../testdata/json_web_signature.json"),
            401,
            &CONTRADICTED[..],
        ),
        ("keys", include_str!("../../testdata/json_web_key.json"), 26, &[]),
    ];
    for (name, file, count, contradicted) in files {
        let file: Value = serde_json::from_str(file).unwrap();
        let mut seen = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let set = json!({"keys": group["keys"]}).to_string();
            let keys = KeySet::from_json(set.as_bytes());
            for test in group["tests"].as_array().unwrap() {
                let token = test["jws"].as_str().unwrap().as_bytes();
                let verified =
                    keys.as_ref().is_ok_and(|keys| verify_compact(token, keys, None).is_ok());
                let id = test["tcId"].as_u64().unwrap();
                let is_wanted = (test["result"] == "valid") == verified;
                let is_contradicted = contradicted.iter().any(|(known, _)| *known == id);
                assert_ne!(is_wanted, is_contradicted, "{name} {id}: {}", test["comment"]);
                seen += 1;
            }
        }
        assert_eq!(seen, count, "{name}");
    }
}

/// The private exponent of the group `rs256`.
const EXPONENT: &str = "YsfIRYN6rDqSz5KRf1E9q7HK1o6-_UK-j7S-asb0Y1FdVs1GuiRQhMPoOjmhY3Io93EI3_7vj8uzWzAUMsAaTxOY3sJnIbktYuqTcD0xGD8VmdGPBkx963db8B6M2UYfqZARf7dbzP9EuB1N1miMcTsqyGgfHGOk7CXQ1vkIv8Uww38KMtEdJ3iB8r-f3qcu-UJjE7Egw9CxKOMjArOXxZEr4VnoIXrImrcTxBfjdY8GbzXGATiPQLur5GT99ZDW78falsir-b5Ean6HNyOeuaJuceT-yjgCXn57Rd3oIHD94CrjNtjBusoLdjbr489L8K9ksCh1gynzLGkeeWgVGQ";

/// The vector with this number: its key, and its parts.
fn vector(number: u64) -> (Value, Vec<String>) {
    let file: Value =
        serde_json::from_str(include_str!("../../testdata/json_web_signature.json")).unwrap();
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            if test["tcId"] == number {
                let parts = test["jws"].as_str().unwrap().split('.').map(str::to_owned).collect();
                return (group["keys"][0].clone(), parts);
            }
        }
    }
    panic!("no vector {number}");
}

#[test]
fn a_padding_that_is_not_exactly_right_is_no_padding() {
    let (jwk, parts) = vector(33);
    let [header, payload, signature] = &parts[..] else { panic!() };
    let decoded = |text: &str| crate::base64url::decode(text.as_bytes()).unwrap();
    let number = |text: &str| BigUint::from_bytes_be(&decoded(text));
    let modulus = number(jwk["n"].as_str().unwrap());
    let keys = KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    // What the signature is over, with the length of the key.
    let sign = |block: &[u8]| {
        let signed =
            BigUint::from_bytes_be(block).modpow(&number(EXPONENT), &modulus).to_bytes_be();
        base64(&[vec![0; 256 - signed.len()], signed].concat())
    };
    let opened = number(signature).modpow(&BigUint::from(65_537_u32), &modulus).to_bytes_be();
    let hash = &opened[opened.len() - 32..];
    let hex = |text: &str| {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect::<Vec<u8>>()
    };
    // RFC 8017 section 9.2: 00 01 FF … FF 00 and a DigestInfo.
    let block = |start: &str, end: Vec<u8>| {
        let (start, filled) = (hex(start), 255 - 1 - end.len());
        let fill = vec![0xff; filled - start.len() + 1];
        [start, fill, vec![0], end].concat()
    };
    let info = |prefix: &str| [hex(prefix), hash.to_vec()].concat();
    let good = "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20";
    assert_eq!(
        sign(&block("00 01", info(good))),
        *signature,
        "the tests sign as the vectors were signed"
    );

    let longer = |prefix: &str, tail: &[u8]| [info(prefix), tail.to_vec()].concat();
    // Bleichenbacher's forgery of 2006: a short fill, and the rest behind the hash.
    let mut short_fill = [hex("00 01 ff ff ff ff ff ff ff ff 00"), info(good)].concat();
    short_fill.resize(256, 0xff);
    let mut hole = block("00 01", info(good));
    hole[100] = 0xfe;
    let mut no_end = block("00 01", info(good));
    no_end[256 - 52] = 0xff;
    let wrong: Vec<(&str, Vec<u8>)> = vec![
        (
            "a length in its long form",
            block("00 01", info("30 81 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20")),
        ),
        (
            "a length with a leading zero",
            block("00 01", info("30 82 00 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20")),
        ),
        (
            "a length that is one too large",
            block("00 01", info("30 32 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20")),
        ),
        (
            "a length that is one too small",
            block("00 01", info("30 30 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20")),
        ),
        (
            "a length of 2^32 + 49",
            block(
                "00 01",
                info("30 85 01 00 00 00 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20"),
            ),
        ),
        (
            "a length that is not told",
            block(
                "00 01",
                longer("30 80 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20", &[0, 0]),
            ),
        ),
        (
            "no parameters",
            block("00 01", info("30 2f 30 0b 06 09 60 86 48 01 65 03 04 02 01 04 20")),
        ),
        (
            "other parameters",
            block("00 01", info("30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 04 00 04 20")),
        ),
        (
            "parameters in their long form",
            block("00 01", info("30 32 30 0e 06 09 60 86 48 01 65 03 04 02 01 05 81 00 04 20")),
        ),
        (
            "another hash's name",
            block("00 01", info("30 31 30 0d 06 09 60 86 48 01 65 03 04 02 02 05 00 04 20")),
        ),
        ("no name", block("00 01", hash.to_vec())),
        ("no wrapping", block("00 01", info("04 20"))),
        (
            "something behind the hash",
            block(
                "00 01",
                longer("30 33 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20", &[5, 0]),
            ),
        ),
        ("garbage behind the hash", block("00 01", longer(good, &[1, 2, 3, 4]))),
        ("zeros behind the hash", block("00 01", longer(good, &[0, 0]))),
        (
            "a hash that is cut",
            block(
                "00 01",
                [
                    hex("30 30 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 1f"),
                    hash[..31].to_vec(),
                ]
                .concat(),
            ),
        ),
        ("another hash", block("00 01", [hex(good), vec![7; 32]].concat())),
        ("a short fill", short_fill),
        ("a hole in the fill", hole),
        ("a fill without an end", no_end),
        ("a fill of zeros", [hex("00 01"), vec![0; 256 - 2 - 51], info(good)].concat()),
        ("the type of encryption", block("00 02", info(good))),
        ("no type", block("00 00", info(good))),
        ("a first byte", block("01 01", info(good))),
        ("nothing", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
    ];
    for (name, block) in wrong {
        assert_eq!(block.len(), 256, "{name}");
        let token = format!("{header}.{payload}.{}", sign(&block));
        assert_eq!(
            verify_compact(token.as_bytes(), &keys, None),
            Err(Refusal::SignatureInvalid),
            "{name}"
        );
    }
    // A number that stands for the same one, and the same number with more or fewer zeros.
    let more = (number(signature) + &modulus).to_bytes_be();
    for changed in [
        more,
        [vec![0], decoded(signature)].concat(),
        [decoded(signature), vec![0]].concat(),
        decoded(signature)[..255].to_vec(),
    ] {
        let token = format!("{header}.{payload}.{}", base64(&changed));
        assert_eq!(verify_compact(token.as_bytes(), &keys, None), Err(Refusal::SignatureInvalid));
    }
}

#[test]
fn a_key_with_an_algorithm_verifies_no_other() {
    // By one key without an algorithm of its own, each of these is good; by one that has one, only
    // its own.
    let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    let pair = jwt_simple::prelude::RS256KeyPair::generate(2048).unwrap();
    let pem = pair.to_pem().unwrap();
    let parts = pair.public_key().to_components();
    let (n, e) = (base64(&parts.n), base64(&parts.e));
    let sign = |alg: &str| {
        use jwt_simple::prelude::*;
        let claims = Claims::create(Duration::from_hours(1));
        match alg {
            "RS256" => RS256KeyPair::from_pem(&pem).unwrap().sign(claims),
            "RS384" => RS384KeyPair::from_pem(&pem).unwrap().sign(claims),
            "RS512" => RS512KeyPair::from_pem(&pem).unwrap().sign(claims),
            "PS256" => PS256KeyPair::from_pem(&pem).unwrap().sign(claims),
            "PS384" => PS384KeyPair::from_pem(&pem).unwrap().sign(claims),
            _ => PS512KeyPair::from_pem(&pem).unwrap().sign(claims),
        }
        .unwrap()
    };
    let tokens: Vec<(&str, String)> = names.iter().map(|name| (*name, sign(name))).collect();
    for own in names.iter().map(Some).chain([None]) {
        let mut jwk = json!({"kty": "RSA", "n": n, "e": e});
        if let Some(own) = own {
            jwk["alg"] = json!(own);
        }
        let keys = KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        for (signed, token) in &tokens {
            let verified = verify_compact(token.as_bytes(), &keys, None).is_ok();
            assert_eq!(
                verified,
                own.is_none_or(|own| own == signed),
                "{signed} by a key of {own:?}"
            );
            // The signature of one under the header of another.
            for (claimed, other) in tokens.iter().filter(|(claimed, _)| claimed != signed) {
                let (start, _) = other.rsplit_once('.').unwrap();
                let (_, signature) = token.rsplit_once('.').unwrap();
                let relabelled = format!("{start}.{signature}");
                assert!(
                    verify_compact(relabelled.as_bytes(), &keys, None).is_err(),
                    "{signed} as {claimed}"
                );
            }
        }
    }
}
