//! `kyvc apply`, where Kyverno's CLI does what one would not guess.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx}
spec: {template: {spec: {containers: [{name: nginx, image: nginx}]}}}
";

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: nginx}
spec: {containers: [{}], ratio: 0.0000001, many: '1000000', ones: [1]}
";

/// What `apply` prints for a policy and resources, with more arguments.
fn apply(name: &str, policy: &str, resources: &str, args: &[&str]) -> String {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("apply").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("p.yaml"), policy).unwrap();
    std::fs::write(dir.join("r.yaml"), resources).unwrap();
    std::fs::write(dir.join("user.yaml"), USER).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kyvc"));
    command.current_dir(&dir).args(["apply", "p.yaml", "-r", "r.yaml", "--remove-color"]).args(args);
    String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
}

const USER: &str = "apiVersion: cli.kyverno.io/v1alpha1
kind: UserInfo
metadata: {name: user}
clusterRoles: [admin]
userInfo: {username: alice}
";

/// A policy with one rule named `rule`.
fn policy(version: &str, matches: &str, validate: &str) -> String {
    format!(
        "apiVersion: kyverno.io/{version}
kind: ClusterPolicy
metadata: {{name: policy}}
spec:
  background: false
  rules:
  - name: rule
    match: {{any: [{{resources: {{kinds: [Pod]{matches}}}}}]}}
    validate: {{{validate}}}
"
    )
}

/// Kyverno: an update may keep what the old object violates, unless the rule says otherwise or only audits. Nobody is
/// known to have made the old object, so that a rule about users is not about it.
#[test]
fn an_update_keeps_existing_violations() {
    let rule = |name: &str, more: &str, who: &str| {
        format!(
            "  - name: {name}
    match: {{any: [{{{who}resources: {{kinds: [Deployment]}}}}]}}
    validate: {{{more}message: bad, pattern: {{spec: {{paused: true}}}}}}
"
        )
    };
    let head = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: paused}
spec:
  validationFailureAction: Enforce
  background: false
  rules:
";
    // Kyverno cannot read the preconditions of the old object, so that a rule with some is not about it.
    let unread = rule("unread", "", "").replace("    validate:", "    preconditions: {}\n    validate:");
    let rules = [
        unread,
        rule("kept", "", ""),
        rule("audited", "failureAction: Audit, ", ""),
        rule("not", "allowExistingViolations: false, ", ""),
        rule("admins", "", "clusterRoles: [admin], "),
    ];
    let policy = format!("{head}{}", rules.concat());
    for (operation, want) in [
        ("UPDATE", "pass: 0, fail: 4, warn: 0, error: 0, skip: 1"),
        ("CONNECT", "pass: 0, fail: 5, warn: 0, error: 0, skip: 0"),
        ("DELETE", "pass: 0, fail: 0, warn: 0, error: 0, skip: 0"),
    ] {
        let set = format!("request.operation={operation}");
        let out = apply("existing", &policy, DEPLOYMENT, &["-s", &set]);
        assert!(out.contains(want), "{operation}: {out}");
    }
}

/// Kyverno: any other operation matches as a creation, while variables see it.
#[test]
fn a_connection_matches_as_a_creation() {
    let policy = policy("v1", ", operations: [CREATE]", "message: '{{ request.operation }}', pattern: {kind: None}");
    let out = apply("connect", &policy, POD, &["-s", "request.operation=CONNECT"]);
    assert!(out.contains("validation error: CONNECT. rule rule failed at path /kind/"), "{out}");
}

/// Where no alternative applies, nothing of the match before it is left over.
#[test]
fn alternatives_that_are_all_skipped() {
    let validate = "anyPattern: [{spec: {=(containers): [{(privileged): false}]}}]";
    let policy = policy("v1", "}, clusterRoles: [admin], resources: {kinds: [Pod]", validate)
        .replace("resources: {kinds: [Pod]}, clusterRoles", "clusterRoles");
    let out = apply("skipped", &policy, POD, &["-u", "user.yaml", "-p", "--output-format", "json"]);
    assert!(out.contains("rule[0] skipped: conditional anchor mismatch"), "{out}");
}

/// A pattern that a variable stands for is read like any other, `*` included, and said in messages.
#[test]
fn patterns_of_variables() {
    let any = policy("v1", "", "pattern: {team: \"{{ request.object.metadata.labels.app || '*' }}\"}");
    let out = apply("star", &any, POD, &[]);
    assert!(out.contains("rule rule failed at path /\n"), "{out}");
    let unresolved = policy("v1", "", "anyPattern: [{a/b: '{{ request.object.nope }}'}]");
    let out = apply("unresolved", &unresolved, POD, &["-p", "--output-format", "json"]);
    assert!(out.contains(r"failed to resolve request.object.nope at path /0/a\\/b"), "{out}");
}

