//! The reasons are those that kyverno v1.19.0 printed for the same policies.

use super::variables::variables;
use super::*;
use crate::diag::Source;
use crate::policy::fields::Problems;
use crate::resolve;
use crate::yaml::{self, ReadOptions};
use kyvc_vm::document::Layout;

/// What is said of a policy whose `spec`, rule, `match` and `validate` have these lines.
fn reason(kind: &str, spec: &str, rule: &str, matches: &str, validate: &str) -> String {
    let text = format!(
        "{{kind: {kind}, metadata: {{name: p1}}, spec: {{{spec} rules: [{{name: r1, match: {matches}, {rule} \
         validate: {validate}}}]}}}}"
    );
    let source = Source::new("p.yaml", text);
    let layout = Layout::everything();
    let (docs, error) = yaml::read_all(&source, &layout, ReadOptions::policy());
    assert_eq!(error, None);
    let doc = docs.first().unwrap();
    let tree = Tree::of(doc, doc.root().unwrap());
    let policy = Policy::read(&tree, kind == "ClusterPolicy", &Problems::new(source.clone()));
    check(&policy, &tree, &resolve::rules(&policy)).err().map_or("fine".to_owned(), |r| r.reason)
}

const PODS: &str = "{any: [{resources: {kinds: [Pod]}}]}";
const PATTERN: &str = "{message: m, pattern: {metadata: {labels: {app: '?*'}}}}";

#[test]
fn matches() {
    let of = |m| reason("ClusterPolicy", "", "", m, PATTERN);
    assert_eq!(of(PODS), "fine");
    assert_eq!(of("{}"), "path: spec.rules[0].match.resources.: match resources not specified");
    assert_eq!(
        of("{any: [{resources: {kinds: [Pod]}}], resources: {kinds: [Pod]}}"),
        "path: spec.rules[0].match.: can't specify any/all together with match resources"
    );
    assert_eq!(
        of("{all: [{resources: {kinds: ['*']}}]}"),
        "path: spec.rules[0].match.all[0].kinds: wildcard policy not allowed in background mode. Set \
         spec.background=false to disable background mode for this policy rule "
    );
    assert_eq!(
        of("{any: [{resources: {names: [a]}}]}"),
        "at least one element must be specified in a kind block, the kind attribute is mandatory when working with the \
         resources element"
    );
    assert_eq!(
        of("{resources: {kinds: [Pod]}, roles: [a]}"),
        "only select variables are allowed in background mode. Set spec.background=false to disable background mode \
         for this policy rule: invalid variable used at path: spec/rules[0]/match/roles "
    );
    assert_eq!(
        of("{any: [{resources: {kinds: [Pod], names: ['{{ request.object.metadata.name }}']}}]}"),
        "policy contains invalid variables: rule \"r1\" should not have variables in match section"
    );
    assert_eq!(
        of("{any: [{resources: {kinds: [Pod], selector: {matchExpressions: [{key: a, operator: Foo}]}}}]}"),
        "spec.rules[0].match.any[0].selector: Invalid value: {\"matchExpressions\":[{\"key\":\"a\",\"operator\":\
         \"Foo\"}]}: \"Foo\" is not a valid label selector operator"
    );
}

#[test]
fn users() {
    let of = |user: &str| {
        let matches = format!("{{any: [{{resources: {{kinds: [Pod]}}, {user}}}]}}");
        reason("ClusterPolicy", "background: false,", "", &matches, PATTERN)
    };
    assert_eq!(of("clusterRoles: [a]"), "fine");
    assert_eq!(
        of("roles: [a]"),
        "spec.rules[0].match.any[0].roles[0]: Invalid value: \"a\": Role is expected to be in namespace:name format"
    );
    assert_eq!(
        of("subjects: [{kind: X, name: ''}]"),
        "[spec.rules[0].match.any[0].subjects[0].kind: Invalid value: \"X\": kind must be 'User', 'Group', or \
         'ServiceAccount', spec.rules[0].match.any[0].subjects[0].name: Required value]"
    );
}

#[test]
fn conflicts() {
    let of = |exclude: &str| reason("ClusterPolicy", "", &format!("exclude: {exclude},"), PODS, PATTERN);
    assert_eq!(of("{any: [{resources: {kinds: [Job]}}]}"), "fine");
    assert_eq!(of("{}"), "fine");
    assert!(of(PODS).starts_with("spec.rules[0]: Invalid value: {\"name\":\"r1\",\"match\":{\"any\":[{\"resources\":"));
    assert!(of(PODS).ends_with(",\"skipBackgroundRequests\":true}: Rule is matching an empty set"));
    let flat = reason(
        "ClusterPolicy",
        "",
        "exclude: {resources: {names: ['a*']}},",
        "{resources: {kinds: [Pod], names: [ab]}}",
        PATTERN,
    );
    assert!(flat.ends_with("Rule is matching an empty set"));
    let context = "context: [{name: a, variable: {jmesPath: '@', value: {b: 1, a: ''}}}]";
    let deny = "{message: m, deny: {conditions: {all: [{value: '', operator: Equals, key: k}], any: []}}}";
    let all = reason("ClusterPolicy", "", &format!("exclude: {PODS}, {context},"), PODS, deny);
    let said =
        "\"context\":[{\"name\":\"a\",\"variable\":{\"value\":{\"a\":\"\",\"b\":1},\"jmesPath\":\"@\"}}],\"match\":";
    assert!(all.contains(said), "{all}");
    let said = "\"deny\":{\"conditions\":{\"all\":[{\"key\":\"k\",\"operator\":\"Equals\",\"value\":\"\"}]}}}";
    assert!(all.contains(said), "{all}");
}

