//! The shape of a manifest's fields: what the generators of values and of patterns both walk.

use super::Gen;
use super::vocab;
use serde_json::{Map, Value, json};

/// What values a field has.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A map of known keys.
    Map(&'static [Field]),
    /// A list with elements of one shape.
    List(&'static Shape),
    /// One of these texts.
    Text(&'static [&'static str]),
    /// One of these numbers.
    Int(&'static [i64]),
    /// A number with a fraction, or without.
    Float,
    /// True or false.
    Bool,
    /// A Kubernetes quantity, as text or number.
    Quantity,
    /// A Go duration.
    Duration,
    /// A free map of texts, like labels.
    Labels,
    /// A number or a text.
    IntOrText(&'static [i64], &'static [&'static str]),
}

/// A key, how often of 100 a manifest has it, and the shape below it.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) key: &'static str,
    odds: u32,
    /// The shape of its value.
    pub(crate) shape: &'static Shape,
}

/// A row of a shape table.
pub(crate) const fn f(key: &'static str, odds: u32, shape: &'static Shape) -> Field {
    Field { key, odds, shape }
}

/// Numbers that floats are taken from.
pub(crate) const FLOATS: &[f64] = &[0.5, 1.0, 1.5, 2.0, 0.0, -0.25, 1e6, 1e21, 123_456.789];

/// A value of a shape.
pub(crate) fn value(g: &mut Gen, shape: &Shape) -> Value {
    match shape {
        Shape::Map(fields) => {
            let mut map = Map::new();
            for field in *fields {
                if g.rng.chance((field.odds * 3 / 2).min(field.odds.max(90))) {
                    map.insert(field.key.to_owned(), value(g, field.shape));
                }
            }
            Value::Object(map)
        }
        Shape::List(of) => {
            let n = [0, 1, 1, 1, 1, 1, 2, 2, 3][g.rng.below(9)];
            Value::Array((0..n).map(|_| value(g, of)).collect())
        }
        Shape::Text(pool) => json!(g.rng.pick(pool)),
        Shape::Int(pool) => json!(g.rng.pick(pool)),
        Shape::Float => json!(g.rng.pick(FLOATS)),
        Shape::Bool => json!(g.rng.chance(50)),
        Shape::Quantity if g.rng.chance(15) => json!(g.rng.pick(&[0, 1, 2, 1000])),
        Shape::Quantity => json!(g.rng.pick(vocab::QUANTITIES)),
        Shape::Duration => json!(g.rng.pick(vocab::DURATIONS)),
        Shape::Labels => labels(g, vocab::LABEL_KEYS),
        Shape::IntOrText(ints, _) if g.rng.chance(50) => json!(g.rng.pick(ints)),
        Shape::IntOrText(_, texts) => json!(g.rng.pick(texts)),
    }
}

/// A map of one to three labels of a pool of keys.
pub(crate) fn labels(g: &mut Gen, keys: &[&str]) -> Value {
    let n = g.rng.between(2, 5);
    let map = (0..n).map(|_| ((*g.rng.pick_early(keys)).to_owned(), json!(g.rng.pick_early(vocab::LABEL_VALUES))));
    Value::Object(map.collect())
}
