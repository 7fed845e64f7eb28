//! A pod as checks see it: all of it, or what an exclusion leaves of it.

use super::facts::{Container, Facts, Host, Places, Port};
use super::finding::Place;
use super::read::{Workload, read};
use super::schema::Schema;
use super::types::{List, Part};
use crate::document::{Document, Kind, NodeId};
use crate::scalar::{Glob, Scalar};

/// A pod, or the pod in a controller.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'p> {
    pub(super) doc: &'p Document<'p>,
    pub(super) facts: &'p Facts,
    only: Only<'p>,
}

/// What of a pod is looked at.
#[derive(Clone, Copy, Debug)]
enum Only<'p> {
    All,
    /// The pod with one empty container
    Outside,
    /// Containers with these images, and nothing around them
    Images(&'p [Glob]),
}

/// Why an object is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is of no kind that holds a pod
    Kind,
    /// Kyverno cannot decode it, in the words of Go's decoder
    Malformed(String),
}

/// The container that stands for all others where only the pod is looked at.
const NOBODY: Container = Container { node: None, list: List::Main, index: 0, places: Places::EMPTY };
const NOBODYS_NAME: &str = "fake";

impl<'p> Pod<'p> {
    /// Reads the pod of an object.
    pub fn read(
        schema: &Schema,
        doc: &'p Document<'p>,
        root: NodeId,
        kind: &str,
        facts: &'p mut Facts,
    ) -> Result<Self, Unreadable> {
        let workload = Workload::of(kind).ok_or(Unreadable::Kind)?;
        read(schema, doc, root, workload, facts).map_err(Unreadable::Malformed)?;
        let doc = facts.rewritten.as_ref().unwrap_or(doc);
        Ok(Self { doc, facts, only: Only::All })
    }

    /// The document that the nodes of findings are in. It is another one than was given where a key of the object is
    /// the name of a field but for case.
    pub fn document(self) -> &'p Document<'p> {
        self.doc
    }

    /// The images of its containers that are not null: the list, the container's name where it has one, and the image.
    pub fn images(self) -> impl Iterator<Item = (List, Option<&'p str>, &'p str)> {
        let there = move |c: &Inside<'p>| c.container.node.is_some_and(|node| self.doc.kind(node) != Kind::Null);
        self.containers().filter(there).map(|c| {
            let name = c.has(Part::Name).then(|| c.text(Part::Name));
            (c.container.list, name, c.text(Part::Image))
        })
    }

    /// The pod with one empty container instead of its own.
    pub(super) fn outside(self) -> Self {
        Self { only: Only::Outside, ..self }
    }

    /// Only the containers with one of these images.
    pub(super) fn with_images(self, images: &'p [Glob]) -> Self {
        Self { only: Only::Images(images), ..self }
    }

    /// Its containers, in the order in which checks visit them.
    pub(super) fn containers(self) -> impl Iterator<Item = Inside<'p>> {
        let all: &'p [Container] = match self.only {
            Only::Outside => &[NOBODY],
            _ => &self.facts.containers,
        };
        let inside = move |c: &'p Container| Inside { pod: self, container: c };
        all.iter().map(inside).filter(move |c| match self.only {
            Only::Images(images) => {
                let image = c.text(Part::Image);
                images.iter().any(|glob| glob.matches(image))
            }
            _ => true,
        })
    }

    /// Whether there is more of it than containers.
    pub(super) fn is_whole(self) -> bool {
        !matches!(self.only, Only::Images(_))
    }

    pub(super) fn places(self) -> &'p Places {
        if self.is_whole() { &self.facts.pod } else { &Places::EMPTY }
    }

    /// The annotations: key, value and place of each.
    pub(super) fn annotations(self) -> impl Iterator<Item = (&'p str, &'p str, NodeId)> {
        let map = self.places().get(Part::Annotations);
        let entries = map.into_iter().flat_map(move |map| self.doc.entries(map));
        entries.map(move |(key, value)| (self.doc.key_text(key), self.doc.str(value), value))
    }

    pub(super) fn is_windows(self) -> bool {
        self.has(Part::Os) && self.text(Part::OsName) == "windows"
    }
}

/// Something with parts: the pod or a container.
pub(super) trait Parts<'p>: Copy {
    fn doc(self) -> &'p Document<'p>;
    fn all(self) -> &'p Places;

    #[inline]
    fn has(self, part: Part) -> bool {
        self.all().has(part)
    }

    /// A text, empty where there is none.
    #[inline]
    fn text(self, part: Part) -> &'p str {
        self.all().get(part).map_or("", |node| self.doc().str(node))
    }

    /// A boolean of the security context, or of any other part.
    #[inline]
    fn flag(self, part: Part) -> Option<bool> {
        match self.doc().scalar(self.all().get(part)?) {
            Scalar::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Whether a number is there and is zero.
    #[inline]
    fn is_zero(self, part: Part) -> bool {
        let node = self.all().get(part);
        node.is_some_and(|node| matches!(self.doc().scalar(node), Scalar::Int(0) | Scalar::Float(0.0)))
    }

    /// The texts of a list.
    fn texts(self, part: Part) -> impl Iterator<Item = &'p str> {
        let doc = self.doc();
        self.all().get(part).into_iter().flat_map(move |list| doc.children(list)).map(move |node| doc.str(node))
    }
}

impl<'p> Parts<'p> for Pod<'p> {
    fn doc(self) -> &'p Document<'p> {
        self.doc
    }

    fn all(self) -> &'p Places {
        self.places()
    }
}

/// A container of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside<'p> {
    pod: Pod<'p>,
    container: &'p Container,
}

impl<'p> Parts<'p> for Inside<'p> {
    fn doc(self) -> &'p Document<'p> {
        self.pod.doc
    }

    fn all(self) -> &'p Places {
        &self.container.places
    }
}

impl<'p> Inside<'p> {
    pub(super) fn place(self) -> Place<'p> {
        let name = match self.pod.only {
            Only::Outside => NOBODYS_NAME,
            _ => self.text(Part::Name),
        };
        Place { list: self.container.list, index: self.container.index, name }
    }

    /// Where a part stands, or what is around it.
    pub(super) fn near(self, part: Part) -> Option<NodeId> {
        self.container.places.near(part).or(self.container.node)
    }

    /// The ports of the host that it uses.
    pub(super) fn ports(self) -> &'p [Port] {
        if self.is_real() { self.pod.facts.ports_of(self.container) } else { &[] }
    }

    /// The hosts in its probes and handlers.
    pub(super) fn hosts(self) -> &'p [Host] {
        if self.is_real() { self.pod.facts.hosts_of(self.container) } else { &[] }
    }

    fn is_real(self) -> bool {
        !matches!(self.pod.only, Only::Outside)
    }
}
