//! Checks of AppArmor, SELinux and seccomp.

use super::{Found, of_container, of_pod};
use crate::document::NodeId;
use crate::pod_security::finding::{At, Bad, Finding};
use crate::pod_security::pod::{Parts, Pod};
use crate::pod_security::rule::Version;
use crate::pod_security::types::Part;
use std::cmp::Ordering;

/// The types of profiles that may be set.
fn is_allowed(profile: &str) -> bool {
    matches!(profile, "RuntimeDefault" | "Localhost")
}

/// The type of a profile that may not be set.
fn bad_profile<'p>(of: impl Parts<'p>, profile: Part, ty: Part) -> Option<Bad<'p>> {
    let value = of.text(ty);
    (of.has(profile) && !is_allowed(value)).then_some(Bad::Text(value))
}

/// Profiles of the pod, then of containers, that may not be set.
fn bad_profiles<'p>(pod: Pod<'p>, profile: Part, ty: Part, found: &mut Found<'p>) {
    found.extend(bad_profile(pod, profile, ty).map(|value| of_pod(pod, ty, value)));
    let bad = pod.containers().filter_map(|c| Some(of_container(c, ty, bad_profile(c, profile, ty)?)));
    found.extend(bad);
}

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) fn app_armor<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    bad_profiles(pod, Part::AppArmor, Part::AppArmorType, found);
    let from = found.len();
    let allowed = |v: &str| v.is_empty() || v == "runtime/default" || v.starts_with("localhost/");
    let bad = pod.annotations().filter(|(k, v, _)| k.starts_with(APP_ARMOR_ANNOTATION) && !allowed(v));
    found.extend(bad.map(of_annotation));
    by_key(found, from);
}

pub(super) fn seccomp_baseline<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    bad_profiles(pod, Part::Seccomp, Part::SeccompType, found);
}

pub(super) fn seccomp_restricted<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    let before = found.len();
    seccomp_baseline(pod, found);
    // What is not set is found only where nothing is set wrongly.
    if found.len() == before && !pod.has(Part::Seccomp) {
        let silent = pod.containers().filter(|c| !c.has(Part::Seccomp));
        found.extend(silent.map(|c| of_container(c, Part::SeccompType, Bad::Required)));
    }
}

const SECCOMP_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Before version 1.19 annotations said what fields say now. A container's annotation is found once for each container
/// of that name.
pub(super) fn seccomp_annotations<'p>(pod: Pod<'p>, found: &mut Found<'p>) {
    let allowed = |v: &str| v == "runtime/default" || v == "docker/default" || v.starts_with("localhost/");
    let about = |k: &str| k == SECCOMP_ANNOTATION || k.starts_with(CONTAINER_ANNOTATION);
    let mut bad: Vec<_> = pod.annotations().filter(|(k, v, _)| about(k) && !allowed(v)).collect();
    if bad.is_empty() {
        return;
    }
    bad.sort_unstable_by_key(|(key, ..)| *key);
    // Those of containers come first.
    let mut times: Vec<_> = bad.iter().map(|(key, ..)| usize::from(*key == SECCOMP_ANNOTATION)).collect();
    for c in pod.containers() {
        let name = c.place().name;
        let of = |key: &str| key.strip_prefix(CONTAINER_ANNOTATION).map_or(Ordering::Greater, |of| of.cmp(name));
        let at = bad.binary_search_by(|(key, ..)| of(key));
        if let Some(times) = at.ok().and_then(|at| times.get_mut(at)) {
            *times += 1;
        }
    }
    found.extend(bad.into_iter().zip(times).flat_map(|(bad, times)| std::iter::repeat_n(of_annotation(bad), times)));
}

fn of_annotation<'p>((key, value, node): (&'p str, &'p str, NodeId)) -> Finding<'p> {
    Finding { at: At::Annotation(key), value: Bad::Text(value), node: Some(node) }
}

/// Puts annotations in order. Kubernetes lists them in Go's random order of maps.
fn by_key(found: &mut Found<'_>, from: usize) {
    let key = |f: &Finding<'_>| f.at.to_string();
    if let Some(annotations) = found.get_mut(from..).filter(|a| a.len() > 1) {
        annotations.sort_by_cached_key(key);
    }
}

const SE_LINUX: [Part; 3] = [Part::SeLinuxType, Part::SeLinuxUser, Part::SeLinuxRole];

pub(super) fn se_linux<'p>(pod: Pod<'p>, version: Version, found: &mut Found<'p>) {
    found.extend(bad_options(pod, version).map(|(part, value)| of_pod(pod, part, value)));
    for c in pod.containers() {
        found.extend(bad_options(c, version).map(|(part, value)| of_container(c, part, value)));
    }
}

/// Options that may not be set.
fn bad_options<'p>(of: impl Parts<'p>, version: Version) -> impl Iterator<Item = (Part, Bad<'p>)> {
    let there = of.has(Part::SeLinux);
    SE_LINUX.into_iter().filter(move |_| there).filter_map(move |part| {
        let value = of.text(part);
        let allowed = match value {
            "" => true,
            "container_t" | "container_init_t" | "container_kvm_t" => part == Part::SeLinuxType,
            "container_engine_t" => part == Part::SeLinuxType && version.is_at_least(31),
            _ => false,
        };
        (!allowed).then_some((part, Bad::Text(value)))
    })
}
