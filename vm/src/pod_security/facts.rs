//! What the checks read of a pod: where it stands in the document.

use super::types::{List, PARTS, Part};
use crate::document::{Document, NodeId};

/// Places of parts in a pod or container; no place where a part is absent or null.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places([Option<NodeId>; PARTS]);

impl Places {
    pub(super) const EMPTY: Self = Self([None; PARTS]);

    #[inline]
    pub(super) fn get(&self, part: Part) -> Option<NodeId> {
        self.0.get(part as usize).copied().flatten()
    }

    #[inline]
    pub(super) fn has(&self, part: Part) -> bool {
        self.get(part).is_some()
    }

    /// The place of a part, or of the nearest thing around it that is there.
    pub(super) fn near(&self, part: Part) -> Option<NodeId> {
        self.get(part).or_else(|| self.near(part.parent()?))
    }

    #[inline]
    pub(super) fn set(&mut self, part: Part, node: NodeId) {
        if let Some(place) = self.0.get_mut(part as usize) {
            *place = Some(node);
        }
    }
}

/// A container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container {
    pub(super) node: Option<NodeId>,
    pub(super) list: List,
    pub(super) index: u32,
    pub(super) places: Places,
}

/// A volume.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    pub(super) node: NodeId,
    pub(super) name: Option<NodeId>,
    /// The path of `hostPath`
    pub(super) path: Option<NodeId>,
    /// Whether it has a source that every level allows
    pub(super) allowed: bool,
    /// Its other sources, a bit each
    pub(super) restricted: u32,
}

/// A port of a container that is one of the host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    pub(super) list: List,
    pub(super) container: u32,
    pub(super) index: u32,
    pub(super) node: NodeId,
    pub(super) number: i64,
}

/// The host in a probe or handler of a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) list: List,
    pub(super) container: u32,
    pub(super) name: NodeId,
}

/// A sysctl.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sysctl {
    pub(super) node: NodeId,
    pub(super) name: Option<NodeId>,
}

/// The memory for reading pods; one for each thread, used again for every pod.
#[derive(Debug)]
pub struct Facts {
    /// The object as it is read, where that is not as it stands in its document
    pub(super) rewritten: Option<Document<'static>>,
    pub(super) pod: Places,
    /// In the order in which Kubernetes visits them, once reading is done
    pub(super) containers: Vec<Container>,
    pub(super) volumes: Vec<Volume>,
    pub(super) sysctls: Vec<Sysctl>,
    pub(super) ports: Vec<Port>,
    pub(super) hosts: Vec<Host>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            rewritten: None,
            pod: Places::EMPTY,
            containers: Vec::new(),
            volumes: Vec::new(),
            sysctls: Vec::new(),
            ports: Vec::new(),
            hosts: Vec::new(),
        }
    }
}

impl Facts {
    pub(super) fn clear(&mut self) {
        self.pod = Places::EMPTY;
        self.containers.clear();
        self.volumes.clear();
        self.sysctls.clear();
        self.ports.clear();
        self.hosts.clear();
    }

    /// Puts what belongs to containers in their order.
    pub(super) fn sort(&mut self) {
        self.containers.sort_unstable_by_key(|c| (c.list, c.index));
        self.ports.sort_unstable_by_key(|p| (p.list, p.container, p.index));
        self.hosts.sort_by_key(|h| (h.list, h.container));
    }

    /// The ports of a container.
    pub(super) fn ports_of(&self, c: &Container) -> &[Port] {
        slice_of(&self.ports, c, |p| (p.list, p.container))
    }

    /// The hosts of a container.
    pub(super) fn hosts_of(&self, c: &Container) -> &[Host] {
        slice_of(&self.hosts, c, |h| (h.list, h.container))
    }
}

/// What of a sorted list belongs to a container.
fn slice_of<'f, T>(all: &'f [T], c: &Container, of: impl Fn(&T) -> (List, u32)) -> &'f [T] {
    let from = all.partition_point(|item| of(item) < (c.list, c.index));
    let rest = all.get(from..).unwrap_or_default();
    let len = rest.iter().take_while(|item| of(item) == (c.list, c.index)).count();
    rest.get(..len).unwrap_or_default()
}
