//! Context entries of every kind, and values of a values file for a rule.

use super::Gen;
use super::expression::{self, quoted};
use super::templates;
use super::vocab::LABEL_VALUES;
use serde_json::{Map, Value, json};

/// The constructs of this module.
pub(crate) const TAGS: &[&str] = &[
    "context/value",
    "context/value-template",
    "context/path",
    "context/path-template",
    "context/value-path",
    "context/default",
    "context/default-template",
    "context/value-default",
    "context/nil",
    "context/config-map",
    "context/api-call",
    "context/api-object",
    "context/api-missing",
    "context/api-default",
    "context/global",
    "context/global-missing",
    "context/image-registry",
    "context/later",
    "context/shadow",
    "context/refused",
    "values/rule",
    "values/foreach",
];

const KINDS: &[(&str, u32)] = &[
    ("context/value", 16),
    ("context/value-template", 14),
    ("context/path", 20),
    ("context/path-template", 5),
    ("context/value-path", 9),
    ("context/default", 9),
    ("context/default-template", 5),
    ("context/value-default", 4),
    ("context/nil", 2),
    ("context/config-map", 5),
    ("context/api-call", 8),
    ("context/api-object", 5),
    ("context/api-missing", 2),
    ("context/api-default", 4),
    ("context/global", 6),
    ("context/global-missing", 2),
    ("context/image-registry", 1),
    ("context/later", 2),
    ("context/refused", 1),
];

/// Names of entries; some begin with others.
const NAMES: &[&str] = &["cfg", "team", "allowed", "one", "cfgmap", "my_list", "x1", "limits", "my-list", "object"];

/// Context entries; their names are known from here on.
pub(crate) fn entries(g: &mut Gen) -> Value {
    let n = [1, 1, 2, 2, 3, 4][g.rng.below(6)];
    Value::Array((0..n).map(|_| entry(g)).collect())
}

fn entry(g: &mut Gen) -> Value {
    let names: Vec<String> = g.known.keys().filter(|n| !n.starts_with("element")).cloned().collect();
    let name = if !names.is_empty() && g.maybe("context/shadow", 5) {
        g.rng.pick(&names).clone()
    } else {
        (*g.rng.pick(NAMES)).to_owned()
    };
    let (source, gives) = source(g, &name);
    g.known.insert(name.clone(), gives);
    let mut entry = Map::from_iter([("name".to_owned(), json!(name))]);
    entry.extend(source.as_object().cloned().unwrap_or_default());
    Value::Object(entry)
}

/// Where an entry comes from, and what it probably is.
fn source(g: &mut Gen, name: &str) -> (Value, Value) {
    let variable = |v: Value| json!({ "variable": v });
    match g.choose(KINDS) {
        // The reference crashes on a list of what there is not.
        api if api.starts_with("context/api") && !g.around.company => (variable(json!({ "value": 1 })), json!(1)),
        "context/value" => {
            // Kyverno's policy check knows null for no value, but in loops it does not look.
            let value = Some(literal(g)).filter(|v| g.nesting == 0 || !v.is_null()).unwrap_or_else(|| json!(0));
            (variable(json!({ "value": value })), value)
        }
        "context/value-template" => {
            let (value, gives) = if g.rng.chance(50) { templates::template(g) } else { templates::structure(g) };
            (variable(json!({ "value": value })), gives)
        }
        "context/path" => {
            let (path, gives) = path(g);
            (variable(json!({ "jmesPath": path })), gives)
        }
        "context/path-template" => {
            let path = *g.rng.pick(&[
                "request.object.metadata.{{ to_lower('NAME') }}",
                "request.object.{{ request.operation }} || request.object.kind",
                "{{ to_string('request.object.kind') }}",
                "request.object.metadata.labels.\"{{ request.object.kind }}\" || 'none'",
            ]);
            (variable(json!({ "jmesPath": path })), json!("Pod"))
        }
        "context/value-path" => value_path(g),
        "context/default" => {
            let default = literal(g);
            let path = *g.rng.pick(&[
                "request.object.nope",
                "request.object.metadata.labels.nope",
                "request.object.spec.nope.deeper",
                "request.object.metadata.name.nope",
                "to_number('x')",
            ]);
            (variable(json!({ "jmesPath": path, "default": default })), default)
        }
        "context/default-template" => {
            let (path, gives) = path(g);
            let (default, other) = templates::template(g);
            let gives = if gives.is_null() { other } else { gives };
            (variable(json!({ "jmesPath": path, "default": default })), gives)
        }
        "context/value-default" => {
            let default = literal(g);
            let path = *g.rng.pick(&["nope", "a", "a.b", "@", "[0]", "to_number('x')", "length(@)"]);
            let value =
                g.rng.pick(&[json!({ "a": { "c": 1 } }), json!({ "a": null }), json!(["x"]), json!("x")]).clone();
            (variable(json!({ "value": value, "jmesPath": path, "default": default })), default)
        }
        "context/nil" => {
            let path = *g.rng.pick(&["request.object.nope", "request.object.kind.nope", "`null`"]);
            (variable(json!({ "jmesPath": path })), Value::Null)
        }
        "context/config-map" => config_map(g, name),
        "context/later" => {
            let other = *g.rng.pick(NAMES);
            (variable(json!({ "jmesPath": quoted(other) })), Value::Null)
        }
        "context/image-registry" => {
            let reference = *g.rng.pick(&["nginx:latest", "{{ request.object.spec.containers[0].image }}"]);
            (json!({ "imageRegistry": { "reference": reference } }), Value::Null)
        }
        // In a loop it is refused by nobody.
        "context/refused" if g.nesting > 0 => (variable(json!({ "value": 2 })), json!(2)),
        "context/refused" => refused(g),
        api => elsewhere(g, api),
    }
}

