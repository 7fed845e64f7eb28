//! The functions of JMESPath itself.

use super::{Builtin, Call, Failure, Type};
use crate::machine::View;
use crate::scalar::number::parse_float;
use crate::value::Val;
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
    function!("map" (EXPREF, ARRAY) -> ARRAY, |_, a| Ok(arg(a, 0)), "an expression's result for every element of a list",
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

fn float(c: &mut Call<'_, '_>, a: &[Val], f: fn(f64) -> f64) -> Result {
    Ok(Val::Float(f(c.number(arg(a, 0)).unwrap_or(0.0))))
}

fn avg(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let numbers: Vec<f64> = c.elements(arg(a, 0)).into_iter().filter_map(|v| c.number(v)).collect();
    Ok(Val::Float(numbers.iter().sum::<f64>() / numbers.len() as f64))
}

fn contains(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let (search, wanted) = (arg(a, 0), arg(a, 1));
    if let View::Str(text) = c.view(search) {
        return Ok(Val::Bool(matches!(c.view(wanted), View::Str(part) if text.contains(part))));
    }
    for item in c.elements(search) {
        match (c.view(item), c.view(wanted)) {
            // Kyverno's JMESPath crashes where it compares two lists or two objects here.
            (View::List, View::List) | (View::Map, View::Map) => {
                return Err(Failure::error("contains() cannot compare lists or objects"));
            }
            _ if c.equal(item, wanted) => return Ok(Val::Bool(true)),
            _ => {}
        }
    }
    Ok(Val::Bool(false))
}

fn join(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let parts: Vec<&str> = c.elements(arg(a, 1)).into_iter().map(|v| c.str(v)).collect();
    let text = parts.join(c.str(arg(a, 0)));
    c.make_str(&text)
}

fn keys(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let mut out = Vec::new();
    for (key, _) in c.entries(arg(a, 0)) {
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

fn merge(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let mut all = Vec::new();
    for value in a {
        if !matches!(c.view(*value), View::Map) {
            return Err(Failure::error(format!("merge() takes objects, found {}", c.go_value(*value))));
        }
        all.extend(c.entries(*value));
    }
    c.make_map(all)
}

/// The order of two numbers or two strings.
fn order(c: &Call<'_, '_>, a: Val, b: Val) -> Option<Ordering> {
    match (c.view(a), c.view(b)) {
        (View::Float(x), View::Float(y)) => x.partial_cmp(&y),
        (View::Str(x), View::Str(y)) => Some(x.cmp(y)),
        _ => None,
    }
}

fn extreme(c: &mut Call<'_, '_>, a: &[Val], wanted: Ordering) -> Result {
    let items = c.elements(arg(a, 0));
    let best = items.iter().copied().reduce(|x, y| if order(c, y, x) == Some(wanted) { y } else { x });
    Ok(best.unwrap_or(Val::Null))
}

/// The keys of a sort: all numbers or all strings, as the first one is.
fn check_keys(c: &Call<'_, '_>, keys: &[Val]) -> std::result::Result<(), Failure> {
    let wanted = match keys.first().map(|k| c.view(*k)) {
        Some(View::Float(_)) => "number",
        Some(View::Str(_)) => "string",
        _ => return Err(Failure::error("invalid type, must be number of string")),
    };
    let same = |k: &Val| matches!((wanted, c.view(*k)), ("number", View::Float(_)) | ("string", View::Str(_)));
    if keys.iter().all(same) { Ok(()) } else { Err(Failure::error(format!("invalid type, must be {wanted}"))) }
}

fn extreme_by(c: &mut Call<'_, '_>, a: &[Val], wanted: Ordering) -> Result {
    let (items, keys) = (c.elements(arg(a, 0)), c.elements(arg(a, 1)));
    if items.len() < 2 {
        return Ok(items.first().copied().unwrap_or(Val::Null));
    }
    check_keys(c, &keys)?;
    let pairs = items.into_iter().zip(keys);
    let best = pairs.reduce(|x, y| if order(c, y.1, x.1) == Some(wanted) { y } else { x });
    Ok(best.map_or(Val::Null, |(item, _)| item))
}

fn sort_by(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let (items, keys) = (c.elements(arg(a, 0)), c.elements(arg(a, 1)));
    if items.len() < 2 {
        return Ok(arg(a, 0));
    }
    if !matches!(keys.first().map(|k| c.view(*k)), Some(View::Float(_) | View::Str(_))) {
        return Err(Failure::error("invalid type, must be number of string"));
    }
    if check_keys(c, &keys).is_err() {
        return Err(Failure::error("error in sort_by comparison"));
    }
    let mut pairs: Vec<(Val, Val)> = keys.into_iter().zip(items).collect();
    pairs.sort_by(|x, y| order(c, x.0, y.0).unwrap_or(Ordering::Equal));
    c.make_list(pairs.into_iter().map(|(_, item)| item))
}

fn sort(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let mut items = c.elements(arg(a, 0));
    items.sort_by(|x, y| order(c, *x, *y).unwrap_or(Ordering::Equal));
    c.make_list(items)
}

fn reverse(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    if let View::Str(s) = c.view(arg(a, 0)) {
        let text: String = s.chars().rev().collect();
        return c.make_str(&text);
    }
    let items = c.elements(arg(a, 0));
    c.make_list(items.into_iter().rev())
}

fn to_array(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    match c.view(arg(a, 0)) {
        View::List => Ok(arg(a, 0)),
        _ => c.make_list([arg(a, 0)]),
    }
}

fn to_number(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    match c.view(arg(a, 0)) {
        View::Float(n) => Ok(Val::Float(n)),
        View::Str(s) => Ok(parse_float(s).map_or(Val::Null, Val::Float)),
        View::Int(_) => Err(Failure::error("unknown type")),
        _ => Ok(Val::Null),
    }
}

fn to_string(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    match c.view(arg(a, 0)) {
        View::Str(_) => Ok(arg(a, 0)),
        _ => {
            let text = c.json(arg(a, 0));
            c.make_str(&text)
        }
    }
}

fn type_of(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let name = match c.view(arg(a, 0)) {
        View::Float(_) => "number",
        View::Str(_) => "string",
        View::List => "array",
        View::Map => "object",
        View::Null | View::Absent => "null",
        View::Bool(_) => "boolean",
        View::Int(_) | View::Fault(_) => return Err(Failure::error("unknown type")),
    };
    c.make_str(name)
}
