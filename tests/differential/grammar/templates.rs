//! Texts with variables of every kind, whole, embedded, nested and escaped; references to other parts of a pattern.

use super::Gen;
use super::conditions;
use super::expression::{self, quoted};
use super::mutation::{self, Path, Step};
use serde_json::{Value, json};

/// The constructs of this module.
pub(crate) const TAGS: &[&str] = &[
    "variable/object",
    "variable/request",
    "variable/old-object",
    "variable/user",
    "variable/images",
    "variable/known",
    "variable/element",
    "variable/expression",
    "variable/here",
    "variable/unresolved",
    "variable/nested",
    "template/whole",
    "template/embedded",
    "template/several",
    "template/escaped",
    "template/shallow",
    "template/odd",
    "pattern/variable",
    "pattern/variable-key",
    "pattern/expression",
    "pattern/here",
    "pattern/reference",
    "pattern/known",
    "message/template",
    "key/template",
    "key/structure",
    "value/template",
];

const VARIABLES: &[(&str, u32)] = &[
    ("variable/object", 24),
    ("variable/request", 7),
    ("variable/old-object", 3),
    ("variable/user", 2),
    ("variable/images", 7),
    ("variable/known", 30),
    ("variable/expression", 22),
    ("variable/here", 2),
    ("variable/unresolved", 3),
    ("variable/nested", 7),
];

const FORMS: &[(&str, u32)] = &[
    ("template/whole", 50),
    ("template/embedded", 24),
    ("template/several", 12),
    ("template/escaped", 5),
    ("template/shallow", 4),
    ("template/odd", 3),
];

/// An expression for a variable, and what it probably gives.
fn variable(g: &mut Gen) -> (String, Value) {
    let fixed = |g: &mut Gen, pool: &[&str]| {
        let text = (*g.rng.pick(pool)).to_owned();
        let gives = expression::given(g, &text);
        (text, gives)
    };
    if g.nesting > 0 && (g.wants("variable/element") || g.rng.chance(55)) {
        g.tag("variable/element");
        return element(g);
    }
    match g.choose(VARIABLES) {
        "variable/object" => object(g),
        "variable/request" => fixed(
            g,
            &[
                "request.operation",
                "request.namespace",
                "request.object.kind",
                "request.name",
                "request.kind.kind",
                "request.kind || request.object.kind",
                "request.dryRun",
                "request.resource.resource || 'pods'",
                "keys(request)",
                "request.userInfo2 || 'none'",
            ],
        ),
        "variable/old-object" => fixed(
            g,
            &[
                "request.oldObject",
                "request.oldObject.metadata.name || 'new'",
                "request.oldObject.metadata.labels || `{}`",
                "request.oldObject.spec || request.object.spec",
            ],
        ),
        "variable/user" => {
            g.user = true;
            fixed(
                g,
                &[
                    "request.userInfo.username || 'nobody'",
                    "request.userInfo.groups || `[]`",
                    "request.roles || `[]`",
                    "request.clusterRoles",
                    "serviceAccountName",
                    "serviceAccountNamespace",
                    "request.userInfo",
                ],
            )
        }
        "variable/images" => fixed(
            g,
            &[
                "images.containers.main.tag",
                "images.containers.*.registry | [0] || ''",
                "images.containers.main",
                "images.containers.web.name || 'none'",
                "images.initContainers.*.digest",
                "images",
                "images.containers.*.{image: name, tag: tag}",
                "length(images.containers || `{}`)",
                "images.ephemeralContainers || `{}`",
                "images.containers.*.reference",
                "images.containers.values(@)[].path",
                "images.containers.sidecar.referenceWithTag || images.containers.*.referenceWithTag",
            ],
        ),
        "variable/known" => known(g),
        "variable/expression" => expression::random(g),
        "variable/here" => ("@".to_owned(), Value::Null),
        "variable/unresolved" => {
            let (path, _) = object(g);
            (format!("{path}.nope.deeper"), Value::Null)
        }
        _ => nested(g),
    }
}

/// A path of the manifest.
fn object(g: &mut Gen) -> (String, Value) {
    let path = conditions::place(g);
    let each = g.rng.chance(12);
    let text = conditions::expression(&path, each);
    let gives = expression::given(g, &text);
    (text, gives)
}

/// A name that a context entry or a loop has made, or something below it.
fn known(g: &mut Gen) -> (String, Value) {
    let names: Vec<String> = g.known.keys().filter(|n| !n.starts_with("element")).cloned().collect();
    if names.is_empty() {
        return object(g);
    }
    let name = g.rng.pick(&names).clone();
    below(g, &name)
}

fn element(g: &mut Gen) -> (String, Value) {
    let names: Vec<String> = g.known.keys().filter(|n| n.starts_with("element")).cloned().collect();
    let name = if names.is_empty() { "element".to_owned() } else { g.rng.pick(&names).clone() };
    below(g, &name)
}