/// A value with a path applied to it.
fn value_path(g: &mut Gen) -> (Value, Value) {
    let (value, gives) = templates::structure(g);
    let paths: &[&str] = match gives {
        Value::Array(_) => &["[0]", "length(@)", "[-1]", "join('-', [].to_string(@))", "reverse(@)", "[*]"],
        _ => &["a", "keys(@)", "values(@)", "b[0]", "not_null(a, key)", "@", "key || a"],
    };
    let path = *g.rng.pick(paths);
    let gives = kyvc::engine::query::evaluate(path, &gives.to_string(), true)
        .ok()
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    (json!({ "variable": { "value": value, "jmesPath": path } }), gives)
}

/// A path of the manifest or a random expression.
fn path(g: &mut Gen) -> (String, Value) {
    if g.rng.chance(50) {
        return expression::random(g);
    }
    let path = super::conditions::place(g);
    let text = super::conditions::expression(&path, g.rng.chance(20));
    let gives = expression::given(g, &text);
    (text, gives)
}

fn literal(g: &mut Gen) -> Value {
    let text = *g.rng.pick(LABEL_VALUES);
    g.rng
        .pick(&[
            json!(text),
            json!([text, "web"]),
            json!({ "mode": text, "list": [1, 2, "3"] }),
            json!(3),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!(""),
            json!("10Mi"),
            json!([{ "name": text, "n": 1 }, { "name": "b" }]),
            json!("[\"web\", \"db\"]"),
            json!(null),
            json!(0),
            json!(false),
        ])
        .clone()
}

/// A ConfigMap. The command line can look none up, so that values have to say what is in it.
fn config_map(g: &mut Gen, name: &str) -> (Value, Value) {
    let of = *g.rng.pick(&["settings", "{{ request.object.metadata.name }}", "nope"]);
    let namespace = *g.rng.pick(&["default", "{{ request.namespace }}", "prod"]);
    let source = json!({ "configMap": { "name": of, "namespace": namespace } });
    let data = json!({ "mode": "prod", "list": "[\"web\", \"db\"]" });
    if g.around.values && (g.rng.chance(80) || g.wants("values/rule")) {
        g.tag("values/rule");
        for (key, value) in data.as_object().into_iter().flatten() {
            g.rule_values.insert(format!("{name}.data.{key}"), value.clone());
        }
    }
    (source, json!({ "data": data }))
}

