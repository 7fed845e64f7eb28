//! Strict mode's notion of a repeated key: yaml.v2 compares keys before they become text, so that `1` and `'1'` are two.

use super::scalar::Resolved;
use std::collections::HashMap;

/// Which types of keys have a text: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Types(u8);

impl Types {
    const STR: Types = Types(1);
    const BOOL: Types = Types(2);
    const INT: Types = Types(4);
    const FLOAT: Types = Types(8);

    fn of(key: &Resolved<'_>) -> Self {
        match key {
            Resolved::Bool(_) => Self::BOOL,
            Resolved::Int(_) | Resolved::Uint(_) => Self::INT,
            Resolved::Float(_) => Self::FLOAT,
            Resolved::Null | Resolved::Str(_) => Self::STR,
        }
    }
}

/// Keys of the open maps that are not strings, and strings with the text of such a key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// By the depth of their map; the innermost map is the last one.
    odd: Vec<(usize, HashMap<String, Types>)>,
}

impl Keys {
    /// Notes a key of the map at a depth. `again` says whether the map had a key of this text.
    #[inline]
    pub(super) fn repeated(&mut self, depth: usize, text: &str, key: &Resolved<'_>, again: bool) -> bool {
        let new = Types::of(key);
        if !again && new == Types::STR {
            return false;
        }
        let known = self.odd.last().filter(|(d, _)| *d == depth).and_then(|(_, odd)| odd.get(text));
        // Where none is known all earlier ones were strings.
        let known = known.copied().unwrap_or(if again { Types::STR } else { Types::default() });
        if known.0 & new.0 != 0 {
            return true;
        }
        if self.odd.last().is_none_or(|(d, _)| *d != depth) {
            self.odd.push((depth, HashMap::new()));
        }
        if let Some((_, odd)) = self.odd.last_mut() {
            odd.insert(text.to_owned(), Types(known.0 | new.0));
        }
        false
    }

    /// Forgets the keys of a map that ended.
    #[inline]
    pub(super) fn close(&mut self, depth: usize) {
        while self.odd.pop_if(|(d, _)| *d >= depth).is_some() {}
    }
}
