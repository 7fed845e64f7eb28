//! Pattern scalars: the small language inside a string of a pattern, as in `>=1Gi & <=2Gi | 0`.

/// A pattern scalar: it holds where every term of at least one alternative holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternatives<'a> {
    /// The alternatives between `|`, each the terms between `&`; neither list is ever empty.
    pub any: Vec<Vec<Term<'a>>>,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term<'a> {
    /// What to compare with the operand.
    pub op: Op<'a>,
    /// The text after the operator, without surrounding white space; the whole term for a range.
    pub operand: &'a str,
    /// The term as written, without surrounding spaces.
    pub text: &'a str,
}

/// The comparison of a [`Term`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op<'a> {
    /// No operator.
    Equal,
    /// `!`
    NotEqual,
    /// `>`
    More,
    /// `<`
    Less,
    /// `>=`
    MoreEqual,
    /// `<=`
    LessEqual,
    /// `low-high`, both ends belong to it.
    InRange {
        /// The lower end.
        low: &'a str,
        /// The upper end.
        high: &'a str,
    },
    /// `low!-high`, both ends are refused.
    NotInRange {
        /// The lower end.
        low: &'a str,
        /// The upper end.
        high: &'a str,
    },
}

/// Reads a pattern scalar. Every text is one: what is no operator is an operand.
#[must_use]
pub fn parse(text: &str) -> Alternatives<'_> {
    Alternatives { any: text.split('|').map(alternative).collect() }
}

fn alternative(text: &str) -> Vec<Term<'_>> {
    text.trim_matches(' ').split('&').map(|part| term(part.trim_matches(' '))).collect()
}

/// The operator that a text has as a whole, as it is written: empty for equality, `-` or `!-` for a range.
#[must_use]
pub fn operator_prefix(text: &str) -> &'static str {
    match term(text).op {
        Op::Equal => "",
        Op::NotEqual => "!",
        Op::More => ">",
        Op::Less => "<",
        Op::MoreEqual => ">=",
        Op::LessEqual => "<=",
        Op::InRange { .. } => "-",
        Op::NotInRange { .. } => "!-",
    }
}

fn term(text: &str) -> Term<'_> {
    // A lone `>` or `!` is text, so that a pattern can name these characters.
    let (op, operand) = if text.len() < 2 {
        (Op::Equal, text)
    } else if let Some(rest) = text.strip_prefix(">=") {
        (Op::MoreEqual, rest)
    } else if let Some(rest) = text.strip_prefix("<=") {
        (Op::LessEqual, rest)
    } else if let Some(rest) = text.strip_prefix('>') {
        (Op::More, rest)
    } else if let Some(rest) = text.strip_prefix('<') {
        (Op::Less, rest)
    } else if let Some(rest) = text.strip_prefix('!') {
        (Op::NotEqual, rest)
    } else if let Some((low, high)) = range(text, "!-") {
        (Op::NotInRange { low, high }, text)
    } else if let Some((low, high)) = range(text, "-") {
        (Op::InRange { low, high }, text)
    } else {
        (Op::Equal, text)
    };
    Term { op, operand: operand.trim(), text }
}

/// Both ends of a range, if the text is nothing but a range with this separator.
fn range<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (low, rest) = endpoint(text)?;
    let (high, rest) = endpoint(rest.strip_prefix(separator)?)?;
    rest.is_empty().then_some((low, high))
}

/// A signed decimal number with a suffix of letters, and the text after it.
fn endpoint(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let run = |from: usize, class: fn(&u8) -> bool| bytes.iter().skip(from).take_while(|byte| class(byte)).count();

    // Kyverno's character class for the sign holds a stray `|`; parse() has split the text there, so it cannot occur.
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = run(sign, u8::is_ascii_digit);
    if whole == 0 {
        return None;
    }
    let mut end = sign + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = run(end + 1, u8::is_ascii_digit);
        if fraction > 0 {
            end += 1 + fraction;
        }
    }
    end += run(end, u8::is_ascii_alphabetic);
    text.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only(text: &str) -> (Op<'_>, &str) {
        let Alternatives { any } = parse(text);
        assert_eq!((any.len(), any[0].len()), (1, 1), "{text:?}");
        (any[0][0].op, any[0][0].operand)
    }

    #[test]
    fn operators() {
        assert_eq!(only(">= 1"), (Op::MoreEqual, "1"));
        assert_eq!(only("<=1"), (Op::LessEqual, "1"));
        assert_eq!(only(">1 "), (Op::More, "1"));
        assert_eq!(only("<\t1"), (Op::Less, "1"));
        assert_eq!(only("!a-b"), (Op::NotEqual, "a-b"));
        assert_eq!(only("!!"), (Op::NotEqual, "!"));
        assert_eq!(only("=1"), (Op::Equal, "=1"));
        assert_eq!(only(">="), (Op::MoreEqual, ""));
    }

    #[test]
    fn short_terms_are_text() {
        for text in ["", ">", "!", "<", "-", "a"] {
            assert_eq!(only(text), (Op::Equal, text));
        }
        assert_eq!(only("é"), (Op::Equal, "é"));
        assert_eq!(only("\u{a0}"), (Op::Equal, ""), "a non-breaking space is no space of the split");
    }

    #[test]
    fn ranges() {
        assert_eq!(only("1-3"), (Op::InRange { low: "1", high: "3" }, "1-3"));
        assert_eq!(only("-10--5"), (Op::InRange { low: "-10", high: "-5" }, "-10--5"));
        assert_eq!(only("+1-+3"), (Op::InRange { low: "+1", high: "+3" }, "+1-+3"));
        assert_eq!(only("1.5Gi-2h"), (Op::InRange { low: "1.5Gi", high: "2h" }, "1.5Gi-2h"));
        assert_eq!(only("1!-3"), (Op::NotInRange { low: "1", high: "3" }, "1!-3"));
        assert_eq!(only("1!--3"), (Op::NotInRange { low: "1", high: "-3" }, "1!--3"));
        for text in ["1-a", "a-b", "1-3-5", "1.-3", ".5-1", "1 - 3", "1--", "2020-01-01", "1-3\n", "1é-3", "1h30m-2h"]
        {
            assert_eq!(only(text), (Op::Equal, text.trim()), "{text:?}");
        }
    }

    #[test]
    fn splits() {
        let any = parse(" a &  >1|b||").any;
        let texts: Vec<Vec<&str>> = any.iter().map(|all| all.iter().map(|term| term.text).collect()).collect();
        assert_eq!(texts, [vec!["a", ">1"], vec!["b"], vec![""], vec![""]]);
        assert_eq!(parse("& ").any[0].len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn likely_text_is_safe(text in "[-+!<>=|& .0-9a-zé]{0,12}") {
            let _ = parse(&text);
        }
    }
}
