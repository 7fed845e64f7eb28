//! Reviews of policies and exceptions.

use super::server::{Server, labelled, review};
use serde_json::{Value, json};

fn server() -> Server {
    Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[])
}

fn policy(spec: Value) -> Value {
    let object = json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "new", "uid": "1", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": spec,
    });
    review("1", json!({"group": "kyverno.io", "version": "v1", "kind": "ClusterPolicy"}), object)
}

fn rule(validate: Value) -> Value {
    json!({"rules": [{"name": "r", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": validate}]})
}

#[test]
fn good_policies_are_taken() {
    let server = server();
    let answer = server.review("/policyvalidate", &policy(rule(json!({"pattern": {"metadata": {"name": "?*"}}}))));
    assert_eq!(answer["allowed"], true, "{answer}");
    assert!(
        answer["warnings"][0].as_str().unwrap().starts_with("ClusterPolicy (kyverno.io) is deprecated"),
        "{answer}"
    );
    let unchanged = server.review("/policymutate", &policy(json!({})));
    assert_eq!(unchanged, json!({"uid": "1", "allowed": true}));
}

#[test]
fn what_the_compiler_says_is_the_refusal() {
    let server = server();
    let message = |spec| {
        let answer = server.review("/policyvalidate", &policy(spec));
        assert_eq!(answer["allowed"], false, "{answer}");
        answer["status"]["message"].as_str().unwrap().to_owned()
    };
    let unknown = message(rule(json!({"patern": {}})));
    assert!(unknown.contains("spec.rules[0].validate.patern"), "{unknown}");
    let expression = message(rule(json!({"deny": {"conditions": {"all": [
        {"key": "{{ request.object.metadata.name || }}", "operator": "Equals", "value": "a"},
    ]}}})));
    // The line of the expression, and a caret under the place.
    assert!(expression.contains("request.object.metadata.name || }}"), "{expression}");
    assert!(expression.lines().any(|l| l.contains('^')), "{expression}");
}

#[test]
fn what_kyverno_refuses_is_refused() {
    let server = server();
    let mut review = policy(rule(json!({"pattern": {"metadata": {"name": "?*"}}})));
    review["request"]["object"]["spec"]["admission"] = false.into();
    review["request"]["object"]["spec"]["background"] = false.into();
    let answer = server.review("/policyvalidate", &review);
    assert_eq!(answer["status"]["message"], "disabling both admission and background processing is not allowed");
}

#[test]
fn deletions_and_parts_are_not_looked_at() {
    let server = server();
    let bad = policy(rule(json!({"patern": {}})));
    let mut deletion = bad.clone();
    deletion["request"]["operation"] = "DELETE".into();
    deletion["request"]["oldObject"] = deletion["request"]["object"].take();
    assert_eq!(server.review("/policyvalidate", &deletion)["allowed"], true);
    let mut status = bad;
    status["request"]["subResource"] = "status".into();
    assert_eq!(server.review("/policyvalidate", &status)["allowed"], true);
}

#[test]
fn other_kinds_are_refused_as_kyverno_refuses_them() {
    let server = server();
    let ask = |path: &str, kind: &str, spec: Value| {
        let metadata = json!({"name": "e", "namespace": "shop"});
        let object = json!({"apiVersion": "kyverno.io/v2", "kind": kind, "metadata": metadata, "spec": spec});
        server.review(path, &review("1", json!({"group": "kyverno.io", "version": "v2", "kind": kind}), object))
    };
    let entry = |spec| ask("/globalcontextvalidate", "GlobalContextEntry", spec);
    let pods = json!({"version": "v1", "resource": "pods"});
    assert_eq!(entry(json!({"kubernetesResource": pods})), json!({"uid": "1", "allowed": true}));
    assert_eq!(
        entry(json!({}))["status"]["message"],
        "spec.kubernetesResource: Forbidden: A global context entry should either have KubernetesResource or APICall"
    );
    let call = json!({"urlPath": "/api", "refreshInterval": "0s", "data": [{"key": "a", "value": "b"}]});
    assert_eq!(
        entry(json!({"apiCall": call, "projections": [{"name": "e", "jmesPath": "a."}]}))["status"]["message"],
        "[spec.apiCall.refreshIntervalSeconds: Required value: A Resource entry requires a refresh interval greater than \
         0 seconds, spec.apiCall.method: Forbidden: An External API call with data should have method as POST, \
         spec.projections[0].name: Required value: A projection entry requires a name different from the global context \
         entry name, spec.projections[0].jmesPath: Invalid value: \"a.\": SyntaxError: Expected identifier, lbracket, or \
         lbrace]"
    );
    let cel = |spec| ask("/celexception/validate", "PolicyException", spec);
    let refs = json!([{"name": "a", "kind": "ValidatingPolicy"}]);
    assert_eq!(cel(json!({"policyRefs": refs}))["allowed"], true);
    assert_eq!(
        cel(json!({"policyRefs": [{"name": "a"}]}))["status"]["message"],
        "spec.policyRefs[0].kind: Invalid value: \"\": must specify policy kind"
    );
    let users = json!({"any": [{"resources": {"kinds": ["Pod"]}, "roles": ["a:b"]}]});
    let exceptions = json!([{"policyName": "a", "ruleNames": ["b"]}]);
    let exception = ask("/exceptionvalidate", "PolicyException", json!({"exceptions": exceptions, "match": users}));
    assert_eq!(exception["status"]["message"], "spec.match.any[0].roles: Forbidden: Usage of user info is forbidden");
    assert_eq!(ask("/verifymutate", "Lease", json!({})), json!({"uid": "1", "allowed": true}));
}

#[test]
fn exceptions() {
    let server = server();
    let exception = |spec: Value| {
        let object = json!({
            "apiVersion": "kyverno.io/v2",
            "kind": "PolicyException",
            "metadata": {"name": "e", "namespace": "shop"},
            "spec": spec,
        });
        let kind = json!({"group": "kyverno.io", "version": "v2", "kind": "PolicyException"});
        server.review("/exceptionvalidate", &review("1", kind, object))["allowed"].clone()
    };
    let matches = json!({"any": [{"resources": {"kinds": ["Pod"]}}]});
    assert_eq!(exception(json!({"exceptions": [{"policyName": "a", "ruleNames": ["b"]}], "match": matches})), true);
    assert_eq!(exception(json!({"exceptons": [], "match": matches})), false);
}
