//! The checks of the Pod Security Standards, the controls that exclusions name, and what belongs to which.

/// A check, in the order in which Kubernetes makes them.
///
/// Kubernetes: k8s.io/pod-security-admission/policy, where each is in a file and Go takes the files by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Check {
    /// No process gets more privileges than its parent
    AllowPrivilegeEscalation,
    /// AppArmor is not overridden
    AppArmorProfile,
    /// Capabilities beyond the usual ones are not added
    CapabilitiesBaseline,
    /// All capabilities are dropped, and only one may be added
    CapabilitiesRestricted,
    /// Namespaces of the host are not shared
    HostNamespaces,
    /// Paths of the host are not mounted
    HostPathVolumes,
    /// Ports of the host are not used
    HostPorts,
    /// Probes and handlers stay inside the pod
    HostProbes,
    /// Containers are not privileged
    Privileged,
    /// `/proc` is masked
    ProcMount,
    /// Volumes are of harmless types
    RestrictedVolumes,
    /// Containers say that they do not run as root
    RunAsNonRoot,
    /// Containers do not ask for user 0
    RunAsUser,
    /// SELinux is not overridden
    SeLinuxOptions,
    /// Seccomp is not switched off
    SeccompBaseline,
    /// Seccomp is switched on
    SeccompRestricted,
    /// Only safe sysctls are set
    Sysctls,
    /// Pods have no access to a Windows host
    WindowsHostProcess,
}

impl Check {
    /// All, in order.
    pub const ALL: [Check; 18] = [
        Check::AllowPrivilegeEscalation,
        Check::AppArmorProfile,
        Check::CapabilitiesBaseline,
        Check::CapabilitiesRestricted,
        Check::HostNamespaces,
        Check::HostPathVolumes,
        Check::HostPorts,
        Check::HostProbes,
        Check::Privileged,
        Check::ProcMount,
        Check::RestrictedVolumes,
        Check::RunAsNonRoot,
        Check::RunAsUser,
        Check::SeLinuxOptions,
        Check::SeccompBaseline,
        Check::SeccompRestricted,
        Check::Sysctls,
        Check::WindowsHostProcess,
    ];

    /// The check's id, as reports spell it.
    pub fn id(self) -> &'static str {
        match self {
            Check::AllowPrivilegeEscalation => "allowPrivilegeEscalation",
            Check::AppArmorProfile => "appArmorProfile",
            Check::CapabilitiesBaseline => "capabilities_baseline",
            Check::CapabilitiesRestricted => "capabilities_restricted",
            Check::HostNamespaces => "hostNamespaces",
            Check::HostPathVolumes => "hostPathVolumes",
            Check::HostPorts => "hostPorts",
            Check::HostProbes => "hostProbesAndHostLifecycle",
            Check::Privileged => "privileged",
            Check::ProcMount => "procMount",
            Check::RestrictedVolumes => "restrictedVolumes",
            Check::RunAsNonRoot => "runAsNonRoot",
            Check::RunAsUser => "runAsUser",
            Check::SeLinuxOptions => "seLinuxOptions",
            Check::SeccompBaseline => "seccompProfile_baseline",
            Check::SeccompRestricted => "seccompProfile_restricted",
            Check::Sysctls => "sysctls",
            Check::WindowsHostProcess => "windowsHostProcess",
        }
    }

    /// Whether it is made at the level `baseline` too.
    pub fn is_baseline(self) -> bool {
        !matches!(
            self,
            Check::AllowPrivilegeEscalation
                | Check::CapabilitiesRestricted
                | Check::RestrictedVolumes
                | Check::RunAsNonRoot
                | Check::RunAsUser
                | Check::SeccompRestricted
        )
    }

    /// The control that it belongs to; one check cannot be excluded.
    pub fn control(self) -> Option<Control> {
        Control::ALL.into_iter().find(|c| c.checks().contains(&self))
    }
}

/// A control, which exclusions name.
///
/// Kyverno: pkg/pss/utils/mapping.go
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Control {
    /// `HostProcess`
    HostProcess,
    /// `Host Namespaces`
    HostNamespaces,
    /// `Privileged Containers`
    PrivilegedContainers,
    /// `Capabilities`
    Capabilities,
    /// `HostPath Volumes`
    HostPathVolumes,
    /// `Host Ports`
    HostPorts,
    /// `AppArmor`
    AppArmor,
    /// `SELinux`
    SeLinux,
    /// `/proc Mount Type`
    ProcMountType,
    /// `Seccomp`
    Seccomp,
    /// `Sysctls`
    Sysctls,
    /// `Volume Types`
    VolumeTypes,
    /// `Privilege Escalation`
    PrivilegeEscalation,
    /// `Running as Non-root`
    NonRoot,
    /// `Running as Non-root user`
    NonRootUser,
}

