//! What the reader of the common subset accepts is what the event parser makes of it, node for node.

use super::*;
use crate::yaml::{reader, subset};
use kyvc_vm::document::NodeId;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Everything that can be seen of a document.
fn dump(doc: &Document<'_>) -> String {
    fn node(doc: &Document<'_>, id: NodeId, out: &mut String) {
        let key = doc.key(id).map(|k| doc.key_text(k));
        let (place, key_place, value, uint) = (doc.place(id), doc.key_place(id), doc.scalar(id), doc.uint(id));
        let _ = writeln!(out, "{key:?} {key_place:?} {:?} {place:?} {value:?} {uint:?}", doc.kind(id));
        doc.children(id).for_each(|child| node(doc, child, out));
    }
    let mut out = String::new();
    if let Some(root) = doc.root() {
        node(doc, root, &mut out);
    }
    out
}

/// Reads a text both ways; says whether the subset has it.
fn same(text: &str) -> bool {
    let layout = Layout::everything();
    let mut any = false;
    for sigs in [false, true] {
        let chunk = Chunk { text, line: 3, column: 0, sigs };
        if check(chunk).is_err() {
            return false;
        }
        for options in [ReadOptions::default(), ReadOptions::policy()] {
            let subset::Read::Done(ours) = subset::read(chunk, &layout, Buffers::default(), &options) else { continue };
            match reader::read_events(chunk, &layout, Buffers::default(), &options) {
                Ok(theirs) => assert_eq!(dump(&ours), dump(&theirs), "{sigs} {text:?}"),
                Err(fault) => panic!("{sigs} {text:?}: {fault:?}\n{}", dump(&ours)),
            }
            any = true;
        }
    }
    any
}

#[test]
fn what_manifests_are_made_of() {
    for text in [
        "a: 1\nb:\n  c: [x, 'y', {z: 1}]\n",
        "---\n# c\na:\n- b\n- c: d\n  e: f\n-\n  - - g\n    - h\n-\ni:\n",
        "a: \"x\\n\\u00e9 \\\n   y\n\n  z\"\nb: 'it''s\n  two'\nc: x y\n  z\n\n  w # c\n",
        "a: |\n  x\n\n   y\n  z\nb: >-\n  p\n  q\n\n  r\n   s\n  t\nc: |2+\n    u\n\n",
        "a: {\n  b: c, # d\n  e: [\n    f,\n  ],\n  }\n",
        "\"a b\" : 1\n'c': 2\nd : 3\n",
        "a: b\r\nc:\r\n  - d\r\n  - |\r\n    e\r\n    f\r\ng: \"h\r\n  i\"\r\n",
        "é: ü\nlist: [é, ü]\nm: {é: 1, b: 2}\n",
        "- a: 1\n  b: {c: 2}\n- - - b\n",
        "{a: 1,\nb: [2, {c: d}]}\n",
        "a: http://x:1#y\nb: -x\nc: ?x\nd: :x\n? : 1\n",
        "a:   \n  b  :   c   \n  # comment\n # another\n  d: e",
        "a: |\n  x\n",
        "hello",
    ] {
        let known = same(text);
        assert!(known || text.contains("? :"), "{text:?}");
    }
}

#[test]
fn what_is_left_to_the_event_parser() {
    for text in [
        "",
        "# c\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "? a\n: b\n",
        "a:\tb\n",
        "a: b: c\n",
        "a: b\n   c: d\n",
        "a: [b: c]\n",
        "a: {b}\n",
        "a: {b: }\n",
        "a: 'b' c\n",
        "a: |\nb: c\n",
        "a: b # c\n  d\n",
        "a: 1\n---\nb: 2\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: 1\n...\n",
        "  a: 1\nb: 2\n",
        "a: \"\\q\"\n",
        "a: \"b\nc\"\n",
        "a: [b,\nc]\n",
        "a: b\rc: d\n",
        "a: \u{feff}b\n",
        "~: 1\n",
        "[a]: 1\n",
        "<<: {a: 1}\n",
    ] {
        assert!(!same(text), "{text:?}");
    }
}

fn yaml_files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|e| Some(e.ok()?.path())) {
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            out.push(path);
        }
    }
}

