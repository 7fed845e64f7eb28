use super::*;

fn parse<'a>(src: &'a str, layout: &'a Layout) -> Document<'a> {
    read_json(src, layout, Buffers::default(), JsonOptions { places: Some(Place::START), ..JsonOptions::default() })
        .unwrap()
}

#[test]
fn flattens_in_pre_order_with_slots() {
    let mut b = LayoutBuilder::default();
    let (spec, n) = (b.sym("spec"), b.sym("n"));
    let path = b.path(&[spec, n]);
    let layout = b.finish();
    let src = r#"{"metadata":{"x":[1,{"y":2}]},"spec":{"n":-7,"m":"a\tb"}}"#;
    let doc = parse(src, &layout);
    let slot = doc.slot(path).unwrap();
    assert_eq!(doc.scalar(slot), Scalar::Int(-7));
    let root = doc.root().unwrap();
    assert_eq!(doc.len(root), 2);
    let metadata = doc.get_str(root, "metadata").unwrap();
    assert_eq!(doc.kind(metadata), Kind::Raw);
    assert_eq!(doc.str(metadata), r#"{"x":[1,{"y":2}]}"#);
    assert_eq!(doc.place(slot), Place { line: 1, column: 43 });
}

#[test]
fn keeps_everything_where_asked() {
    let layout = Layout::everything();
    let src = "{\"a\": [1, 2.5, true, null, \"x\\u00e9\\ud83d\\ude00\"],\n \"b\": {\"c\": {}}}";
    let doc = parse(src, &layout);
    let root = doc.root().unwrap();
    let a = doc.get_str(root, "a").unwrap();
    let values: Vec<_> = doc.children(a).map(|n| doc.scalar(n)).collect();
    assert_eq!(
        values,
        [Scalar::Int(1), Scalar::Float(2.5), Scalar::Bool(true), Scalar::Null, Scalar::Str("x\u{e9}\u{1f600}")]
    );
    let b = doc.get_str(root, "b").unwrap();
    assert_eq!(doc.place(b), Place { line: 2, column: 7 });
    assert_eq!(doc.key_place(b), Place { line: 2, column: 2 });
}

#[test]
fn later_duplicate_wins_and_frees_the_slot() {
    let mut b = LayoutBuilder::default();
    let (a, x) = (b.sym("a"), b.sym("x"));
    let path = b.path(&[a, x]);
    let layout = b.finish();
    let doc = parse(r#"{"a":{"x":1},"b":2,"a":{}}"#, &layout);
    assert_eq!(doc.slot(path), None);
    assert_eq!(doc.len(doc.root().unwrap()), 2);
    let strict = JsonOptions { unique_keys: true, ..JsonOptions::default() };
    let err = read_json(r#"{"a":1,"a":2}"#, &layout, Buffers::default(), strict).unwrap_err();
    assert_eq!((err.offset, err.kind), (7, JsonErrorKind::Duplicate("a".into())));
}

#[test]
fn refuses_what_is_no_json() {
    let layout = Layout::everything();
    let none = LayoutBuilder::default().finish();
    let deep = "[".repeat(20_000);
    for text in [
        "",
        "{",
        "[1,",
        "[1,]",
        "{\"a\" 1}",
        "{a:1}",
        "tru",
        "01",
        "-",
        "1.",
        "1e",
        "\"\\x\"",
        "\"a",
        "\"\u{1}\"",
        "1 2",
        "1e999",
        "[}",
        "{\"a\":1]",
        "\"\\u12g4\"",
        &deep,
    ] {
        assert!(read_json(text, &layout, Buffers::default(), JsonOptions::default()).is_err(), "{text:.20}");
        let inner = format!("{{\"skip\":{text}}}");
        if text != "1e999" && text != "1 2" {
            assert!(read_json(&inner, &none, Buffers::default(), JsonOptions::default()).is_err(), "{inner:.20}");
        }
    }
}

#[test]
fn go_number_split() {
    let layout = Layout::everything();
    for (text, value) in [
        ("9223372036854775807", Scalar::Int(i64::MAX)),
        ("9223372036854775808", Scalar::Float(9_223_372_036_854_775_808.0)),
        ("1.0", Scalar::Float(1.0)),
        ("1e2", Scalar::Float(100.0)),
        ("-0", Scalar::Int(0)),
    ] {
        let doc = parse(text, &layout);
        assert_eq!(doc.scalar(doc.root().unwrap()), value, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn agrees_with_serde_json(text in r#"[\[\]{}:,"a\\0-9.eE tfn]{0,24}"#) {
        let layout = Layout::everything();
        let ours = read_json(&text, &layout, Buffers::default(), JsonOptions::default()).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        proptest::prop_assert_eq!(ours, theirs, "{}", text);
    }
}

#[test]
fn wide_maps_keep_the_last_of_equal_keys() {
    let layout = Layout::everything();
    let members: Vec<String> = (0..40_000).map(|i| format!("\"k{}\":{i}", i % 20_000)).collect();
    let text = format!("{{{}}}", members.join(","));
    let doc = parse(&text, &layout);
    let root = doc.root().unwrap();
    assert_eq!(doc.len(root), 20_000);
    assert_eq!(doc.children(root).count(), 20_000);
    assert_eq!(doc.scalar(doc.get_str(root, "k7").unwrap()), Scalar::Int(20_007));
}

/// However long the lines are, all places together cost one more look at the text; and a part that is read later goes on
/// from its own place.
#[test]
fn places_are_counted_once() {
    let layout = Layout::everything();
    let items: Vec<String> = (0..2_000).map(|i| format!("{{\"kind\": \"Pod\", \"n\": {i}}}")).collect();
    for break_ in ["", "\n"] {
        let text = format!("{{\"items\": [{}]}}", items.join(&format!(",{break_}")));
        let mut last = Place::default();
        let looked_at = place::work::of(|| {
            let doc = parse(&text, &layout);
            let items = doc.get_str(doc.root().unwrap(), "items").unwrap();
            last = doc.place(doc.children(items).last().unwrap());
            let mut copy = Builder::new("", &layout, Buffers::default(), Limits::default());
            copy.graft(&doc, items).unwrap();
            let copy = copy.finish();
            assert_eq!(copy.place(copy.children(copy.root().unwrap()).last().unwrap()), last);
        });
        assert!(looked_at <= text.len(), "{looked_at} of {}", text.len());
        let want = if break_.is_empty() { text.len() as u32 - items[1_999].len() as u32 - 1 } else { 1 };
        assert_eq!((last.line, last.column), (if break_.is_empty() { 1 } else { 2_000 }, want));
    }
}

/// A copy has what its original passed over, with the places it has there.
#[test]
fn copies_read_what_was_passed_over() {
    let mut b = LayoutBuilder::default();
    let (items, name) = (b.sym("items"), b.sym("name"));
    b.want(&[Segment::Key(items), Segment::Element, Segment::Key(name)], true);
    let layout = b.finish();
    let doc = parse("{\"items\": [\n {\"name\": 1,\n  \"rest\": {\"a\": [2]}}]}", &layout);
    let items = doc.get_str(doc.root().unwrap(), "items").unwrap();
    let item = doc.children(items).next().unwrap();
    assert_eq!(doc.kind(doc.get_str(item, "rest").unwrap()), Kind::Raw);
    let everything = Layout::everything();
    let mut copy = Builder::new("", &everything, Buffers::default(), Limits::default());
    copy.graft(&doc, item).unwrap();
    let copy = copy.finish();
    let rest = copy.get_str(copy.root().unwrap(), "rest").unwrap();
    let a = copy.get_str(rest, "a").unwrap();
    let two = copy.children(a).next().unwrap();
    assert_eq!((copy.scalar(two), copy.place(two)), (Scalar::Int(2), Place { line: 3, column: 18 }));
    assert_eq!(copy.key_place(a), Place { line: 3, column: 12 });
}
