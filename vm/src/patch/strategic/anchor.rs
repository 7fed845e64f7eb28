//! Anchors of keys: `(key)`, `<(key)`, `+(key)`, and the ones that mean nothing to a merge.

/// What stands before the parenthesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    /// `(key)`: a condition
    Condition,
    /// `<(key)`: a condition for the whole overlay
    Global,
    /// `+(key)`: only where there is no such member yet
    Add,
    /// `=(key)`, `^(key)`, `X(key)`: for patterns
    Other,
}

impl Modifier {
    /// Whether it asks something of the resource.
    pub(super) fn is_condition(self) -> bool {
        matches!(self, Self::Condition | Self::Global)
    }

    /// Whether it means something to a merge.
    pub(super) fn is_ours(self) -> bool {
        self != Self::Other
    }
}

/// An anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor<'k> {
    pub(super) modifier: Modifier,
    pub(super) key: &'k str,
    /// The key with its anchor, and no spaces around it.
    pub(super) text: &'k str,
}

/// Kyverno: pkg/engine/anchor/anchor.go, `^([+<=X^])?\((.+)\)$` after spaces are trimmed.
pub(super) fn parse(text: &str) -> Option<Anchor<'_>> {
    // Most keys are none, and end with a letter.
    if matches!(text.as_bytes().last(), None | Some(b'!'..=b'(' | b'*'..=b'~')) {
        return None;
    }
    let text = text.trim();
    let inner = text.strip_suffix(')')?;
    let (modifier, key) = if let Some(key) = inner.strip_prefix('(') {
        (Modifier::Condition, key)
    } else {
        let mut chars = inner.chars();
        let modifier = match chars.next()? {
            '<' => Modifier::Global,
            '+' => Modifier::Add,
            '=' | '^' | 'X' => Modifier::Other,
            _ => return None,
        };
        (modifier, chars.as_str().strip_prefix('(')?)
    };
    // `.` is every character but a line's end.
    (!key.is_empty() && !key.contains('\n')).then_some(Anchor { modifier, key, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors() {
        let parsed = |text| parse(text).map(|a: Anchor<'_>| (a.modifier, a.key));
        assert_eq!(parsed("(a)"), Some((Modifier::Condition, "a")));
        assert_eq!(parsed(" <(a.b/c) "), Some((Modifier::Global, "a.b/c")));
        assert_eq!(parsed("+((a))"), Some((Modifier::Add, "(a)")));
        assert_eq!(parsed("X(a)"), Some((Modifier::Other, "a")));
        for none in ["a", "()", "+()", "(a", "a)", "<a", "so)m(et(hin)g", "", ")", "(", "?(a)", "(a\nb)", "+ (a)"] {
            assert_eq!(parsed(none), None, "{none:?}");
        }
    }
}
