//! What the expressions of a rule can name, and where their problems go.

use crate::policy::fields::Problems;

/// What the expressions at one place can name besides the request.
#[derive(Clone, Debug)]
pub struct Scope<'p> {
    /// Where problems go
    pub problems: &'p Problems,
    /// The context entries that are there, with their numbers, in the order in which they came
    entries: Vec<(String, usize)>,
    /// How many loops there are around
    loops: usize,
    /// Whether elements of loops may have numbers that are none of JSON
    unread: bool,
    /// Whether names that nothing binds are problems
    strict: bool,
    /// Where `{{@}}` is looked for
    here: &'static str,
    /// Whether texts have no variables in them, whatever they look like
    literal: bool,
    /// Whether it is a cleanup policy
    cleanup: bool,
}

impl<'p> Scope<'p> {
    /// A place where nothing is bound.
    pub fn new(problems: &'p Problems) -> Self {
        Self {
            problems,
            entries: Vec::new(),
            loops: 0,
            unread: false,
            strict: true,
            here: "request.object",
            literal: false,
            cleanup: false,
        }
    }

    /// The same place, where names may be bound by somebody else at run time.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { strict: false, ..self }
    }

    /// Whether what is wrong is said where it is evaluated.
    pub fn is_lenient(&self) -> bool {
        !self.strict
    }

    /// The same place, with all variables already in their texts.
    #[must_use]
    pub fn without_variables(self) -> Self {
        Self { literal: true, ..self }
    }

    /// Whether texts have no variables in them, whatever they look like.
    pub fn literal(&self) -> bool {
        self.literal
    }

    /// The same place in a cleanup policy: the object is `target`, and there is no request.
    #[must_use]
    pub fn of_cleanup(self) -> Self {
        Self { cleanup: true, here: "target", ..self }
    }

    /// Whether it is a place in a cleanup policy.
    pub fn is_cleanup(&self) -> bool {
        self.cleanup
    }

    /// The same place in a rule that changes other objects than the one it is about.
    #[must_use]
    pub fn with_target(self) -> Self {
        Self { here: "target", ..self }
    }

    /// A place inside that has more context entries, numbered from `first` on.
    #[must_use]
    pub fn with_entries<'n>(&self, names: impl IntoIterator<Item = &'n str>, first: usize) -> Self {
        let mut inner = self.clone();
        inner.entries.extend(names.into_iter().enumerate().map(|(i, n)| (n.to_owned(), first + i)));
        inner
    }

    /// A place inside of a loop.
    #[must_use]
    pub fn in_loop(&self) -> Self {
        Self { loops: self.loops + 1, ..self.clone() }
    }

    /// The same place, where elements of loops are as the object has them: what is read of them is made numbers of JSON.
    #[must_use]
    pub fn with_unread_elements(self) -> Self {
        Self { unread: true, ..self }
    }

    /// Whether a name is bound to an element whose numbers may be none of JSON.
    pub fn is_unread(&self, name: &str) -> bool {
        (self.unread || !self.strict)
            && name.strip_prefix("element").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// How many loops there are around.
    pub fn loops(&self) -> usize {
        self.loops
    }

    /// What `{{@}}` stands in.
    pub fn here(&self) -> &'static str {
        self.here
    }

    /// The context entries that are there.
    pub fn entries(&self) -> impl Iterator<Item = usize> {
        self.entries.iter().map(|(_, number)| *number)
    }

    /// The context entries that Kyverno loads before it evaluates an expression.
    pub fn mentioned(&self, expression: &str) -> Vec<usize> {
        self.entries.iter().filter(|(name, _)| mentions(expression, name)).map(|(_, number)| *number).collect()
    }

    /// Whether a name is bound here, as far as that is known.
    pub fn knows(&self, name: &str) -> bool {
        !self.strict || is_element(name, self.loops) || self.entries.iter().any(|(n, _)| n == name)
    }
}

/// Whether a name is one that loops bind: `element`, `elementIndex`, or one of these with the number of a loop.
fn is_element(name: &str, loops: usize) -> bool {
    let Some(rest) = name.strip_prefix("element") else { return false };
    let number = rest.strip_prefix("Index").unwrap_or(rest);
    if number.is_empty() { loops > 0 } else { number.parse::<usize>().is_ok_and(|n| n < loops) }
}

/// Whether an expression mentions a name by its text.
///
/// Kyverno: pkg/engine/context/deferred.go, `(?:\A|\z|\s|[^.0-9A-Za-z])name\b`.
pub fn mentions(expression: &str, name: &str) -> bool {
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let Some(last) = name.chars().next_back() else { return false };
    expression.match_indices(name).any(|(at, _)| {
        let before = expression.get(..at).and_then(|s| s.chars().next_back());
        let after = expression.get(at + name.len()..).and_then(|s| s.chars().next());
        before.is_none_or(|c| c != '.' && !c.is_ascii_alphanumeric()) && word(last) != after.is_some_and(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mentioned_as_words() {
        for text in ["x", "x.y", "a || x", "f(x)", "a_x", "x-y", "a-x", "[x]"] {
            assert!(mentions(text, "x"), "{text}");
        }
        for text in ["", "a.x", "xy", "ax", "x_y", "x1", "1x"] {
            assert!(!mentions(text, "x"), "{text}");
        }
        assert!(mentions("a-b.c", "a-b") && mentions("\"a-b\"", "a-b") && !mentions("a-bc", "a-b"));
    }

    #[test]
    fn loops_bind_elements() {
        assert!(is_element("element", 1) && is_element("elementIndex1", 2));
        assert!(!is_element("element", 0) && !is_element("element1", 1) && !is_element("elements", 1));
    }
}
