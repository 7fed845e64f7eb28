//! The generator of expressions that the property tests use.

#[path = "../../tests/expressions/choices.rs"]
pub(crate) mod choices;
#[path = "../../tests/expressions/grammar.rs"]
mod grammar;
#[path = "../../tests/expressions/limits.rs"]
mod limits;
#[path = "../../tests/expressions/values.rs"]
#[allow(dead_code)]
mod values;

/// Makes an expression and evaluates it.
pub fn expression(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let expression = if first % 2 == 0 { grammar::expression(rest) } else { grammar::growth(rest) };
    // Names are looked up, which takes the network's time.
    if !expression.contains("is_external_url") {
        limits::run(&expression, grammar::document(usize::from(first / 2)));
    }
}
