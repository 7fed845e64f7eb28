//! Checks of containers only.

use super::{Found, of_container};
use crate::pod_security::finding::{At, Bad, Finding};
use crate::pod_security::pod::{Parts, Pod};
use crate::pod_security::types::Part;

pub(super) fn privilege_escalation<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for c in pod.containers() {
        let value = match (c.has(Part::Security), c.flag(Part::Escalation)) {
            (false, _) => Bad::Required,
            (true, None) => Bad::Text("nil"),
            (true, Some(true)) => Bad::Bool(true),
            (true, Some(false)) => continue,
        };
        found.push(of_container(c, Part::Escalation, value));
    }
}

/// What may be added at the level `baseline`, sorted.
const USUAL: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) fn capabilities_baseline<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    added(pod, |c| USUAL.binary_search(&c).is_ok(), found);
}

pub(super) fn capabilities_restricted<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for c in pod.containers() {
        if c.has(Part::Capabilities) && c.texts(Part::Dropped).any(|c| c == "ALL") {
            continue;
        }
        let dropped: Vec<_> = c.texts(Part::Dropped).collect();
        let value = if dropped.is_empty() { Bad::Required } else { Bad::set(dropped) };
        found.push(of_container(c, Part::Dropped, value));
    }
    added(pod, |c| c == "NET_BIND_SERVICE", found);
}

/// Containers that add more than is allowed.
fn added<'p>(pod: Pod<'p>, allowed: impl Fn(&str) -> bool, found: &mut Found<'p>) {
    for c in pod.containers() {
        let bad: Vec<_> = c.texts(Part::Added).filter(|c| !allowed(c)).collect();
        if !bad.is_empty() {
            found.push(of_container(c, Part::Added, Bad::set(bad)));
        }
    }
}

pub(super) fn host_ports<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    if pod.facts.ports.is_empty() {
        return;
    }
    for c in pod.containers() {
        found.extend(c.ports().iter().map(|port| Finding {
            at: At::Port(c.place(), port.index),
            value: Bad::Int(port.number),
            node: Some(port.node),
        }));
    }
}

pub(super) fn host_probes<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    if pod.facts.hosts.is_empty() {
        return;
    }
    for c in pod.containers() {
        found.extend(c.hosts().iter().map(|host| Finding {
            at: At::Handler(c.place()),
            value: Bad::Text(pod.doc.str(host.name)),
            node: Some(host.name),
        }));
    }
}

pub(super) fn privileged<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for c in pod.containers().filter(|c| c.flag(Part::Privileged) == Some(true)) {
        found.push(of_container(c, Part::Privileged, Bad::Bool(true)));
    }
}

pub(super) fn proc_mount<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    for c in pod.containers().filter(|c| c.has(Part::ProcMount)) {
        let value = c.text(Part::ProcMount);
        if value != "Default" {
            found.push(of_container(c, Part::ProcMount, Bad::Text(value)));
        }
    }
}
