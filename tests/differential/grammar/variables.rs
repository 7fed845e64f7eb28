//! Variables in messages and in patterns.

use super::Gen;
use super::templates;

/// A text pattern with a variable that resolves on a plain object; autogen rewrites some into ones that do not.
pub(crate) fn in_pattern(g: &mut Gen) -> String {
    let texts = [
        "{{ request.object.metadata.name }}",
        "{{request.operation}}",
        "!{{request.operation}}",
        "{{ request.object.metadata.name }}*",
        "{{ request.object.metadata.namespace || 'default' }}",
        "{{ request.object.metadata.labels.app || 'web' }}",
        "?* | {{ request.object.kind }}",
        "{{ request.object.apiVersion }}",
        "{{ request.object.metadata.labels.app || '*' }}",
    ];
    (*g.rng.pick(&texts)).to_owned()
}

/// A message, with or without variables.
pub(crate) fn message(g: &mut Gen) -> String {
    let table = [
        ("message/plain", 36),
        ("message/dot", 14),
        ("message/variable", 22),
        ("message/unresolved", 10),
        ("message/odd", 8),
        ("message/template", 30),
    ];
    let pool: &[&str] = match g.choose(&table) {
        "message/template" => return templates::message(g),
        "message/plain" => &["This is not allowed", "Use a tag", "needs an owner!"],
        "message/dot" => &["This is not allowed.", "Ends with three dots...", "."],
        "message/variable" => &[
            "{{ request.object.kind }} {{ request.object.metadata.name }} is wrong",
            "{{request.operation}} refused.",
            "{{ request.object.metadata.name }}",
            "labels {{ request.object.metadata.labels || `{}` }} do not do",
            "it is {{ request.object.spec || '-' }}",
            "in {{ request.namespace || 'no namespace' }}",
            "note {{ request.object.metadata.annotations.note || request.object.metadata.name }}",
        ],
        "message/unresolved" => &[
            "no {{ request.object.metadata.nope }} here",
            "{{ request.object.nope.deeper }}",
            "{{ request.object.metadata.labels.app }} is not it.",
        ],
        _ => &["", " ", "\\{{ escaped }}", "a\nb", "Ünïcödé ✓", "50% of them", "$(", "{{", "a {{b"],
    };
    (*g.rng.pick(pool)).to_owned()
}
