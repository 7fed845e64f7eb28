//! Functions on strings.

pub(super) mod case;
pub(super) mod path;
#[cfg(test)]
pub(super) mod tests;

use super::{Builtin, Call, Code, Failure, Type};
use crate::machine::View;
use crate::value::{Text, Val};
use crate::verdict::TrapKind;
use smallvec::SmallVec;
use std::borrow::Cow;

type Result<T = Val> = std::result::Result<T, Failure>;

pub(super) const STR: &[Type] = &[Type::Str];
pub(super) const BOOL: &[Type] = &[Type::Bool];
const NUMBER: &[Type] = &[Type::Number];
const OBJECT: &[Type] = &[Type::Object];

/// The longest text that a function makes.
pub(super) const MAX_TEXT: usize = 64 << 20;

/// A function whose results depend on its arguments only.
pub(super) const fn function(
    name: &'static str,
    args: &'static [&'static [Type]],
    returns: &'static [Type],
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    code: Code,
) -> Builtin {
    Builtin { name, args, variadic: false, returns, doc, examples, pure: true, code }
}

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    function(
        "compare",
        &[STR, STR],
        NUMBER,
        "compares two strings lexicographically",
        &[("compare('a', 'b')", "-1")],
        // Kyverno: pkg/engine/jmespath/functions.go, the result is Go's int, which is no number of JMESPath.
        |call, args| Ok(Val::GoInt(text(call, args, 0).cmp(text(call, args, 1)) as i64)),
    ),
    function(
        "equal_fold",
        &[STR, STR],
        BOOL,
        "allows comparing two strings for equivalency where the only differences are letter cases",
        &[("equal_fold('Foo', 'fOO')", "true")],
        |call, args| Ok(Val::Bool(case::equal_fold(text(call, args, 0), text(call, args, 1)))),
    ),
    function(
        "replace",
        &[STR, STR, STR, NUMBER],
        STR,
        "replaces a specified number of instances of the source string with the replacement string in a parent ",
        &[("replace('aaa', 'a', 'b', `2`)", "\"bba\"")],
        |call, args| {
            let times = whole(call.number(arg(args, 3)));
            replace(call, args, usize::try_from(times).unwrap_or(usize::MAX))
        },
    ),
    function(
        "replace_all",
        &[STR, STR, STR],
        STR,
        "replace all instances of one string with another in an overall parent string",
        &[("replace_all('a-b-c', '-', '_')", "\"a_b_c\"")],
        |call, args| replace(call, args, usize::MAX),
    ),
    function(
        "to_upper",
        &[STR],
        STR,
        "takes in a string and outputs the same string with all upper-case letters",
        &[("to_upper('abc')", "\"ABC\"")],
        |call, args| map(call, args, |s| s.chars().map(case::upper).collect()),
    ),
    function(
        "to_lower",
        &[STR],
        STR,
        "takes in a string and outputs the same string with all lower-case letters",
        &[("to_lower('ABC')", "\"abc\"")],
        |call, args| map(call, args, case::to_lower),
    ),
    function(
        "trim",
        &[STR, STR],
        STR,
        "trims both ends of the source string by characters appearing in the second string",
        &[("trim('  a ', ' ')", "\"a\"")],
        trim,
    ),
    function(
        "trim_prefix",
        &[STR, STR],
        STR,
        "trims the second string prefix from the first string if the first string starts with the prefix",
        &[("trim_prefix('foobar', 'foo')", "\"bar\"")],
        |call, args| {
            let source = text(call, args, 0);
            let out = source.strip_prefix(text(call, args, 1)).unwrap_or(source).to_owned();
            call.make_str(&out)
        },
    ),
    function(
        "split",
        &[STR, STR],
        &[Type::ArrayStr],
        "splits the first string when the second string is found and converts it into an array ",
        &[("split('a,b', ',')", "[\"a\",\"b\"]")],
        split,
    ),
    function(
        "truncate",
        &[STR, NUMBER],
        STR,
        "length argument must be enclosed in backticks; ex. \"{{request.object.metadata.name | truncate(@, `9`)}}\"",
        &[("truncate('kyverno', `3`)", "\"kyv\"")],
        |call, args| {
            let length = usize::try_from(whole(call.number(arg(args, 1)))).unwrap_or(0);
            map(call, args, |s| s.chars().take(length).collect())
        },
    ),
    function(
        "to_boolean",
        &[STR],
        BOOL,
        "It returns true or false for any string, such as 'True', 'TruE', 'False', 'FAlse', 'faLSE', etc.",
        &[("to_boolean('TRUE')", "true")],
        to_boolean,
    ),
    function(
        "label_match",
        &[OBJECT, OBJECT],
        BOOL,
        "object arguments must be enclosed in backticks; ex. `{{request.object.spec.template.metadata.labels}}`",
        &[("label_match({a: 'b'}, {a: 'b', c: 'd'})", "true")],
        label_match,
    ),
    function(
        "path_canonicalize",
        &[STR],
        STR,
        "normalizes or canonicalizes a given path by removing excess slashes",
        &[("path_canonicalize('/var//run/../lib')", "\"/var/lib\"")],
        |call, args| map(call, args, path::clean),
    ),
];

