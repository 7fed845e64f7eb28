//! One walk over an object that does what decoding it into Go's types does: it finds what does not fit, and where the
//! parts stand that checks read.
//!
//! Where the walk finds something that does not fit, [`decode`] goes through the object as Go does and makes Go's error.
//! Where it finds a key that is a field's name but for case, [`rewrite`] makes a plain object of it, which is then read.

mod decode;
mod rewrite;
mod scalar;

use super::facts::{Container, Facts, Host, Places, Port, Sysctl, Volume};
use super::schema::{Known, Lookup, Schema, StructId};
use super::types::{CronJob, Deployment, Holder, Part, Pod, Role, Struct, Type};
use crate::document::{Document, Kind, NodeId};
use crate::scalar::Scalar;

/// How a kind of object holds a pod.
///
/// Kyverno: pkg/engine/handlers/validation/validate_pss.go, getSpec, which decodes most controllers as Deployments, and
/// takes the metadata of a CronJob's job for that of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// It is one
    Pod,
    /// In `spec.template`
    Controller,
    /// In `spec.jobTemplate.spec.template`
    CronJob,
}

impl Workload {
    /// By the kind's name, in whatever group it is.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "Pod" => Some(Self::Pod),
            "DaemonSet" | "Deployment" | "Job" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
                Some(Self::Controller)
            }
            "CronJob" => Some(Self::CronJob),
            _ => None,
        }
    }

    fn root(self) -> &'static Struct {
        match self {
            Self::Pod => &Pod,
            Self::Controller => &Deployment,
            Self::CronJob => &CronJob,
        }
    }

    fn metadata(self) -> Holder {
        match self {
            Self::Pod => Holder::Pod,
            Self::Controller => Holder::PodTemplate,
            Self::CronJob => Holder::JobTemplate,
        }
    }
}

/// Reads an object; else gives the error of Go's decoder.
pub(super) fn read(
    schema: &Schema,
    doc: &Document<'_>,
    root: NodeId,
    workload: Workload,
    facts: &mut Facts,
) -> Result<(), String> {
    let Some(of) = schema.id(workload.root()) else { return Ok(()) };
    facts.rewritten = None;
    if Walk::new(schema, doc, workload, facts).object(of, root).is_err() {
        decode::decode(schema, doc, of, root)?;
        // Everything fits, so it was a key.
        let plain = rewrite::rewrite(schema, doc, of, root);
        if let Some(root) = plain.root()
            && Walk::new(schema, &plain, workload, facts).object(of, root).is_err()
        {
            decode::decode(schema, &plain, of, root)?;
        }
        facts.rewritten = Some(plain);
    }
    facts.sort();
    Ok(())
}

/// The end of a walk, at the first thing that is not plain.
struct Stop;

type Walked = Result<(), Stop>;

/// What the parts belong to that are being walked over.
#[derive(Clone, Copy)]
enum Scope {
    Pod,
    /// The last container
    Container,
    /// The last volume
    Volume,
    /// The last sysctl
    Sysctl,
}

struct Walk<'w, 'd> {
    schema: &'w Schema,
    doc: &'w Document<'d>,
    bound: bool,
    facts: &'w mut Facts,
    scope: Scope,
    /// Which metadata is the pod's
    holder: Holder,
    /// Whether the walk is inside of it
    in_metadata: bool,
    /// Position in the innermost list of structs
    index: u32,
}

impl<'w, 'd> Walk<'w, 'd> {
    fn new(schema: &'w Schema, doc: &'w Document<'d>, workload: Workload, facts: &'w mut Facts) -> Self {
        facts.clear();
        Self {
            schema,
            doc,
            bound: schema.is_bound(doc),
            facts,
            scope: Scope::Pod,
            holder: workload.metadata(),
            in_metadata: false,
            index: 0,
        }
    }

    #[inline]
    fn value(&mut self, ty: &'static Type, of: StructId, node: NodeId, kind: Kind) -> Walked {
        match (ty, kind) {
            (_, Kind::Null) | (Type::Any, _) | (Type::Text(_), Kind::Str) | (Type::Bool, Kind::Bool) => Ok(()),
            (Type::Struct(_), Kind::Map) => self.object(of, node),
            (Type::List(element), Kind::List) => self.list(element, of, node),
            (Type::Map(_, element), Kind::Map) => self.map(element, of, node),
            _ => self.scalar(ty, node),
        }
    }

    fn list(&mut self, element: &'static Type, of: StructId, node: NodeId) -> Walked {
        for (index, child) in self.doc.children(node).enumerate() {
            self.index = index as u32;
            self.value(element, of, child, self.doc.kind(child))?;
        }
        Ok(())
    }

