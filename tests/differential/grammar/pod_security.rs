//! `validate.podSecurity`: levels, versions, and exclusions of every form.

use super::Gen;
use super::action;
use super::variables;
use super::vocab::IMAGES;
use serde_json::{Map, Value, json};

/// The constructs of rules about Pod Security Standards.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "level/baseline",
    "level/restricted",
    "level/privileged",
    "version/latest",
    "version/some",
    "version/absent",
    "version/odd",
    "exclusion/none",
    "exclusion/control",
    "exclusion/images",
    "exclusion/field",
    "exclusion/field-and-images",
    "exclusion/wrong",
    "exclusions/several",
];

/// A field, and values that may stand there.
type Field = (&'static str, &'static [&'static str]);

/// The controls: a name, whether it is about containers, and a field with values.
const CONTROLS: &[(&str, bool, &[Field])] = &[
    (
        "HostProcess",
        true,
        &[
            ("spec.containers[*].securityContext.windowsOptions.hostProcess", &["true"]),
            ("spec.securityContext.windowsOptions.hostProcess", &["true"]),
        ],
    ),
    ("Host Namespaces", false, &[("spec.hostNetwork", &["true"]), ("spec.hostPID", &["true"])]),
    (
        "Privileged Containers",
        true,
        &[
            ("spec.containers[*].securityContext.privileged", &["true"]),
            ("spec.initContainers[*].securityContext.privileged", &["true"]),
        ],
    ),
    (
        "Capabilities",
        true,
        &[
            ("spec.containers[*].securityContext.capabilities.add", &["NET_ADMIN", "SYS_*"]),
            ("spec.initContainers[*].securityContext.capabilities.drop", &["ALL"]),
            ("spec.containers[*].securityContext.capabilities.drop", &["KILL"]),
        ],
    ),
    ("HostPath Volumes", false, &[("spec.volumes[*].hostPath", &["/var/run", "*"])]),
    ("Host Ports", true, &[("spec.containers[*].ports[*].hostPort", &["8080", "80"])]),
    ("AppArmor", false, &[("metadata.annotations", &["unconfined", "bad*"])]),
    (
        "SELinux",
        true,
        &[
            ("spec.containers[*].securityContext.seLinuxOptions.type", &["spc_t"]),
            ("spec.securityContext.seLinuxOptions.user", &["root"]),
        ],
    ),
    ("/proc Mount Type", true, &[("spec.containers[*].securityContext.procMount", &["Unmasked"])]),
    (
        "Seccomp",
        true,
        &[
            ("spec.containers[*].securityContext.seccompProfile.type", &["Unconfined"]),
            ("spec.securityContext.seccompProfile.type", &["Unconfined", ""]),
        ],
    ),
    ("Sysctls", false, &[("spec.securityContext.sysctls[*].name", &["kernel.msgmax", "kernel.*"])]),
    (
        "Volume Types",
        false,
        &[("spec.volumes[*]", &["hostPath", "gitRepo", "*"]), ("spec.volumes[*].hostPath", &["*"])],
    ),
    ("Privilege Escalation", true, &[("spec.containers[*].securityContext.allowPrivilegeEscalation", &["true", ""])]),
    (
        "Running as Non-root",
        true,
        &[
            ("spec.containers[*].securityContext.runAsNonRoot", &["false", ""]),
            ("spec.securityContext.runAsNonRoot", &["false", ""]),
        ],
    ),
    (
        "Running as Non-root user",
        true,
        &[("spec.containers[*].securityContext.runAsUser", &["0"]), ("spec.securityContext.runAsUser", &["0"])],
    ),
];

/// The `validate` block of a rule.
pub(crate) fn validation(g: &mut Gen) -> Value {
    let level = g.choose(&[("level/restricted", 55), ("level/baseline", 38), ("level/privileged", 7)]);
    let mut checks = Map::from_iter([("level".to_owned(), json!(level.trim_start_matches("level/")))]);
    let version =
        match g.choose(&[("version/latest", 50), ("version/some", 25), ("version/absent", 20), ("version/odd", 3)]) {
            "version/latest" => Some("latest"),
            "version/some" => Some(
                *g.rng
                    .pick(&["v1.19", "v1.22", "v1.24", "v1.25", "v1.27", "v1.29", "v1.31", "v1.32", "v1.33", "v1.34"]),
            ),
            "version/odd" => Some(*g.rng.pick(&["v1.0", "1.24", "v1.99", ""])),
            _ => None,
        };
    if let Some(version) = version {
        checks.insert("version".to_owned(), json!(version));
    }
    let wanted = if g.wants_family("exclusion") { 0 } else { 35 };
    if !(wanted > 0 && g.maybe("exclusion/none", wanted)) {
        let n = if g.maybe("exclusions/several", 35) { g.rng.between(2, 4) } else { 1 };
        let list: Vec<Value> = (0..n).map(|_| exclusion(g)).collect();
        checks.insert("exclude".to_owned(), Value::Array(list));
    }
    let mut validate = Map::from_iter([("podSecurity".to_owned(), Value::Object(checks))]);
    if g.rng.chance(20) {
        validate.insert("message".to_owned(), json!(variables::message(g)));
    }
    action::of_rule(g, &mut validate);
    Value::Object(validate)
}

fn exclusion(g: &mut Gen) -> Value {
    let (control, containers, fields) = *g.rng.pick(CONTROLS);
    let mut out = Map::from_iter([("controlName".to_owned(), json!(control))]);
    let table = [
        ("exclusion/control", 45),
        ("exclusion/images", 10),
        ("exclusion/field", 40),
        ("exclusion/field-and-images", 10),
        ("exclusion/wrong", 4),
    ];
    let form = g.choose(&table);
    let (field, values) = *g.rng.pick(fields);
    let of_containers = field.contains("ontainers");
    // Container controls are to name images, pod controls are not to.
    let images = match form {
        "exclusion/wrong" => !containers,
        "exclusion/field" | "exclusion/field-and-images" => of_containers,
        _ => containers,
    };
    if images {
        let n = g.rng.between(1, 2);
        let list: Vec<String> = (0..n).map(|_| image(g)).collect();
        out.insert("images".to_owned(), json!(list));
    }
    if form.starts_with("exclusion/field") {
        out.insert("restrictedField".to_owned(), json!(field));
        let values: Vec<&str> = if g.rng.chance(75) { values.to_vec() } else { vec![*g.rng.pick(&["*", "true", "x"])] };
        out.insert("values".to_owned(), json!(values));
    } else if form == "exclusion/wrong" && g.rng.chance(50) {
        out.insert("values".to_owned(), json!(["x"]));
    }
    Value::Object(out)
}

fn image(g: &mut Gen) -> String {
    match g.rng.below(5) {
        0 => "*".to_owned(),
        1 => (*g.rng.pick(IMAGES)).to_owned(),
        2 => "ghcr.io/*".to_owned(),
        3 => "*nginx*".to_owned(),
        _ => format!("{}*", g.rng.pick(&["nginx", "busybox", "registry.local:5000/", "docker.io/"])),
    }
}
