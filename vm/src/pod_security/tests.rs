//! Tables of objects and what is found in them.

use super::*;
use crate::document::{Buffers, JsonOptions, LayoutBuilder, read_json};
use crate::scalar::Glob;

/// What a rule finds in an object: `check path value`, or why the object is not looked at.
fn found_in(object: &str, kind: &str, rule: &Rule, whole: bool) -> Vec<String> {
    let mut builder = LayoutBuilder::default();
    Schema::want(&mut builder, whole);
    let layout = builder.finish();
    let schema = Schema::new(&layout);
    let doc = read_json(object, &layout, Buffers::default(), JsonOptions::default()).unwrap();
    let mut facts = Facts::default();
    let pod = match Pod::read(&schema, &doc, doc.root().unwrap(), kind, &mut facts) {
        Ok(pod) => pod,
        Err(Unreadable::Kind) => return vec!["no pod".to_owned()],
        Err(Unreadable::Malformed(error)) => return vec![error],
    };
    let mut out = Vec::new();
    for violation in evaluate(rule, pod) {
        let id = violation.check.id();
        if violation.fields().len() == 0 {
            out.extend(violation.findings.iter().map(|f| format!("{id} {} {}", f.at, value(f))));
        }
        out.extend(violation.fields().map(|f| format!("{id} {} {}", f.at, value(f))));
    }
    out
}

fn value(finding: &Finding<'_>) -> String {
    match &finding.value {
        Bad::Required => "required".to_owned(),
        Bad::Any => "any".to_owned(),
        Bad::Bool(b) => b.to_string(),
        Bad::Int(n) => n.to_string(),
        Bad::Text(text) => format!("'{text}'"),
        Bad::Texts(texts) => texts.join("+"),
    }
}

fn rule(level: Level, version: &str) -> Rule {
    Rule { level, version: Version::parse(version).unwrap(), exclude: Vec::new() }
}

/// What the level `baseline` finds in a pod with these fields of its specification.
fn baseline(version: &str, spec: &str) -> Vec<String> {
    let pod = format!(r#"{{"kind": "Pod", "spec": {{"containers": [{{"name": "c"}}], {spec}}}}}"#);
    found_in(&pod, "Pod", &rule(Level::Baseline, version), false)
}

/// What `restricted` finds in a pod that is allowed but for this in its container.
fn restricted(version: &str, container: &str) -> Vec<String> {
    let pod = format!(
        r#"{{"kind": "Pod", "spec": {{"securityContext": {{"runAsNonRoot": true, "seccompProfile": {{"type":
        "RuntimeDefault"}}}}, "containers": [{{"name": "c", {container}}}]}}}}"#
    );
    found_in(&pod, "Pod", &rule(Level::Restricted, version), false)
}

const GOOD: &str = r#""allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}"#;

