use super::*;
use crate::diag::render::render;

fn diagnostic(text: &str) -> Diagnostic {
    let source = Source::new("x.yaml", text);
    read_all(&source, &Layout::everything(), ReadOptions::policy()).1.unwrap()
}

#[test]
fn documents_are_cut_as_kyverno_cuts_them() {
    assert_eq!(lenient("a: 1\n---\n# none\n---\nb: 2\n---\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(lenient("a: |\n  x"), [r#"{"a":"x\n"}"#]);
    assert_eq!(
        lenient("a: |\n  x\n---\nb: |+\n  y\n\n---\nc: >-\n  z"),
        [r#"{"a":"x\n"}"#, r#"{"b":"y\n\n"}"#, r#"{"c":"z"}"#]
    );
    assert_eq!(lenient("\u{feff}a: 1\r\n---\r\nb: 2\r\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(lenient("# only a comment\n"), Vec::<String>::new());
    assert_eq!(lenient("a: 1\n--- x\nb: 2\n"), [r#"{"a":1}"#, "BadSeparator"]);
    assert_eq!(lenient("a: 1\n---\nb: [\n---\nc: 3\n"), [r#"{"a":1}"#, "YamlSyntax"]);
    assert_eq!(lenient("null"), ["null"]);
}

#[test]
fn one_text_as_sigs_yaml() {
    assert_eq!(sigs("a: |\n  x", false).unwrap(), r#"{"a":"x"}"#);
    assert_eq!(sigs("a: |+\n  x", false).unwrap(), r#"{"a":"x"}"#);
    assert_eq!(sigs("a: |\n  x\n# c", false).unwrap(), r#"{"a":"x\n"}"#);
    assert_eq!(sigs("a: |\n  x\n  ", false).unwrap(), r#"{"a":"x\n"}"#);
    assert_eq!(sigs("a: |\n  x\n    ", false).unwrap(), r#"{"a":"x\n  "}"#);
    assert_eq!(lenient("a: |\n  x\n  "), [r#"{"a":"x\n"}"#]);
    assert_eq!(sigs("a: >\n  x\n  z", false).unwrap(), r#"{"a":"x z"}"#);
    assert_eq!(sigs("a: |\n  x # c\n# c", false).unwrap(), r#"{"a":"x # c\n"}"#);
    assert_eq!(sigs("--- a\n--- b\n", false).unwrap(), r#""a""#);
}

#[test]
fn json_goes_the_fast_way_or_is_yaml() {
    assert_eq!(lenient(r#"{"a": [1, "\ud83d\ude00"]}"#), ["{\"a\":[1,\"\u{1f600}\"]}"]);
    assert_eq!(lenient("{\"a\":1}\n{\"b\":2} [3]\n"), [r#"{"a":1}"#, r#"{"b":2}"#, "[3]"]);
    assert_eq!(lenient("{\"a\":1}\n---\n{\"b\":2}\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(lenient("{a: 1, b: [x]} # flow"), [r#"{"a":1,"b":["x"]}"#]);
    assert_eq!(lenient("{\"a\": 1} # comment"), [r#"{"a":1}"#]);
    assert_eq!(lenient("{\"a\":1}\n{\"b\":"), [r#"{"a":1}"#, "JsonSyntax"]);
    assert_eq!(lenient("{a: 1"), ["YamlSyntax"]);
    assert_eq!(read("x.json", "{a: 1", ReadOptions::default()), ["JsonSyntax"]);
    assert_eq!(read("x.json", r#"{"a": "#, ReadOptions::default()), ["JsonSyntax"]);
    assert_eq!(strict(r#"{"a": 1, "a": 2}"#), ["DuplicateKey"]);
}

#[test]
fn json_numbers_are_read_as_yaml_would() {
    let layout = Layout::everything();
    let source = Source::new("x.json", r#"{"a": 1.0, "b": 1.5}"#);
    let (docs, _) = read_all(&source, &layout, ReadOptions::default());
    let root = docs[0].root().unwrap();
    assert_eq!(docs[0].kind(docs[0].get_str(root, "a").unwrap()), kyvc_vm::document::Kind::Int);
}

#[test]
fn places_of_keys_and_values() {
    let source = Source::new("x.yaml", "# c\n---\nä: 1\nb:\n  - |\n    t\n  - ü: \"q\"\nn:\nm: 2\n---\nz: {y: 1}\n");
    let layout = Layout::everything();
    let (docs, error) = read_all(&source, &layout, ReadOptions::policy());
    assert!(error.is_none());
    let mut out = Vec::new();
    for doc in &docs {
        let mut open = vec![doc.root().unwrap()];
        while let Some(node) = open.pop() {
            let p = doc.place(node);
            let k = if doc.key(node).is_some() { doc.key_place(node) } else { p };
            out.push(format!("{}:{} {}:{} {}", k.line, k.column, p.line, p.column, go_json(doc, node)));
            open.extend(doc.children(node));
        }
    }
    assert_eq!(
        out[1..].join("\n"),
        "\
9:1 9:4 2
8:1 8:1 null
4:1 5:3 [\"t\\n\",{\"ü\":\"q\"}]
7:5 7:5 {\"ü\":\"q\"}
7:5 7:8 \"q\"
6:5 6:5 \"t\\n\"
3:1 3:4 1
11:1 11:1 {\"z\":{\"true\":1}}
11:1 11:4 {\"true\":1}
11:5 11:8 1"
    );
}

#[test]
fn json_documents_after_the_first_have_places_too() {
    let source = Source::new("x.json", "{\"a\": 1}\n\n{\"b\": 2}\n---\n{\"c\":\n 3}");
    let layout = Layout::everything();
    let (docs, _) = read_all(&source, &layout, ReadOptions::policy());
    let first = |d: &Document<'_>| d.place(d.children(d.root().unwrap()).next().unwrap());
    let places: Vec<Place> = docs.iter().map(first).collect();
    assert_eq!(places, [Place { line: 1, column: 7 }, Place { line: 3, column: 7 }, Place { line: 6, column: 2 }]);
}

#[test]
fn a_repeated_key_shows_both_places() {
    let d = diagnostic("a:\n  b: 1\n  c: {b: 2}\n  b: 3\n");
    assert_eq!(d.code, Code::DuplicateKey);
    assert_eq!(d.primary.as_ref().unwrap().place, Place { line: 4, column: 3 });
    assert_eq!(d.labels[0].place, Place { line: 2, column: 3 });
    assert!(render(&d, false).contains("first set here"));
}

#[test]
fn errors_have_places_and_help() {
    let d = diagnostic("a: 1\n---\nb: {{ x }}\n");
    assert_eq!(d.one_line(), "x.yaml:3:5: error[K0105]: a list or map cannot be a map's key");
    assert!(d.help.unwrap().contains("quotes"));
    assert_eq!(diagnostic("a:\n- b: .inf\n").primary.unwrap().place, Place { line: 2, column: 6 });
    assert_eq!(
        diagnostic("a: 1\nb: \u{7f}\n").one_line(),
        "x.yaml:2:4: error[K0114]: control character U+007F is not allowed in YAML"
    );
    assert_eq!(diagnostic("a:\n  ~: 1").code, Code::NullKey);
}

#[test]
fn merges_follow_the_order_of_the_text() {
    assert_eq!(
        lenient("x: &x {k: 1, l: 2}\nz:\n  k: 0\n  <<: *x\n  l: 3\n"),
        [r#"{"x":{"k":1,"l":2},"z":{"k":1,"l":3}}"#]
    );
    assert_eq!(lenient("b:\n  <<: &x {k: {m: [1]}}\nc: *x\n"), [r#"{"b":{"k":{"m":[1]}},"c":{"k":{"m":[1]}}}"#]);
    assert_eq!(lenient("b:\n  <<: [&x {k: 1}, {<<: *x, l: 2}]\n  <<: {z: 1}\n"), [r#"{"b":{"k":1,"l":2,"z":1}}"#]);
    assert_eq!(lenient("b: &x\n  <<: *x\n"), ["SelfReference"]);
    assert_eq!(lenient("b:\n  <<: {}\n"), [r#"{"b":{}}"#]);
    assert_eq!(strict("b:\n  '<<': 1\n  <<: {k: 1}\n"), [r#"{"b":{"\u003c\u003c":1,"k":1}}"#]);
}

#[test]
fn aliases_of_keys_and_scalars() {
    assert_eq!(lenient("&k 010: &v 1e6\n*v : *k\n"), [r#"{"1e+06":8,"8":1000000}"#]);
    assert_eq!(lenient("a: &x [1]\n*x : 2\n"), ["ComplexKey"]);
}

#[test]
fn strict_mode_compares_keys_before_they_are_text() {
    assert_eq!(strict("1: a\n'1': b"), [r#"{"1":"b"}"#]);
    assert_eq!(strict("'1': a\n1: b\n0x1: c"), ["DuplicateKey"]);
    assert_eq!(strict("1: a\n'1': b\n'1': c"), ["DuplicateKey"]);
    assert_eq!(strict("x: {1: a}\nz: {1: b}\n"), [r#"{"x":{"1":"a"},"z":{"1":"b"}}"#]);
}

#[test]
fn an_alias_bomb_is_refused_and_an_honest_file_is_not() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..=9 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{aliases}]\n"));
    }
    assert_eq!(lenient(&bomb), ["ExcessiveAliasing"]);
    let mut honest = String::from("base: &b {a: 1, b: [1, 2, 3]}\nlist:\n");
    for i in 0..5_000 {
        honest.push_str(&format!("- <<: *b\n  n: {i}\n"));
    }
    assert_eq!(lenient(&honest).len(), 1);
    assert!(lenient(&honest)[0].starts_with('{'));
}

#[test]
fn deep_nesting_is_refused_quickly() {
    assert_eq!(lenient(&"[".repeat(20_000)), ["TooDeep"]);
    assert_eq!(lenient(&"- ".repeat(20_000)), ["TooDeep"]);
    assert_eq!(lenient(&"{a: ".repeat(20_000)), ["TooDeep"]);
    assert_eq!(read("x.json", &"[".repeat(20_000), ReadOptions::default()), ["TooDeep"]);
}

#[test]
fn every_prefix_of_json_is_read_or_refused() {
    let text = r#"{"a": [1, -2.5e3, "x\u00e9\n"], "b": {"c": null, "d": true}, "é": false}"#;
    for (end, _) in text.char_indices() {
        let out = read("x.json", &text[..end], ReadOptions::default());
        assert_eq!(out.len(), usize::from(end > 0), "{end} {out:?}");
    }
}

#[test]
fn a_callback_can_stop_and_gives_memory_back() {
    let source = Source::new("x.yaml", "a: 1\n---\nb: 2\n---\nc: [");
    let layout = Layout::everything();
    let mut seen = 0;
    let result = documents(&source, &layout, ReadOptions::default(), &mut |doc| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(doc.recycle()) }
    });
    assert_eq!((seen, result.is_ok()), (2, true));
}

#[test]
fn our_own_files_through_serde() {
    let text = emit::to_yaml(&vec![("yes".to_owned(), 1)]).unwrap();
    assert_eq!(emit::from_yaml::<Vec<(String, i32)>>(&Source::new("x", text)).unwrap(), [("yes".to_owned(), 1)]);
    let error = emit::from_yaml::<Vec<i32>>(&Source::new("x", "- 1\n- x\n")).unwrap_err();
    assert_eq!(error.primary.unwrap().place, Place { line: 2, column: 3 });
}

#[test]
fn white_space_that_libyaml_does_not_mind() {
    assert_eq!(lenient("a: 'x\ny''\n  z'\nb: \"p\n\tq\"\n"), [r#"{"a":"x y' z","b":"p q"}"#]);
    assert_eq!(lenient("a:\n  b: [1,\n2,\n 3\n]\n  c: {\nd: 1\n}\n"), [r#"{"a":{"b":[1,2,3],"c":{"d":1}}}"#]);
    assert_eq!(lenient("a:\tb\nc:\t- d\n"), ["YamlSyntax"]);
    assert_eq!(lenient("a:\tb\n"), [r#"{"a":"b"}"#]);
}

#[test]
fn tabs_and_directives_that_libyaml_refuses() {
    for text in ["\t- a", "a:\n\tb: 1", "a:\n\t\n  b: 1", "a: b\n\t\nc: d", "a: 'b'\n  \t# c\nd: e", "a:\n  \tb: 1\n"] {
        assert_eq!(lenient(text), ["YamlSyntax"], "{text:?}");
    }
    for text in ["a: b\n \t\nc: d", "a: [1,\n\t2]", "a: |\n  x\n  \ty\n", "a: 'x\n \ty'"] {
        assert!(lenient(text)[0].starts_with('{'), "{text:?}");
    }
    assert_eq!(sigs("%YAML 1.2\n---\na: 1", false).unwrap_err().message, "only YAML 1.1 is understood");
    assert_eq!(sigs("%FOO x\n---\na: 1", false).unwrap_err().message, "unknown directive");
    assert_eq!(sigs("...\na: 1", false).unwrap_err().code, Code::YamlSyntax);
    assert_eq!(sigs("a: .51_0\nb: ._5\nc: .5e400", false).unwrap(), r#"{"a":0.51,"b":"._5","c":".5e400"}"#);
    assert!(sigs("%TAG !e! tag:e,2000:\n---\na: !e!x 1", false).is_ok());
}

#[test]
fn text_after_the_document_is_lost_only_where_go_loses_it() {
    assert_eq!(lenient("  a: 1\nb: 2\n"), ["YamlSyntax"]);
    assert_eq!(sigs("  a: 1\nb: 2\n", false).unwrap(), r#"{"a":1}"#);
}