/// What a control is about, which says whether its exclusions name images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Containers: images have to be named
    Containers,
    /// The pod: no image may be named
    Pod,
    /// Both: without images, the exclusion is about the pod
    Both,
}

impl Control {
    /// All, in the order in which Kyverno's schema lists them, which is that of their encoding.
    pub const ALL: [Control; 15] = [
        Control::HostProcess,
        Control::HostNamespaces,
        Control::PrivilegedContainers,
        Control::Capabilities,
        Control::HostPathVolumes,
        Control::HostPorts,
        Control::AppArmor,
        Control::SeLinux,
        Control::ProcMountType,
        Control::Seccomp,
        Control::Sysctls,
        Control::VolumeTypes,
        Control::PrivilegeEscalation,
        Control::NonRoot,
        Control::NonRootUser,
    ];

    /// The control of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Control::HostProcess => "HostProcess",
            Control::HostNamespaces => "Host Namespaces",
            Control::PrivilegedContainers => "Privileged Containers",
            Control::Capabilities => "Capabilities",
            Control::HostPathVolumes => "HostPath Volumes",
            Control::HostPorts => "Host Ports",
            Control::AppArmor => "AppArmor",
            Control::SeLinux => "SELinux",
            Control::ProcMountType => "/proc Mount Type",
            Control::Seccomp => "Seccomp",
            Control::Sysctls => "Sysctls",
            Control::VolumeTypes => "Volume Types",
            Control::PrivilegeEscalation => "Privilege Escalation",
            Control::NonRoot => "Running as Non-root",
            Control::NonRootUser => "Running as Non-root user",
        }
    }

    /// Its checks.
    pub fn checks(self) -> &'static [Check] {
        match self {
            Control::HostProcess => &[Check::WindowsHostProcess],
            Control::HostNamespaces => &[Check::HostNamespaces],
            Control::PrivilegedContainers => &[Check::Privileged],
            Control::Capabilities => &[Check::CapabilitiesBaseline, Check::CapabilitiesRestricted],
            Control::HostPathVolumes => &[Check::HostPathVolumes],
            Control::HostPorts => &[Check::HostPorts],
            Control::AppArmor => &[Check::AppArmorProfile],
            Control::SeLinux => &[Check::SeLinuxOptions],
            Control::ProcMountType => &[Check::ProcMount],
            Control::Seccomp => &[Check::SeccompBaseline, Check::SeccompRestricted],
            Control::Sysctls => &[Check::Sysctls],
            Control::VolumeTypes => &[Check::RestrictedVolumes],
            Control::PrivilegeEscalation => &[Check::AllowPrivilegeEscalation],
            Control::NonRoot => &[Check::RunAsNonRoot],
            Control::NonRootUser => &[Check::RunAsUser],
        }
    }

    /// What it is about.
    pub fn reach(self) -> Reach {
        match self {
            Control::Capabilities
            | Control::PrivilegedContainers
            | Control::HostPorts
            | Control::ProcMountType
            | Control::PrivilegeEscalation => Reach::Containers,
            Control::HostNamespaces | Control::HostPathVolumes | Control::Sysctls | Control::VolumeTypes => Reach::Pod,
            _ => Reach::Both,
        }
    }

    /// Whether no check of it is made at the level `baseline`.
    pub fn is_restricted(self) -> bool {
        !self.checks().iter().any(|c| c.is_baseline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        assert!(Check::ALL.iter().enumerate().all(|(n, c)| *c as usize == n));
        assert!(Control::ALL.iter().enumerate().all(|(n, c)| *c as usize == n));
        assert!(Control::ALL.iter().all(|c| Control::parse(c.name()) == Some(*c)));
        let without: Vec<_> = Check::ALL.iter().filter(|c| c.control().is_none()).collect();
        assert_eq!(without, [&Check::HostProbes]);
        let restricted: Vec<_> = Control::ALL.iter().filter(|c| c.is_restricted()).map(|c| c.name()).collect();
        assert_eq!(
            restricted,
            ["Volume Types", "Privilege Escalation", "Running as Non-root", "Running as Non-root user"]
        );
    }
}