/// A name, or a part of what it stands for.
fn below(g: &mut Gen, name: &str) -> (String, Value) {
    let value = g.known.get(name).cloned().unwrap_or_default();
    let places: Vec<Path> = mutation::paths(&value).into_iter().filter(|p| p.len() < 4).collect();
    let mut text = quoted(name);
    let whole = places.is_empty() || g.rng.chance(30);
    if !whole {
        let path = g.rng.pick(&places).clone();
        let rest = conditions::expression(&path, g.rng.chance(10));
        text.push_str(rest.trim_start_matches("request.object"));
    }
    if g.rng.chance(12) {
        text = format!("{text} || {}", g.rng.pick(&["''", "`0`", "'none'", "`[]`"]));
    } else if g.rng.chance(10) {
        text = format!("{}({text})", g.rng.pick(&["to_string", "length", "type", "to_array", "not_null"]));
    }
    let gives = expression::given(g, &text);
    (text, gives)
}

/// A variable in a variable. Only the outer one gives something that is known.
fn nested(g: &mut Gen) -> (String, Value) {
    let pool = [
        "request.object.{{ to_lower('KIND') }}",
        "request.object.metadata.labels.\"{{ request.object.metadata.labels.app }}\" || 'x'",
        "request.object.metadata.{{ to_string('name') }}",
        "request.object.metadata.annotations.{{ request.object.metadata.annotations.owner || 'owner' }} || ''",
        "request.object.{{ 'meta' || request.operation }}data.name",
        "to_upper('{{ request.object.metadata.name }}')",
        "length('{{request.object.kind}}{{request.operation}}')",
        "request.object.spec.containers[{{ length(request.object.metadata.name) }}].name || 'none'",
        "'{{ request.object.kind }}' == request.object.kind",
        "request.{{ to_string('{{ to_string('operation') }}') }}",
    ];
    let text = (*g.rng.pick(&pool)).to_owned();
    let gives = if text.contains("KIND") { expression::given(g, "request.object.kind") } else { Value::Null };
    (text, gives)
}

