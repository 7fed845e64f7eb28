//! Scalar patterns: operators, ranges, wildcards, and literals of every type.

use super::Gen;
use super::shape::{self, Shape};
use super::variables;
use super::vocab::{DURATIONS, QUANTITIES, TEXTS, wildcard_of};
use serde_json::{Value, json};

const ANY: &[(&str, u32)] = &[
    ("scalar/star", 24),
    ("scalar/some", 24),
    ("scalar/null", 16),
    ("scalar/empty", 8),
    ("scalar/retyped", 12),
    ("scalar/odd-text", 12),
];

/// A scalar pattern for values of a shape, perhaps one that the value `aim` meets.
pub(crate) fn scalar(g: &mut Gen, shape: &Shape, aim: &Value) -> Value {
    let general = ANY.iter().any(|(t, _)| g.wants(t));
    let wanted = g.wants_family("op/") || g.wants_family("scalar/") || g.wants_family("variable/");
    if !wanted
        && g.rng.chance(75)
        && let Some(hit) = met_by(g, aim)
    {
        return hit;
    }
    if general || g.rng.chance(17) {
        return any(g);
    }
    match shape {
        Shape::Text(pool) => text(g, pool),
        Shape::Int(pool) => int(g, pool),
        Shape::Float => float(g),
        Shape::Bool => boolean(g),
        Shape::Quantity => measure(g, "op/quantity", QUANTITIES),
        Shape::Duration => measure(g, "op/duration", DURATIONS),
        Shape::IntOrText(ints, _) if g.rng.chance(50) => int(g, ints),
        Shape::IntOrText(_, texts) => text(g, texts),
        Shape::Map(_) | Shape::List(_) | Shape::Labels => any(g),
    }
}

/// A scalar pattern that a value meets; None for lists, maps and null.
fn met_by(g: &mut Gen, value: &Value) -> Option<Value> {
    match value {
        Value::String(s) => Some(met_by_text(g, s)),
        Value::Bool(b) => {
            g.tag("scalar/bool");
            Some(json!(b))
        }
        Value::Number(n) => {
            let (tag, pattern) = match g.rng.below(6) {
                0 | 1 => ("scalar/int", value.clone()),
                2 => ("op/compare", json!(format!(">={n}"))),
                3 => ("op/compare", json!(format!("<= {n}"))),
                4 => ("op/range", json!(format!("-5-{n}"))),
                _ => ("op/or", json!(format!("7 | {n}"))),
            };
            g.tag(tag);
            Some(pattern)
        }
        _ => None,
    }
}

fn met_by_text(g: &mut Gen, text: &str) -> Value {
    let (tag, pattern) = match g.rng.below(8) {
        0 | 1 => ("scalar/text", text.to_owned()),
        2 | 3 => ("scalar/wildcard", wildcard_of(g, text)),
        4 => ("op/not", "!other".to_owned()),
        5 => ("op/or", format!("other | {text}")),
        6 => ("op/and", format!("{} & !other*", wildcard_of(g, text))),
        _ => ("scalar/some", "?*".to_owned()),
    };
    g.tag(tag);
    json!(pattern)
}

/// A scalar pattern that is text.
pub(crate) fn text_only(g: &mut Gen, pool: &[&str], aim: &Value) -> Value {
    if let Some(text) = aim.as_str().filter(|_| g.rng.chance(65)) {
        return met_by_text(g, text);
    }
    for _ in 0..8 {
        let v = if g.rng.chance(12) { any(g) } else { text(g, pool) };
        if v.is_string() {
            return v;
        }
    }
    json!("?*")
}

fn any(g: &mut Gen) -> Value {
    match g.choose(ANY) {
        "scalar/star" => json!("*"),
        "scalar/some" => json!("?*"),
        "scalar/null" => Value::Null,
        "scalar/empty" => json!(""),
        "scalar/odd-text" => json!(g.rng.pick(TEXTS)),
        _ => match g.rng.below(4) {
            0 => json!(g.rng.chance(50)),
            1 => json!(g.rng.between(0, 3)),
            2 => json!(1.5),
            _ => json!(g.rng.pick(&["true", "0", "1", "<10", ">=0"])),
        },
    }
}

