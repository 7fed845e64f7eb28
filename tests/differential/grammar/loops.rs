//! `mutate.foreach`: loops over lists of the object, of patches of both kinds.

use super::Gen;
use super::kinds::Target;
use super::operations;
use super::patches;
use serde_json::{Map, Value, json};

/// Lists of maps that a pod has, and whether they have names.
const OF_PODS: &[&str] = &["containers", "initContainers", "volumes", "tolerations", "hostAliases"];

/// The blocks of a rule.
pub(crate) fn blocks(g: &mut Gen, target: &Target, aim: &Value) -> Value {
    let n = if g.maybe("loop/several", 15) { 2 } else { 1 };
    Value::Array((0..n).map(|_| block(g, target, aim)).collect())
}

fn block(g: &mut Gen, target: &Target, aim: &Value) -> Value {
    let pod = pod_path(target.shape.kind);
    let list = list(g, target, pod);
    let mut block = Map::from_iter([("list".to_owned(), json!(list.expression))]);
    if let Some(order) = order(g) {
        block.insert("order".to_owned(), json!(order));
    }
    if g.maybe("loop/nested", 12) && list.field == Some("containers") {
        block.insert("foreach".to_owned(), json!([nested(g, pod)]));
        return Value::Object(block);
    }
    if g.maybe("loop/context", 12) {
        let value = *g.rng.pick(&["{{ elementIndex }}", "{{ element.name || 'none' }}", "{{ to_string(element) }}"]);
        block.insert("context".to_owned(), json!([{ "name": "at", "variable": { "value": value } }]));
    }
    if g.maybe("loop/preconditions", 25) {
        block.insert("preconditions".to_owned(), preconditions(g, "element"));
    }
    match g.choose(&[("loop/merge", 60), ("loop/operations", 40)]) {
        "loop/merge" => {
            let overlay = merge(g, &list, pod, target, aim);
            block.insert("patchStrategicMerge".to_owned(), overlay);
        }
        _ => {
            let text = operate(g, &list, pod, target, aim);
            block.insert("patchesJson6902".to_owned(), json!(text));
        }
    }
    Value::Object(block)
}

fn order(g: &mut Gen) -> Option<&'static str> {
    if g.maybe("loop/ascending", 20) {
        Some("Ascending")
    } else if g.maybe("loop/descending", 20) {
        Some("Descending")
    } else {
        None
    }
}

/// Where the pod of a kind is.
fn pod_path(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("spec"),
        "CronJob" => Some("spec.jobTemplate.spec.template.spec"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => Some("spec.template.spec"),
        _ => None,
    }
}

/// A list that is looped over.
struct List {
    expression: String,
    /// The field of the pod that it is
    field: Option<&'static str>,
}

fn list(g: &mut Gen, target: &Target, pod: Option<&str>) -> List {
    if g.maybe("loop/missing-list", 4) {
        let expression = (*g.rng.pick(&["request.object.spec.nope", "request.object.nope.deeper", "nope"])).to_owned();
        return List { expression, field: None };
    }
    if g.maybe("loop/odd-list", 8) {
        let expression = g.rng.pick(&[
            "request.object.metadata.name",
            "request.object.metadata.labels",
            "request.object.metadata",
            "`[1, null, \"a\", {}]`",
            "`[]`",
            "`[[1], [2]]`",
            "request.object.metadata.labels | items(@, 'key', 'value')",
            "keys(request.object.metadata.labels || `{}`)",
        ]);
        return List { expression: (*expression).to_owned(), field: None };
    }
    if let Some(pod) = pod.filter(|_| !target.any_kind) {
        let field = *g.rng.pick_early(OF_PODS);
        let fallback = if g.rng.chance(60) { " || `[]`" } else { "" };
        let tail = if field == "containers" && g.rng.chance(20) { "[].env[]" } else { "" };
        let field_of = if tail.is_empty() { Some(field) } else { None };
        return List { expression: format!("request.object.{pod}.{field}{tail}{fallback}"), field: field_of };
    }
    let expression = g.rng.pick(&[
        "request.object.spec.items",
        "request.object.spec.tags || `[]`",
        "request.object.spec.groups[]",
        "request.object.spec.ports",
        "request.object.spec.rules",
        "keys(request.object.data || `{}`)",
    ]);
    List { expression: (*expression).to_owned(), field: None }
}

fn preconditions(g: &mut Gen, element: &str) -> Value {
    let key = *g.rng.pick(&["image", "name", "value", "nope || 'x'", "securityContext.privileged || `false`"]);
    let operator = *g.rng.pick(&["Equals", "NotEquals", "AnyIn", "AnyNotIn"]);
    let value = g
        .rng
        .pick(&[json!("*"), json!("nginx*"), json!("main"), json!(["main", "web"]), json!(false), json!("x")])
        .clone();
    let block = *g.rng.pick(&["all", "any"]);
    json!({ block: [{ "key": format!("{{{{ {element}.{key} }}}}"), "operator": operator, "value": value }] })
}

