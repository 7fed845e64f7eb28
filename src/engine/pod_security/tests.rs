//! Messages, as Kyverno v1.19 prints them.

use super::*;
use kyvc_vm::document::{Buffers, JsonOptions, LayoutBuilder, read_json};
use kyvc_vm::pod_security::{Check, Control, Facts, Level, Schema, Version};
use kyvc_vm::scalar::Glob;

fn rule(level: Level, exclude: Vec<Exclusion>) -> Rule {
    Rule { level, version: Version::Latest, exclude }
}

fn exclusion(control: Control, images: &[&str]) -> Exclusion {
    Exclusion { control, images: images.iter().map(|i| Glob::new(i)).collect(), field: "".into(), values: vec![] }
}

/// Checks an object and passes on the pod, where there is one, and what became of it.
fn with(
    object: &str,
    kind: &str,
    rule: &Rule,
    exceptions: &[Exception<'_>],
    each: impl FnOnce(Option<Pod<'_>>, Outcome<'_>),
) {
    let mut builder = LayoutBuilder::default();
    Schema::want(&mut builder, true);
    let layout = builder.finish();
    let doc = read_json(object, &layout, Buffers::default(), JsonOptions::default()).unwrap();
    let mut facts = Facts::default();
    let pod = Pod::read(&Schema::new(&layout), &doc, doc.root().unwrap(), kind, &mut facts);
    each(pod.as_ref().ok().copied(), check(pod.as_ref().copied(), rule, exceptions));
}

/// What is said of an object.
fn said(object: &str, kind: &str, rule: &Rule, exceptions: &[Exception<'_>]) -> String {
    let mut said = String::new();
    with(object, kind, rule, exceptions, |_, outcome| {
        said = match outcome {
            Outcome::Pass => pass("r"),
            Outcome::Skip(text) | Outcome::Error(text) => text,
            Outcome::Fail(violations) => failure("r", rule, kind, &violations)
                .replace("Validation rule 'r' failed. It violates PodSecurity ", ""),
        };
    });
    said
}

const BAD: &str = r#"{"spec": {"hostPID": true, "containers": [{"name": "a", "securityContext": {"privileged": true,
    "capabilities": {"add": ["B", "A"]}}}]}}"#;

#[test]
fn messages() {
    let baseline = rule(Level::Baseline, vec![]);
    assert_eq!(said("{}", "Pod", &baseline, &[]), "Validation rule 'r' passed.");
    assert_eq!(
        said(BAD, "Pod", &baseline, &[]),
        "\"baseline:latest\": (Forbidden reason: non-default capabilities, field error list: \
         [spec.containers[0].securityContext.capabilities.add is forbidden, forbidden values found: [A B]])\
         (Forbidden reason: host namespaces, field error list: [spec.hostPID is forbidden, forbidden values found: true])\
         (Forbidden reason: privileged, field error list: [spec.containers[0].securityContext.privileged is forbidden, \
         forbidden values found: true])"
    );
    let unset = Rule { level: Level::Unset, version: Version::Unset, exclude: vec![] };
    let pod = r#"{"spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "a", "nfs": {}}], "containers": [{"securityContext": {"capabilities": {"drop": ["ALL"]}}}]}}"#;
    assert_eq!(
        said(pod, "Pod", &unset, &[]),
        "\":\": (Forbidden reason: allowPrivilegeEscalation != false, field error list: \
         [spec.containers[0].securityContext.allowPrivilegeEscalation is forbidden, forbidden values found: nil])\
         (Forbidden reason: restricted volume types, field error list: [spec.volumes[0].nfs: Forbidden])"
    );
    let host = r#"{"spec": {"containers": [{"livenessProbe": {"httpGet": {"host": "h"}}}]}}"#;
    assert_eq!(
        said(host, "Pod", &baseline, &[]),
        "\"baseline:latest\": (Forbidden reason: probe or lifecycle host, field error list: [])"
    );
}

