//! Sets of characters: `[...]`, `\d`, `[:alpha:]` and `\p{Greek}`, as Go has them.

use super::names;
use super::syntax::{Flags, consumed, error, escape, next};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// How many ranges the classes of an expression may have together.
const MAX_RANGES: usize = 1 << 18;

/// What is known of an expression's classes so far.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    taken: usize,
    /// Whether no `:]` follows any more, so that it is not looked for again and again
    unclosed: bool,
}

impl Ranges {
    /// Takes a class into account.
    pub(super) fn charge(&mut self, class: &ClassUnicode) -> Result<(), String> {
        self.taken += class.ranges().len();
        if self.taken > MAX_RANGES { Err(error("expression too large", "")) } else { Ok(()) }
    }
}

/// The characters from `lo` to `hi`; surrogates are no characters and match nothing.
fn range(lo: u32, hi: u32) -> Option<ClassUnicodeRange> {
    let lo = char::from_u32(lo).unwrap_or('\u{e000}');
    let hi = char::from_u32(hi).unwrap_or('\u{d7ff}');
    (lo <= hi).then(|| ClassUnicodeRange::new(lo, hi))
}

/// A class of ranges of code points.
pub(super) fn class(ranges: &[(u32, u32)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().filter_map(|&(lo, hi)| range(lo, hi)))
}

/// All characters, or all but the newline.
pub(super) fn any(newline: bool) -> ClassUnicode {
    if newline { class(&[(0, 0x10_ffff)]) } else { class(&[(0, 0x09), (0x0b, 0x10_ffff)]) }
}

/// Adds all characters that differ only in case.
pub(super) fn fold(class: &mut ClassUnicode) -> Result<(), String> {
    class.try_case_fold_simple().map_err(|e| e.to_string())
}

/// A group of characters, or all characters but these, under the flags.
fn group(mut class: ClassUnicode, negated: bool, flags: Flags) -> Result<ClassUnicode, String> {
    if flags.fold {
        fold(&mut class)?;
    }
    if negated {
        class.negate();
    }
    Ok(class)
}

/// `\d`, `\s`, `\w` and their opposites at the start of `t`, and what follows.
pub(super) fn perl(t: &str, flags: Flags) -> Result<Option<(ClassUnicode, &str)>, String> {
    let mut chars = t.chars();
    if !flags.perl || chars.next() != Some('\\') {
        return Ok(None);
    }
    let Some(letter) = chars.next() else { return Ok(None) };
    let Some(ranges) = names::perl(letter.to_ascii_lowercase()) else { return Ok(None) };
    Ok(Some((group(class(ranges), letter.is_ascii_uppercase(), flags)?, chars.as_str())))
}

/// `\p{...}`, `\pL` and their opposites at the start of `t`, and what follows.
pub(super) fn unicode(t: &str, flags: Flags) -> Result<Option<(ClassUnicode, &str)>, String> {
    let Some(rest) = t.strip_prefix("\\p").or_else(|| t.strip_prefix("\\P")).filter(|_| flags.perl) else {
        return Ok(None);
    };
    let mut negated = t.starts_with("\\P");
    let (first, after) = next(rest);
    let (mut name, after) = if first != '{' {
        (consumed(rest, after), after)
    } else {
        match after.split_once('}') {
            Some(found) => found,
            None => return Err(error("invalid character class range", t)),
        }
    };
    if let Some(rest) = name.strip_prefix('^') {
        negated = !negated;
        name = rest;
    }
    let Some((class, opposite)) = names::unicode(name) else {
        return Err(error("invalid character class range", consumed(t, after)));
    };
    Ok(Some((group(class, negated != opposite, flags)?, after)))
}

/// `[:alpha:]` and the like at the start of `t`, and what follows.
fn posix<'t>(t: &'t str, flags: Flags, known: &mut Ranges) -> Result<Option<(ClassUnicode, &'t str)>, String> {
    let Some(rest) = t.strip_prefix("[:").filter(|_| !known.unclosed) else { return Ok(None) };
    let Some((name, after)) = rest.split_once(":]") else {
        known.unclosed = true;
        return Ok(None);
    };
    let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    match names::posix(name) {
        Some(ranges) => Ok(Some((group(class(ranges), negated, flags)?, after))),
        None => Err(error("invalid character class range", consumed(t, after))),
    }
}

/// One character of a class, maybe escaped, and what follows.
fn single<'t>(t: &'t str, whole: &str) -> Result<(u32, &'t str), String> {
    if t.is_empty() {
        Err(error("missing closing ]", whole))
    } else if t.starts_with('\\') {
        escape(t)
    } else {
        let (c, rest) = next(t);
        Ok((u32::from(c), rest))
    }
}

/// The class at the start of `s`, which is a `[`, and what follows it.
pub(super) fn bracket<'s>(s: &'s str, flags: Flags, known: &mut Ranges) -> Result<(ClassUnicode, &'s str), String> {
    let mut t = s.strip_prefix('[').unwrap_or(s);
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let negated = t.starts_with('^');
    if negated {
        t = t.strip_prefix('^').unwrap_or(t);
        if !flags.perl {
            // POSIX: what is not in a class is no newline either.
            ranges.push((0x0a, 0x0a));
        }
    }
    let mut first = true;
    while first || !t.starts_with(']') {
        // POSIX: a dash stands at the start or the end.
        if !flags.perl && !first && t.starts_with('-') && !t.starts_with("-]") {
            let (_, rest) = next(next(t).1);
            return Err(error("invalid character class range", consumed(t, rest)));
        }
        first = false;
        let named = match posix(t, flags, known)? {
            None => match unicode(t, flags)? {
                None => perl(t, flags)?,
                found => found,
            },
            found => found,
        };
        if let Some((class, rest)) = named {
            known.charge(&class)?;
            ranges.extend(class.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))));
            t = rest;
            continue;
        }
        let start = t;
        let (lo, rest) = single(t, s)?;
        t = rest;
        let mut hi = lo;
        if let Some(rest) = t.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with(']')) {
            (hi, t) = single(rest, s)?;
            if hi < lo {
                return Err(error("invalid character class range", consumed(start, t)));
            }
        }
        ranges.push((lo, hi));
    }
    // Folding all at once is the same: the opposite of a folded group is closed under folding.
    let class = group(class(&ranges), negated, flags)?;
    known.charge(&class)?;
    Ok((class, t.strip_prefix(']').unwrap_or(t)))
}
