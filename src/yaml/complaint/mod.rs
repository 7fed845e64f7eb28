//! What yaml.v2 says of a text that it cannot read.
//!
//! `parse_yaml()` passes its errors on, and policies' authors read them. Our own reader has other rules for where it
//! stops, so the text is gone through once more, with the steps of yaml.v2: `scanner` finds tokens and keeps track of
//! what may be a key, `scalar` and `tag` go over what tokens consist of, and `parser` puts tokens in order. Nothing is
//! built: what is wrong, and in which line, is all that is asked.

mod parser;
mod scalar;
mod scanner;
mod tag;

use parser::Parser;

/// A place: how many lines are before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    index: usize,
    line: usize,
    column: usize,
}

/// Why yaml.v2 stops.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Complaint {
    /// A token cannot be read; the reader stands here
    Scanner(&'static str, Mark),
    /// A token stands where it may not
    Parser {
        problem: &'static str,
        at: Mark,
        /// Where what it stands in starts
        context: Mark,
    },
    /// An alias without an anchor
    Anchor(String),
}

impl Complaint {
    /// Go: decode.go, parser.fail. Lines count from 0 there, and a place in the first line counts as none.
    fn text(&self) -> String {
        let (problem, line) = match self {
            Complaint::Scanner(problem, at) => (*problem, if at.line > 0 { at.line + 1 } else { 0 }),
            Complaint::Parser { problem, at, context } => (*problem, if at.line > 0 { at.line } else { context.line }),
            Complaint::Anchor(name) => return format!("yaml: unknown anchor '{name}' referenced"),
        };
        if line > 0 { format!("yaml: line {line}: {problem}") } else { format!("yaml: {problem}") }
    }
}

type Step<T = ()> = Result<T, Complaint>;

/// The complaint about the first document of a text; none where its structure is sound.
pub(super) fn about(text: &str) -> Option<String> {
    Parser::new(text).document().err().map(|complaint| complaint.text())
}

#[cfg(test)]
mod tests {
    use super::about;

    #[test]
    fn complaints() {
        for (text, complaint) in [
            ("a: [1, 2", "yaml: line 1: did not find expected ',' or ']'"),
            ("[1}", "yaml: did not find expected ',' or ']'"),
            ("a: 'x", "yaml: found unexpected end of stream"),
            ("a: 'x\n", "yaml: line 2: found unexpected end of stream"),
            ("\ta: 1", "yaml: found character that cannot start any token"),
            ("a: %", "yaml: found character that cannot start any token"),
            ("a: -", "yaml: block sequence entries are not allowed in this context"),
            ("a: b: c", "yaml: mapping values are not allowed in this context"),
            ("- a\nb: 1", "yaml: line 1: did not find expected '-' indicator"),
            ("a: &x {b: 1}\n c:\n  <<: *x", "yaml: line 1: did not find expected key"),
            ("{\"a\":", "yaml: line 1: did not find expected node content"),
            ("a: *x", "yaml: unknown anchor 'x' referenced"),
            ("a: \"\\q\"", "yaml: found unknown escape character"),
            ("a: 1\nb", "yaml: line 3: could not find expected ':'"),
            ("%FOO\n---\na", "yaml: found unknown directive name"),
            ("a: !x!y z", "yaml: found undefined tag handle"),
            ("a: |0\n x", "yaml: found an indentation indicator equal to 0"),
        ] {
            assert_eq!(about(text).as_deref(), Some(complaint), "{text:?}");
        }
        for text in
            ["", "a: 1", "- a\n-  b", "? a\n: b", "a: &x 1\nb: *x", "%YAML 1.1\n---\na: 1", "a: 1\n---\n[", "!!str a"]
        {
            assert_eq!(about(text), None, "{text:?}");
        }
    }
}
