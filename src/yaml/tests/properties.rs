use super::*;
use proptest::prelude::*;

/// Text made of what has a meaning in YAML.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b: ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "? ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "<<: ",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "#",
        "---\n",
        "...\n",
        "!!int ",
        "!!binary ",
        "! ",
        "1",
        "0x",
        "1e3",
        ".inf",
        "~",
        "yes",
        "\t",
        "\u{feff}",
        "é",
        "%TAG ",
        "\\u",
        "<<",
        "\r\n",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|v| v.concat())
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Into::into),
        "[ -~äß\u{2028}\u{1f600}]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map("[ -~é]{0,8}", inner, 0..6)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

fn check_text(text: &str) {
    let source = Source::new("x.yaml", text);
    let layout = Layout::everything();
    for options in [ReadOptions::default(), ReadOptions::policy()] {
        let (docs, error) = read_all(&source, &layout, options);
        if let Some(error) = error {
            assert!(!crate::diag::render::render(&error, false).is_empty());
        }
        for doc in docs {
            let Some(root) = doc.root() else { continue };
            let printed = Source::new("y.yaml", go_json(&doc, root));
            let (again, error) = read_all(&printed, &layout, ReadOptions::policy());
            let again = again.first().unwrap_or_else(|| panic!("{text:?} {printed:?} {error:?}"));
            // Go prints the float -0 as `-0`, which reads as the integer.
            let zeros = |text: &str| text.replace("-0", "0");
            assert_eq!(zeros(&printed.text), zeros(&go_json(again, again.root().unwrap())), "{text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        check_text(&text);
    }

    #[test]
    fn yaml_like_text_is_read_or_refused(text in yaml_like()) {
        check_text(&text);
    }

    #[test]
    fn our_json_is_the_same_document(value in json_value()) {
        let text = value.to_string();
        check_text(&text);
        check_text(&format!("a: {text}\n"));
        let source = Source::new("x.json", text.as_str());
        let layout = Layout::everything();
        let (docs, error) = read_all(&source, &layout, ReadOptions::default());
        prop_assert!(error.is_none(), "{error:?}");
        prop_assert_eq!(docs.len(), 1);
    }
}
