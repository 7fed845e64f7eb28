//! Pod Security Standards in rules, and what is left out of them.

use schemars::JsonSchema;
use serde::Deserialize;

/// Checks pods with a level of the Pod Security Standards.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct PodSecurity {
    /// Controls that are left out.
    pub exclude: Option<Vec<PodSecurityExclude>>,
    /// The level.
    pub level: Option<Level>,
    /// The version of the standards; the latest where there is none.
    #[schemars(extend("enum" = [
        "v1.19", "v1.20", "v1.21", "v1.22", "v1.23", "v1.24", "v1.25", "v1.26", "v1.27", "v1.28", "v1.29", "v1.30",
        "v1.31", "v1.32", "latest"
    ]))]
    pub version: Option<String>,
}

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everything is allowed.
    Privileged,
    /// Known ways to more privileges are not.
    Baseline,
    /// What hardened pods need.
    Restricted,
}

/// A control that is left out, for some images or some values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSecurityExclude {
    /// The name of the control.
    #[schemars(extend("enum" = [
        "HostProcess", "Host Namespaces", "Privileged Containers", "Capabilities", "HostPath Volumes", "Host Ports",
        "AppArmor", "SELinux", "/proc Mount Type", "Seccomp", "Sysctls", "Volume Types", "Privilege Escalation",
        "Running as Non-root", "Running as Non-root user"
    ]))]
    pub control_name: String,
    /// Images of containers that it is left out for, with wildcards; none for a control of whole pods.
    pub images: Option<Vec<String>>,
    /// The only field that it is left out for.
    pub restricted_field: Option<String>,
    /// Values of that field, with wildcards.
    pub values: Option<Vec<String>>,
}
