//! Which fields the checks of a control find anything in.

use super::control::{Check, Control};
use super::types::{List, Part, RESTRICTED};

impl Control {
    /// Whether an exclusion of this field can ever exclude anything: a path with `*` for positions in lists.
    pub fn looks_at(self, field: &str) -> bool {
        self.checks().iter().any(|check| check.looks_at(field))
    }
}

impl Check {
    fn looks_at(self, field: &str) -> bool {
        let annotations = matches!(self, Check::AppArmorProfile | Check::SeccompBaseline);
        let Some(inside) = field.strip_prefix("spec.") else {
            return annotations && field.starts_with("metadata.annotations[");
        };
        let (pod, container) = self.parts();
        let lists = [List::Init, List::Main, List::Ephemeral];
        let of_container = |l: List| inside.strip_prefix(l.name())?.strip_prefix("[*].");
        if let Some(inside) = lists.into_iter().find_map(of_container) {
            let port = self == Check::HostPorts && inside == "ports[*].hostPort";
            return port || container.iter().any(|part| part.path() == inside);
        }
        match self {
            Check::HostPathVolumes => inside == "volumes[*].hostPath",
            Check::RestrictedVolumes => {
                let source = inside.strip_prefix("volumes[*].");
                source.is_some_and(|s| s == "unknown" || RESTRICTED.contains(&s))
            }
            Check::Sysctls => inside == "securityContext.sysctls[*].name",
            _ => pod.iter().any(|part| part.path() == inside),
        }
    }

    /// The parts of a pod and of a container that a check finds something in.
    fn parts(self) -> (&'static [Part], &'static [Part]) {
        const SE_LINUX: &[Part] = &[Part::SeLinuxType, Part::SeLinuxUser, Part::SeLinuxRole];
        let both = |parts: &'static [Part]| (parts, parts);
        match self {
            Check::AllowPrivilegeEscalation => (&[], &[Part::Escalation]),
            Check::AppArmorProfile => both(&[Part::AppArmorType]),
            Check::CapabilitiesBaseline => (&[], &[Part::Added]),
            Check::CapabilitiesRestricted => (&[], &[Part::Added, Part::Dropped]),
            Check::HostNamespaces => (&[Part::HostNetwork, Part::HostPid, Part::HostIpc], &[]),
            Check::Privileged => (&[], &[Part::Privileged]),
            Check::ProcMount => (&[], &[Part::ProcMount]),
            Check::RunAsNonRoot => both(&[Part::NonRoot]),
            Check::RunAsUser => both(&[Part::User]),
            Check::SeLinuxOptions => both(SE_LINUX),
            Check::SeccompBaseline | Check::SeccompRestricted => both(&[Part::SeccompType]),
            Check::WindowsHostProcess => both(&[Part::HostProcess]),
            Check::HostPathVolumes
            | Check::HostPorts
            | Check::HostProbes
            | Check::RestrictedVolumes
            | Check::Sysctls => (&[], &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_controls() {
        let table = [
            (Control::HostNamespaces, "spec.hostPID", true),
            (Control::HostNamespaces, "spec.containers[*].hostPID", false),
            (Control::HostPorts, "spec.initContainers[*].ports[*].hostPort", true),
            (Control::HostPorts, "spec.initContainers[0].ports[*].hostPort", false),
            (Control::Capabilities, "spec.ephemeralContainers[*].securityContext.capabilities.drop", true),
            (Control::Capabilities, "spec.securityContext.capabilities.drop", false),
            (Control::SeLinux, "spec.securityContext.seLinuxOptions.role", true),
            (Control::VolumeTypes, "spec.volumes[*].nfs", true),
            (Control::VolumeTypes, "spec.volumes[*]", false),
            (Control::VolumeTypes, "spec.volumes[*].emptyDir", false),
            (Control::Sysctls, "spec.securityContext.sysctls[*].name", true),
            (Control::AppArmor, "metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]", true),
            (Control::AppArmor, "metadata.annotations", false),
            (Control::Seccomp, "foo", false),
        ];
        for (control, field, expected) in table {
            assert_eq!(control.looks_at(field), expected, "{field}");
        }
    }
}
