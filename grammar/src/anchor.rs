//! Anchors: the modifiers around a key of a pattern or of a mutation, as in `=(spec)` or `X(hostPath)`.

/// What an anchored key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// `(key)`: the siblings count only where this matches.
    Condition,
    /// `<(key)`: the whole rule counts only where this matches.
    Global,
    /// `X(key)`: the key must be absent.
    Negation,
    /// `+(key)`: in a mutation, add only where the key is absent.
    AddIfAbsent,
    /// `=(key)`: matched only if the key is present.
    Equality,
    /// `^(key)`: at least one element of the list matches.
    Existence,
}

impl Anchor {
    /// The text before the opening parenthesis.
    #[must_use]
    pub fn modifier(self) -> &'static str {
        match self {
            Self::Condition => "",
            Self::Global => "<",
            Self::Negation => "X",
            Self::AddIfAbsent => "+",
            Self::Equality => "=",
            Self::Existence => "^",
        }
    }
}

/// Reads an anchored key and gives the anchor with the key inside it; `None` for a plain key.
///
/// White space around the whole is dropped, white space inside the parentheses belongs to the key.
#[must_use]
pub fn parse(key: &str) -> Option<(Anchor, &str)> {
    let key = key.trim();
    let (anchor, rest) = match key.as_bytes().first()? {
        b'(' => (Anchor::Condition, key),
        b'<' => (Anchor::Global, key.get(1..)?),
        b'X' => (Anchor::Negation, key.get(1..)?),
        b'+' => (Anchor::AddIfAbsent, key.get(1..)?),
        b'=' => (Anchor::Equality, key.get(1..)?),
        b'^' => (Anchor::Existence, key.get(1..)?),
        _ => return None,
    };
    let inner = rest.strip_prefix('(')?.strip_suffix(')')?;
    // Kyverno reads the inside with a regular expression's `.+`, which stops at a line end.
    (!inner.is_empty() && !inner.contains('\n')).then_some((anchor, inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_modifier() {
        assert_eq!(parse("(a)"), Some((Anchor::Condition, "a")));
        assert_eq!(parse("<(a)"), Some((Anchor::Global, "a")));
        assert_eq!(parse("X(a)"), Some((Anchor::Negation, "a")));
        assert_eq!(parse("+(a)"), Some((Anchor::AddIfAbsent, "a")));
        assert_eq!(parse("=(a)"), Some((Anchor::Equality, "a")));
        assert_eq!(parse("^(a)"), Some((Anchor::Existence, "a")));
    }

    #[test]
    fn edges() {
        assert_eq!(parse("\u{a0} =( a b ) \n"), Some((Anchor::Equality, " a b ")));
        assert_eq!(parse("((a))"), Some((Anchor::Condition, "(a)")));
        assert_eq!(parse("(a)(b)"), Some((Anchor::Condition, "a)(b")));
        assert_eq!(parse("())"), Some((Anchor::Condition, ")")));
        assert_eq!(parse("(\r)"), Some((Anchor::Condition, "\r")));
        for plain in ["", "()", "(", ")", "a", "(a", "a)", "x(a)", "==(a)", "= (a)", "(a\nb)", "=(a) b", "é(a)"] {
            assert_eq!(parse(plain), None, "{plain:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in any::<String>()) {
            if let Some((anchor, key)) = parse(&text) {
                prop_assert_eq!(format!("{}({key})", anchor.modifier()), text.trim());
            }
        }
    }
}
