//! The replacement of a match, in which `$1` and `${name}` stand for groups.

use regex_syntax::hir::{Class, ClassUnicode, HirKind};
use std::sync::LazyLock;

/// A replacement. See the [module](self).
#[derive(Debug)]
pub(crate) struct Template<'t> {
    parts: Vec<Part<'t>>,
}

#[derive(Debug)]
enum Part<'t> {
    Text(&'t str),
    Number(usize),
    Name(&'t str),
}

/// A replacement in which nothing stands for a group.
pub(crate) fn literal(text: &str) -> Template<'_> {
    Template { parts: vec![Part::Text(text)] }
}

/// Reads a replacement. Go: regexp.Regexp.expand: a `$` that starts no name is itself.
pub(crate) fn expanded(mut text: &str) -> Template<'_> {
    let mut parts = Vec::new();
    while let Some((before, after)) = text.split_once('$') {
        parts.push(Part::Text(before));
        if let Some(rest) = after.strip_prefix('$') {
            parts.push(Part::Text("$"));
            text = rest;
        } else if let Some((part, rest)) = group(after) {
            parts.push(part);
            text = rest;
        } else {
            parts.push(Part::Text("$"));
            text = after;
        }
    }
    parts.push(Part::Text(text));
    Template { parts }
}

impl Template<'_> {
    /// Whether a group stands anywhere.
    pub(super) fn has_groups(&self) -> bool {
        self.parts.iter().any(|p| !matches!(p, Part::Text(_)))
    }

    /// Writes the replacement of a match, and stops when `out` is longer than `limit`.
    pub(super) fn write<'m>(
        &self,
        out: &mut String,
        group: impl Fn(usize) -> Option<&'m str>,
        names: &[Option<Box<str>>],
        limit: usize,
    ) {
        for part in &self.parts {
            let text = match part {
                Part::Text(text) => Some(*text),
                Part::Number(number) => group(*number),
                // Of groups with the same name the first that took part.
                Part::Name(name) => {
                    (1..).zip(names).filter(|(_, n)| n.as_deref() == Some(*name)).find_map(|(number, _)| group(number))
                }
            };
            out.push_str(text.unwrap_or_default());
            if out.len() > limit {
                return;
            }
        }
    }
}

/// The group that is named after a `$`, and what follows it.
fn group(text: &str) -> Option<(Part<'_>, &str)> {
    let braced = text.strip_prefix('{');
    let text = braced.unwrap_or(text);
    let rest = text.trim_start_matches(is_word);
    let name = text.get(..text.len() - rest.len()).filter(|name| !name.is_empty())?;
    let rest = if braced.is_some() { rest.strip_prefix('}')? } else { rest };
    let number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let part = match name.parse() {
        Ok(n) if number => Part::Number(n),
        _ => Part::Name(name),
    };
    Some((part, rest))
}

/// Letters and digits of any script, and the underscore.
fn is_word(c: char) -> bool {
    static CLASS: LazyLock<ClassUnicode> = LazyLock::new(|| {
        let hir = regex_syntax::parse("[\\p{L}\\p{Nd}]").ok();
        match hir.as_ref().map(|hir| hir.kind()) {
            Some(HirKind::Class(Class::Unicode(class))) => class.clone(),
            _ => ClassUnicode::empty(),
        }
    });
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    let ranges = CLASS.ranges();
    let at = ranges.partition_point(|r| r.end() < c);
    ranges.get(at).is_some_and(|r| r.start() <= c)
}