fn braced(g: &mut Gen, expression: &str) -> String {
    match g.rng.below(6) {
        0 => format!("{{{{{expression}}}}}"),
        1 if !expression.starts_with('-') => format!("{{{{  {expression} }}}}"),
        _ => format!("{{{{ {expression} }}}}"),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text with variables, and what it probably becomes.
pub(crate) fn template(g: &mut Gen) -> (Value, Value) {
    match g.choose(FORMS) {
        "template/whole" => {
            let (text, gives) = variable(g);
            (json!(braced(g, &text)), gives)
        }
        "template/embedded" => {
            let (text, gives) = variable(g);
            let (before, after) = *g.rng.pick(&[("x-", ""), ("", " y"), ("(", ")"), ("a ", "*"), ("\"", "\"")]);
            let gives = format!("{before}{}{after}", text_of(&gives));
            (json!(format!("{before}{}{after}", braced(g, &text))), json!(gives))
        }
        "template/several" => {
            let ((a, x), (b, y)) = (variable(g), variable(g));
            let between = *g.rng.pick(&["", "-", ", "]);
            let gives = format!("{}{between}{}", text_of(&x), text_of(&y));
            (json!(format!("{}{between}{}", braced(g, &a), braced(g, &b))), json!(gives))
        }
        "template/escaped" => {
            let (text, gives) = variable(g);
            let escaped = (*g.rng.pick(&["\\{{ request.object }}", "\\$(x)", "\\\\{{ a }}", "\\{{"])).to_owned();
            let plain = escaped.replacen('\\', "", 1);
            (json!(format!("{escaped} {}", braced(g, &text))), json!(format!("{plain} {}", text_of(&gives))))
        }
        "template/shallow" => {
            // What is no text crashes the reference.
            let text = *g.rng.pick(&["request.object.kind", "request.object.apiVersion", "request.operation"]);
            let gives = expression::given(g, text);
            (json!(format!("{{{{- {text} }}}} here")), json!(format!("{} here", text_of(&gives))))
        }
        _ => (
            json!(g.rng.pick(&["{{", "}} {{", "{{ request.object.kind", "{ {request.object} }", "$(", "$()"])),
            json!("{{"),
        ),
    }
}

/// A message. Alone in its message, a variable that gives no text would crash the reference.
pub(crate) fn message(g: &mut Gen) -> String {
    let (text, _) = template(g);
    let text = text.as_str().unwrap_or_default().to_owned();
    match g.rng.below(3) {
        0 => format!("not {text}"),
        1 => format!("{text} is wrong"),
        _ => format!("{text}."),
    }
}

/// A list or map with templates in it, and what it probably becomes.
pub(crate) fn structure(g: &mut Gen) -> (Value, Value) {
    let ((a, x), (b, y)) = (template(g), template(g));
    match g.rng.below(4) {
        0 => (json!([a]), json!([x])),
        1 => (json!([a, "web", b]), json!([x, "web", y])),
        2 => (json!({ "a": a, "b": [b] }), json!({ "a": x, "b": [y] })),
        _ => (json!({ "{{ to_lower('KEY') }}": a }), json!({ "key": x })),
    }
}

/// Puts variables and references into a pattern, sometimes, and mostly such that it still means the same.
pub(crate) fn weave(g: &mut Gen, pattern: &mut Value) {
    let wanted = g.wants_family("pattern/") || g.wants_family("variable/") || g.wants_family("template/");
    if !wanted && !g.rng.chance(26) {
        return;
    }
    let leaves: Vec<Path> = mutation::paths(pattern)
        .into_iter()
        .filter(|p| mutation::at(pattern, p).is_some_and(|v| !v.is_object() && !v.is_array()))
        .collect();
    if leaves.is_empty() {
        return;
    }
    let path = g.rng.pick(&leaves).clone();
    let table = [
        ("pattern/variable", 30),
        ("pattern/variable-key", 14),
        ("pattern/expression", 14),
        ("pattern/here", 6),
        ("pattern/reference", 12),
        ("pattern/known", 24),
    ];
    let how = g.choose(&table);
    let old = mutation::at(pattern, &path).cloned().unwrap_or_default();
    let new = match how {
        "pattern/variable" => same(g, &old),
        "pattern/variable-key" => return key(g, pattern, &path),
        "pattern/here" => json!("{{@}}"),
        "pattern/reference" => reference(g, &path, &leaves),
        "pattern/known" => {
            let (text, _) = known(g);
            json!(braced(g, &text))
        }
        _ => template(g).0,
    };
    if let Some(place) = mutation::at(pattern, &path) {
        *place = new;
    }
}

/// A template that becomes a scalar.
fn same(g: &mut Gen, scalar: &Value) -> Value {
    match scalar {
        Value::String(s) if s.contains(['\'', '\\', '{', '`']) => scalar.clone(),
        Value::String(s) => {
            let at = (0..=s.len()).filter(|i| s.is_char_boundary(*i)).nth(g.rng.below(3)).unwrap_or(0);
            let (head, tail) = s.split_at(at);
            match g.rng.below(4) {
                0 => json!(format!("{head}{{{{ to_string('{tail}') }}}}")),
                1 => json!(format!("{{{{ to_string('{head}') }}}}{tail}")),
                _ => json!(format!("{{{{ to_string('{s}') }}}}")),
            }
        }
        other => json!(format!("{{{{ parse_json('{other}') }}}}")),
    }
}

/// Writes a key as a variable, in its anchor.
fn key(g: &mut Gen, pattern: &mut Value, path: &[Step]) {
    let Some((Step::Key(old), above)) = path.split_last() else { return };
    let open = old.find('(').map_or(0, |i| i + 1);
    let close = old.rfind(')').filter(|i| *i >= open).unwrap_or(old.len());
    let bare = old[open..close].to_owned();
    if bare.contains(['\'', '\\', '{']) {
        return;
    }
    let variable = match g.rng.below(4) {
        0 => format!("{{{{ to_string('{}') }}}}", &old),
        1 => format!("{}{{{{ to_lower('{bare}') }}}}{}", &old[..open], &old[close..]),
        _ => format!("{}{{{{ to_string('{bare}') }}}}{}", &old[..open], &old[close..]),
    };
    if let Some(Value::Object(map)) = mutation::at(pattern, above)
        && let Some(value) = map.remove(old)
    {
        map.insert(variable, value);
    }
}

/// A reference from one leaf of a pattern to another.
fn reference(g: &mut Gen, from: &[Step], leaves: &[Path]) -> Value {
    let to = g.rng.pick(leaves).clone();
    let bare = |step: &Step| match step {
        Step::Index(i) => i.to_string(),
        Step::Key(k) => k.trim_start_matches(['=', '<', '^', 'X', '+']).trim_matches(['(', ')']).to_owned(),
    };
    let absolute: String = to.iter().map(|s| format!("/{}", bare(s))).collect();
    let operator = *g.rng.pick(&["", "", "", "!", ">=", "<"]);
    let path = match g.rng.below(4) {
        0 => absolute,
        1 => format!("./{}{}", "../".repeat(from.len()), absolute.trim_start_matches('/')),
        2 => format!("{}{}", "../".repeat(from.len()), absolute.trim_start_matches('/')),
        _ => "./../nope".to_owned(),
    };
    let text = format!("$({operator}{path})");
    match g.rng.below(4) {
        0 => json!(format!("{text}*")),
        1 => json!(format!("?*|{text}")),
        _ => json!(text),
    }
}
