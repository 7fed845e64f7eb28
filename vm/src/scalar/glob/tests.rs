use super::*;
use proptest::prelude::*;

/// The definition, with exponential time.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|taken| naive(rest, &text[taken..])),
        ['?', rest @ ..] => !text.is_empty() && naive(rest, &text[1..]),
        [first, rest @ ..] => text.first() == Some(first) && naive(rest, &text[1..]),
    }
}

fn check(pattern: &str, text: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    let expected = naive(&chars(pattern), &chars(text));
    assert_eq!(Glob::new(pattern).matches(text), expected, "compiled {pattern:?} on {text:?}");
    assert_eq!(matches(pattern, text), expected, "direct {pattern:?} on {text:?}");
    expected
}

#[test]
fn shapes() {
    let shape = |pattern| Glob::new(pattern).shape;
    assert_eq!(shape(""), Shape::Literal);
    assert_eq!(shape("abc"), Shape::Literal);
    assert_eq!(shape("*"), Shape::Any);
    assert_eq!(shape("***"), Shape::Any);
    assert_eq!(shape("?*"), Shape::NonEmpty);
    assert_eq!(shape("*?"), Shape::NonEmpty);
    assert_eq!(shape("a**"), Shape::Prefix(1));
    assert_eq!(shape("**a"), Shape::Suffix(2));
    assert_eq!(shape("**a*"), Shape::Contains(2, 3));
    assert_eq!(shape("a**b"), Shape::PrefixSuffix(1, 3));
    assert_eq!(shape("a*b*c"), Shape::Segments);
    assert_eq!(shape("*a*b"), Shape::Segments);
    assert_eq!(shape("a?"), Shape::General);
}

#[test]
fn edges() {
    assert!(check("", ""));
    assert!(!check("", "a"));
    assert!(check("*", "a\nb/c"));
    assert!(check("?", "\u{1f600}"));
    assert!(!check("??", "é"));
    assert!(!check("aba*aba", "aba"), "prefix and suffix must not overlap");
    assert!(check("*é?*", "xéy"));
    assert!(!check("a*a*b*b", "ab"));
    assert!(!is_wildcard("a.c[x]\\"));
    assert!(is_wildcard("a?"));
    assert_eq!(Glob::new("a*").as_str(), "a*");
    assert!(Glob::literal("a*").matches("a*"));
    assert!(!Glob::literal("a*").matches("ab"));
    assert_ne!(Glob::literal("a*"), Glob::new("a*"));
}

#[test]
fn no_blow_up() {
    let text = "a".repeat(20_000);
    let pattern = format!("{}b", "a*".repeat(200));
    assert!(!Glob::new(&pattern).matches(&text));
    assert!(!Glob::new(&format!("{pattern}?")).matches(&text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn agrees_with_the_definition(pattern in "[ab?*é]{0,7}", text in "[abé]{0,9}") {
        check(&pattern, &text);
    }

    #[test]
    fn any_text_is_safe(pattern in any::<String>(), text in any::<String>()) {
        prop_assert_eq!(Glob::new(&pattern).matches(&text), matches(&pattern, &text));
    }
}
