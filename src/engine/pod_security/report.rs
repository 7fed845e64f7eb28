//! What reports say about violated checks, besides the message.
//!
//! Kyverno: pkg/utils/report/results.go, addPodSecurityProperties

use super::detail::detail;
use kyvc_vm::builtin::normalize_image;
use kyvc_vm::pod_security::{List, Pod, Violation};
use std::collections::HashMap;

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
    let of = |name: String| images.get(name.as_str()).cloned().unwrap_or(name);
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
fn images(pod: Pod<'_>) -> HashMap<&str, String> {
    let mut images = HashMap::new();
    // The later ones take the place of the earlier ones.
    for wanted in [List::Ephemeral, List::Init, List::Main] {
        for (_, name, image) in pod.images().filter(|(list, ..)| *list == wanted) {
            let Some(name) = name else { return HashMap::new() };
            if image.trim().is_empty() {
                continue;
            }
            let Ok(image) = normalize_image(image) else { return HashMap::new() };
            images.insert(name, image);
        }
    }
    images
}

/// The names of containers in a detail. Kyverno takes what stands between `container` and the next `must`, so that it
/// finds none in some details, and more than names in others.
/// Kyverno: pkg/engine/handlers/validation/validate_pss.go, regexContainerNames
fn containers(detail: &str) -> Option<Vec<String>> {
    let names = named(detail)?.replace(['"', ' '], "");
    Some(names.split(',').map(str::to_owned).collect())
}

/// What `container(?:s)?\s*(.*?)\s*must` finds, in one go through the text.
fn named(detail: &str) -> Option<&str> {
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r');
    let next = |what: &str, from: usize| Some(from + detail.get(from..)?.find(what)?);
    let (mut must, mut line) = (0, 0);
    for (at, word) in detail.match_indices("container") {
        let rest = detail.get(at + word.len()..)?;
        let names = rest.strip_prefix('s').unwrap_or(rest).trim_start_matches(space);
        let from = detail.len() - names.len();
        if must < from {
            must = next("must", from)?;
        }
        if line < from {
            line = next("\n", from).unwrap_or(detail.len());
        }
        let names = detail.get(from..must)?.trim_end_matches(space);
        // The expression does not go on in the next line.
        if from + names.len() <= line {
            return Some(names);
        }
    }
    None
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
        assert_eq!(found("container a\nb, container \n c \n must").as_deref(), Some("c"));
        assert_eq!(found(r#"container "a" uses hostPort 80"#), None);
        assert_eq!(found("volume \"a\" uses"), None);
    }
}