/// Values in texts are encoded by jsoniter, which writes small floats in its own way.
#[test]
fn floats_in_messages() {
    let policy = policy("v1", "", "message: 'is {{ request.object.spec.ratio }}.', pattern: {kind: None}");
    let out = apply("floats", &policy, POD, &[]);
    assert!(out.contains("is 1e-07. rule"), "{out}");
}

/// Kyverno: what a rule says that has the name of a made one does not matter where such rules are made.
#[test]
fn rules_named_like_made_ones_are_not_checked() {
    let policy = policy("v1", "", "pattern: {kind: None}").replace(
        "  - name: rule",
        "  - name: autogen-odd\n    match: {}\n    validate: {pattern: {a: b}}\n  - name: rule",
    );
    let out = apply("named", &policy, DEPLOYMENT, &[]);
    assert!(out.contains("1 - autogen-rule validation error"), "{out}");
    let policy = policy.replace("match: {}", "match: {resources: {kinds: [Pod]}}").replace("{a: b}", "{+(a): b}");
    let out = apply("named", &policy, POD, &[]);
    assert!(out.contains("rule autogen-odd failed at path /+(a)/"), "{out}");
}

/// What v2beta1 has no more is an unknown field, for which Kyverno drops the file.
#[test]
fn fields_of_the_older_version() {
    for (version, rules) in [("v1", 3), ("v2beta1", 0)] {
        let policy = policy(version, "", "allowExistingViolations: true, pattern: {kind: Pod}");
        let out = apply("version", &policy, POD, &[]);
        assert!(out.contains(&format!("Applying {rules} policy rule(s)")), "{version}: {out}");
    }
}

/// In a list or map a condition has int64s where an expression has float64s; a number by itself is float64.
#[test]
fn numbers_of_conditions() {
    for (value, denied) in [
        ("{key: '{{ request.object.spec.containers | length(@) }}', operator: Equals, value: 1}", true),
        ("{key: '{{ request.object.spec.ones }}', operator: Equals, value: [1]}", false),
        ("{key: [1], operator: Equals, value: [1]}", true),
        ("{key: '{{ to_number(request.object.spec.many) }}', operator: AnyIn, value: [1000000]}", false),
        ("{key: '{{ to_number(request.object.spec.many) }}', operator: AnyIn, value: 1000000}", false),
    ] {
        let policy = policy("v1", "", &format!("deny: {{conditions: {{all: [{value}]}}}}"));
        let out = apply("numbers", &policy, POD, &[]);
        assert_eq!(out.contains("fail: 1"), denied, "{value}: {out}");
    }
}

/// Kyverno: an empty `any` never holds, but is lost in the rules that are made for the controllers of Pods.
#[test]
fn an_empty_list_of_alternatives() {
    let policy = policy("v1", "", "deny: {conditions: {any: []}}");
    assert!(apply("empty-any", &policy, POD, &[]).contains("pass: 1, fail: 0"));
    assert!(apply("empty-any", &policy, DEPLOYMENT, &[]).contains("pass: 0, fail: 1"));
}

/// Kyverno: a context entry that was loaded before a loop or in it is loaded once more when the loop ends, before the
/// object is changed by it, and keeps that value in the loops that follow.
#[test]
fn a_loop_fixes_what_is_loaded() {
    let text = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: policy}
spec:
  background: false
  rules:
  - name: rule
    match: {any: [{resources: {kinds: [Pod]}}]}
    context:
    - name: many
      variable: {jmesPath: request.object.spec.many}
    mutate:
      foreach:
      - list: request.object.spec.ones
        patchesJson6902: '[{\"path\": \"/spec/many\", \"op\": \"replace\", \"value\": \"x{{ many }}\"}]'
      - list: request.object.spec.ones
        patchesJson6902: '[{\"path\": \"/spec/kept\", \"op\": \"add\", \"value\": \"{{ many }}\"}]'
";
    let out = apply("loops", text, POD, &[]);
    assert!(out.contains("many: x1000000\n") && out.contains("kept: \"1000000\"\n"), "{out}");
}

/// All elements of a pattern's list are substituted, and only the first is looked at.
#[test]
fn variables_in_elements_that_are_not_looked_at() {
    let policy = policy("v1", "", "pattern: {spec: {containers: [{}, {name: '{{ request.object.nope }}'}]}}");
    let out = apply("ignored", &policy, POD, &["-p", "--output-format", "json"]);
    assert!(out.contains("failed to resolve request.object.nope at path /spec/containers/1/name"), "{out}");
}

