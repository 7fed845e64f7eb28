//! Checks of what is around containers.

use super::{Found, of_pod};
use crate::pod_security::facts::Volume;
use crate::pod_security::finding::{At, Bad, Finding};
use crate::pod_security::pod::{Parts, Pod};
use crate::pod_security::rule::Version;
use crate::pod_security::types::{Part, RESTRICTED};

pub(super) fn host_namespaces<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for part in [Part::HostNetwork, Part::HostPid, Part::HostIpc] {
        if pod.flag(part) == Some(true) {
            found.push(of_pod(pod, part, Bad::Bool(true)));
        }
    }
}

/// The bit of `hostPath` among the sources of a volume.
const HOST_PATH: u32 = 1;

pub(super) fn host_paths<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for (index, volume) in volumes(pod).filter(|(_, v)| v.restricted & HOST_PATH != 0) {
        let path = volume.path.map_or("", |node| pod.doc.str(node));
        found.push(of_volume(pod, index, volume, "hostPath", Bad::Text(path)));
    }
}

pub(super) fn restricted_volumes<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for (index, volume) in volumes(pod).filter(|(_, v)| !v.allowed) {
        let source = RESTRICTED.get(volume.restricted.trailing_zeros() as usize).unwrap_or(&"unknown");
        found.push(of_volume(pod, index, volume, source, Bad::Any));
    }
}

fn volumes<'p>(pod: Pod<'p>) -> impl Iterator<Item = (u32, &'p Volume)> {
    let volumes: &'p [Volume] = if pod.is_whole() { &pod.facts.volumes } else { &[] };
    (0u32..).zip(volumes)
}

fn of_volume<'p>(pod: Pod<'p>, index: u32, volume: &Volume, source: &'static str, value: Bad<'p>) -> Finding<'p> {
    let name = volume.name.map_or("", |node| pod.doc.str(node));
    Finding { at: At::Volume { index, name, source }, value, node: volume.path.or(Some(volume.node)) }
}

/// The sysctls that may be set, each with the first version for which it may.
const SAFE: [(&str, u64); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

pub(super) fn sysctls<'p>(pod: Pod<'p>, version: Version, found: &mut Found<'p>) {
    if !pod.is_whole() {
        return;
    }
    for (index, sysctl) in (0u32..).zip(&pod.facts.sysctls) {
        let name = sysctl.name.map_or("", |node| pod.doc.str(node));
        if !SAFE.iter().any(|(safe, since)| *safe == name && version.is_at_least(*since)) {
            let node = sysctl.name.or(Some(sysctl.node));
            found.push(Finding { at: At::Sysctl(index), value: Bad::Text(name), node });
        }
    }
}