#[test]
fn checks() {
    let of = |v| reason("ClusterPolicy", "", "", PODS, v);
    let none = "path: spec.rules[0].validate..: one of pattern, anyPattern, deny, foreach, cel must be specified";
    assert_eq!(of("{message: m}"), none);
    assert_eq!(
        of("{pattern: {spec: {^(containers): []}}}"),
        "path: spec.rules[0].validate.pattern.//spec/^(containers).: existence anchor: should have at least one value"
    );
    assert_eq!(
        of("{anyPattern: [{a: b}, {b: [{+(x): 1}]}]}"),
        "path: spec.rules[0].validate.anyPattern[1].//b0//+(x).: unsupported anchor +(x)"
    );
    let labels =
        "labels and annotations supports only string values, \"use double quotes around the non string values\"";
    assert_eq!(of("{pattern: {metadata: {labels: {a: 3}}}}"), labels);
    assert_eq!(of("{pattern: {spec: {template: {metadata: {annotations: {a: true}}}}}}"), labels);
}

#[test]
fn exclusions_of_pod_security() {
    let of = |v: &str| reason("ClusterPolicy", "", "", PODS, &format!("{{podSecurity: {v}}}"));
    assert_eq!(of("{level: privileged, exclude: [{controlName: Volume Types}]}"), "fine");
    assert_eq!(of("{exclude: [{controlName: Host Ports, images: ['*']}]}"), "fine");
    assert_eq!(
        of("{level: baseline, exclude: [{controlName: Sysctls, images: [a], restrictedField: f}]}"),
        "[spec.rules[0].podSecurity.exclude[0].controlName: Invalid value: \"Sysctls\": exclude.images must not be \
         specified for the pod level control, spec.rules[0].podSecurity.exclude[0].values: Forbidden: values is \
         required]"
    );
    assert_eq!(
        of("{exclude: [{controlName: Seccomp, values: [a]}]}"),
        "spec.rules[0].podSecurity.exclude[0].restrictedField: Forbidden: restrictedField is required"
    );
    assert_eq!(
        of("{level: baseline, exclude: [{controlName: Seccomp}, {controlName: Privilege Escalation}]}"),
        "[spec.rules[0].podSecurity.exclude[1].controlName: Invalid value: \"Privilege Escalation\": exclude.images \
         must be specified for the container level control, spec.rules[0].podSecurity.exclude[1].controlName: Invalid \
         value: \"Privilege Escalation\": Invalid control name defined at the given level]"
    );
}

#[test]
fn variables_have_to_be_defined() {
    let of = |spec, text: &str| {
        reason("ClusterPolicy", spec, "", PODS, &format!("{{message: '{text}', pattern: {{a: b}}}}"))
    };
    assert_eq!(of("", "{{ request.object.metadata.name }}"), "fine");
    assert_eq!(of("background: false,", "{{ serviceAccountName }}"), "fine");
    assert_eq!(
        of("", "{{ request.userInfo.username }}"),
        "only select variables are allowed in background mode. Set spec.background=false to disable background mode \
         for this policy rule: variable {{ request.userInfo.username }} is not allowed "
    );
    assert_eq!(
        of("", "{{ foo.bar }}"),
        "policy contains invalid variables: variable substitution failed for rule r1: variable foo.bar must match regex \
         \"request\\.|element|elementIndex|@|images|images\\.|image\\.|([a-z_0-9]+\\()[^{}]\" or patterns []"
    );
    assert_eq!(
        of("", "{{ request.object. }}"),
        "policy contains invalid variables: variable substitution failed for rule r1: failed to resolve \
         request.object. at path /validate/message: invalid JMESPath query request.object.: SyntaxError: Expected \
         identifier, lbracket, or lbrace"
    );
    assert_eq!(
        of("", "{{ element.name }}"),
        "variable 'element.name' present outside of foreach at path /validate/message"
    );
}

#[test]
fn the_whole_policy() {
    let of = |kind, spec| reason(kind, spec, "", PODS, PATTERN);
    assert_eq!(
        of("ClusterPolicy", "admission: false, background: false,"),
        "disabling both admission and background processing is not allowed"
    );
    assert_eq!(
        of("ClusterPolicy", "webhookTimeoutSeconds: 40,"),
        "spec.webhookTimeoutSeconds: Invalid value: 40: the timeout value must be between 1 and 30 seconds"
    );
    let overrides = "validationFailureActionOverrides: [{action: Enforce, namespaces: [ax]}, \
                     {action: Audit, namespaces: ['a*']}],";
    assert_eq!(
        of("ClusterPolicy", overrides),
        "path: spec.validationFailureActionOverrides[1].namespaces: wildcard pattern 'a*' matches with namespace 'ax'"
    );
    assert_eq!(
        of("Policy", overrides),
        "spec.validationFailureActionOverrides: Forbidden: Use of validationFailureActionOverrides is supported only \
         with ClusterPolicy"
    );
}

