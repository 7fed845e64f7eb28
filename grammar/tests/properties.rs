//! What holds for every text: no panic, errors with a place in the text, printing that parses back.

use bumpalo::Bump;
use kyvc_grammar::jmespath;
use proptest::prelude::*;

fn check(text: &str) -> Result<(), TestCaseError> {
    let bump = Bump::new();
    match jmespath::parse(&bump, text) {
        Ok(expr) => {
            prop_assert!(text.get(expr.span.range()).is_some());
            let _ = expr.tree().to_string();
            let printed = expr.to_string();
            match jmespath::parse(&bump, &printed) {
                Ok(again) => prop_assert!(again == expr, "{text:?} prints as {printed:?}"),
                Err(error) => prop_assert!(false, "{text:?} prints as {printed:?}: {error}"),
            }
        }
        Err(error) => prop_assert!(text.is_char_boundary(error.offset), "{text:?}: {error:?}"),
    }
    Ok(())
}

/// Tokens in any order, half of them as they often follow each other.
fn soup() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        prop::sample::select(vec![
            ".", "*", "[*]", "[]", "[?", "[", "]", "{", "}", "(", ")", ",", ":", "|", "||", "&", "&&", "!", "==", "!=",
            "<", ">=", "=", "@", "-", "1", "a", "f(", "\"b c\"", "'d'", "`1`", "`x`", "[0]", "[1:2]", "[:", "é", " ",
        ]),
        prop::sample::select(vec!["a", ".b", "[0]", "[*]", "[]", ".*", ".[a]", "[a]", "[1:]", " || ", " == ", "!"]),
    ];
    prop::collection::vec(token, 0..16).prop_map(|tokens| tokens.concat())
}

/// Well-formed expressions.
fn expression() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["a", "@", "*", "[*]", "[]", "[0]", "[1:2]", "'x\\'y'", "`{\"a\": 1}`", "\"q\\n\""]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 48, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), prop::sample::select(vec!["||", "&&", "|", "==", "<"]))
                .prop_map(|((left, right), op)| format!("{left} {op} {right}")),
            pair.clone().prop_map(|(left, right)| format!("({left}).a[?{right}]")),
            pair.clone().prop_map(|(left, right)| format!("f({left}, &{right})")),
            pair.prop_map(|(left, right)| format!("{left}.{{a: {right}}}")),
            (
                inner.clone(),
                prop::sample::select(vec![".b", ".*", "[*]", "[]", "[0]", "[:2]", ".[a]", "[*][b]", ".*.c"])
            )
                .prop_map(|(left, suffix)| format!("{left}{suffix}")),
            inner.clone().prop_map(|of| format!("!{of}")),
            inner.clone().prop_map(|of| format!("({of})")),
            inner.prop_map(|of| format!("[{of}]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn any_tokens(text in soup()) {
        check(&text)?;
    }

    #[test]
    fn any_expression(text in expression()) {
        check(&text)?;
    }
}
