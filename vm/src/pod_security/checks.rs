//! The checks. Each adds what it finds in Kubernetes' order, and nothing where a pod is allowed.
//!
//! Kubernetes: k8s.io/pod-security-admission/policy, in Kyverno's fork of it, which has a field for every finding.

mod containers;
mod pods;
mod profiles;
mod users;

use super::control::Check;
use super::finding::{At, Bad, Finding};
use super::pod::{Inside, Pod};
use super::rule::{Level, Version};
use super::types::Part;

/// What a check found.
pub(super) type Found<'p> = Vec<Finding<'p>>;

/// Whether a check is made at a level.
pub(super) fn is_made(check: Check, level: Level) -> bool {
    level != Level::Baseline || check.is_baseline()
}

/// Makes one check.
///
/// A check is made in its first form for versions that did not have it yet.
/// Kyverno: pkg/pss/evaluate.go, evaluatePSS
pub(super) fn check<'p>(check: Check, version: Version, pod: Pod<'p>, found: &mut Found<'p>) {
    let windows = || version.is_at_least(25) && pod.is_windows();
    match check {
        Check::AllowPrivilegeEscalation if !windows() => containers::privilege_escalation(pod, found),
        Check::AppArmorProfile => profiles::app_armor(pod, found),
        Check::CapabilitiesBaseline => containers::capabilities_baseline(pod, found),
        Check::CapabilitiesRestricted if !windows() => containers::capabilities_restricted(pod, found),
        Check::HostNamespaces => pods::host_namespaces(pod, found),
        Check::HostPathVolumes => pods::host_paths(pod, found),
        Check::HostPorts => containers::host_ports(pod, found),
        Check::HostProbes => containers::host_probes(pod, found),
        Check::Privileged => containers::privileged(pod, found),
        Check::ProcMount => containers::proc_mount(pod, found),
        Check::RestrictedVolumes => pods::restricted_volumes(pod, found),
        Check::RunAsNonRoot => users::non_root(pod, found),
        Check::RunAsUser => users::user(pod, found),
        Check::SeLinuxOptions => profiles::se_linux(pod, version, found),
        Check::SeccompBaseline if version.is_at_least(19) => profiles::seccomp_baseline(pod, found),
        Check::SeccompBaseline => profiles::seccomp_annotations(pod, found),
        Check::SeccompRestricted if !windows() => profiles::seccomp_restricted(pod, found),
        Check::Sysctls => pods::sysctls(pod, version, found),
        Check::WindowsHostProcess => users::host_process(pod, found),
        Check::AllowPrivilegeEscalation | Check::CapabilitiesRestricted | Check::SeccompRestricted => {}
    }
}

/// A finding in a part of the pod.
fn of_pod<'p>(pod: Pod<'p>, part: Part, value: Bad<'p>) -> Finding<'p> {
    Finding { at: At::Pod(part.path()), value, node: pod.places().near(part) }
}

/// A finding in a part of a container.
fn of_container<'p>(c: Inside<'p>, part: Part, value: Bad<'p>) -> Finding<'p> {
    Finding { at: At::Container(c.place(), part.path()), value, node: c.near(part) }
}