/// Kyverno: pkg/engine/variables/vars.go, in a variable the object of a deletion is the old one; a list or the value of a
/// context entry is no variable, and finds none.
#[test]
fn a_deletion_has_no_new_object() {
    let rule = |name: &str, context: &str, validate: &str| {
        format!(
            "  - name: {name}
    match: {{any: [{{resources: {{kinds: [Pod], operations: [DELETE]}}}}]}}
    context: [{{name: x, variable: {{jmesPath: request.object.kind{context}}}}}]
    validate: {{message: '{{{{ x }}}} {{{{ request.object.kind }}}}', {validate}}}
"
        )
    };
    let deny = "deny: {conditions: {any: [{key: '{{ x }}', operator: Equals, value: none}]}}";
    let each = "foreach: [{list: request.object.spec.containers, deny: {}}]";
    let old = "foreach: [{list: 'request.object.a || request.oldObject.spec.containers', deny: {}}]";
    let policy = [
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: gone}\nspec:\n  background: false\n  rules:\n",
        &rule("absent", "", deny),
        &rule("default", ", default: none", deny),
        &rule("each", ", default: none", each),
        &rule("old", ", default: none", old),
    ];
    let out = apply("deletion", &policy.concat(), POD, &["--set", "request.operation=DELETE"]);
    assert!(out.contains("1 - default none Pod\n2 - old validation failure: none Pod\n"), "{out}");
    assert!(out.contains("pass: 0, fail: 2, warn: 0, error: 1, skip: 0"), "{out}");
}

/// Kyverno: pkg/engine/context/evaluate.go, Query compiles a list where it is evaluated.
#[test]
fn a_list_that_is_no_expression_fails_where_it_is_evaluated() {
    let policy = policy("v1", "", "foreach: [{list: ' [', deny: {}}]");
    let out = apply("no-list", &policy, POD, &["-p", "--output-format", "json"]);
    assert!(out.contains("failed to evaluate list: incorrect query [: SyntaxError: Incomplete expression\""), "{out}");
}

/// Kyverno: pkg/engine/context/context.go, images are looked for before anything of a query that names them is evaluated.
#[test]
fn images_that_cannot_be_parsed_fail_whatever_names_them() {
    let said =
        "deny: {conditions: {all: [{key: \"{{ images.containers.*.name || 'x' }}\", operator: Equals, value: x}]}}";
    let unguarded = "deny: {conditions: {all: [{key: '{{ images }}', operator: Equals, value: x}]}}";
    let (policy, unguarded) = (policy("v1", "", said), policy("v1", "", unguarded));
    let pod = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        )
    };
    let of = |n: &str, image: &str| apply(n, &policy, &pod(image), &["-p", "--output-format", "json"]);
    let out = of("bad-image", "a:b:c:d");
    let why = "key: failed to resolve images.containers.*.name || 'x' at path : invalid image 'a:b:c:d'";
    assert!(out.contains(why), "{out}");
    let out = of("good-image", "a:b");
    assert!(out.contains("\"pass\":1"), "{out}");
    let none = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
    let out = apply("no-image", &unguarded, none, &["-p", "--output-format", "json"]);
    assert!(out.contains("Unknown key \\\"images\\\" in path"), "{out}");
}

/// A policy with rules that change pods.
fn mutation(name: &str, rules: &[&str]) -> String {
    let rule = |(i, body): (usize, &&str)| {
        format!("  - name: r{i}\n    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    mutate: {body}\n")
    };
    let rules: String = rules.iter().enumerate().map(rule).collect();
    let head = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: ";
    format!(
        "{head}{{name: {name}, annotations: {{pod-policies.kyverno.io/autogen-controllers: none}}}}\nspec:\n  rules:\n{rules}"
    )
}

