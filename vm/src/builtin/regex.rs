//! Functions that match texts: Go's regular expressions, and wildcards.

mod class;
mod engine;
mod names;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod tree;

use super::strings::{BOOL, MAX_TEXT, STR, arg, function, literal_of, text};
use super::{Builtin, Call, Failure, Type};
use crate::scalar::glob;
use crate::value::Val;
pub use engine::GoRegex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;
pub(super) use syntax::parse;
use template::Template;
pub(super) use tree::{Node, Tree};

type Result<T = Val> = std::result::Result<T, Failure>;

const TEXT: &[Type] = &[Type::Str, Type::Number];

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    function(
        "regex_replace_all",
        &[STR, TEXT, TEXT],
        STR,
        "converts all parameters to string",
        &[("regex_replace_all('([0-9]+)', 'a1b22', '[$1]')", "\"a[1]b[22]\"")],
        |call, args| replace(call, args, "regex_replace_all", template::expanded),
    ),
    function(
        "regex_replace_all_literal",
        &[STR, TEXT, TEXT],
        STR,
        "converts all parameters to string",
        &[("regex_replace_all_literal('a+', 'baab', '$0')", "\"b$0b\"")],
        |call, args| replace(call, args, "regex_replace_all_literal", template::literal),
    ),
    function(
        "regex_match",
        &[STR, TEXT],
        BOOL,
        "first string is the regular exression which is compared with second input which can be a number or string",
        &[("regex_match('^[0-9]+$', `42`)", "true")],
        regex_match,
    ),
    function(
        "pattern_match",
        &[STR, TEXT],
        BOOL,
        "'*' matches zero or more alphanumeric characters, '?' matches a single alphanumeric character",
        &[("pattern_match('a?c*', 'abcd')", "true")],
        pattern_match,
    ),
];

/// Compiles a pattern of Go; an error is in Go's words.
pub fn prepare(pattern: &str) -> std::result::Result<GoRegex, String> {
    GoRegex::new(pattern)
}

/// Compiled patterns of a thread, by their text.
#[derive(Default)]
struct Cache {
    patterns: HashMap<Box<str>, Rc<GoRegex>>,
    size: usize,
}

/// About how many bytes a part of a compiled expression takes.
const STATE: u64 = 64;

/// How many patterns a thread keeps, and how many bytes of them.
const KEPT: usize = 128;
const KEPT_BYTES: usize = 32 << 20;

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// The compiled pattern, kept for the next call, and the fuel that it takes where it was not.
fn compiled(pattern: &str) -> std::result::Result<(Rc<GoRegex>, u64), String> {
    CACHE.with_borrow_mut(|cache| {
        if let Some(found) = cache.patterns.get(pattern) {
            return Ok((Rc::clone(found), 0));
        }
        let new = Rc::new(prepare(pattern)?);
        let size = new.size() + pattern.len();
        if cache.patterns.len() >= KEPT || cache.size + size > KEPT_BYTES {
            *cache = Cache::default();
        }
        cache.size += size;
        cache.patterns.insert(pattern.into(), Rc::clone(&new));
        Ok((new, size as u64 / 16))
    })
}

/// A compiled pattern, kept by the program or by the thread.
enum Pattern<'r> {
    Constant(&'r GoRegex),
    Kept(Rc<GoRegex>),
}

impl Deref for Pattern<'_> {
    type Target = GoRegex;

    fn deref(&self) -> &GoRegex {
        match self {
            Pattern::Constant(regex) => regex,
            Pattern::Kept(regex) => regex,
        }
    }
}

/// The pattern that is the first argument.
fn pattern<'r>(call: &mut Call<'_, 'r>, args: &[Val]) -> std::result::Result<Pattern<'r>, String> {
    if let Some(prepared) = call.prepared(arg(args, 0)) {
        return prepared.regex(text(call, args, 0)).map(Pattern::Constant).map_err(str::to_owned);
    }
    let (regex, cost) = compiled(text(call, args, 0))?;
    call.spend(cost);
    Ok(Pattern::Kept(regex))
}

/// Takes the work of a search at its worst: every part of the expression at every character.
fn afford_search(call: &Call<'_, '_>, regex: &GoRegex, text: &str) -> std::result::Result<(), Failure> {
    call.afford((regex.size() as u64 / STATE).saturating_mul(text.len() as u64) / 32)
}

fn replace(call: &mut Call<'_, '_>, args: &[Val], name: &str, template: fn(&str) -> Template<'_>) -> Result {
    let regex = pattern(call, args);
    let source = literal_of(call, args, 1, name)?;
    let with = literal_of(call, args, 2, name)?;
    let regex = regex.map_err(|why| Failure::Error(format!("JMESPath function '{name}': {why}")))?;
    afford_search(call, &regex, &source)?;

    let out = regex.replace_all(&source, &template(&with), MAX_TEXT, &|cost| call.memory.labour(cost))?;

    call.make_str(&out)
}

fn regex_match(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    let regex = pattern(call, args);
    let source = literal_of(call, args, 1, "regex_match")?;
    let regex = regex.map_err(Failure::Error)?;
    afford_search(call, &regex, &source)?;
    Ok(Val::Bool(regex.is_match(&source)))
}

fn pattern_match(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    // Kyverno: pkg/engine/jmespath/functions.go, jpPatternMatch names regex_match in its errors.
    let source = literal_of(call, args, 1, "regex_match")?;
    let pattern = text(call, args, 0);
    call.afford(pattern.len() as u64 * source.len() as u64 / 128)?;
    Ok(Val::Bool(glob::matches(pattern, &source)))
}
