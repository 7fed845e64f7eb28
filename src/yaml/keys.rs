//! Strict mode's notion of a repeated key: yaml.v2 compares keys before they become text, so that `1` and `'1'` are two.

use super::scalar::Resolved;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Str,
    Bool,
    Int,
    Float,
}

/// Keys of the open maps that are not strings, and strings with the text of such a key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    odd: Vec<(usize, Type, String)>,
}

impl Keys {
    /// Notes a key of the map at a depth. `again` says whether the map had a key of this text.
    #[inline]
    pub(super) fn repeated(&mut self, depth: usize, text: &str, key: &Resolved<'_>, again: bool) -> bool {
        let kind = match key {
            Resolved::Bool(_) => Type::Bool,
            Resolved::Int(_) | Resolved::Uint(_) => Type::Int,
            Resolved::Float(_) => Type::Float,
            Resolved::Null | Resolved::Str(_) => Type::Str,
        };
        if !again {
            if kind != Type::Str {
                self.odd.push((depth, kind, text.to_owned()));
            }
            return false;
        }
        let mut known = self.odd.iter().filter(|(d, _, t)| *d == depth && t == text).peekable();
        if known.peek().is_none() {
            // All earlier ones were strings, or this one would be on the list.
            if kind == Type::Str {
                return true;
            }
            self.odd.push((depth, Type::Str, text.to_owned()));
        } else if known.any(|(_, k, _)| *k == kind) {
            return true;
        }
        self.odd.push((depth, kind, text.to_owned()));
        false
    }

    /// Forgets the keys of a map that ended.
    #[inline]
    pub(super) fn close(&mut self, depth: usize) {
        while self.odd.pop_if(|(d, _, _)| *d >= depth).is_some() {}
    }
}