fn within(security: &str) -> String {
    format!(r#""securityContext": {{{GOOD}, {security}}}"#)
}

#[test]
fn around_containers() {
    let table: &[(&str, &[&str])] = &[
        (r#""hostNetwork": false, "hostPID": null"#, &[]),
        (
            r#""hostIPC": true, "hostPID": true"#,
            &["hostNamespaces spec.hostPID true", "hostNamespaces spec.hostIPC true"],
        ),
        (r#""volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": null}]"#, &[]),
        (
            r#""volumes": [{"name": "a"}, {"name": "b", "hostPath": {"path": "/x"}}, {"hostPath": {}}]"#,
            &["hostPathVolumes spec.volumes[1].hostPath '/x'", "hostPathVolumes spec.volumes[2].hostPath ''"],
        ),
        (
            r#""securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced"}, {"name": "x"}, {}, null]}"#,
            &[
                "sysctls spec.securityContext.sysctls[1].name 'x'",
                "sysctls spec.securityContext.sysctls[2].name ''",
                "sysctls spec.securityContext.sysctls[3].name ''",
            ],
        ),
        (
            r#""securityContext": {"windowsOptions": {"hostProcess": true}}"#,
            &["windowsHostProcess spec.securityContext.windowsOptions.hostProcess true"],
        ),
        (
            r#""securityContext": {"seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {}}"#,
            &[
                "appArmorProfile spec.securityContext.appArmorProfile.type ''",
                "seccompProfile_baseline spec.securityContext.seccompProfile.type 'Unconfined'",
            ],
        ),
        (
            r#""securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "u", "role": "", "level": "l"}}"#,
            &[
                "seLinuxOptions spec.securityContext.seLinuxOptions.type 'spc_t'",
                "seLinuxOptions spec.securityContext.seLinuxOptions.user 'u'",
            ],
        ),
    ];
    for (spec, expected) in table {
        assert_eq!(baseline("latest", spec), *expected, "{spec}");
    }
}

#[test]
fn inside_containers() {
    let table: &[(String, &[&str])] = &[
        (within(r#""privileged": false, "procMount": "Default", "runAsUser": 1"#), &[]),
        (
            r#""securityContext": null"#.to_owned(),
            &[
                "allowPrivilegeEscalation spec.containers[0].securityContext.allowPrivilegeEscalation required",
                "capabilities_restricted spec.containers[0].securityContext.capabilities.drop required",
            ],
        ),
        (
            r#""securityContext": {"allowPrivilegeEscalation": null, "capabilities": {"drop": ["b", "a", "b"]}}"#
                .to_owned(),
            &[
                "allowPrivilegeEscalation spec.containers[0].securityContext.allowPrivilegeEscalation 'nil'",
                "capabilities_restricted spec.containers[0].securityContext.capabilities.drop a+b",
            ],
        ),
        (
            within(r#""capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "NET_RAW", "KILL"]}"#),
            &[
                "capabilities_baseline spec.containers[0].securityContext.capabilities.add NET_RAW",
                "capabilities_restricted spec.containers[0].securityContext.capabilities.add KILL+NET_RAW",
            ],
        ),
        (
            within(r#""privileged": true, "procMount": "Unmasked", "runAsUser": 0, "runAsNonRoot": false"#),
            &[
                "privileged spec.containers[0].securityContext.privileged true",
                "procMount spec.containers[0].securityContext.procMount 'Unmasked'",
                "runAsNonRoot spec.containers[0].securityContext.runAsNonRoot false",
                "runAsUser spec.containers[0].securityContext.runAsUser 0",
            ],
        ),
        (
            format!(
                r#"{}, "ports": [{{"hostPort": 0}}, {{"hostPort": 80}}, {{"hostPort": 443}}]"#,
                within(r#""x": 1"#)
            ),
            &[
                "hostPorts spec.containers[0].ports[1].hostPort 80",
                "hostPorts spec.containers[0].ports[2].hostPort 443",
            ],
        ),
        (
            format!(
                r#"{}, "livenessProbe": {{"httpGet": {{"host": "h"}}}}, "readinessProbe": {{"tcpSocket": {{"host": ""}}}},
                "lifecycle": {{"preStop": {{"tcpSocket": {{"host": "g"}}}}}}"#,
                within(r#""x": 1"#)
            ),
            &["hostProbesAndHostLifecycle spec.containers[0] 'h'", "hostProbesAndHostLifecycle spec.containers[0] 'g'"],
        ),
    ];
    for (container, expected) in table {
        assert_eq!(restricted("latest", container), *expected, "{container}");
    }
}

#[test]
fn what_is_set_nowhere_is_required() {
    let pod = r#"{"spec": {"initContainers": [{"name": "a"}], "containers": [null], "ephemeralContainers": [{"name": "b",
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "Localhost"}}}]}}"#;
    let found = found_in(pod, "Pod", &rule(Level::Restricted, "latest"), false);
    let of = |check: &str| found.iter().filter(|f| f.starts_with(check)).cloned().collect::<Vec<_>>();
    let lists = ["initContainers[0]", "containers[0]"];
    let expected = |check, field| lists.map(|list| format!("{check} spec.{list}.securityContext.{field} required"));
    assert_eq!(of("runAsNonRoot"), expected("runAsNonRoot", "runAsNonRoot"));
    assert_eq!(of("seccomp"), expected("seccompProfile_restricted", "seccompProfile.type"));
    // What is set wrongly hides what is not set.
    let pod = pod.replace("Localhost", "Unconfined");
    let found = found_in(&pod, "Pod", &rule(Level::Restricted, "latest"), false);
    let seccomp: Vec<_> = found.iter().filter(|f| f.contains("seccompProfile_restricted")).collect();
    assert_eq!(seccomp.len(), 1);
}

#[test]
fn volumes_are_of_some_types_only() {
    let spec = r#"{"spec": {"volumes": [{"name": "a", "secret": {}}, {"name": "b", "nfs": {}, "hostPath": {"path": "/"}},
        {"name": "c", "rbd": {}, "csi": {}}, {"name": "d"}]}}"#;
    assert_eq!(
        found_in(spec, "Pod", &rule(Level::Restricted, "latest"), false),
        [
            "hostPathVolumes spec.volumes[1].hostPath '/'",
            "restrictedVolumes spec.volumes[1].hostPath any",
            "restrictedVolumes spec.volumes[3].unknown any",
        ]
    );
}

