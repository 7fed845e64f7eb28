use super::*;
use crate::document::LayoutBuilder;
use crate::ids::Pc;
use crate::op::{Instr, Op};
use crate::program::Unit;
use crate::verify::verify;

fn program() -> Program {
    let mut layout = LayoutBuilder::default();
    let key = layout.sym("kind");
    let path = layout.path(&[key]);
    let code =
        vec![Instr { op: Op::PathLoad, a: 0, b: 0, c: path.number() }, Instr { op: Op::EndPass, a: 0, b: 0, c: 0 }];
    let unit = Unit { name: "u".into(), start: Pc::new(0).unwrap(), end: Pc::new(2).unwrap(), registers: 1 };
    let parts = Parts {
        layout: layout.finish(),
        code,
        consts: vec![],
        sites: vec![],
        units: vec![unit],
        entries: vec![],
        lines: vec![],
    };
    verify(parts).unwrap()
}

#[test]
fn reads_what_it_wrote() {
    let bytes = encode(&program(), b"more");
    let (parts, section) = decode(&bytes).unwrap();
    assert_eq!(section, b"more");
    assert_eq!(encode(&verify(parts).unwrap(), section), bytes);
}

#[test]
fn says_what_is_wrong() {
    let bytes = encode(&program(), b"");
    assert_eq!(decode(b"{}").unwrap_err(), FileError::Magic);
    for len in 4..bytes.len() {
        assert!(matches!(decode(&bytes[..len]).unwrap_err(), FileError::Length { .. }), "{len}");
    }
    let mut newer = bytes.clone();
    newer[4] += 1;
    assert_eq!(decode(&newer).unwrap_err(), FileError::Version { found: VERSION + 1 });
    for bit in HEADER * 8..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode(&damaged).unwrap_err(), FileError::Checksum, "{bit}");
    }
}
