use super::{decode, encode, lossy};

#[test]
fn decoded_where_go_decodes() {
    for (text, expected) in [
        ("aGVs\nbG8=\r\n", Ok("hello")),
        ("YQ=\n=", Ok("a")),
        ("YR==", Ok("a")),
        ("", Ok("")),
        ("aGVsbG8", Err(4)),
        ("a\nGVsbG8", Err(5)),
        ("aA==aA==", Err(4)),
        ("a", Err(0)),
        ("=", Err(0)),
        ("a===", Err(1)),
        ("aA=", Err(3)),
        ("aA=a", Err(2)),
        ("aGVs!", Err(4)),
        ("aGV$", Err(3)),
        ("aGVsbG8=x", Err(8)),
    ] {
        let found = decode(text.as_bytes());
        assert_eq!(found, expected.map(|t: &str| t.as_bytes().to_vec()), "{text:?}");
    }
}

#[test]
fn encoded_and_decoded() {
    for length in 0..70_u8 {
        let bytes: Vec<u8> = (0..length).map(|b| b.wrapping_mul(37)).collect();
        assert_eq!(decode(encode(&bytes).as_bytes()), Ok(bytes));
    }
}

#[test]
fn every_stray_byte_is_replaced() {
    assert_eq!(lossy(b"a\xe2\x82b\xff"), "a\u{fffd}\u{fffd}b\u{fffd}");
}