fn text(g: &mut Gen, pool: &[&str]) -> Value {
    let (a, b) = (*g.rng.pick(pool), *g.rng.pick(pool));
    let table = [
        ("scalar/text", 20),
        ("scalar/wildcard", 18),
        ("op/not", 14),
        ("op/or", 14),
        ("op/and", 8),
        ("op/or-of-not", 4),
        ("op/compare-text", 4),
        ("variable/in-pattern", 4),
    ];
    match g.choose(&table) {
        "scalar/text" => json!(a),
        "scalar/wildcard" => json!(wildcard_of(g, a)),
        "op/not" if g.rng.chance(50) => json!(format!("!{}", wildcard_of(g, a))),
        "op/not" => json!(format!("!{a}")),
        "op/or" => {
            let bar = *g.rng.pick(&[" | ", "|"]);
            let b = if g.rng.chance(40) { wildcard_of(g, b) } else { b.to_owned() };
            json!(format!("{a}{bar}{b}"))
        }
        "op/and" if g.rng.chance(50) => json!(format!("!{a} & !{b}")),
        "op/and" => json!(format!("{}&!{b}", wildcard_of(g, a))),
        "op/or-of-not" => json!(format!("!{a} | !{b}")),
        "op/compare-text" => json!(format!("{}{a}", g.rng.pick(&[">", "<=", ">= ", "<"]))),
        _ => json!(variables::in_pattern(g)),
    }
}

fn int(g: &mut Gen, pool: &[i64]) -> Value {
    let (a, b) = (*g.rng.pick(pool), *g.rng.pick(pool));
    let table = [
        ("scalar/int", 20),
        ("op/compare", 24),
        ("op/range", 12),
        ("op/not-range", 9),
        ("scalar/int-text", 7),
        ("scalar/float", 6),
        ("op/not", 7),
        ("op/or", 7),
        ("op/and", 7),
    ];
    match g.choose(&table) {
        "scalar/int" => json!(a),
        "op/compare" => json!(compare(g, &a.to_string())),
        "op/range" => json!(range(g, "-", &a.min(b).to_string(), &a.max(b).to_string())),
        "op/not-range" => json!(range(g, "!-", &a.min(b).to_string(), &a.max(b).to_string())),
        "scalar/int-text" => json!(a.to_string()),
        "scalar/float" if g.rng.chance(50) => json!(a as f64 + 0.5),
        "scalar/float" => json!(a as f64),
        "op/not" => json!(format!("!{a}")),
        "op/or" => json!(format!("{a} | {b}")),
        _ => json!(format!(">={} & <={}", a.min(b), a.max(b))),
    }
}

fn float(g: &mut Gen) -> Value {
    let a = *g.rng.pick(shape::FLOATS);
    match g.choose(&[("scalar/float", 35), ("op/compare", 30), ("op/range", 12), ("op/not", 8), ("scalar/int", 15)]) {
        "scalar/float" => json!(a),
        "op/compare" => json!(compare(g, &a.to_string())),
        "op/range" => json!(range(g, "-", "0.5", &a.to_string())),
        "op/not" => json!(format!("!{a}")),
        _ => json!(a as i64),
    }
}

fn boolean(g: &mut Gen) -> Value {
    let b = g.rng.chance(50);
    match g.choose(&[("scalar/bool", 70), ("scalar/bool-text", 16), ("op/not", 14)]) {
        "scalar/bool" => json!(b),
        "scalar/bool-text" => json!(b.to_string()),
        _ => json!(format!("!{b}")),
    }
}

fn measure(g: &mut Gen, tag: &'static str, pool: &[&str]) -> Value {
    g.tag(tag);
    let (a, b) = (*g.rng.pick(pool), *g.rng.pick(pool));
    match g.choose(&[
        ("op/compare", 45),
        ("op/range", 16),
        ("op/not-range", 8),
        ("scalar/text", 12),
        ("op/not", 8),
        ("op/and", 8),
    ]) {
        "op/compare" => json!(compare(g, a)),
        "op/range" => json!(range(g, "-", a, b)),
        "op/not-range" => json!(range(g, "!-", a, b)),
        "op/not" => json!(format!("!{a}")),
        "op/and" => json!(format!(">={a} & <={b}")),
        _ => json!(a),
    }
}

fn compare(g: &mut Gen, operand: &str) -> String {
    let op = *g.rng.pick(&[">", "<", ">=", "<=", "> ", "<= "]);
    format!("{op}{operand}")
}

fn range(g: &mut Gen, sign: &str, low: &str, high: &str) -> String {
    let space = if g.rng.chance(15) { " " } else { "" };
    format!("{low}{space}{sign}{space}{high}")
}
