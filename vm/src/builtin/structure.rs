//! Kyverno's functions on lists and objects, and reading them from text.

use super::strings::go_float32;
use super::{Builtin, Call, Failure, Type};
use crate::machine::View;
use crate::scalar::number::float_to_int;
use crate::value::{Text, Val};
use crate::verdict::TrapKind;

type Result = std::result::Result<Val, Failure>;

const STR: &[Type] = &[Type::Str];
const ARRAY: &[Type] = &[Type::Array];
const EITHER: &[Type] = &[Type::Object, Type::Array];

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    Builtin {
        name: "items",
        args: &[EITHER, STR, STR],
        variadic: false,
        returns: ARRAY,
        doc: "converts a map or array to an array of objects where each key:value is an item in the array",
        examples: &[("items({a: 'x'}, 'k', 'v')", "[{\"k\":\"a\",\"v\":\"x\"}]")],
        pure: true,
        code: items,
    },
    Builtin {
        name: "lookup",
        args: &[EITHER, &[Type::Str, Type::Number]],
        variadic: false,
        returns: &[Type::Any],
        doc: "returns the value corresponding to the given key/index in the given object/array",
        examples: &[("lookup({a: 'x'}, 'a')", "\"x\""), ("lookup(`[1, 2]`, `5`)", "null")],
        pure: true,
        code: lookup,
    },
    Builtin {
        name: "object_from_lists",
        args: &[ARRAY, ARRAY],
        variadic: false,
        returns: &[Type::Object],
        doc: "converts a pair of lists containing keys and values to an object",
        examples: &[("object_from_lists(['a', 'b'], ['x'])", "{\"a\":\"x\",\"b\":null}")],
        pure: true,
        code: object_from_lists,
    },
    Builtin {
        name: "parse_json",
        args: &[STR],
        variadic: false,
        returns: &[Type::Any],
        doc: "decodes a valid JSON encoded string to the appropriate type. Opposite of `to_string` function",
        examples: &[("parse_json('{\"a\": 1}')", "{\"a\":1}")],
        pure: true,
        code: |c, a| {
            readable(c, arg(a, 0), 32)?;
            let text = c.str(arg(a, 0)).to_owned();
            (c.environment.check_json)(&text).map_err(Failure::Error)?;
            c.make_json(&text, false)
        },
    },
    Builtin {
        name: "parse_yaml",
        args: &[STR],
        variadic: false,
        returns: &[Type::Any],
        doc: "decodes a valid YAML encoded string to the appropriate type provided it can be represented as JSON",
        examples: &[("parse_yaml('a: [1, yes]')", "{\"a\":[1,true]}")],
        pure: false,
        code: |c, a| {
            readable(c, arg(a, 0), 128)?;
            // What is read and what it is printed to, before it counts itself.
            c.memory.room(c.str(arg(a, 0)).len() * 12)?;
            let json = (c.environment.yaml_to_json)(c.str(arg(a, 0))).map_err(Failure::Error)?;
            c.make_json(&json, false)
        },
    },
];

fn arg(args: &[Val], n: usize) -> Val {
    args.get(n).copied().unwrap_or(Val::Null)
}

/// The longest text that is read as YAML or JSON. What is made of it on the way is many times its size.
const MAX_READ: usize = 8 << 20;

/// Takes the fuel for reading a text, unless it is too long.
fn readable(c: &mut Call<'_, '_>, text: Val, cost: u64) -> std::result::Result<(), Failure> {
    let size = c.size(text);
    c.spend(size.saturating_mul(cost));
    if c.str(text).len() > MAX_READ { Err(TrapKind::Memory.into()) } else { Ok(()) }
}

fn wrong(function: &str, n: usize, expected: &str) -> Failure {
    Failure::error(format!("JMESPath function '{function}': argument #{n} is not of type {expected}"))
}

fn items(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let mut pairs: Vec<(Val, Val)> = Vec::new();
    match (arg(a, 0), c.view(arg(a, 0))) {
        (Val::Maps(_), _) => return Err(wrong("items", 1, "Object or Array")),
        (_, View::Map) => {
            for (k, v) in c.entries(arg(a, 0)) {
                pairs.push((c.make_str(&k)?, v));
            }
        }
        _ => {
            let numbered = c.elements(arg(a, 0)).into_iter().enumerate();
            pairs.extend(numbered.map(|(i, v)| (Val::Float(i as f64), v)));
        }
    }
    let (key, value) = (c.own_text(arg(a, 1))?, c.own_text(arg(a, 2))?);
    // Every object compares the two.
    c.afford(u64::from(key.len.min(value.len)) / 64 * pairs.len() as u64)?;
    let mut out = Vec::with_capacity(pairs.len());
    for (k, v) in pairs {
        out.push(c.memory.make_map([(key, k), (value, v)])?);
    }
    match c.make_list(out)? {
        Val::List(span) => Ok(Val::Maps(span)),
        other => Ok(other),
    }
}

fn lookup(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    let (of, key) = (arg(a, 0), arg(a, 1));
    match (c.view(of), c.view(key)) {
        (View::Map, View::Str(key)) => Ok(c.member(of, key).unwrap_or(Val::Null)),
        (View::Map, _) => Err(wrong("lookup", 2, "String")),
        _ if matches!(of, Val::Maps(_)) => Err(wrong("lookup", 1, "Object or Array")),
        (_, View::Float(n)) => {
            let refused =
                |why| Failure::error(format!("JMESPath function 'lookup': argument #2: {why}: {}", c.go_value(key)));
            if n.trunc() != n || n.is_infinite() {
                return Err(refused("expected an integer number but got"));
            }
            if float_to_int(n) as f64 != n {
                return Err(refused("number is outside the range of integer numbers"));
            }
            Ok(u32::try_from(float_to_int(n)).map_or(Val::Null, |at| c.element(of, at)))
        }
        _ => Err(wrong("lookup", 2, "Number")),
    }
}

/// Takes the work of putting keys in order: one text may be many of them.
fn afford_keys(c: &Call<'_, '_>, members: &[(Text, Val)]) -> std::result::Result<(), Failure> {
    let bytes: u64 = members.iter().map(|(key, _)| u64::from(key.len)).sum();
    c.afford(bytes / 64 * u64::from(members.len().max(1).ilog2() + 1))
}

fn object_from_lists(c: &mut Call<'_, '_>, a: &[Val]) -> Result {
    for (i, list) in (1..).zip([arg(a, 0), arg(a, 1)]) {
        if let Val::Maps(_) = list {
            return Err(wrong("object_from_lists", i, "Array"));
        }
    }
    let (keys, values) = (c.elements(arg(a, 0)), c.elements(arg(a, 1)));
    let mut members = Vec::with_capacity(keys.len());
    for (i, key) in keys.into_iter().enumerate() {
        let made = match c.view(key) {
            View::Str(_) => None,
            View::Bool(b) => Some(b.to_string()),
            View::Float(n) => Some(go_float32(n)),
            View::Int(n) if matches!(key, Val::GoInt(_)) => Some(n.to_string()),
            _ => return Err(wrong("object_from_lists", 1, "StringArray")),
        };
        let name = match made {
            Some(text) => c.new_text(&text)?,
            None => c.own_text(key)?,
        };
        members.push((name, values.get(i).copied().unwrap_or(Val::Null)));
    }
    afford_keys(c, &members)?;
    Ok(c.memory.make_map(members)?)
}