/// An argument; nothing where there is none.
pub(super) fn arg(args: &[Val], at: usize) -> Val {
    args.get(at).copied().unwrap_or_default()
}

/// The text of an argument that is a string.
pub(super) fn text<'c>(call: &'c Call<'_, '_>, args: &[Val], at: usize) -> &'c str {
    call.str(arg(args, at))
}

/// The text of an argument that is a string or a number, of which float32's digits are taken.
pub(super) fn literal_of<'c>(call: &'c Call<'_, '_>, args: &[Val], at: usize, function: &str) -> Result<Cow<'c, str>> {
    match call.view(arg(args, at)) {
        View::Str(s) => Ok(Cow::Borrowed(s)),
        View::Bool(b) => Ok(Cow::Borrowed(if b { "true" } else { "false" })),
        View::Float(n) => Ok(Cow::Owned(go_float32(n))),
        _ => Err(Failure::Error(format!(
            "JMESPath function '{function}': argument #{} is not of type String or Real",
            at + 1
        ))),
    }
}

/// A number with the digits of a float32, as Go's `strconv.FormatFloat(n, 'f', -1, 32)` has it.
pub(super) fn go_float32(number: f64) -> String {
    match number as f32 {
        n if n.is_infinite() => if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        n => n.to_string(),
    }
}

/// A number as Go's int: the fraction is cut off, and what does not fit is the smallest int.
fn whole(number: Option<f64>) -> i64 {
    match number.unwrap_or(0.0) {
        n if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) => n as i64,
        _ => i64::MIN,
    }
}

/// A string made from the first argument.
pub(super) fn map(call: &mut Call<'_, '_>, args: &[Val], f: impl FnOnce(&str) -> String) -> Result {
    let out = f(text(call, args, 0));
    call.make_str(&out)
}

fn replace(call: &mut Call<'_, '_>, args: &[Val], times: usize) -> Result {
    let (source, old, new) = (text(call, args, 0), text(call, args, 1), text(call, args, 2));
    // An empty text is found before every character and at the end, which is what str::replacen does as well.
    let found = if old.is_empty() { source.chars().count() + 1 } else { source.matches(old).count() };
    let added = found.min(times).checked_mul(new.len()).filter(|added| *added <= MAX_TEXT);
    let fits = added.is_some_and(|added| added + source.len() <= MAX_TEXT);
    let out = if fits { source.replacen(old, new, times) } else { return Err(TrapKind::Memory.into()) };
    call.make_str(&out)
}

fn trim(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    let mut cut: Vec<char> = text(call, args, 1).chars().collect();
    cut.sort_unstable();
    map(call, args, |s| s.trim_matches(|c| cut.binary_search(&c).is_ok()).to_owned())
}

fn split(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    // The parts are slices of a text of the run.
    let whole = call.own_text(arg(args, 0))?;
    let (source, separator) = (call.memory.str(whole), text(call, args, 1));
    let part = |part: &str| {
        let before = part.as_ptr() as usize - source.as_ptr() as usize;
        Val::Text(Text { start: whole.start + before as u32, len: part.len() as u32 })
    };
    // There is at most one more than separators, or one for each character.
    let most = source.len() / separator.len().max(1) + 1;
    let count = if most <= 16 { most } else { source.split(separator).count() };
    call.memory.room(count * size_of::<Val>())?;
    let parts: SmallVec<[Val; 16]> = if separator.is_empty() {
        source.split("").filter(|p| !p.is_empty()).map(part).collect()
    } else {
        source.split(separator).map(part).collect()
    };
    call.make_list(parts)
}

fn to_boolean(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    let source = text(call, args, 0);
    match case::to_lower(source).as_str() {
        "true" => Ok(Val::Bool(true)),
        "false" => Ok(Val::Bool(false)),
        _ => Err(Failure::Error(format!(
            "JMESPath function 'to_boolean': lowercase argument must be 'true' or 'false' (provided: '{source}')"
        ))),
    }
}

/// Whether all members of the first are members of the second.
fn label_match(call: &mut Call<'_, '_>, args: &[Val]) -> Result {
    let (wanted, found) = (call.entries(arg(args, 0)), arg(args, 1));
    let all =
        wanted.iter().all(|(key, value)| call.member(found, key).is_some_and(|member| call.equal(member, *value)));
    Ok(Val::Bool(all))
}
