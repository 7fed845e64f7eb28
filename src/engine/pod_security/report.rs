//! What reports say about violated checks, besides the message.
//!
//! Kyverno: pkg/utils/report/results.go, addPodSecurityProperties

use super::detail::detail;
use kyvc_vm::builtin::normalize_image;
use kyvc_vm::pod_security::{List, Pod, Violation};

/// A violated check, as a report lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlReport {
    /// The check's id
    pub id: &'static str,
    /// Its control, empty where it has none
    pub control: &'static str,
    /// The images of the containers that it is about, where Kyverno finds them
    pub images: Option<Vec<String>>,
}

/// The violated checks of a pod.
pub fn controls(pod: Pod<'_>, violations: &[Violation<'_>]) -> Vec<ControlReport> {
    let images = images(pod);
    let of = |name: String| match images.iter().find(|(_, of, _)| *of == name) {
        Some((.., image)) => image.clone(),
        None => name,
    };
    let control = |v: &Violation<'_>| ControlReport {
        id: v.check.id(),
        control: v.check.control().map_or("", |c| c.name()),
        images: containers(&detail(v)).map(|names| names.into_iter().map(of).collect()),
    };
    violations.iter().map(control).collect()
}

/// Images by containers' names, the one that Kyverno takes first where several are of one name. There are none at all
/// where a container has no name, or an image is no name of one.
///
/// Kyverno: pkg/utils/api/image.go; pkg/engine/handlers/validation/validate_pss.go, getImageReference
fn images(pod: Pod<'_>) -> Vec<(List, &str, String)> {
    let mut images = Vec::new();
    for (list, name, image) in pod.images() {
        match name {
            Some(_) if image.trim().is_empty() => {}
            Some(name) => match normalize_image(image) {
                Ok(image) => images.push((list, name, image)),
                Err(_) => return Vec::new(),
            },
            None => return Vec::new(),
        }
    }
    images.reverse();
    images.sort_by_key(|(list, ..)| match list {
        List::Main => 0,
        List::Init => 1,
        List::Ephemeral => 2,
    });
    images
}

/// The names of containers in a detail. Kyverno takes what stands between `container` and the next `must`, so that it
/// finds none in some details, and more than names in others.
/// Kyverno: pkg/engine/handlers/validation/validate_pss.go, regexContainerNames
fn containers(detail: &str) -> Option<Vec<String>> {
    let (from, _) = detail.match_indices("container").find(|(at, _)| named(detail, *at).is_some())?;
    let names = named(detail, from)?.replace(['"', ' '], "");
    Some(names.split(',').map(str::to_owned).collect())
}

/// `container(?:s)?\s*(.*?)\s*must` at a place.
fn named(detail: &str, at: usize) -> Option<&str> {
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r');
    let rest = detail.get(at..)?.strip_prefix("container")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).trim_start_matches(space);
    let names = rest.get(..rest.find("must")?)?.trim_end_matches(space);
    (!names.contains('\n')).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_expression() {
        let found = |detail| containers(detail).map(|names| names.join("|"));
        assert_eq!(found(r#"containers "a", "b" must set x"#).as_deref(), Some("a|b"));
        assert_eq!(found("pod must not x\npod or container \"a\" must y").as_deref(), Some("a"));
        assert_eq!(found(r#"pod and container "a" and annotation must not"#).as_deref(), Some("aandannotation"));
        assert_eq!(found(r#"container "must" must not"#).as_deref(), Some(""));
        assert_eq!(found(r#"container "a" uses hostPort 80"#), None);
        assert_eq!(found("volume \"a\" uses"), None);
    }
}
