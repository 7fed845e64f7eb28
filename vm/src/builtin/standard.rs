//! The functions of JMESPath itself.
//!
//! Where the reference crashes, there is an error: it takes every list for one of Go's `[]any`, which those of `items()`
//! are not.

mod order;

use super::{Builtin, Call, Failure, Type};
use crate::machine::View;
use crate::scalar::number::parse_float;
use crate::value::{Text, Val};
use order::{extreme, extreme_by, sort, sort_by};
use std::cmp::Ordering;

type Result = std::result::Result<Val, Failure>;

const NUMBER: &[Type] = &[Type::Number];
const STR: &[Type] = &[Type::Str];
const ANY: &[Type] = &[Type::Any];
const ARRAY: &[Type] = &[Type::Array];
const OBJECT: &[Type] = &[Type::Object];
const BOOL: &[Type] = &[Type::Bool];
const EXPREF: &[Type] = &[Type::Expref];
const SORTABLE: &[Type] = &[Type::ArrayNumber, Type::ArrayStr];

macro_rules! function {
    ($name:literal ($($arg:expr),*) -> $returns:expr, $code:expr, $doc:literal, [$($example:literal => $json:literal),*]) => {
        Builtin {
            name: $name,
            args: &[$($arg),*],
            variadic: false,
            returns: $returns,
            doc: $doc,
            examples: &[$(($example, $json)),*],
            pure: true,
            code: $code,
        }
    };
}

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    function!("abs" (NUMBER) -> NUMBER, |c, a| float(c, a, f64::abs), "the absolute value of a number",
        ["abs(`-3`)" => "3"]),
    function!("avg" (&[Type::ArrayNumber]) -> NUMBER, avg, "the average of a list of numbers", ["avg(`[1, 2]`)" => "1.5"]),
    function!("ceil" (NUMBER) -> NUMBER, |c, a| float(c, a, f64::ceil), "the next whole number not below a number",
        ["ceil(`1.2`)" => "2"]),
    function!("contains" (&[Type::Array, Type::Str], ANY) -> BOOL, contains,
        "whether a list has an element, or a string a part", ["contains('abc', 'bc')" => "true"]),
    function!("ends_with" (STR, STR) -> BOOL, |c, a| Ok(Val::Bool(c.str(arg(a, 0)).ends_with(c.str(arg(a, 1))))),
        "whether a string ends with another", ["ends_with('abc', 'bc')" => "true"]),
    function!("floor" (NUMBER) -> NUMBER, |c, a| float(c, a, f64::floor), "the next whole number not above a number",
        ["floor(`1.8`)" => "1"]),
    function!("join" (STR, &[Type::ArrayStr]) -> STR, join, "strings with a separator between them",
        ["join('-', ['a', 'b'])" => "\"a-b\""]),
    function!("keys" (OBJECT) -> ARRAY, keys, "the keys of an object, sorted", ["keys({b: 'x', a: 'y'})" => "[\"a\",\"b\"]"]),
    function!("length" (&[Type::Str, Type::Array, Type::Object]) -> NUMBER, length,
        "the number of characters, elements or members", ["length('abc')" => "3"]),
    function!("map" (EXPREF, ARRAY) -> ARRAY, map, "an expression's result for every element of a list",
        ["map(&length(@), ['a', 'bc'])" => "[1,2]"]),
    function!("max" (SORTABLE) -> ANY, |c, a| extreme(c, a, Ordering::Greater), "the largest element of a list",
        ["max(`[1, 3, 2]`)" => "3"]),
    function!("max_by" (ARRAY, EXPREF) -> ANY, |c, a| extreme_by(c, a, Ordering::Greater),
        "the element for which an expression is largest", ["max_by([{n: `1`}, {n: `2`}], &n).n" => "2"]),
    Builtin {
        name: "merge",
        args: &[OBJECT],
        variadic: true,
        returns: OBJECT,
        doc: "objects put together, later members before earlier ones",
        examples: &[("merge({a: 'x'}, {b: 'y'})", "{\"a\":\"x\",\"b\":\"y\"}")],
        pure: true,
        code: merge,
    },
    function!("min" (SORTABLE) -> ANY, |c, a| extreme(c, a, Ordering::Less), "the smallest element of a list",
        ["min(`[1, 3, 2]`)" => "1"]),
    function!("min_by" (ARRAY, EXPREF) -> ANY, |c, a| extreme_by(c, a, Ordering::Less),
        "the element for which an expression is smallest", ["min_by([{n: `1`}, {n: `2`}], &n).n" => "1"]),
    Builtin {
        name: "not_null",
        args: &[ANY],
        variadic: true,
        returns: ANY,
        doc: "the first argument that is not null",
        examples: &[("not_null(`null`, 'a')", "\"a\"")],
        pure: true,
        code: |c, a| Ok(a.iter().copied().find(|v| !is_null(c, *v)).unwrap_or(Val::Null)),
    },
    function!("reverse" (&[Type::Array, Type::Str]) -> &[Type::Array, Type::Str], reverse,
        "a list or string from its end to its start", ["reverse('abc')" => "\"cba\""]),
    function!("sort" (&[Type::ArrayStr, Type::ArrayNumber]) -> ARRAY, sort, "a list of numbers or strings, sorted", ["sort(['b', 'a'])" => "[\"a\",\"b\"]"]),
    function!("sort_by" (ARRAY, EXPREF) -> ARRAY, sort_by, "a list, sorted by an expression's result for each element",
        ["sort_by([{n: `2`}, {n: `1`}], &n)[].n" => "[1,2]"]),
    function!("starts_with" (STR, STR) -> BOOL, |c, a| Ok(Val::Bool(c.str(arg(a, 0)).starts_with(c.str(arg(a, 1))))),
        "whether a string starts with another", ["starts_with('abc', 'ab')" => "true"]),
    function!("to_array" (ANY) -> ARRAY, to_array, "a list as it is, anything else as a list of one",
        ["to_array('a')" => "[\"a\"]"]),
    function!("to_number" (ANY) -> NUMBER, to_number, "the number that a string spells; null where it spells none",
        ["to_number('1.5')" => "1.5"]),
    function!("to_string" (ANY) -> STR, to_string, "a string as it is, anything else as JSON",
        ["to_string(`[1]`)" => "\"[1]\""]),
    function!("type" (ANY) -> STR, type_of, "the name of a value's type", ["type('a')" => "\"string\""]),
    function!("values" (OBJECT) -> ARRAY, values, "the values of an object, in the order of its keys",
        ["values({b: 'x', a: 'y'})" => "[\"y\",\"x\"]"]),
];

