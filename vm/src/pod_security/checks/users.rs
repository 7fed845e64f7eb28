//! Checks of whom processes run as.

use super::{Found, of_container, of_pod};
use crate::pod_security::finding::Bad;
use crate::pod_security::pod::{Parts, Pod};
use crate::pod_security::types::Part;

pub(super) fn non_root<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    let outside = pod.flag(Part::NonRoot);
    if outside == Some(false) {
        found.push(of_pod(pod, Part::NonRoot, Bad::Bool(false)));
    }
    for c in pod.containers().filter(|c| c.flag(Part::NonRoot) == Some(false)) {
        found.push(of_container(c, Part::NonRoot, Bad::Bool(false)));
    }
    if outside != Some(true) {
        let silent = pod.containers().filter(|c| c.flag(Part::NonRoot).is_none());
        found.extend(silent.map(|c| of_container(c, Part::NonRoot, Bad::Required)));
    }
}

pub(super) fn user<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    if pod.is_zero(Part::User) {
        found.push(of_pod(pod, Part::User, Bad::Int(0)));
    }
    let root = pod.containers().filter(|c| c.is_zero(Part::User));
    found.extend(root.map(|c| of_container(c, Part::User, Bad::Int(0))));
}

pub(super) fn host_process<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    if pod.flag(Part::HostProcess) == Some(true) {
        found.push(of_pod(pod, Part::HostProcess, Bad::Bool(true)));
    }
    let all = pod.containers().filter(|c| c.flag(Part::HostProcess) == Some(true));
    found.extend(all.map(|c| of_container(c, Part::HostProcess, Bad::Bool(true))));
}
