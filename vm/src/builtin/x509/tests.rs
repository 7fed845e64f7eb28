//! Samples that Go's crypto/x509 made and read, and damaged ones.

use crate::builtin::strings::tests::{run, same};
use serde_json::Value;

const CERTIFICATE: &str = include_str!("samples/certificate.pem");
const REQUEST: &str = include_str!("samples/request.pem");

fn decode(text: &str) -> Result<Value, String> {
    run("x509_decode", &[text.into()])
}

#[test]
fn every_field() {
    for (pem, expected) in
        [(CERTIFICATE, include_str!("samples/certificate.json")), (REQUEST, include_str!("samples/request.json"))]
    {
        let (found, expected): (Value, Value) =
            (decode(pem).expect("a value"), serde_json::from_str(expected).expect("JSON"));
        for (key, value) in expected.as_object().expect("an object") {
            assert!(same(&found[key], value), "{key}: {} is not {value}", found[key]);
        }
        assert!(same(&found, &expected), "{found}");
    }
}

#[test]
fn blocks() {
    let crlf = REQUEST.replace('\n', "\r\n");
    let headed = REQUEST.replace("REQUEST-----\nM", "REQUEST-----\nProc-Type: 4\n\nM");
    for text in [&crlf, &headed, &format!("text\n{REQUEST}"), &format!("-----BEGIN X-----\n{REQUEST}")] {
        assert!(decode(text).is_ok(), "{text}");
    }
    let broken = [REQUEST.replace("-----END", "----END"), format!("x{REQUEST}"), REQUEST.replace("END C", "END X")];
    for text in &broken {
        assert_eq!(decode(text), Err("failed to decode PEM block".to_owned()), "{text}");
    }
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    assert_eq!(decode(empty), Err("x509: malformed certificate".to_owned()));
}

#[test]
fn no_damage_panics() {
    for pem in [CERTIFICATE, REQUEST] {
        let super::pem::Block { kind, bytes, .. } = super::pem::next(pem).expect("a block");
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                let _ = if kind == "CERTIFICATE" {
                    super::certificate::decode(&bytes)
                } else {
                    super::request::decode(&bytes)
                };
            }
        }
    }
}

#[test]
fn numbers() {
    use super::der::{decimal, oid_numbers, oid_text};
    assert_eq!(decimal(&[0]).as_deref(), Some("0"));
    assert_eq!(decimal(&[0xff; 16]), Some(u128::MAX.to_string()));
    assert_eq!(oid_numbers(&[0x2a, 0x86, 0x48]), Some(vec![1, 2, 840]));
    assert_eq!(oid_numbers(&[0x2a, 0x80, 0x01]), None);
    assert_eq!(oid_numbers(&[0x2a, 0x86]), None);
    assert_eq!(oid_text(&[0x88, 0x37, 0x03]).as_deref(), Some("2.999.3"));
}