#[test]
fn paths_lead_to_the_pod() {
    let baseline = rule(Level::Baseline, vec![]);
    let metadata = r#""metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/spec": "x"}}"#;
    let template = format!(r#"{{{metadata}, "spec": {{"hostIPC": true}}}}"#);
    let deployment = format!(r#"{{"spec": {{"template": {template}}}}}"#);
    let cron = format!(r#"{{"spec": {{"jobTemplate": {{{metadata}, "spec": {{"template": {template}}}}}}}}}"#);
    let said = |object: &str, kind| {
        said(object, kind, &baseline, &[])
            .replace(" is forbidden, forbidden values found: ", "=")
            .replace("Forbidden ", "")
    };
    assert_eq!(
        said(&template, "Pod"),
        "\"baseline:latest\": (reason: forbidden AppArmor profile, field error list: [spec.template.metadata.\
         annotations[container.apparmor.security.beta.kubernetes.io/spec]=x])(reason: host namespaces, field error list: \
         [spec.hostIPC=true])"
    );
    assert_eq!(
        said(&deployment, "StatefulSet"),
        "\"baseline:latest\": (reason: forbidden AppArmor profile, field error list: [spec.template.metadata.\
         annotations[container.apparmor.security.beta.kubernetes.io/spec.template.spec]=x])(reason: host namespaces, \
         field error list: [spec.template.spec.hostIPC=true])"
    );
    assert!(said(&cron, "CronJob").contains("spec.jobTemplate.spec.template.spec.hostIPC=true"));
}

#[test]
fn what_is_not_looked_at() {
    let baseline = rule(Level::Baseline, vec![]);
    assert_eq!(
        said("{}", "Service", &baseline, &[]),
        "Error while getting new resource: could not find correct resource type"
    );
    assert_eq!(
        said(r#"{"spec": []}"#, "CronJob", &baseline, &[]),
        "Error while getting new resource: json: cannot unmarshal array into Go struct field CronJob.spec of type \
         v1.CronJobSpec"
    );
}

#[test]
fn exceptions() {
    let capabilities = [exclusion(Control::Capabilities, &["*"]), exclusion(Control::PrivilegedContainers, &["*"])];
    let namespaces = [exclusion(Control::HostNamespaces, &[])];
    let some = Exception { key: "ns/some", exclude: &capabilities };
    let rest = Exception { key: "ns/rest", exclude: &namespaces };
    let all = Exception { key: "ns/all", exclude: &[] };
    let baseline = rule(Level::Baseline, vec![]);
    let said = |object, rule, exceptions: &[_]| said(object, "Pod", rule, exceptions);
    assert_eq!(
        said(BAD, &baseline, &[some]),
        "\"baseline:latest\": (Forbidden reason: host namespaces, field error list: [spec.hostPID is forbidden, forbidden \
         values found: true])"
    );
    let skipped = "rule is skipped due to policy exceptions ns/some, ns/rest";
    assert_eq!(said(BAD, &baseline, &[some, rest]), skipped);
    assert_eq!(said("{}", &baseline, &[some, rest]), "Validation rule 'r' passed.");
    assert_eq!(said("{}", &baseline, &[some, all]), "rule is skipped due to policy exception ns/all");
    let excluding = rule(Level::Baseline, capabilities.to_vec());
    assert_eq!(said(BAD, &excluding, &[rest]), "rule is skipped due to policy exceptions ns/rest");
}

#[test]
fn details_and_controls() {
    let pod = r#"{"metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "b\"c"}}, "spec": {
        "securityContext": {"appArmorProfile": {"type": "z"}, "runAsUser": 0, "seLinuxOptions": {"role": "r"}},
        "volumes": [{"name": "v", "hostPath": {}}, {"name": "w"}],
        "containers": [
            {"name": "a", "ports": [{"hostPort": 9}, {"hostPort": 80}], "securityContext": {"runAsNonRoot": false,
                "seLinuxOptions": {"type": "t", "user": "u"}}},
            {"name": "b", "livenessProbe": {"httpGet": {"host": "h"}}, "securityContext": {"procMount": "Unmasked"}}]}}"#;
    let restricted = rule(Level::Restricted, vec![]);
    let expected = [
        (
            Check::AllowPrivilegeEscalation,
            "containers \"a\", \"b\" must set securityContext.allowPrivilegeEscalation=false",
            Some("a b"),
        ),
        (
            Check::AppArmorProfile,
            "pod and annotation must not set AppArmor profile type to \"z\", \
             \"container.apparmor.security.beta.kubernetes.io/a=\"b\\\"c\"\"",
            None,
        ),
        (
            Check::CapabilitiesRestricted,
            "containers \"a\", \"b\" must set securityContext.capabilities.drop=[\"ALL\"]",
            Some("a b"),
        ),
        (Check::HostPathVolumes, "volume \"v\"", None),
        (Check::HostPorts, "container \"a\" uses hostPorts 80, 9", None),
        (Check::HostProbes, "container \"b\" uses probe or lifecycle host \"h\"", None),
        (Check::ProcMount, "container \"b\" must not set securityContext.procMount to \"Unmasked\"", Some("b")),
        (Check::RestrictedVolumes, "volumes \"v\", \"w\" use restricted volume types \"hostPath\", \"unknown\"", None),
        (
            Check::RunAsNonRoot,
            "container \"a\" must not set securityContext.runAsNonRoot=false\npod or container \"b\" must set \
             securityContext.runAsNonRoot=true",
            Some("a"),
        ),
        (Check::RunAsUser, "pod must not set runAsUser=0", None),
        (
            Check::SeLinuxOptions,
            "pod and container \"a\" set forbidden securityContext.seLinuxOptions: type \"t\"; user may not be set; role \
             may not be set",
            None,
        ),
        (
            Check::SeccompRestricted,
            "pod or containers \"a\", \"b\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \
             \"Localhost\"",
            Some("a b"),
        ),
    ];
    with(pod, "Pod", &restricted, &[], |pod, outcome| {
        let Outcome::Fail(violations) = outcome else { panic!("{outcome:?}") };
        let found: Vec<_> = violations.iter().map(|v| (v.check, detail(v))).collect();
        assert_eq!(found, expected.map(|(check, text, _)| (check, text.to_owned())));
        let names = |r: &ControlReport| r.images.as_ref().map(|names| names.join(" "));
        let reports = controls(pod.unwrap(), &violations);
        assert_eq!(reports.iter().map(names).collect::<Vec<_>>(), expected.map(|(.., names)| names.map(str::to_owned)));
        assert_eq!((reports[0].id, reports[0].control), ("allowPrivilegeEscalation", "Privilege Escalation"));
        assert_eq!((reports[5].id, reports[5].control), ("hostProbesAndHostLifecycle", ""));
    });
}

#[test]
fn reports_show_images() {
    let images = |pod: &str| {
        let mut images = Vec::new();
        with(pod, "Pod", &rule(Level::Baseline, vec![]), &[], |pod, outcome| {
            let Outcome::Fail(violations) = outcome else { panic!("{outcome:?}") };
            images = controls(pod.unwrap(), &violations).remove(0).images.unwrap_or_default();
        });
        images
    };
    let pod = r#"{"spec": {"containers": [_{"name": "b", "image": "ghcr.io/a/b:v1"}, {"name": "c"}], "initContainers": [
        {"name": "a", "image": "x", "securityContext": {"privileged": true}},
        {"name": "b", "image": "y", "securityContext": {"privileged": true}},
        {"name": "c", "securityContext": {"privileged": true}}]}}"#;
    assert_eq!(images(&pod.replace('_', "")), ["docker.io/x:latest", "ghcr.io/a/b:v1", "c"]);
    for bad in [r#"{"image": "a"},"#, r#"{"name": "z", "image": "A B"},"#] {
        assert_eq!(images(&pod.replace('_', bad)), ["a", "b", "c"]);
    }
}
