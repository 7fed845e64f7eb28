use super::*;
use serde_json::json;

/// Objects in a list.
#[derive(Default)]
struct Objects(Vec<(Target, Value)>);

impl Store for Objects {
    fn get(&self, target: &Target) -> Result<Option<Value>, String> {
        Ok(self.0.iter().find(|(t, _)| t == target).map(|(_, o)| o.clone()))
    }

    fn list(&self, of: &Target, _: Option<&Value>) -> Result<Vec<Value>, String> {
        let hit = |t: &Target| t.kind == of.kind && (of.namespace.is_empty() || t.namespace == of.namespace);
        Ok(self.0.iter().filter(|(t, _)| hit(t)).map(|(_, o)| o.clone()).collect())
    }

    fn create(&mut self, target: &Target, object: Value) -> Result<(), String> {
        self.0.push((target.clone(), object));
        Ok(())
    }

    fn update(&mut self, target: &Target, object: Value) -> Result<(), String> {
        self.0.iter_mut().filter(|(t, _)| t == target).for_each(|(_, o)| *o = object.clone());
        Ok(())
    }
}

fn objects(list: &[Value]) -> Objects {
    Objects(list.iter().map(|o| (Target::of(o), o.clone())).collect())
}

fn made(pattern: Value, synchronize: bool, store: &mut Objects) -> Result<Vec<Target>, String> {
    let trigger = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "u"}});
    let owner = Owner { policy: "p", namespace: "", rule: "r", synchronize, trigger: &trigger };
    make(&[Ok(pattern.to_string())], &owner, store)
}

fn secret(namespace: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace, "uid": "x",
        "ownerReferences": [{"name": "o"}]}, "data": {"k": value}})
}

#[test]
fn data_is_made_once() {
    let pattern = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "shop", "data": {"data": {"k": value}}});
    let mut store = objects(&[]);
    let new = made(pattern("1"), false, &mut store).unwrap();
    assert_eq!(new.len(), 1);
    let object = store.get(&new[0]).unwrap().unwrap();
    assert_eq!(object.pointer("/kind"), Some(&json!("ConfigMap")));
    let labels = object.pointer("/metadata/labels").unwrap().as_object().unwrap();
    assert_eq!(labels.len(), 9);
    assert_eq!(labels["generate.kyverno.io/trigger-uid"], "u");
    assert_eq!(made(pattern("2"), false, &mut store), Ok(Vec::new()));
    assert_eq!(store.get(&new[0]).unwrap().unwrap().pointer("/data/k"), Some(&json!("1")));
    assert_eq!(made(pattern("2"), true, &mut store), Ok(Vec::new()));
    assert_eq!(store.get(&new[0]).unwrap().unwrap().pointer("/data/k"), Some(&json!("2")));
}

#[test]
fn copies_lose_what_is_not_theirs() {
    let pattern = json!({"apiVersion": "v1", "kind": "Secret", "name": "s", "namespace": "shop",
        "clone": {"name": "s", "namespace": "default"}});
    let mut store = objects(&[secret("default", "v")]);
    let new = made(pattern.clone(), true, &mut store).unwrap();
    let copy = store.get(&new[0]).unwrap().unwrap();
    assert_eq!(copy.pointer("/data/k"), Some(&json!("v")));
    assert_eq!(copy.pointer("/metadata/uid"), None);
    assert_eq!(copy.pointer("/metadata/ownerReferences"), None);
    assert_eq!(copy.pointer("/metadata/labels/generate.kyverno.io~1source-uid"), Some(&json!("x")));
    let failed = made(pattern, true, &mut objects(&[])).unwrap_err();
    assert_eq!(failed, "source resource v1/Secret/shop/s not found: Secret \"s\" not found");
}

#[test]
fn lists_leave_their_own_namespace_alone() {
    let pattern = json!({"namespace": "shop", "cloneList": {"kinds": ["v1/Secret"], "namespace": ""}});
    let mut store = objects(&[secret("default", "v"), secret("shop", "w")]);
    assert_eq!(made(pattern, true, &mut store), Ok(Vec::new()), "the one in the namespace is there already");
    assert_eq!(store.0.len(), 2);
}

#[test]
fn kinds_are_read_as_kyverno_does() {
    let read = |text| source::kind_of(text);
    assert_eq!(read("v1/Secret"), ("v1".to_owned(), "Secret".to_owned()));
    assert_eq!(read("apps/v1/Deployment"), ("apps/v1".to_owned(), "Deployment".to_owned()));
    assert_eq!(read("Pod/exec"), (String::new(), "Pod/exec".to_owned()));
    assert_eq!(read("v1beta1/Pod.exec"), ("v1beta1".to_owned(), "Pod/exec".to_owned()));
    assert_eq!(read("vx/Pod"), (String::new(), "vx/Pod".to_owned()));
}

#[test]
fn one_failure_does_not_keep_the_others() {
    let trigger = json!({});
    let owner = Owner { policy: "p", namespace: "", rule: "r", synchronize: false, trigger: &trigger };
    let good = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "shop", "data": {}});
    let bad = json!({"name": 5});
    let mut store = objects(&[]);
    let wanted = [Err("why".to_owned()), Ok(bad.to_string()), Ok(good.to_string())];
    let why = make(&wanted, &owner, &mut store).unwrap_err();
    assert!(why.starts_with("why; json: cannot unmarshal number"), "{why}");
    assert_eq!(store.0.len(), 1);
}

#[test]
fn no_data_makes_an_object_with_labels_only() {
    for data in [json!({}), json!({ "data": null })] {
        let mut pattern = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "shop"});
        pattern.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
        let mut store = objects(&[]);
        let new = made(pattern, false, &mut store).unwrap();
        let object = store.get(&new[0]).unwrap().unwrap();
        let keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["apiVersion", "kind", "metadata"]);
        assert_eq!(object.pointer("/metadata/name"), Some(&json!("c")));
    }
}