    fn map(&mut self, element: &'static Type, of: StructId, node: NodeId) -> Walked {
        self.doc.members(node).try_for_each(|(_, member, kind)| self.value(element, of, member, kind))
    }

    fn object(&mut self, of: StructId, node: NodeId) -> Walked {
        let (doc, schema) = (self.doc, self.schema);
        for (key, child, kind) in doc.members(node) {
            match schema.field(of, doc, key, self.bound) {
                Lookup::Field(field) if field.plain == Some(kind) => {}
                Lookup::Field(field) => self.field(field, child, kind)?,
                Lookup::Folded(_) => return Err(Stop),
                Lookup::Unknown => {}
            }
        }
        Ok(())
    }

    #[inline]
    fn field(&mut self, field: &Known, node: NodeId, kind: Kind) -> Walked {
        if field.role != Role::None {
            return self.role(field, node, kind);
        }
        self.value(field.ty, field.of, node, kind)
    }

    fn role(&mut self, field: &Known, node: NodeId, kind: Kind) -> Walked {
        let there = kind != Kind::Null;
        match field.role {
            Role::Part(part) if there => self.part(part, node),
            Role::Metadata(holder) => {
                let outer = std::mem::replace(&mut self.in_metadata, holder == self.holder);
                self.value(field.ty, field.of, node, kind)?;
                self.in_metadata = outer;
                return Ok(());
            }
            Role::Containers(list) if there => {
                return self.each(field, node, Scope::Container, |facts, index, node| {
                    facts.containers.push(Container { node: Some(node), list, index, places: Places::EMPTY });
                });
            }
            Role::Volumes if there => {
                return self.each(field, node, Scope::Volume, |facts, _, node| {
                    facts.volumes.push(Volume { node, name: None, path: None, allowed: false, restricted: 0 });
                });
            }
            Role::Sysctls if there => {
                return self.each(field, node, Scope::Sysctl, |facts, _, node| {
                    facts.sysctls.push(Sysctl { node, name: None });
                });
            }
            Role::Source if there => {
                if let Some(volume) = self.facts.volumes.last_mut() {
                    match field.restricted {
                        Some(bit) => volume.restricted |= 1 << bit,
                        None => volume.allowed = true,
                    }
                }
            }
            Role::HostPort if there => {
                let number = match self.doc.scalar(node) {
                    Scalar::Int(n) => n,
                    Scalar::Float(n) => crate::scalar::number::float_to_int(n),
                    _ => 0,
                };
                if let Some(c) = self.facts.containers.last().filter(|_| number != 0) {
                    self.facts.ports.push(Port { list: c.list, container: c.index, index: self.index, node, number });
                }
            }
            Role::Host if there => {
                let named = !self.doc.str(node).is_empty();
                if let Some(c) = self.facts.containers.last().filter(|_| named) {
                    self.facts.hosts.push(Host { list: c.list, container: c.index, name: node });
                }
            }
            _ => {}
        }
        self.value(field.ty, field.of, node, kind)
    }

    fn scalar(&self, ty: &'static Type, node: NodeId) -> Walked {
        scalar::check(self.doc, ty, node).map_err(|_| Stop)
    }

    /// A list of what has parts of its own; `begin` adds one.
    fn each(&mut self, field: &Known, node: NodeId, scope: Scope, begin: impl Fn(&mut Facts, u32, NodeId)) -> Walked {
        let (Type::List(element), Kind::List) = (field.ty, self.doc.kind(node)) else {
            return self.scalar(field.ty, node);
        };
        for (index, child) in self.doc.children(node).enumerate() {
            let outer = std::mem::replace(&mut self.scope, scope);
            begin(self.facts, index as u32, child);
            self.value(element, field.of, child, self.doc.kind(child))?;
            self.scope = outer;
        }
        Ok(())
    }

    fn part(&mut self, part: Part, node: NodeId) {
        let facts = &mut *self.facts;
        match (self.scope, part) {
            (_, Part::Annotations) if !self.in_metadata => {}
            (Scope::Pod, _) => facts.pod.set(part, node),
            (Scope::Container, _) => {
                if let Some(container) = facts.containers.last_mut() {
                    container.places.set(part, node);
                }
            }
            (Scope::Volume, _) => {
                if let Some(volume) = facts.volumes.last_mut() {
                    match part {
                        Part::Name => volume.name = Some(node),
                        Part::HostPath => volume.path = Some(node),
                        _ => {}
                    }
                }
            }
            (Scope::Sysctl, _) => {
                if let Some(sysctl) = facts.sysctls.last_mut() {
                    sysctl.name = Some(node);
                }
            }
        }
    }
}