fn arg(args: &[Val], n: usize) -> Val {
    args.get(n).copied().unwrap_or(Val::Null)
}

fn is_null(c: &Call<'_, '_>, v: Val) -> bool {
    matches!(c.view(v), View::Null | View::Absent)
}

/// That a list is not what `items()` gives.
fn plain(list: Val, function: &str) -> std::result::Result<(), Failure> {
    match list {
        Val::Maps(_) => Err(Failure::crash(format!("{function}() takes no list that items() made"))),
        _ => Ok(()),
    }
}

/// What an expression gave for each element of a list.
fn keys_of(c: &Call<'_, '_>) -> std::result::Result<Val, Failure> {
    match c.keys {
        Val::List(_) => Ok(c.keys),
        _ => Err(Failure::crash("an expression reference has to stand where it is used")),
    }
}

fn float(c: &mut Call<'_, '_>, a: &[Val], f: fn(f64) -> f64) -> Result {
    Ok(Val::Float(f(c.number(arg(a, 0)).unwrap_or(0.0))))
}

fn avg(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    // Adding up starts from 0.0, which a sum of an empty iterator in Rust does not.
    let total = c.items(arg(a, 0)).filter_map(|v| c.number(v)).fold(0.0, |total, n| total + n);
    Ok(Val::Float(total / c.len(arg(a, 0)) as f64))
}

fn contains(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let (search, wanted) = (arg(a, 0), arg(a, 1));
    if let View::Str(text) = c.view(search) {
        return Ok(Val::Bool(matches!(c.view(wanted), View::Str(part) if text.contains(part))));
    }
    plain(search, "contains")?;
    let sought = c.view(wanted);
    let typed = |v| matches!(v, Val::Maps(_));
    for item in c.items(search) {
        match (c.view(item), sought) {
            (View::Str(x), View::Str(y)) if c.memory.same_text(x, y) => return Ok(Val::Bool(true)),
            (View::Str(_), View::Str(_)) => {}
            // Kyverno's JMESPath crashes where it compares two of these here.
            (View::Map, View::Map) | (View::Reference(_), View::Reference(_)) => return Err(incomparable()),
            (View::List, View::List) if typed(item) == typed(wanted) => return Err(incomparable()),
            _ if c.equal(item, wanted) => return Ok(Val::Bool(true)),
            _ => {}
        }
    }
    Ok(Val::Bool(false))
}