#[test]
fn variables_of_a_text() {
    let found = |s: &str| variables(s).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(found("a {{b}} {{ c.{x: y} }}"), ["{{b}}", "{{ c.{x: y} }}"]);
    assert_eq!(found("\\{{a}} {{ {{b}} }}"), ["{{b}}"]);
    assert!(found("{{a {{").is_empty());
    assert_eq!(found("{{a}}{{b}}{{c}} {{d}}"), ["{{a}}", "{{c}}", "{{d}}"]);
}

/// References are replaced in the whole rule, and variables in variables round after round.
#[test]
fn rules_are_substituted() {
    let kinds = |kind: &str| format!("{{any: [{{resources: {{kinds: [{kind}]}}}}]}}");
    let of = |kind: &str, spec: &str| {
        let reason =
            reason("ClusterPolicy", "", "", &kinds(kind), &format!("{{message: m, pattern: {{spec: {{{spec}}}}}}}"));
        reason.replace("policy contains invalid variables: variable substitution failed for rule ", "")
    };
    assert_eq!(of("Pod", "a: $(./../b), b: x"), "fine");
    assert_eq!(of("Job", "a: $(/validate/pattern/spec/b), b: x"), "fine");
    assert_eq!(
        of("Pod", "a: $(/validate/pattern/spec/b), b: x"),
        "autogen-r1: got nil resolved variable $(/validate/pattern/spec/b) at path \
         /validate/pattern/spec/template/spec/a: <nil>"
    );
    assert_eq!(
        of("Pod", "a: $(/spec/b), b: x"),
        "r1: got nil resolved variable $(/spec/b) at path /validate/pattern/spec/a: <nil>"
    );
    assert_eq!(
        of("Pod", "a: $(>=./../nope)"),
        "r1: failed to resolve $(>=./../nope) at path /validate/pattern/spec/a: incorrect expression: operator >= does \
         not match with value <nil>"
    );
    assert_eq!(of("Pod", "a: '{{ request.object.a.{{ request.object.kind }} }}'"), "fine");
    assert!(of("Pod", "a: '{{ {{ request.object.kind }} }}'").starts_with("r1: variable null must match regex"));
    assert_eq!(
        of("Pod", "a: '{{ request.object.c[{{ request.object.kind }}].x }}'"),
        "r1: failed to resolve request.object.c[null].x at path /validate/pattern/spec/a: invalid JMESPath query \
         request.object.c[null].x: SyntaxError: Expected tStar, received: tUnquotedIdentifier"
    );
}

#[test]
fn conditions_compare_something() {
    let of =
        |conditions: &str| reason("ClusterPolicy", "", "", PODS, &format!("{{deny: {{conditions: {conditions}}}}}"));
    let path = "path: spec.rules[0].validate.deny.conditions";
    let missing = "entered value of `key`, `value` or `operator` is missing or misspelled";
    assert_eq!(of("{any: [{key: a, operator: Equals, value: b}]}"), "fine");
    assert_eq!(of("{all: [{key: a, operator: Equals}]}"), format!("{path}.all[0].: {missing}"));
    assert_eq!(of("[{key: a, value: b}]"), format!("{path}[0].: {missing}"));
    assert!(of("{all: [{key: a, operator: equals, value: b}]}").starts_with(&format!("{path}.any[0].: entered value")));
    let operation = |value: &str| {
        of(&format!("{{all: [{{key: '{{{{ request.operation }}}}', operator: AnyIn, value: {value}}}]}}"))
    };
    assert_eq!(operation("[CREATE, UPDATE]"), "fine");
    assert_eq!(operation("'{{ request.object.a }}'"), "fine");
    assert!(operation("[CREATE, create]").starts_with(&format!("{path}.all[0].value[1]: unknown value 'create'")));
    assert!(operation("3").starts_with(&format!("{path}.all[0].value: ")));
}

#[test]
fn denials_about_every_kind() {
    let every = "{any: [{resources: {kinds: ['*']}}]}";
    let of = |key| {
        let validate = format!("{{deny: {{conditions: [{{key: '{key}', operator: Equals, value: b}}]}}}}");
        reason("ClusterPolicy", "background: false,", "", every, &validate)
    };
    assert_eq!(of("{{ request.object.metadata.name }}"), "fine");
    assert_eq!(of("{{request.namespace}}"), "fine");
    for key in ["{{ request.object.spec.a }}", "a", "{{ @ }}"] {
        assert!(of(key).ends_with("if the rule does not match any kind"), "{key}: {}", of(key));
    }
}