/// Kyverno: what is patched on a deletion is null, and so is what a rule has lost on an update.
#[test]
fn what_is_deleted_or_lost_is_patched_as_null() {
    let label = "{patchStrategicMerge: {metadata: {labels: {a: b}}}}";
    let lost = "{patchesJson6902: '[{\"op\": \"replace\", \"path\": \"/no/such\", \"value\": 1}]'}";
    let pod = "{patchStrategicMerge: {kind: Pod, metadata: {labels: {a: b}}}}";
    let missing = "Object 'Kind' is missing in '{\"metadata\":{\"labels\":{\"a\":\"b\"}}}'";
    let run = |name: &str, rules: &[&str], operation: &str| {
        apply(name, &mutation("p", rules), POD, &["--set", &format!("request.operation={operation}")])
    };
    let out = run("deleted", &[label], "DELETE");
    assert!(out.contains(missing), "{out}");
    assert!(out.contains("applied to default/Pod/nginx:\n{}\n"), "{out}");
    let out = run("deleted-whole", &[pod], "DELETE");
    assert!(out.contains("applied to default/Pod/nginx:\nkind: Pod\nmetadata:\n    labels:\n        a: b\n"), "{out}");
    assert!(run("lost-of-an-update", &[lost, label], "UPDATE").contains(missing));
    assert!(!run("lost", &[lost, label], "CREATE").contains(missing));
}

/// Kyverno: an object that was patched once is read with whole numbers; one that was not has floats.
#[test]
fn numbers_of_what_was_patched() {
    let pod = POD.replace("ones: [1]", "ones: [1000000]");
    let nothing = "{patchesJson6902: '[{\"op\": \"remove\", \"path\": \"/no/such\"}]'}";
    let label = "{patchStrategicMerge: {metadata: {labels: {a: b}}}}";
    let policies = [mutation("a", &[nothing]), mutation("b", &[label]), mutation("c", &[nothing])].join("---\n");
    let out = apply("numbers-of-what-was-patched", &policies, &pod, &[]);
    let ones: Vec<&str> = out.lines().map(str::trim).filter(|l| l.starts_with("- 1")).collect();
    assert_eq!(ones, ["- 1e+06", "- 1000000", "- 1000000"], "{out}");
}

/// Kyverno: a rule made for the controllers of Pods has no targets, so that nothing in it may be about one.
#[test]
fn made_rules_have_no_targets() {
    let rule = "{targets: [{apiVersion: v1, kind: Pod, namespace: default}], \
                patchStrategicMerge: {metadata: {annotations: {of: '{{ target.kind }}'}}}}";
    let own = mutation("p", &[rule]);
    let out = apply("targets-of-pods", &own, POD, &[]);
    assert!(!out.contains("Policies Skipped"), "{out}");
    let made = own.replace("autogen-controllers: none", "autogen-controllers: Job");
    let out = apply("targets-of-jobs", &made, POD, &[]);
    assert!(out.contains("variable substitution failed for rule autogen-r0: variable target.kind must match"), "{out}");
}

/// Kyverno: pkg/autogen/v1/autogen.go and processor/result.go. A rule with a name as generated ones have is not there where
/// rules are not computed for a kind: it changes nothing, and what it says of a Pod is not counted.
#[test]
fn rules_that_generated_ones_hide() {
    let policy = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: hiding}
spec:
  rules:
  - name: shown
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {shown: 'yes'}}}}
  - name: autogen-changes
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {changed: 'yes'}}}}
  - name: autogen-checks
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: 'no', pattern: {metadata: {labels: {shown: 'no'}}}}
";
    let out = apply("hiding", policy, POD, &[]);
    assert!(out.contains("shown: \"yes\"") && !out.contains("changed:"), "{out}");
    assert!(out.contains("1 - autogen-checks validation error: no"), "{out}");
    assert!(out.ends_with("pass: 1, fail: 0, warn: 0, error: 0, skip: 0 \n"), "{out}");
}

