//! What is answered to reviews.

use super::server::{Server, labelled, pod, review};
use serde_json::{Value, json};

const MUTATE: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: mark}
spec:
  rules:
  - name: mark
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {+(marked): "yes"}}}}
"#;

fn decoded(base64: &str) -> String {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = base64.bytes().filter(|c| *c != b'=').map(value).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let word = four.iter().fold(0u32, |word, d| word << 6 | u32::from(*d)) << (6 * (4 - four.len()));
        word.to_be_bytes().into_iter().skip(1).take(four.len() - 1)
    });
    String::from_utf8(bytes.collect()).unwrap()
}

#[test]
fn good_and_bad_objects() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[]);
    let bad = server.review("/validate", &pod("bad", json!({})));
    assert_eq!((&bad["uid"], &bad["allowed"]), (&json!("bad"), &json!(false)));
    assert_eq!(
        bad["status"]["message"],
        "\n\nresource Pod/shop/web was blocked due to the following policies \n\nowned:\n  team: 'validation error: \
         Every Pod has a team. rule team failed at path /metadata/labels/team/'\n"
    );
    let good = server.review("/validate", &pod("good", json!({"team": "a"})));
    assert_eq!(good, json!({"uid": "good", "allowed": true}));
}

#[test]
fn changed_objects() {
    let server = Server::start(&[("a.yaml", MUTATE)], &[]);
    let changed = server.review("/mutate", &pod("1", json!({"team": "a"})));
    assert_eq!((&changed["allowed"], &changed["patchType"]), (&json!(true), &json!("JSONPatch")));
    let patch: Value = serde_json::from_str(&decoded(changed["patch"].as_str().unwrap())).unwrap();
    assert_eq!(patch, json!([{"op": "add", "path": "/metadata/labels/marked", "value": "yes"}]));
    let same = server.review("/mutate", &pod("2", json!({"marked": "no"})));
    assert_eq!(same, json!({"uid": "2", "allowed": true}));
}

#[test]
fn audited_violations_warn() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Audit", "emitWarning: true"))], &[]);
    let answer = server.review("/validate", &pod("1", json!({})));
    assert_eq!(answer["allowed"], true);
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("policy owned.team: validation error: Every Pod has a team."), "{warning}");
}

#[test]
fn paths_choose_policies() {
    let strict = labelled("strict", "Enforce", "failurePolicy: Fail");
    let lax = labelled("lax", "Enforce", "failurePolicy: Ignore");
    let server = Server::start(&[("a.yaml", &strict), ("b.yaml", &lax)], &[]);
    let blockers = |path: &str| {
        let answer = server.review(path, &pod("1", json!({})));
        let message = answer["status"]["message"].as_str().unwrap_or_default().to_owned();
        ["strict:\n", "lax:\n"].map(|name| message.contains(name))
    };
    assert_eq!(blockers("/validate"), [true, true]);
    assert_eq!(blockers("/validate/fail"), [true, false]);
    assert_eq!(blockers("/validate/ignore"), [false, true]);
    assert_eq!(blockers("/validate/fail/finegrained/strict"), [true, false]);
    assert_eq!(blockers("/validate/ignore/finegrained/strict"), [false, false]);
    let missing = server.review("/validate/fail/finegrained/nobody", &pod("1", json!({})));
    assert_eq!(missing["allowed"], false);
    assert_eq!(
        missing["status"]["message"],
        "failed to fetch policy with key: key /nobody: clusterpolicy.kyverno.io \"nobody\" not found"
    );
}

#[test]
fn policies_stay_in_their_namespaces() {
    let policy = labelled("owned", "Enforce", "").replace("kind: ClusterPolicy", "kind: Policy");
    let policy = policy.replace("name: owned", "name: owned, namespace: shop");
    let server = Server::start(&[("a.yaml", &policy)], &[]);
    let allowed = |namespace: &str| {
        let mut review = pod("1", json!({}));
        review["request"]["namespace"] = namespace.into();
        review["request"]["object"]["metadata"]["namespace"] = namespace.into();
        server.review("/validate", &review)["allowed"].clone()
    };
    assert_eq!([allowed("shop"), allowed("other")], [false, true]);
}

#[test]
fn kyvernos_reports_are_not_looked_at() {
    let everything = labelled("owned", "Enforce", "").replace("[Pod]", "[\"*\"]");
    let server = Server::start(&[("a.yaml", &everything)], &[]);
    let of = |kind: &str| {
        let object = json!({"apiVersion": "kyverno.io/v2", "kind": kind, "metadata": {"name": "a"}});
        let kind = json!({"group": "kyverno.io", "version": "v2", "kind": kind});
        server.review("/validate", &review("1", kind, object))["allowed"].clone()
    };
    assert_eq!([of("UpdateRequest"), of("Other")], [true, false]);
}

#[test]
fn is_alive_ready_and_counts() {
    let server = Server::start(&[("a.yaml", &labelled("owned", "Enforce", ""))], &[]);
    assert_eq!(server.get("/health/liveness").0, 200);
    assert_eq!(server.get("/health/readiness").0, 200);
    for n in 0..3 {
        let _ = server.review("/validate", &pod(&n.to_string(), json!({})));
    }
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    for line in [
        "kyverno_admission_requests_total{resource_kind=\"Pod\",resource_namespace=\"shop\",\
         resource_request_operation=\"create\",request_allowed=\"false\",\
         request_webhook=\"ValidatingWebhookConfiguration\"} 3",
        "kyverno_policy_results_total{policy_validation_mode=\"audit\",policy_type=\"cluster\",\
         policy_background_mode=\"true\",policy_namespace=\"-\",policy_name=\"owned\",rule_name=\"team\",\
         rule_type=\"validate\",resource_kind=\"Pod\",resource_namespace=\"shop\",\
         resource_request_operation=\"create\",dry_run=\"false\",rule_result=\"fail\",\
         rule_execution_cause=\"admission_request\"} 3",
        "kyverno_http_requests_total{http_method=\"POST\",http_url=\"/validate\"} 3",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    assert!(text.contains("kyverno_admission_review_duration_seconds_bucket{"), "{text}");
    assert!(text.contains("kyverno_policy_execution_duration_seconds_count{"), "{text}");
    assert!(text.contains("kyverno_policy_rule_info_total{"), "{text}");
    assert!(!server.log().contains("reviewed"), "requests are not logged unless somebody wants it");
}

#[test]
fn parts_are_matched_with_their_whole() {
    let policy = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: closed}
spec:
  rules:
  - name: exec
    match: {any: [{resources: {kinds: [Pod/exec], operations: [CONNECT]}}]}
    validate: {failureAction: Enforce, message: Nobody gets in., deny: {}}
"#;
    let server = Server::start(&[("a.yaml", policy)], &[]);
    let object = json!({"apiVersion": "v1", "kind": "PodExecOptions", "command": ["sh"], "container": "web"});
    let mut exec = review("1", json!({"group": "", "version": "v1", "kind": "PodExecOptions"}), object);
    exec["request"]["operation"] = "CONNECT".into();
    exec["request"]["namespace"] = "shop".into();
    exec["request"]["name"] = "web".into();
    exec["request"]["subResource"] = "exec".into();
    let answer = server.review("/validate", &exec);
    assert_eq!(answer["allowed"], false, "{answer}");
    assert!(answer["status"]["message"].as_str().unwrap().contains("Nobody gets in."), "{answer}");
    exec["request"]["subResource"] = "attach".into();
    assert_eq!(server.review("/validate", &exec)["allowed"], true);
}
