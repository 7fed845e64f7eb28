//! Checks of preconditions and of the conditions of a denial.

use super::{images, list, some};
use crate::policy::classic::Conditions;
use crate::policy::tree::{Tree, Value};

/// Kyverno's operators, in their one spelling.
const OPERATORS: [&str; 18] = [
    "Equal",
    "Equals",
    "NotEqual",
    "NotEquals",
    "In",
    "AnyIn",
    "AllIn",
    "NotIn",
    "AnyNotIn",
    "AllNotIn",
    "GreaterThanOrEquals",
    "GreaterThan",
    "LessThanOrEquals",
    "LessThan",
    "DurationGreaterThanOrEquals",
    "DurationGreaterThan",
    "DurationLessThanOrEquals",
    "DurationLessThan",
];
const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/// What a key of a rule about every kind may start with besides `request.object.metadata.`.
const NAMES: [&str; 3] = ["request.", "serviceAccountName", "serviceAccountNamespace"];

type At = (String, String);

/// What the reader of conditions says of an operator.
const NO_OPERATOR: &str = "has to be a condition operator, found ";

/// Whether a problem is one of operators that is refused here: the schema does not look into the conditions of rules,
/// but into those of their loops.
pub(in crate::offline) fn is_checked_here(message: &str) -> bool {
    message.contains(NO_OPERATOR) && !message.contains(".foreach[")
}

/// Whether a problem is that a condition has no operator at all.
pub(in crate::offline) fn lacks_operator(message: &str) -> bool {
    message.contains(NO_OPERATOR) && message.ends_with(" none")
}

/// Whether the conditions of a denial are about what every kind has. Kyverno looks at their oldest form only.
pub(super) fn of_any_kind(deny: &Conditions) -> bool {
    let fine = |key: &str| {
        key.contains("request.object.metadata.") || (has_variable(key) && !key.contains("request.object.spec"))
    };
    // Kyverno crashes on a key that is no string.
    !deny.legacy || deny.all.iter().all(|c| c.key.as_str().is_some_and(fine))
}

/// Go: `\{\{\s*(request\.|serviceAccountName|serviceAccountNamespace)[^{}]*\}\}`
fn has_variable(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let rest = text.get(at + 2..).unwrap_or_default().trim_start();
        let end = rest.find(['{', '}']).and_then(|end| rest.get(end..));
        NAMES.iter().any(|name| rest.starts_with(name)) && end.is_some_and(|end| end.starts_with("}}"))
    })
}

/// Checks the conditions of a rule.
pub(super) fn check(rule: &Tree) -> Result<(), At> {
    if let Some(conditions) = some(rule, "preconditions") {
        block(conditions, "preconditions").map_err(|(path, e)| (format!("validate.{path}"), e))?;
    }
    let deny = some(rule, "validate").and_then(|v| some(v, "deny"));
    if let Some(conditions) = deny.and_then(|d| some(d, "conditions")) {
        block(conditions, "conditions").map_err(|(path, e)| (format!("validate.deny.{path}"), e))?;
    }
    images::operators(rule)
}

/// Kyverno looks at all values first, and then at all operators.
pub(super) fn block(conditions: &Tree, name: &str) -> Result<(), At> {
    for (conditions, path) in lists(conditions, name) {
        for (i, condition) in conditions.iter().enumerate() {
            values(condition).map_err(|(field, e)| (format!("{path}[{i}].{field}"), e))?;
        }
    }
    operators(conditions, name)
}

fn lists<'t>(conditions: &'t Tree, name: &str) -> Vec<(&'t [Tree], String)> {
    match &conditions.value {
        Value::List(items) => vec![(items, name.to_owned())],
        _ => ["any", "all"].map(|k| (list(conditions.get(k)), format!("{name}.{k}"))).into(),
    }
}

/// Whether there are such operators.
pub(super) fn operators(conditions: &Tree, name: &str) -> Result<(), At> {
    for (conditions, path) in lists(conditions, name) {
        // Kyverno names `any` for both.
        let path = path.strip_suffix(".all").map_or(path.clone(), |p| format!("{p}.any"));
        for (i, condition) in conditions.iter().enumerate() {
            let operator = condition.get("operator").and_then(Tree::as_str).unwrap_or_default();
            if !OPERATORS.contains(&operator) {
                return Err((format!("{path}[{i}]."), format!("entered value of `operator` is invalid. {}", valid())));
            }
        }
    }
    Ok(())
}

/// The operators as Kyverno lists them, in an order of its own each time.
fn valid() -> String {
    let names: Vec<String> = OPERATORS.iter().map(|o| format!("{o:?}")).collect();
    format!("valid values: [{}]", names.join(" "))
}

/// What a condition compares: there has to be something, and with the operation only operations.
fn values(condition: &Tree) -> Result<(), At> {
    let operator = condition.get("operator").and_then(Tree::as_str).unwrap_or_default();
    let (Some(key), Some(value)) = (some(condition, "key"), some(condition, "value")) else { return missing() };
    if operator.is_empty() {
        return missing();
    }
    if key.as_str().is_none_or(|k| k.replace(' ', "") != "{{request.operation}}") {
        return Ok(());
    }
    let unknown = |path: String, text: &str| {
        let allowed = "Only the following values are allowed: [CREATE, UPDATE, DELETE, CONNECT]";
        Err((path, format!("unknown value '{text}' found under the 'value' field. {allowed}")))
    };
    match &value.value {
        Value::Str(s) if s.len() >= 4 && s.starts_with("{{") && s.ends_with("}}") => Ok(()),
        Value::Str(s) if OPERATIONS.contains(&s.as_str()) => Ok(()),
        Value::Str(s) => unknown(format!("value: {s}"), s),
        Value::List(items) => items.iter().enumerate().try_for_each(|(i, item)| match item.as_str() {
            Some(s) if OPERATIONS.contains(&s) => Ok(()),
            Some(s) => unknown(format!("value[{i}]"), s),
            None => Err((
                format!("value[{i}]"),
                "'value' found to be no string. The provided values are expected to be strings".to_owned(),
            )),
        }),
        _ => Err(("value".to_owned(), "'value' is expected to be either in the form of a string or list".to_owned())),
    }
}

fn missing() -> Result<(), At> {
    Err((String::new(), "entered value of `key`, `value` or `operator` is missing or misspelled".to_owned()))
}