#[test]
fn versions_change_checks() {
    let sysctls = |version| {
        baseline(
            version,
            r#""securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem"},
        {"name": "net.ipv4.tcp_fin_timeout"}, {"name": "net.ipv4.ip_local_reserved_ports"}]}"#,
        )
        .len()
    };
    assert_eq!(["v1.26", "v1.27", "v1.28", "v1.29", "v1.31", "v1.32", "latest"].map(sysctls), [3, 2, 2, 1, 1, 0, 0]);
    let engine =
        |version| baseline(version, r#""securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}"#).len();
    assert_eq!(["v1.30", "v1.31", "latest"].map(engine), [1, 0, 0]);
    // Windows is let off from 1.25 on, and checks that a version did not have are made in their first form.
    let windows = |version| {
        let pod = r#"{"spec": {"os": {"name": "windows"}, "containers": [{"name": "c"}]}}"#;
        found_in(pod, "Pod", &rule(Level::Restricted, version), false).len()
    };
    assert_eq!(["v1.0", "v1.24", "v1.25", "latest"].map(windows), [4, 4, 1, 1]);
}

#[test]
fn annotations() {
    let pod = r#"{"metadata": {"annotations": {
        "container.apparmor.security.beta.kubernetes.io/b": "unconfined",
        "container.apparmor.security.beta.kubernetes.io/a": "bad",
        "container.apparmor.security.beta.kubernetes.io/c": "localhost/x",
        "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
        "container.seccomp.security.alpha.kubernetes.io/c": "",
        "container.seccomp.security.alpha.kubernetes.io/nobody": "unconfined"
    }}, "spec": {"containers": [{"name": "c"}, {"name": "c"}]}}"#;
    let app_armor = [
        "appArmorProfile metadata.annotations[container.apparmor.security.beta.kubernetes.io/a] 'bad'",
        "appArmorProfile metadata.annotations[container.apparmor.security.beta.kubernetes.io/b] 'unconfined'",
    ];
    let seccomp = [
        "seccompProfile_baseline metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c] ''",
        "seccompProfile_baseline metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c] ''",
        "seccompProfile_baseline metadata.annotations[seccomp.security.alpha.kubernetes.io/pod] 'unconfined'",
    ];
    assert_eq!(found_in(pod, "Pod", &rule(Level::Baseline, "v1.19"), false), app_armor);
    assert_eq!(found_in(pod, "Pod", &rule(Level::Baseline, "v1.18"), false), [&app_armor[..], &seccomp[..]].concat());
}

