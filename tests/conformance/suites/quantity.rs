//! `quantity`: Kubernetes quantities, their canonical text, arithmetic and order.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same, same_or_error};
use kyvc_vm::scalar::{Quantity, Scalar, number};
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "quantity_duration.json", &["quantity", "quantity_op"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    if case.text("kind")? == "quantity_op" { operation(case) } else { parsing(case) }
}

/// Everything that is recorded of a quantity, spelled as there.
const FIELDS: [&str; 7] = ["canonical", "format", "sign", "value", "milli_value", "is_int64", "approx"];

fn parsing(case: Datum<'_>) -> Result<(), String> {
    let input = case.text("input")?;
    let want = match case.get("error").and_then(Datum::as_str) {
        Some(error) => Err(error),
        None => Ok(FIELDS.iter().map(|key| plain(case, key)).collect::<Result<Vec<_>, _>>()?),
    };
    let got = Quantity::parse(input).map_err(|e| e.to_string()).map(|quantity| {
        vec![
            quantity.canonical(),
            quantity.format().name().to_owned(),
            quantity.sign().to_string(),
            quantity.value().to_string(),
            quantity.milli_value().to_string(),
            quantity.is_int64().to_string(),
            number::text_v(quantity.approx()).to_string(),
        ]
    });
    same_or_error(&format!("{input:?}"), want, got)
}

fn operation(case: Datum<'_>) -> Result<(), String> {
    let quantity = |key| Quantity::parse(case.text(key)?).map_err(|e| e.to_string());
    let (a, b) = (quantity("a")?, quantity("b")?);
    let keys = ["cmp", "equal", "add", "sub"];
    let want = keys.iter().map(|key| plain(case, key)).collect::<Result<Vec<_>, _>>()?;
    let canonical = |result: Result<Quantity, _>| match result {
        Ok(quantity) => quantity.canonical(),
        Err(error) => format!("error: {error}"),
    };
    let order = a.cmp(&b) as i8;
    let got = vec![order.to_string(), (a == b).to_string(), canonical(a.add(&b)), canonical(a.sub(&b))];
    same(&case.json(), &want, &got)
}

/// A field without quotes.
fn plain(case: Datum<'_>, key: &str) -> Result<String, String> {
    let field = case.need(key)?;
    Ok(if let Scalar::Str(text) = field.scalar() { text.to_owned() } else { field.json() })
}
