//! What Kyverno says of documents that are no policies to it.
//!
//! Kyverno: sigs.k8s.io/kubectl-validate reads and checks them; its texts are those of Kubernetes' API server.

use crate::diag::{Code, Diagnostic, Label};

/// Of a document that is no YAML.
pub(super) fn not_yaml(d: &Diagnostic) -> String {
    let text = yaml(d);
    if d.code == Code::DuplicateKey {
        return format!("failed to parse document ({text})");
    }
    format!("failed to parse document (failed to parse yaml: error converting YAML to JSON: {text})")
}

/// Where go-yaml's words differ from those of our reader, and whether its scanner says them: it counts lines otherwise.
const SYNTAX: [(&str, &str, bool); 7] = [
    ("while parsing a flow sequence, expected ',' or ']'", "did not find expected ',' or ']'", false),
    ("while parsing a flow mapping", "did not find expected ',' or '}'", false),
    ("did not find expected node content", "did not find expected node content", false),
    ("while parsing a block mapping, did not find expected key", "did not find expected key", false),
    ("mapping values are not allowed", "mapping values are not allowed in this context", true),
    ("tab", "found character that cannot start any token", true),
    ("could not find expected", "could not find expected ':'", true),
];

/// Why a text is no YAML, in the words of go-yaml as far as they are known.
pub(super) fn yaml(d: &Diagnostic) -> String {
    let line = d.primary.as_ref().map_or(0, line_of);
    let key = d.message.strip_prefix("the key `").and_then(|m| m.split_once("` is already set")).map(|(key, _)| key);
    if let (Code::DuplicateKey, Some(key)) = (d.code, key) {
        return format!("yaml: unmarshal errors:\n  line {line}: key {key:?} already set in map");
    }
    let known = SYNTAX.iter().find(|(ours, ..)| d.message.contains(ours));
    let (words, scanned) = known.map_or((d.message.as_str(), true), |(_, go, scanned)| (*go, *scanned));
    // go-yaml counts from 0, has none for the first line, and adds one for what the scanner says.
    match line.saturating_sub(1) {
        0 => format!("yaml: {words}"),
        line => format!("yaml: line {}: {words}", line + u32::from(scanned)),
    }
}

/// The line of a place, counted from the start of its document.
fn line_of(label: &Label) -> u32 {
    let before = label.source.text.lines().take(label.place.line.saturating_sub(1) as usize);
    let separator = before.enumerate().filter(|(_, l)| l.starts_with("---")).last();
    let first = separator.map_or(0, |(at, _)| u32::try_from(at + 1).unwrap_or(0));
    label.place.line.saturating_sub(first)
}

/// `group/version, Kind=kind`.
pub(super) fn group_version_kind(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

/// Of a document whose kind has no schema.
pub(super) fn no_policy(api_version: &str, kind: &str) -> String {
    const KNOWN: [&str; 4] = ["kyverno.io/v1", "kyverno.io/v2", "kyverno.io/v2beta1", "policies.kyverno.io/v1beta1"];
    if api_version.is_empty() && kind.is_empty() {
        return "failed to parse document (GVK cannot be empty)".to_owned();
    }
    let why = if KNOWN.contains(&api_version) {
        format!("kind {kind} not found in {api_version} groupversion")
    } else {
        format!("failed to locate OpenAPI spec for GV: {api_version}")
    };
    format!("failed to parse document (failed to retrieve validator: {why})")
}

/// The text between the first two backticks.
fn quoted(message: &str) -> &str {
    message.split('`').nth(1).unwrap_or(message)
}

/// Of fields that the schema does not have.
pub(super) fn unknown_fields(found: &[Diagnostic]) -> String {
    let mut paths: Vec<&str> = found.iter().map(|d| quoted(&d.message)).collect();
    paths.sort_unstable();
    let lines: Vec<_> = paths.iter().map(|p| format!("{p}: Invalid value: value provided for unknown field")).collect();
    format!("failed to parse document ({})", lines.join("\n"))
}

/// Whether a reason is about unknown fields, for which Kyverno drops the whole file.
pub(super) fn is_unknown_field(reason: &str) -> bool {
    reason.contains("Invalid value: value provided for unknown field")
}

/// Of a policy that its schema refuses.
pub(super) fn refused(kind: &str, name: &str, found: &[Diagnostic]) -> String {
    let reasons: Vec<String> = found.iter().map(|d| refusal(name, d)).collect();
    let reasons = match reasons.as_slice() {
        [one] if !one.contains("Found none valid") => one.clone(),
        more => format!("[{}]", more.join(", ")),
    };
    format!("failed to validate resource ({kind}.kyverno.io {name:?} is invalid: {reasons})")
}

fn refusal(name: &str, d: &Diagnostic) -> String {
    if d.code == Code::NoRules {
        return "spec: Required value".to_owned();
    }
    let path = quoted(&d.message);
    if path == "metadata.name" {
        return format!(
            "metadata.name: Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case \
             alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
             'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        );
    }
    if d.message.ends_with(" is missing") {
        return format!("{path}: Required value");
    }
    if let Some((_, found)) = d.message.split_once(" needs exactly one source, found ") {
        let schema = format!("<nil>: Invalid value: \"\": {path:?} must validate one and only one schema (oneOf).");
        return match found {
            "0" => format!("{schema} Found none valid, {path}.configMap: Required value"),
            _ => format!("{schema} Found {found} valid alternatives"),
        };
    }
    if let Some((_, found)) = d.message.split_once(" has to be `GET` or `POST`, found ") {
        return format!("{path}: Unsupported value: {:?}: supported values: \"GET\", \"POST\"", quoted(found));
    }
    if let Some((_, found)) = d.message.split_once(" has to be `Audit` or `Enforce`, found ") {
        let found = quoted(found);
        return format!(
            "{path}: Unsupported value: {found:?}: supported values: \"audit\", \"enforce\", \"Audit\", \"Enforce\""
        );
    }
    let types = d.message.split_once(" has to be ").and_then(|(_, rest)| rest.split_once(", found "));
    match types {
        Some((wanted, found)) => {
            let found = of_schema(found);
            format!("{path}: Invalid value: {found:?}: {path} in body must be of type {}: {found:?}", of_schema(wanted))
        }
        None => d.message.clone(),
    }
}

/// A type as schemas call it.
fn of_schema(what: &str) -> &'static str {
    match what {
        "a boolean" => "boolean",
        "a list" => "array",
        "a string" => "string",
        "a number" => "number",
        _ => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_schema() {
        let d = |code, text: &str| Diagnostic::new(code, text);
        let unknown = [
            d(Code::UnknownField, "unknown field `spec.rules[0].foo`"),
            d(Code::UnknownField, "unknown field `spec.rules[0].abc`"),
        ];
        assert_eq!(
            unknown_fields(&unknown),
            "failed to parse document (spec.rules[0].abc: Invalid value: value provided for unknown field\n\
             spec.rules[0].foo: Invalid value: value provided for unknown field)"
        );
        let wrong = [d(Code::WrongType, "`spec.background` has to be a boolean, found a string")];
        assert_eq!(
            refused("ClusterPolicy", "p", &wrong),
            "failed to validate resource (ClusterPolicy.kyverno.io \"p\" is invalid: spec.background: Invalid value: \
             \"string\": spec.background in body must be of type boolean: \"string\")"
        );
        assert_eq!(group_version_kind("v1", "Pod"), "/v1, Kind=Pod");
    }
}