/// What the schema does not look into is found out when an entry is needed.
#[test]
fn what_entries_of_loops_lack() {
    let told = |name: &str, entry: &str, key: &str, args: &[&str]| {
        let deny = format!("deny: {{conditions: {{any: [{{key: '{key}', operator: Equals, value: x}}]}}}}");
        let each = format!("foreach: [{{list: '[`1`]', context: [{{{entry}}}], {deny}}}]");
        apply(&format!("lacking-{name}"), &policy("v1", "", &format!("message: m, {each}")), POD, args)
    };
    let said = |name: &str, entry: &str, key: &str| told(name, entry, key, &["-p"]);
    let failed = "failed to resolve a at path :";
    let rows = [
        ("empty", "name: a, variable: {}", "failed to add context entry for variable a since it evaluated to nil"),
        (
            "path",
            "name: a, variable: {jmesPath: 'a[['}",
            "failed to apply jmespath a[[ to variable <nil>: incorrect query a[[: SyntaxError: Expected tStar, received:",
        ),
        (
            "path-of-value",
            "name: a, variable: {value: 1, jmesPath: 'a[['}",
            "failed to apply jmespath a[[ to variable <nil>: failed to compile JMESPath: a[[, error: SyntaxError:",
        ),
        ("call", "name: a, apiCall: {}", "failed to fetch data for APICall: missing service for APICall a"),
        ("name", "name: '', variable: {value: x}", "JMESPath query failed: Unknown key \"a\" in path"),
    ];
    for (name, entry, why) in rows {
        let text = said(name, entry, "{{ a }}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("{failed} {why}")), "{name}: {text}");
        let unused = said(name, entry, "b");
        assert!(unused.contains("pass: 1"), "{name}: {unused}");
    }
    let text = said("default", "name: a, variable: {default: x}", "{{ a }}");
    assert!(text.contains("result: fail"), "{text}");
    // These the schema refuses, without a word.
    for (name, entry) in [
        ("none", "name: a"),
        ("two", "name: a, variable: {value: x}, configMap: {name: b}"),
        ("unnamed", "variable: {value: x}"),
        ("nowhere", "name: a, apiCall: {service: {}}"),
    ] {
        let text = told(name, entry, "b", &[]);
        assert!(text.contains("Applying 0 policy rule(s)"), "{name}: {text}");
    }
}

/// A list of controllers with spaces: rules for the names that have one are counted and never asked.
#[test]
fn controllers_after_a_space() {
    let policy = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: spaced, annotations: {pod-policies.kyverno.io/autogen-controllers: 'Deployment, CronJob'}}
spec:
  rules:
  - name: checks
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: 'no', pattern: {metadata: {labels: {shown: 'no'}}}}
";
    let out = apply("spaced", policy, POD, &[]);
    assert!(out.contains("Applying 3 policy rule(s) to 1 resource(s)"), "{out}");
    let job = "apiVersion: batch/v1
kind: CronJob
metadata: {name: job}
spec: {jobTemplate: {spec: {template: {metadata: {name: a}, spec: {containers: []}}}}}
";
    let out = apply("spaced-job", policy, job, &[]);
    assert!(out.ends_with("pass: 0, fail: 0, warn: 0, error: 0, skip: 0 \n"), "{out}");
}

/// The schema does not look into the conditions of rules, and asks those of cleanup policies for no operator.
#[test]
fn conditions_without_operators() {
    let rule = |operator: &str| {
        let deny = format!("deny: {{conditions: {{any: [{{key: a, value: b{operator}}}]}}}}");
        apply("no-operator", &policy("v1", "", &format!("message: m, {deny}")), POD, &[])
    };
    let path = "path: spec.rules[0].validate.deny.conditions.any[0].: entered value of";
    let none = rule("");
    assert!(none.contains(&format!("{path} `key`, `value` or `operator` is missing or misspelled")), "{none}");
    let other = rule(", operator: Foo");
    assert!(other.contains(&format!("{path} `operator` is invalid. valid values: [")), "{other}");
    let cleanup = "apiVersion: kyverno.io/v2
kind: ClusterCleanupPolicy
metadata: {name: cleans}
spec:
  schedule: '* * * * *'
  match: {any: [{resources: {kinds: [Pod]}}]}
  conditions: {any: [{key: a, value: a}]}
";
    let text = apply("cleans", cleanup, POD, &["-p"]);
    assert!(text.contains("failed to create handler for condition operator: %!w(<nil>)"), "{text}");
}

/// Kyverno: pkg/engine/wildcards, labels and annotations of a pattern that turn out to be no texts get lost.
#[test]
fn labels_of_patterns_are_texts() {
    let out = |key: &str| {
        let pattern = format!("pattern: {{metadata: {{labels: {{app: '{{{{ request.object.metadata.{key} }}}}'}}}}}}");
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, generation: 5, labels: {app: x}}\n";
        apply("labels", &policy("v1", "", &format!("message: m, {pattern}")), pod, &[])
    };
    assert!(out("generation").contains("pass: 1"), "{}", out("generation"));
    assert!(out("name").contains("fail: 1"), "{}", out("name"));
}

/// Expressions that are made of others say what is wrong with them as those do that are written.
#[test]
fn made_expressions_that_are_none() {
    let key = "{{ request.object.metadata.annotations.{{ request.object.metadata.name }} }}";
    let deny = format!("deny: {{conditions: {{any: [{{key: \"{key}\", operator: Equals, value: b}}]}}}}");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: v1.2, annotations: {}}\n";
    let text = apply("made-expression", &policy("v1", "", &format!("message: m, {deny}")), pod, &["-p"]);
    let words: Vec<&str> = text.split_whitespace().collect();
    let query = "request.object.metadata.annotations.v1.2";
    let said = format!("failed to resolve {query} at path : incorrect query {query}: SyntaxError:");
    assert!(words.join(" ").contains(&said), "{text}");
}
