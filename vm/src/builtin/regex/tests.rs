//! Go's regexp and ours, on what is known to differ between Go and Rust.

use super::GoRegex;
use super::template::expanded;

#[test]
fn accepted_and_refused_as_in_go() {
    for (pattern, matched, not) in [
        (r"\Qa.b\E+", "a.bb", "axb"),
        ("^[a&&b]$", "&", "c"),
        (r"^\d$", "7", "٧"),
        (r"^\w$", "_", "é"),
        (r"é\b", "éa", "éé"),
        (r"^[\d-z]+$", "1-z", "y"),
        ("^a{,2}$", "a{,2}", "aa"),
        ("^a{$", "a{", "a"),
        ("^(?<n>a)(?P<n>b)$", "ab", "a"),
        ("(?U)^a+$", "aa", "b"),
        (r"^a\z", "a", "a\n"),
        ("^a$", "a", "a\n"),
        (r"^\p{Greek}$", "λ", "l"),
        (r"^\pN\P{^L}$", "1a", "11"),
        ("^[[:word:]]$", "_", "-"),
        ("^[[:^word:]]$", "-", "_"),
        (r"^\x{1F600}$", "😀", "a"),
        ("[[a]b]", "[b]", "b"),
        ("(?i)^straẞe$", "STRAßE", "strasse"),
        (r"(?i)^[^\W]$", "ſ", "é"),
        ("(?s)^.$", "\n", ""),
        ("^.$", "a", "\n"),
        ("(?m)^b$", "a\nb\nc", "ab"),
        (r"^\101\x41$", "AA", "A"),
        ("^[^a]$", "\n", "a"),
        (r"^\x{D800}?$", "", "\u{fffd}"),
        ("^[]a]$", "]", "b"),
        ("(|a)*b", "aab", "aa"),
        ("(?i:a)b", "Ab", "AB"),
        ("(?i)a(?-i)b", "Ab", "AB"),
        ("(?:a|b){2}?$", "ab", "a"),
    ] {
        let regex = GoRegex::new(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        assert!(regex.is_match(matched), "{pattern} and {matched:?}");
        assert!(!regex.is_match(not), "{pattern} and {not:?}");
    }
}

#[test]
fn errors_in_gos_words() {
    for (pattern, error) in [
        ("[a--b]", "invalid character class range: `a--`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("x**", "invalid nested repetition operator: `**`"),
        ("x*??+", "invalid nested repetition operator: `*??`"),
        ("(?x)", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("(?P<a", "invalid named capture: `(?P<a`"),
        ("(?P<é>a)", "invalid named capture: `(?P<é>`"),
        (r"\C", "invalid escape sequence: `\\C`"),
        (r"\e", "invalid escape sequence: `\\e`"),
        (r"\8", "invalid escape sequence: `\\8`"),
        (r"\x{110000}", "invalid escape sequence: `\\x{110000`"),
        (r"\x4", "invalid escape sequence: `\\x4`"),
        (r"\xZZ", "invalid escape sequence: `\\xZZ`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("[a", "missing closing ]: `[a`"),
        ("b[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\p{Foo}", "invalid character class range: `\\p{Foo}`"),
        (r"\p", "invalid character class range: `\\p`"),
        (r"\p{Grek}", "invalid character class range: `\\p{Grek}`"),
        (r"\p{Old_Italic}", "invalid character class range: `\\p{Old_Italic}`"),
        ("a)b", "unexpected ): `a)b`"),
        ("(a", "missing closing ): `(a`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a|+?", "missing argument to repetition operator: `+?`"),
        ("(*)", "missing argument to repetition operator: `*`"),
    ] {
        let found = GoRegex::new(pattern).expect_err(pattern);
        assert_eq!(found, format!("error parsing regexp: {error}"), "{pattern}");
    }
}

#[test]
fn posix_for_random() {
    assert!(super::parse("a**", false).is_ok());
    for pattern in [r"\d", "(?:a)", r"\pL", "[a-b-c]"] {
        assert!(super::parse(pattern, false).is_err(), "{pattern}");
    }
}

#[test]
fn limits() {
    let nested = |depth: usize| "(".repeat(depth) + "a" + &")".repeat(depth);
    assert!(GoRegex::new(&nested(200)).is_ok_and(|r| r.is_match("a")));
    assert!(GoRegex::new(&nested(100_000)).is_err_and(|e| e.contains("expression nests too deeply")));
    assert!(GoRegex::new(&"(?:".repeat(80_000)).is_err());
    let large = r"(\pL{10}){100}".repeat(10);
    assert!(GoRegex::new(&large).is_err_and(|e| e.contains("expression too large")));
    assert!(GoRegex::new(&r"(?i)\pL".repeat(10_000)).is_err_and(|e| e.contains("expression too large")));
    assert!(GoRegex::new(&"a".repeat(1 << 20)).is_err());
}

fn replaced(pattern: &str, text: &str, with: &str) -> Option<String> {
    GoRegex::new(pattern).expect("a pattern").replace_all(text, &expanded(with), 1 << 10, &|_| true).ok()
}

#[test]
fn replacements() {
    for (pattern, text, with, expected) in [
        ("(a)(b)?", "aab", "[$1$2]", "[a][ab]"),
        ("a", "banana", "${0}x", "baxnaxnax"),
        ("a", "a", "$0x", ""),
        ("a", "a", "$01", ""),
        ("a", "a", "${0", "${0"),
        ("a", "a", "$é", ""),
        ("a", "a", "$-$", "$-$"),
        ("(?P<x>a)|(?P<x>b)", "ab", "<$x>", "<a><b>"),
        ("x*", "日本", "-", "-日-本-"),
        (r"\b", "a é b", "|", "|a| é |b|"),
        (r"\B", "é", "|", "|é|"),
        ("^", "aa", "-", "-aa"),
        ("(?m)^", "a\nb", "> ", "> a\n> b"),
        ("b*", "abbc", "-", "-a-c-"),
    ] {
        assert_eq!(replaced(pattern, text, with).as_deref(), Some(expected), "{pattern} in {text:?} with {with}");
    }
    assert_eq!(replaced("a", &"a".repeat(600), "bb"), None);
}