#[test]
fn files_are_the_same_both_ways() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recordings =
        std::env::var_os("KYVC_CONFORMANCE").map_or_else(|| root.join("../shared/conformance"), PathBuf::from);
    let mut files = Vec::new();
    for folder in [root.join("tests/samples"), root.join("policies"), recordings] {
        yaml_files(&folder, &mut files);
    }
    let (mut chunks, mut known) = (0, 0);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        for chunk in split::Chunks::new(&text, 0).map_while(Result::ok) {
            chunks += 1;
            known += usize::from(same(chunk.text));
        }
    }
    println!("{known} of {chunks} documents are of the subset");
    assert!(known * 10 > chunks * 9, "{known} of {chunks}");
}

/// Small documents in many styles, of which most are well formed.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "a",
        "b c",
        "1",
        "~",
        "",
        "yes",
        "x:y",
        "-x",
        "\"q\"",
        "\"q\\n\\\"\"",
        "'it''s'",
        "\"a\n   b\"",
        "'a\n\n   b '",
        "a\n   b",
        "a\n\n    b # c",
        "x # c",
        "[a, b]",
        "{a: b, \"c\":d}",
        "[\n   a,\n   ]",
        "|\n    x\n    y",
        "|-\n     x\n    ",
        ">\n    x\n    y\n\n     z",
        "|+\n    x\n\n",
        "é",
        "&x a",
        "*x",
        "!!str a",
        "<<",
        "#c",
        "- a",
        "a: b",
        "[a: b]",
        "\"\\\n   x\"",
        "a#b",
        "a\t",
        ".5",
        "|2\n     x",
    ]);
    let key = prop::sample::select(vec!["a", "b", "'k l'", "\"é\"", "k l", "<<", "- a", "1", "? a", "x ", "-", "- "]);
    let indent = prop::sample::select(vec!["", "", " ", "  ", "  ", "   ", "    ", "- ", "  - ", "    - ", "\t"]);
    let end = prop::sample::select(vec![
        "\n",
        "\n",
        "\n",
        "\n",
        "\n\n",
        " \n",
        " # c\n",
        "\n# c\n",
        "\n  # c\n",
        "\r\n",
        "\n   d\n",
        "",
    ]);
    let separator = prop::sample::select(vec![
        ": ", ": ", ": ", ":", ":\n", ":\n  ", ":   ", " : ", ": # c\n", "\n", ":\n- ", ": - ",
    ]);
    let line = (indent, key, separator, scalar, end).prop_map(|(i, k, s, v, e)| format!("{i}{k}{s}{v}{e}"));
    prop::collection::vec(line, 1..7).prop_map(|lines| lines.concat())
}

/// A file of ours with one thing changed.
fn edited() -> impl Strategy<Value = String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    yaml_files(&root.join("tests/samples"), &mut files);
    yaml_files(&root.join("policies"), &mut files);
    files.sort();
    let texts: Vec<String> = files.iter().filter_map(|f| std::fs::read_to_string(f).ok()).collect();
    let chunks = texts.iter().flat_map(|t| split::Chunks::new(t, 0).map_while(Result::ok)).map(|c| c.text.to_owned());
    let piece = prop::sample::select(vec![
        "", " ", "  ", "\n", "\n\n", "\t", ":", ": ", " #", "- ", "'", "\"", "[", "]", "{", "}", ",", "|", ">", "\\",
        "&a ", "*a", "!", "é", "\r\n", "\n  ", "\n    ", "?", "<<", "---\n",
    ]);
    (prop::sample::select(chunks.collect::<Vec<_>>()), any::<prop::sample::Index>(), 0_usize..12, piece).prop_map(
        |(text, at, drop, piece)| {
            let from = text.floor_char_boundary(at.index(text.len().max(1)));
            let to = text.ceil_char_boundary((from + drop.saturating_sub(6)).min(text.len()));
            format!("{}{piece}{}", &text[..from], &text[to..])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn documents_are_the_same_both_ways(text in document()) {
        same(&text);
    }

    #[test]
    fn edited_files_are_the_same_both_ways(text in edited()) {
        same(&text);
    }

    #[test]
    fn brackets_are_the_same_both_ways(text in "a: [\\[{][\\[\\]{}:,a-c'\" #\\n-]{0,24}[\\]}]") {
        same(&text);
    }

    #[test]
    fn any_text_is_the_same_both_ways(text in "[a-c:#'\"|>+\\- \\n\\t\\[\\]{},&*!?.%\\\\é\\r]{0,40}") {
        same(&text);
    }
}