/// What the API server or the global context has to say.
fn elsewhere(g: &mut Gen, kind: &'static str) -> (Value, Value) {
    let call = |path: &str| Map::from_iter([("urlPath".to_owned(), json!(path))]);
    match kind {
        "context/api-call" => {
            let list = *g.rng.pick(&[
                "/api/v1/namespaces/{{ request.namespace }}/configmaps",
                "/api/v1/configmaps",
                "/api/v1/namespaces",
                "/apis/apps/v1/namespaces/default/deployments",
                "/apis/apps/v1/deployments",
                "/apis/example.com/v1/widgets",
                "/api/v1/namespaces/{{request.object.metadata.namespace || 'default'}}/pods",
            ]);
            let mut call = call(list);
            let path = *g.rng.pick(&[
                "items[].metadata.name",
                "items | length(@)",
                "items[0].data.mode || 'none'",
                "items[?metadata.namespace == '{{ request.namespace }}'].metadata.name",
                "kind",
                "items[].metadata.labels.app",
                "items[].spec.count",
                "",
            ]);
            if !path.is_empty() {
                call.insert("jmesPath".to_owned(), json!(path));
            }
            (json!({ "apiCall": call }), json!(["settings"]))
        }
        "context/api-object" => {
            let mut call = call(g.rng.pick::<&str>(&[
                "/api/v1/namespaces/default/configmaps/settings",
                "/api/v1/namespaces/{{ request.namespace }}/configmaps/settings",
                "/api/v1/namespaces/prod",
                "/apis/apps/v1/namespaces/default/deployments/company-web",
            ]));
            if g.rng.chance(70) {
                let path = *g.rng.pick(&["data", "data.mode", "metadata.labels", "spec.replicas", "to_string(@)"]);
                call.insert("jmesPath".to_owned(), json!(path));
            }
            if g.rng.chance(30) {
                call.insert("method".to_owned(), json!("GET"));
            }
            (json!({ "apiCall": call }), json!({ "mode": "prod", "level": "5" }))
        }
        "context/api-missing" | "context/api-default" => {
            let mut call = call(g.rng.pick::<&str>(&[
                "/api/v1/namespaces/default/configmaps/nope",
                "/apis/nope.io/v1/nopes/x",
                "/nope",
                "/api/v1/namespaces/{{ request.object.nope }}/configmaps",
                "/api/v1/configmaps/{{ request.object.metadata.name }}",
            ]));
            let mut gives = Value::Null;
            if kind == "context/api-default" {
                let (default, other) = if g.rng.chance(50) { templates::template(g) } else { (json!([]), json!([])) };
                call.insert("default".to_owned(), default);
                gives = other;
            }
            if g.rng.chance(40) {
                call.insert("jmesPath".to_owned(), json!("items[].metadata.name"));
            }
            if g.rng.chance(15) {
                call.insert("method".to_owned(), json!("POST"));
                call.insert("data".to_owned(), json!([{ "key": "a", "value": "{{ request.object.kind }}" }]));
            }
            (json!({ "apiCall": call }), gives)
        }
        _ => global(g, kind == "context/global"),
    }
}

fn global(g: &mut Gen, there: bool) -> (Value, Value) {
    let pool: &[&str] = if there {
        &["maps", "maps.names", "widgets", "widgets.count", "{{ to_string('maps') }}"]
    } else {
        &["nope", "maps.nope", "nope.names"]
    };
    let name = *g.rng.pick(pool);
    let mut reference = Map::from_iter([("name".to_owned(), json!(name))]);
    if !name.contains(".count") && g.rng.chance(50) {
        let path = *g.rng.pick(&["length(@)", "[0]", "[].metadata.name", "[?data.mode == 'prod'] | length(@)", "nope"]);
        reference.insert("jmesPath".to_owned(), json!(path));
    }
    (json!({ "globalReference": reference }), json!(["settings"]))
}

/// An entry that the policy check refuses.
fn refused(g: &mut Gen) -> (Value, Value) {
    let source = g
        .rng
        .pick(&[
            json!({}),
            json!({ "variable": {} }),
            json!({ "variable": { "value": 1, "default": 2 } }),
            json!({ "variable": { "jmesPath": "a.[" } }),
            json!({ "variable": { "value": 1 }, "apiCall": { "urlPath": "/api" } }),
            json!({ "configMap": { "name": "settings" } }),
            json!({ "globalReference": { "name": "" } }),
            json!({ "imageRegistry": { "reference": "" } }),
        ])
        .clone();
    (source, Value::Null)
}

/// Values of a values file for the variables of a rule, where the batch has such a file.
pub(crate) fn values(g: &mut Gen, rule: &str) {
    let names: Vec<String> = g.known.keys().filter(|n| !n.starts_with("element")).cloned().collect();
    if g.around.values && !names.is_empty() && g.maybe("values/rule", 12) {
        let name = g.rng.pick(&names).clone();
        let value = literal(g);
        let deep = g.rng.chance(40);
        let key = if deep { format!("{name}.given") } else { name };
        // Of two keys of which one holds the other it is random which comes first.
        let stem = key.split('.').next().unwrap_or_default().to_owned();
        g.rule_values.retain(|k, _| k.split('.').next() != Some(stem.as_str()));
        g.rule_values.insert(key, value);
    }
    let mut values = Map::from_iter([("name".to_owned(), json!(rule))]);
    if !g.rule_values.is_empty() {
        values.insert("values".to_owned(), Value::Object(std::mem::take(&mut g.rule_values)));
    }
    if g.around.values && g.maybe("values/foreach", 3) {
        let list = g.rng.pick(&[json!(["a", "b"]), json!([1]), json!([{ "x": 1 }])]).clone();
        values.insert("foreachValues".to_owned(), json!({ "request.loop": list }));
    }
    if values.len() > 1 {
        g.values_of_rules.push(Value::Object(values));
    }
}
