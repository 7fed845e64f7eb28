use super::merged;

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"app":"web"}},"spec":{"containers":[
    {"name":"a","image":"nginx:latest","ports":[{"containerPort":80},{"containerPort":443}]},
    {"name":"b","image":"redis:7","args":["x"]}],"restartPolicy":"Always"}}"#;

/// What is left of a merged Pod under a path of keys, `[n]` for elements.
fn at(overlay: &str, path: &[&str]) -> String {
    let text = merged(POD, overlay);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or(serde_json::Value::Null);
    path.iter()
        .fold(&value, |value, step| step.parse::<usize>().map_or_else(|_| &value[*step], |index| &value[index]))
        .to_string()
}

#[test]
fn members_are_merged() {
    let labels = ["metadata", "labels"];
    assert_eq!(at(r#"{"metadata":{"labels":{"tier":"front"}}}"#, &labels), r#"{"app":"web","tier":"front"}"#);
    assert_eq!(at(r#"{"metadata":{"labels":null}}"#, &["metadata"]), r#"{"name":"p"}"#);
    assert_eq!(at(r#"{"metadata":{"labels":{"app":null,"x":"y"}}}"#, &labels), r#"{"x":"y"}"#);
    assert_eq!(at(r#"{"metadata":{"labels":{"$patch":"replace","x":"y"}}}"#, &labels), r#"{"x":"y"}"#);
    assert_eq!(merged(POD, r#"{"metadata":{"labels":{"app":"web"}}}"#), "same");
    assert_eq!(merged(POD, r#"{"spec":"x"}"#), {
        "wrong node kind: expected MappingNode but got ScalarNode: node contents:\n\"x\"\n"
    });
    assert_eq!(merged(POD, r#"{"metadata":{"$patch":"keep"}}"#), "unknown patch strategy 'keep'");
    assert_eq!(merged(POD, r#"{"$patch":"delete"}"#), "filter cannot create or delete objects");
}

/// Members without a name are where kyaml fails, unless nobody looks into the list that they are in.
#[test]
fn empty_keys_are_refused() {
    let refused = |contents: &str| {
        format!("wrong node kind: expected ScalarNode but got MappingNode: node contents:\n{contents}\n")
    };
    let overlay = r#"{"metadata":{"labels":{"a":"b"}}}"#;
    assert_eq!(merged(r#"{"data":{"":"x","a":1}}"#, overlay), refused(r#"{"": "x", "a": 1}"#));
    assert_eq!(merged(r#"{"data":{"":{"":""}}}"#, overlay), refused(r#"{"": ""}"#));
    assert_eq!(merged(r#"{"data":{"a":{"":{"c":"d"}}}}"#, overlay), refused(r#"{"": {"c": "d"}}"#));
    let listed = r#"{"list":[{"":1}],"metadata":{"labels":{"a":"b"}}}"#;
    assert_eq!(merged(listed, overlay), "same");
    assert_eq!(merged(POD, r#"{"metadata":{"labels":{"":"x"}}}"#), refused(r#"{"app": "web"}"#));
}

/// What replaces a string is one, because kyaml keeps its quotes.
#[test]
fn quotes_stay() {
    assert_eq!(at(r#"{"metadata":{"labels":{"app":5,"new":5}}}"#, &["metadata", "labels"]), r#"{"app":"5","new":5}"#);
    assert_eq!(at(r#"{"spec":{"restartPolicy":true}}"#, &["spec", "restartPolicy"]), r#""true""#);
}

#[test]
fn lists_are_merged_by_their_keys() {
    let containers = ["spec", "containers"];
    let new = r#"{"spec":{"containers":[{"name":"new"},{"name":"b","args":["y"]}]}}"#;
    let text = at(new, &containers);
    let start = r#"[{"name":"new"},{"args":["y"],"image":"redis:7","name":"b"},{"image":"#;
    assert!(text.starts_with(start), "{text}");
    // Ports have two keys; those of the resource keep their order then.
    let ports =
        r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":443,"name":"s"},{"containerPort":1}]}]}}"#;
    let want = r#"[{"containerPort":443,"name":"s"},{"containerPort":1},{"containerPort":80}]"#;
    assert_eq!(at(ports, &["spec", "containers", "0", "ports"]), want);
    let gone = r#"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#;
    assert_eq!(at(gone, &["spec", "containers", "1"]), "null");
    // What the schema knows no keys for is replaced.
    assert_eq!(at(r#"{"spec":{"containers":[{"name":"b","args":["z"]}]}}"#, &["spec", "containers", "0", "args"]), {
        r#"["z"]"#
    });
    let custom = r#"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"parts":[{"name":"a"},{"name":"b"}]}}"#;
    assert_eq!(merged(custom, r#"{"spec":{"parts":[{"name":"b","x":1}]}}"#), {
        r#"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"parts":[{"name":"b","x":1}]}}"#
    });
}

/// Of two elements with one key the later stays; one without the key takes others along.
#[test]
fn untidy_lists_follow_the_steps_of_kyaml() {
    let merged = |containers: &str| {
        let pod = format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":{containers}}}}}"#);
        let text = merged(&pod, r#"{"x":"y"}"#);
        text.split_once(r#""containers":"#).map(|(_, rest)| rest.trim_end_matches(r#"},"x":"y"}"#).to_owned())
    };
    let twice = merged(r#"[{"name":"a","image":"1"},{"name":"a","image":"2"},{"name":"b"}]"#);
    assert_eq!(twice.as_deref(), Some(r#"[{"image":"2","name":"a"},{"name":"b"}]"#));
    assert_eq!(merged(r#"[{"name":"a"},{"image":"2"}]"#).as_deref(), Some(r#"[{"image":"2"}]"#));
    assert_eq!(merged(r#"[{"name":"a"},null,{}]"#).as_deref(), Some(r#"[{"name":"a"}]"#));
}

#[test]
fn conditions_choose_elements() {
    let latest = r#"{"spec":{"containers":[{"(image)":"*:latest","imagePullPolicy":"Always"}]}}"#;
    assert_eq!(at(latest, &["spec", "containers", "0", "imagePullPolicy"]), r#""Always""#);
    assert_eq!(at(latest, &["spec", "containers", "1", "imagePullPolicy"]), "null");
    let none = r#"{"spec":{"containers":[{"(image)":"busybox","imagePullPolicy":"Always"}],"x":"y"}}"#;
    assert_eq!(at(none, &["spec", "x"]), r#""y""#);
    assert_eq!(merged(POD, r#"{"(kind)":"Job","metadata":{"labels":{"x":"y"}}}"#), "same");
    assert_eq!(merged(POD, r#"{"spec":{"<(restartPolicy)":"Never"},"metadata":{"labels":{"x":"y"}}}"#), "same");
    assert_eq!(merged(POD, r#"{"spec":{"containers":[{" (name)":"a"}]}}"#), {
        "failed to preProcess rule: the anchor \" (name)\" has spaces around it"
    });
    let beside = r#"{"spec":{" (restartPolicy)":"Always","(restartPolicy)":"Always","x":"y"}}"#;
    assert!(merged(POD, beside).ends_with("has spaces around it"), "the first one takes the other away");
}

#[test]
fn members_are_added_where_they_are_missing() {
    let both = r#"{"metadata":{"labels":{"+(app)":"other","+(new)":"x"}}}"#;
    assert_eq!(at(both, &["metadata", "labels"]), r#"{"app":"web","new":"x"}"#);
    let each = r#"{"spec":{"containers":[{"(name)":"*","+(imagePullPolicy)":"Never"}]}}"#;
    assert_eq!(at(each, &["spec", "containers", "1", "imagePullPolicy"]), r#""Never""#);
    // Both have the same key once the anchor is gone, which nothing reads back where all of it is new.
    let twice = r#"{"new":{"+(a)":1,"a":2}}"#;
    assert_eq!(merged(POD, twice), "yaml: unmarshal errors:\n  line 1: mapping key \"a\" already defined at line 1");
    assert_eq!(at(r#"{"new":{"+(a)":null,"a":null}}"#, &["new"]), r#"{"a":null}"#);
}

/// Empty maps of an overlay are taken for what an anchor left behind.
#[test]
fn empty_maps_are_dropped() {
    assert_eq!(merged(POD, r#"{"spec":{"securityContext":{}}}"#), "same");
}

/// Lists of any length are merged as long as their elements have keys of their own; others only up to a length.
#[test]
fn long_lists() {
    let pod = |elements: String| format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":[{elements}]}}}}"#);
    let named =
        |from: usize, to: usize| (from..to).map(|i| format!(r#"{{"name":"c{i}"}}"#)).collect::<Vec<_>>().join(",");
    let (many, others) = (pod(named(0, 20_000)), pod(named(10_000, 30_000)));
    let got: serde_json::Value = serde_json::from_str(&merged(&many, &others)).unwrap();
    assert_eq!(got["spec"]["containers"].as_array().map(Vec::len), Some(30_000));
    let twice = pod(format!("{},{}", named(0, 20_000), named(0, 1)));
    assert_eq!(merged(&twice, r#"{"x":"y"}"#), "lists too long to be merged without merge keys");
    let same = pod(vec![r#"{"name":"c"}"#; 20_000].join(","));
    assert!(merged(&same, r#"{"x":"y"}"#).contains(r#"[{"name":"c"}]"#));
}