fn under(path: &str, below: Value) -> Value {
    path.rsplit('.').fold(below, |below, key| json!({ key: below }))
}

/// A value that says something of the element.
fn about(g: &mut Gen) -> &'static str {
    let texts = [
        "{{ element.name }}",
        "{{ elementIndex }}",
        "at-{{ elementIndex }}",
        "{{ element }}",
        "{{ element.image || 'none' }}",
        "{{ request.object.metadata.name }}-{{ elementIndex }}",
        "{{ to_string(element) }}",
        "{{ at || 'nothing' }}",
        "{{ element.nope }}",
    ];
    texts[g.rng.below(texts.len())]
}

fn merge(g: &mut Gen, list: &List, pod: Option<&str>, target: &Target, aim: &Value) -> Value {
    match (list.field, pod) {
        (Some(field), Some(pod)) if g.rng.chance(80) => {
            let name = *g.rng.pick_early(&["name", "(name)", "name", "<(name)"]);
            let mut element = Map::from_iter([(name.to_owned(), json!("{{ element.name }}"))]);
            for _ in 0..g.rng.between(1, 2) {
                let (key, value) = match g.rng.below(6) {
                    0 => ("image", json!("reg.io/{{ element.image }}")),
                    1 => ("env", json!([{ "name": "AT", "value": about(g) }])),
                    2 => ("+(imagePullPolicy)", json!("Always")),
                    3 => ("securityContext", json!({ "+(runAsNonRoot)": true, "privileged": null })),
                    4 => ("args", json!([about(g)])),
                    _ => ("$patch", json!("delete")),
                };
                element.insert(key.to_owned(), value);
            }
            under(pod, json!({ field: [element] }))
        }
        _ if g.rng.chance(70) => {
            let key = *g.rng.pick(&["at", "n-{{ elementIndex }}", "+(at)", "example.com/{{ element.name }}"]);
            json!({ "metadata": { "annotations": { key: about(g) } } })
        }
        _ => patches::document(g, target.shape.body, target.any_kind, aim),
    }
}

fn operate(g: &mut Gen, list: &List, pod: Option<&str>, target: &Target, aim: &Value) -> String {
    match (list.field, pod) {
        (Some(field), Some(pod)) if g.rng.chance(75) => {
            let at = format!("/{}/{field}/{{{{ elementIndex }}}}", pod.replace('.', "/"));
            let operation = match g.rng.below(6) {
                0 => json!({ "op": "replace", "path": format!("{at}/image"), "value": "reg.io/{{ element.image }}" }),
                1 => json!({ "op": "remove", "path": at }),
                2 => {
                    json!({ "op": "add", "path": format!("{at}/env/-"), "value": { "name": "AT", "value": about(g) } })
                }
                3 => json!({ "op": "add", "path": format!("{at}/new"), "value": about(g) }),
                4 => json!({ "op": "move", "path": "/metadata/annotations/moved", "from": format!("{at}/name") }),
                _ => json!({ "op": "test", "path": format!("{at}/name"), "value": "{{ element.name }}" }),
            };
            operations::written(g, &[operation])
        }
        _ => operations::text(g, target.shape.body, target.any_kind, aim, true),
    }
}

/// A loop in a loop over containers.
fn nested(g: &mut Gen, pod: Option<&str>) -> Value {
    let pod = pod.unwrap_or("spec");
    let list = *g.rng.pick(&["element.env || `[]`", "element.ports", "element.args || `[]`", "element0.env || `[]`"]);
    let mut block = Map::from_iter([("list".to_owned(), json!(list))]);
    if let Some(order) = order(g) {
        block.insert("order".to_owned(), json!(order));
    }
    if g.rng.chance(30) {
        block.insert("preconditions".to_owned(), preconditions(g, "element1"));
    }
    let value = *g.rng.pick(&[
        "{{ element0.name }}-{{ element1.name }}",
        "{{ elementIndex0 }}/{{ elementIndex1 }}",
        "{{ element.name }}",
        "{{ elementIndex }}",
    ]);
    if g.rng.chance(50) {
        let paths = [
            format!("/{}/containers/{{{{ elementIndex0 }}}}/env/{{{{ elementIndex1 }}}}/value", pod.replace('.', "/")),
            "/metadata/annotations/n-{{ elementIndex0 }}-{{ elementIndex1 }}".to_owned(),
        ];
        let op = *g.rng.pick(&["add", "replace"]);
        let operation = json!({ "op": op, "path": g.rng.pick(&paths), "value": value });
        block.insert("patchesJson6902".to_owned(), json!(operations::written(g, &[operation])));
    } else {
        let element =
            json!({ "name": "{{ element0.name }}", "env": [{ "name": "{{ element1.name }}", "value": value }] });
        block.insert("patchStrategicMerge".to_owned(), under(pod, json!({ "containers": [element] })));
    }
    Value::Object(block)
}
