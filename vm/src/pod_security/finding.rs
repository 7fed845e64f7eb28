//! What checks find, and where.

use super::control::Check;
use super::types::List;
use crate::document::NodeId;
use std::fmt;

/// One thing that a check does not allow.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<'p> {
    /// Where
    pub at: At<'p>,
    /// What stands there
    pub value: Bad<'p>,
    /// The value in the document, or the nearest thing around it that is there
    pub node: Option<NodeId>,
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At<'p> {
    /// A field of the pod's `spec`
    Pod(&'static str),
    /// A field of a container
    Container(Place<'p>, &'static str),
    /// A port of a container
    Port(Place<'p>, u32),
    /// Somewhere in a container's probes and handlers. Kubernetes names no field.
    Handler(Place<'p>),
    /// A source of a volume
    Volume {
        /// Position in the list
        index: u32,
        /// Name of the volume
        name: &'p str,
        /// Field of the source
        source: &'static str,
    },
    /// The name of a sysctl
    Sysctl(u32),
    /// An annotation
    Annotation(&'p str),
}

/// A container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'p> {
    /// Its list
    pub list: List,
    /// Its position there
    pub index: u32,
    /// Its name
    pub name: &'p str,
}

/// A value that is not allowed.
#[derive(Clone, Debug, PartialEq)]
pub enum Bad<'p> {
    /// There is none where one is required
    Required,
    /// Whatever it is
    Any,
    /// A boolean
    Bool(bool),
    /// A number
    Int(i64),
    /// A text
    Text(&'p str),
    /// Some of a list of texts, sorted
    Texts(Vec<&'p str>),
}

impl<'p> Bad<'p> {
    /// Sorted and none twice.
    pub(super) fn set(mut texts: Vec<&'p str>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        Bad::Texts(texts)
    }
}

impl<'p> At<'p> {
    /// The container, where it is in one.
    pub fn container(self) -> Option<Place<'p>> {
        match self {
            At::Container(place, _) | At::Port(place, _) | At::Handler(place) => Some(place),
            _ => None,
        }
    }

    /// Whether it is a field that the findings of a check list.
    pub(super) fn is_field(self) -> bool {
        !matches!(self, At::Handler(_))
    }

    /// The path with `*` in place of every number.
    pub(super) fn pattern(self) -> String {
        let path = self.to_string();
        let mut out = String::with_capacity(path.len());
        for c in path.chars() {
            match c {
                '0'..='9' if out.ends_with('\0') => {}
                '0'..='9' => out.push('\0'),
                c => out.push(c),
            }
        }
        out.replace('\0', "*")
    }
}

/// The path of the field in a pod.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Pod(field) => write!(f, "spec.{field}"),
            At::Container(place, field) => write!(f, "{place}.{field}"),
            At::Port(place, index) => write!(f, "{place}.ports[{index}].hostPort"),
            At::Handler(place) => place.fmt(f),
            At::Volume { index, source, .. } => write!(f, "spec.volumes[{index}].{source}"),
            At::Sysctl(index) => write!(f, "spec.securityContext.sysctls[{index}].name"),
            At::Annotation(key) => write!(f, "metadata.annotations[{key}]"),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spec.{}[{}]", self.list.name(), self.index)
    }
}

/// A check that a pod violates.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation<'p> {
    /// The check
    pub check: Check,
    /// All that it found
    pub findings: Vec<Finding<'p>>,
    /// What of it is not excluded: positions among the findings, in the order in which Kyverno lists them
    pub(super) left: Vec<u32>,
}

impl<'p> Violation<'p> {
    pub(super) fn new(check: Check, findings: Vec<Finding<'p>>) -> Self {
        let numbered = (0u32..).zip(&findings);
        let left = numbered.filter(|(_, f)| f.at.is_field()).map(|(n, _)| n).collect();
        Self { check, findings, left }
    }

    /// The fields that are not excluded.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &Finding<'p>> {
        let none = &NONE;
        self.left.iter().map(move |n| self.findings.get(*n as usize).unwrap_or(none))
    }
}

/// Stands for a finding that is not there, which cannot be.
static NONE: Finding<'static> = Finding { at: At::Pod(""), value: Bad::Any, node: None };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_stars() {
        let place = Place { list: List::Main, index: 10, name: "c1" };
        assert_eq!(At::Port(place, 123).pattern(), "spec.containers[*].ports[*].hostPort");
        assert_eq!(At::Annotation("a/b12c3").pattern(), "metadata.annotations[a/b*c*]");
        assert_eq!(At::Pod("hostIPC").pattern(), "spec.hostIPC");
    }
}