fn incomparable() -> Failure {
    Failure::crash("contains() cannot compare lists or objects")
}

fn join(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let (separator, list) = (arg(a, 0), arg(a, 1));
    let mut walk = c.walk(list);
    let mut first = true;
    c.make_text(|out| {
        while let Some((item, rest)) = out.next(walk) {
            walk = rest;
            if !first {
                out.push(separator)?;
            }
            first = false;
            out.push(item)?;
        }
        Ok(())
    })
}

fn keys(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let keys: Vec<String> = c.entries(arg(a, 0)).into_iter().map(|(key, _)| key).collect();
    let mut out = Vec::with_capacity(keys.len());
    for key in keys {
        out.push(c.make_str(&key)?);
    }
    c.make_list(out)
}

fn values(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let values: Vec<Val> = c.entries(arg(a, 0)).into_iter().map(|(_, v)| v).collect();
    c.make_list(values)
}

fn length(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let n = match c.view(arg(a, 0)) {
        View::Str(s) => s.chars().count(),
        _ => c.len(arg(a, 0)),
    };
    Ok(Val::Float(n as f64))
}

fn map(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    plain(arg(a, 1), "map")?;
    let results = keys_of(c)?;
    // The first failure ends it, but for keys that are not known.
    let failed = c.items(results).find(|v| matches!(v, Val::Fault(_)) && !c.is_unknown_key(*v));
    if let Some(fault) = failed {
        return Ok(fault);
    }
    let items: smallvec::SmallVec<[Val; 16]> =
        c.items(results).map(|v| if let Val::Fault(_) = v { Val::Null } else { v }).collect();
    c.make_list(items)
}

fn merge(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let mut all = Vec::new();
    for value in a {
        if !matches!(c.view(*value), View::Map) {
            return Err(Failure::crash(format!("merge() takes objects, found {}", c.go_value(*value))));
        }
        for (key, member) in c.entries(*value) {
            all.push((c.new_text(&key)?, member));
        }
        c.memory.room(all.len() * size_of::<(Text, Val)>())?;
    }
    Ok(c.memory.make_map(all)?)
}

fn reverse(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    if let View::Str(s) = c.view(arg(a, 0)) {
        let text: String = s.chars().rev().collect();
        return c.make_str(&text);
    }
    plain(arg(a, 0), "reverse")?;
    let items: smallvec::SmallVec<[Val; 16]> = c.items(arg(a, 0)).collect();
    c.make_list(items.into_iter().rev())
}

fn to_array(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let value = arg(a, 0);
    match (value, c.view(value)) {
        (Val::Maps(_), _) => c.make_list([value]),
        (_, View::List) => Ok(value),
        _ => c.make_list([value]),
    }
}

fn to_number(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let value = arg(a, 0);
    match c.view(value) {
        View::Float(n) => Ok(Val::Float(n)),
        View::Str(s) => Ok(parse_float(s).map_or(Val::Null, Val::Float)),
        View::Int(_) | View::Reference(_) => Err(unknown_type()),
        View::List if matches!(value, Val::Maps(_)) => Err(unknown_type()),
        _ => Ok(Val::Null),
    }
}

fn to_string(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let value = arg(a, 0);
    if let View::Str(_) = c.view(value) {
        return Ok(value);
    }
    if let Some(n) = c.not_json(value) {
        return Err(Failure::error(unsupported(n)));
    }
    let text = c.json(value);
    c.make_str(&text)
}

/// What Go says of a number that JSON cannot spell.
pub fn unsupported(number: f64) -> String {
    let name = match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "+Inf",
        _ => "-Inf",
    };
    format!("json: unsupported value: {name}")
}

fn unknown_type() -> Failure {
    Failure::error("unknown type")
}

fn type_of(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let value = arg(a, 0);
    let name = match c.view(value) {
        View::List if matches!(value, Val::Maps(_)) => return Err(unknown_type()),
        View::Float(_) => "number",
        View::Str(_) => "string",
        View::List => "array",
        View::Map => "object",
        View::Null | View::Absent => "null",
        View::Bool(_) => "boolean",
        View::Int(_) | View::Reference(_) | View::Fault(_) => return Err(unknown_type()),
    };
    c.make_str(name)
}
