use super::super::json6902::Written::{self, Json, Yaml};

fn applied(operations: &str) -> String {
    super::applied(RESOURCE, operations, Json)
}

const RESOURCE: &str = r#"{"a":{"b":"x"},"kind":"K","list":[1,2,3],"n":null,"text":"x&y"}"#;

#[test]
fn operations() {
    let cases = [
        (r#"[{"op":"add","path":"/c","value":1}]"#, r#""c":1"#),
        (r#"[{"op":"add","path":"/list/-","value":4}]"#, "[1,2,3,4]"),
        (r#"[{"op":"add","path":"/list/-1","value":4}]"#, "[1,2,3,4]"),
        (r#"[{"op":"add","path":"/list/0","value":4}]"#, "[4,1,2,3]"),
        (r#"[{"op":"remove","path":"/list/-2"}]"#, "[1,3]"),
        (r#"[{"op":"replace","path":"/list/1","value":{"x":null}}]"#, r#"[1,{"x":null},3]"#),
        (r#"[{"op":"move","from":"/a/b","path":"/list/1"}]"#, r#"{"a":{},"kind":"K","list":[1,"x",2,3]"#),
        (r#"[{"op":"copy","from":"/a","path":"/a/c"}]"#, r#"{"a":{"b":"x","c":{"b":"x"}}"#),
        (r#"[{"op":"add","path":"/x~1y/z~0","value":1}]"#, "add operation does not apply: doc is missing path"),
        (r#"[{"op":"add","path":"/new/2/deep","value":1}]"#, r#""new":[null,null,{"deep":1}]"#),
        (r#"[{"op":"add","path":"","value":{"x":1}}]"#, r#"{"x":1}"#),
        (r#"[{"op":"add","path":"/a/b/c","value":1}]"#, "invalid state detected"),
        (r#"[{"op":"test","path":"/list","value":[1,2,3.0]}]"#, "testing value /list failed: test failed"),
        (r#"[{"op":"test","path":"/missing"},{"op":"add","path":"/c","value":1}]"#, r#""c":1"#),
    ];
    for (operations, want) in cases {
        let got = applied(operations);
        assert!(got.contains(want), "{operations}: {got}");
    }
}

/// Nothing is applied where Kyverno's text of the resource is the same, and only there.
#[test]
fn unchanged() {
    let same = [
        r#"[{"op":"remove","path":"/x/y"},{"op":"remove","path":"/list/9"}]"#,
        r#"[{"op":"replace","path":"/a","value":{ "b": "x" }}]"#,
        r#"[{"op":"replace","path":"/text","value":"x\u0026y"}]"#,
        r#"[{"op":"remove","path":"/text"},{"op":"add","path":"/text","value":"x\u0026y"}]"#,
        r#"[{"op":"test","path":"/a/b","value":"x"},{"op":"copy","from":"/a","path":"/a"},{"op":"remove","path":"/a/x"}]"#,
        "[]",
        "null",
    ];
    for operations in same {
        assert_eq!(applied(operations), "same", "{operations}");
    }
    let spelled_otherwise = [
        r#"[{"op":"replace","path":"/text","value":"x&y"}]"#,
        r#"[{"op":"replace","path":"/list/0","value":1.0}]"#,
        r#"[{"op":"replace","path":"/list/0","value":1e0}]"#,
        r#"[{"op":"remove","path":"/a"},{"op":"add","path":"/a","value":{"b":"x"}}]"#,
    ];
    for operations in spelled_otherwise {
        assert_eq!(applied(operations), super::json(&super::read(RESOURCE, &super::Layout::everything())));
    }
    // Of YAML Kyverno makes JSON itself.
    let written = |written: Written| {
        super::applied(
            RESOURCE,
            r#"[{"op":"add","path":"/list/0","value":1.0},{"op":"remove","path":"/list/1"}]"#,
            written,
        )
    };
    assert_eq!((written(Yaml), written(Json) == "same"), ("same".to_owned(), false));
}

#[test]
fn refused() {
    let invalid = "failed to decode patches: ";
    let cases = [
        ("{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        ("[5]", "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
        (r#"[{"op":"Add","path":"/x","value":1}]"#, {
            r#"invalid operation {"op":"Add","path":"/x","value":1}: unsupported operation"#
        }),
        (r#"[{"path":"/x","op":"add"}]"#, {
            r#"invalid operation {"op":"add","path":"/x"}: failed to decode 'value': operation, missing value field: missing value"#
        }),
        (r#"[{"op":"remove","path":5}]"#, {
            r#"invalid operation {"op":"remove","path":5}: failed to decode 'path': json: cannot unmarshal number into Go value of type string"#
        }),
    ];
    for (operations, want) in cases {
        assert_eq!(applied(operations), format!("{invalid}{want}"));
    }
    assert_eq!(applied(r#"[{"op":"remove","path":"/list/x"}]"#), {
        r#"error in remove for path: '/list/x': strconv.Atoi: parsing "x": invalid syntax"#
    });
}

/// An operation may put the document into itself; what would never end is refused.
#[test]
fn endless() {
    let inside = r#"[{"op":"copy","from":"","path":"//x"},{"op":"move","from":"//x","path":"//y"},{"op":"move","from":"/","path":"//z"}]"#;
    assert_eq!(applied(inside), "same", "what happens inside the copy is not seen");
    let cycle = r#"[{"op":"move","from":"/","path":"//z"},{"op":"move","from":"/","path":"/z"}]"#;
    assert_eq!(applied(cycle), "nested deeper than 1000 levels");
    assert_eq!(applied(r#"[{"op":"add","path":"/list/9999999999/x","value":1}]"#), {
        "more than 4194304 values in one document"
    });
}