#[test]
fn pods_of_controllers() {
    let metadata = |value: &str| {
        format!(r#""metadata": {{"annotations": {{"container.apparmor.security.beta.kubernetes.io/x": "{value}"}}}}"#)
    };
    let template = format!(r#""template": {{{}, "spec": {{"hostPID": true}}}}"#, metadata("template"));
    let deployment = format!(r#"{{{}, "spec": {{{template}}}}}"#, metadata("own"));
    let job = format!(r#"{{{}, "spec": {{{template}}}}}"#, metadata("job"));
    let cron = format!(r#"{{{}, "spec": {{"jobTemplate": {job}}}}}"#, metadata("own"));
    let found = |object: &str, kind| found_in(object, kind, &rule(Level::Baseline, "latest"), false);
    let value = |found: Vec<String>| found.first().and_then(|f| f.rsplit(' ').next().map(str::to_owned));
    for kind in ["Deployment", "DaemonSet", "Job", "StatefulSet", "ReplicaSet", "ReplicationController"] {
        assert_eq!(value(found(&deployment, kind)).unwrap(), "'template'");
        assert_eq!(found(&deployment, kind).len(), 2);
    }
    assert_eq!(value(found(&cron, "CronJob")).unwrap(), "'job'");
    assert_eq!(found(&deployment, "PodTemplate"), ["no pod"]);
    assert_eq!(found("{}", "Pod"), [""; 0]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let table = [
        (r#"{"spec": 5}"#, "json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec"),
        (
            r#"{"spec": {"containers": [{"name": 1, "args": {}}]}}"#,
            "json: cannot unmarshal object into Go struct field Container.spec.containers.args of type []string",
        ),
        (
            r#"{"spec": {"ephemeralContainers": [{"name": true}]}}"#,
            "json: cannot unmarshal bool into Go struct field \
             EphemeralContainer.spec.ephemeralContainers.EphemeralContainerCommon.name of type string",
        ),
        (
            r#"{"spec": {"priority": 3000000000}}"#,
            "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32",
        ),
        (
            r#"{"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": 1.5}}}]}}"#,
            "json: cannot unmarshal number 1.5 into Go struct field \
             HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
        ),
        (
            r#"{"metadata": {"labels": {"b": true, "a": []}}}"#,
            "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        // A type that decodes itself ends the decoding, whatever was wrong before.
        (
            r#"{"spec": {"containers": [{"args": 1, "resources": {"limits": {"cpu": "1kk"}}}]}}"#,
            "unable to parse quantity's suffix",
        ),
        (
            r#"{"metadata": {"creationTimestamp": "2024"}}"#,
            "parsing time \"2024\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"-\"",
        ),
        (
            r#"{"metadata": {"creationTimestamp": 5}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            r#"{"status": {"hostIP": 5}}"#,
            "json: cannot unmarshal number into Go struct field PodStatus.status.hostIP of type string",
        ),
    ];
    for (object, expected) in table {
        assert_eq!(found_in(object, "Pod", &Rule::default(), true), [expected], "{object}");
    }
    let fits = r#"{"unknown": 5, "spec": {"unknown": [], "containers": [{"resources": {"limits": {"cpu": 0.5, "m": " 1Gi "}},
        "ports": [{"containerPort": 80.0}], "livenessProbe": {"tcpSocket": {"port": "x"}}}],
        "overhead": null}, "metadata": {"creationTimestamp": null, "deletionTimestamp": "2024-02-29T10:00:00.5+01:00"}}"#;
    assert_eq!(found_in(fits, "Pod", &rule(Level::Baseline, "latest"), true), [""; 0]);
}

#[test]
fn what_is_not_read_is_taken_for_what_it_begins_with() {
    let found = |status: &str| found_in(&format!(r#"{{"status": {status}}}"#), "Pod", &Rule::default(), false);
    assert_eq!(found(r#"{"hostIP": 5}"#), [""; 0]);
    assert_eq!(found("null"), [""; 0]);
    assert_eq!(found("[]"), ["json: cannot unmarshal array into Go struct field Pod.status of type v1.PodStatus"]);
    assert_eq!(found("-1"), ["json: cannot unmarshal number into Go struct field Pod.status of type v1.PodStatus"]);
}

#[test]
fn keys_of_any_case_are_fields() {
    let found = |spec: &str| {
        let pod = format!(r#"{{"unknown": 1, "spec": {{"containers": [{{"Name": "c"}}], {spec}}}}}"#);
        found_in(&pod, "Pod", &rule(Level::Baseline, "latest"), false)
    };
    assert_eq!(found(r#""hostnetwork": true"#), ["hostNamespaces spec.hostNetwork true"]);
    // Of several, the last one counts in the order of Go's sorted keys.
    assert_eq!(found(r#""hostpid": true, "hostPID": false"#), ["hostNamespaces spec.hostPID true"]);
    assert_eq!(
        found(r#""securitycontext": {"SYSCTLS": [{"NAME": "x"}]}"#),
        ["sysctls spec.securityContext.sysctls[0].name 'x'"]
    );
}

#[test]
fn exclusions() {
    let pod = r#"{"spec": {"hostPID": true, "hostIPC": true, "containers": [
        {"name": "a", "image": "nginx:1", "ports": [{"hostPort": 1}, {"hostPort": 2}], "securityContext":
            {"capabilities": {"add": ["NET_RAW", "SYS_ADMIN"]}}},
        {"name": "b", "image": "redis", "ports": [{"hostPort": 3}, {"hostPort": 4}]}]}}"#;
    let found = |exclude: &[(Control, &[&str], &str, &[&str])]| {
        let globs = |texts: &[&str]| texts.iter().map(|t| Glob::new(t)).collect();
        let one = |(control, images, field, values): &(Control, &[&str], &str, &[&str])| Exclusion {
            control: *control,
            images: globs(images),
            field: (*field).into(),
            values: globs(values),
        };
        let exclude = exclude.iter().map(one).collect();
        let rule = Rule { level: Level::Baseline, version: Version::Latest, exclude };
        found_in(pod, "Pod", &rule, false).into_iter().map(|f| f.replace("spec.containers", "")).collect::<Vec<_>>()
    };
    let capabilities = "capabilities_baseline [0].securityContext.capabilities.add NET_RAW+SYS_ADMIN".to_owned();
    let pid = "hostNamespaces spec.hostPID true".to_owned();
    let ipc = "hostNamespaces spec.hostIPC true".to_owned();
    let port = |c, p, n| format!("hostPorts [{c}].ports[{p}].hostPort {n}");
    let ports = [port(0, 0, 1), port(0, 1, 2), port(1, 0, 3), port(1, 1, 4)];
    let all = || vec![capabilities.clone(), pid.clone(), ipc.clone()];
    let with = |ports: &[String]| [all(), ports.to_vec()].concat();
    assert_eq!(found(&[]), with(&ports));
    // What is left closes ranks from the end.
    assert_eq!(found(&[(Control::HostPorts, &["nginx*"], "", &[])]), with(&[ports[3].clone(), ports[2].clone()]));
    assert_eq!(
        found(&[(Control::HostPorts, &["*"], "spec.containers[*].ports[*].hostPort", &["1", "4"])]),
        with(&[ports[2].clone(), ports[1].clone()])
    );
    assert_eq!(found(&[(Control::HostPorts, &["?????"], "", &[])]), with(&ports[..2]));
    assert_eq!(
        found(&[(Control::HostPorts, &["*"], "spec.initContainers[*].ports[*].hostPort", &["*"])]),
        with(&ports)
    );
    assert_eq!(found(&[(Control::HostPorts, &["*"], "", &[]), (Control::HostPorts, &["*"], "", &[])]), all());
    // A list of values is excluded as a whole.
    let caps = |values| {
        found(&[(Control::Capabilities, &["*"], "spec.containers[*].securityContext.capabilities.add", values)])
    };
    assert_eq!(caps(&["NET_RAW"]), with(&ports));
    assert_eq!(caps(&["NET_*", "SYS_ADMIN"])[0], pid);
    // Without images an exclusion is about the pod.
    assert_eq!(found(&[(Control::HostNamespaces, &[], "spec.hostPID", &["true"])])[1], ipc);
    assert_eq!(found(&[(Control::HostNamespaces, &[], "", &[])])[1], ports[0]);
    assert_eq!(found(&[(Control::HostNamespaces, &["*"], "", &[])])[1], pid);
}

#[test]
fn findings_point_into_the_document() {
    let text = "{\"spec\": {\n\"hostPID\": true,\n\"containers\": [\n{\"name\": \"c\"}]}}";
    let mut builder = LayoutBuilder::default();
    Schema::want(&mut builder, true);
    let layout = builder.finish();
    let options = JsonOptions { places: true, ..JsonOptions::default() };
    let doc = read_json(text, &layout, Buffers::default(), options).unwrap();
    let mut facts = Facts::default();
    let pod = Pod::read(&Schema::new(&layout), &doc, doc.root().unwrap(), "Pod", &mut facts).unwrap();
    let rule = rule(Level::Restricted, "latest");
    let lines = |check: Check| {
        let violations = evaluate(&rule, pod);
        let violation = violations.iter().find(|v| v.check == check).unwrap().clone();
        violation.findings.iter().map(|f| doc.place(f.node.unwrap()).line).collect::<Vec<_>>()
    };
    assert_eq!(lines(Check::HostNamespaces), [2]);
    assert_eq!(lines(Check::RunAsNonRoot), [4]);
}
