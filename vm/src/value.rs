//! What registers hold, and the memory of a run.

use crate::document::NodeId;
use crate::ids::{ConstId, FaultId, SiteId};

/// Number of a document among those of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocId(pub u16);

/// Stands for the run's own items where a walk names a document.
pub(crate) const OWN_ITEMS: DocId = DocId(u16::MAX);

/// A slice of the run's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// A range of the run's items or members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// A value: an id into the documents, the program or the run's memory, never a reference, so that a suspended run
/// can be kept.
#[derive(Clone, Copy, Debug, Default)]
pub enum Val {
    /// No value
    #[default]
    Absent,
    /// `null`
    Null,
    /// A boolean
    Bool(bool),
    /// An int64
    Int(i64),
    /// An int of Go, which is another type: it equals no int64
    GoInt(i64),
    /// A float64
    Float(f64),
    /// A text that the run made
    Text(Text),
    /// A list that the run made: a range of its items
    List(Span),
    /// A list as [`Val::List`], of Go's type `[]map[string]any`: for many functions it is none
    Maps(Span),
    /// A map that the run made: a range of its members, sorted by key
    Map(Span),
    /// A constant
    Const(ConstId),
    /// A node of a document
    Node(DocId, NodeId),
    /// Why there is no value
    Fault(FaultId),
    /// A walk over a list: its document, the next node, the end and the position of the current element
    Walk {
        /// The document
        doc: DocId,
        /// Next node
        at: u32,
        /// Node after the list
        end: u32,
        /// Elements taken so far
        taken: u32,
    },
    /// Keys looked for and found, a bit each
    Marks {
        /// Looked for
        seen: u32,
        /// Found
        found: u32,
    },
    /// The rest of an order of keys: a range of the run's list of keys
    Order {
        /// Which order
        of: u32,
        /// Next
        at: u32,
        /// End
        end: u32,
    },
    /// A scalar pattern that was made at run time
    Pattern(u32),
}

const _: () = assert!(size_of::<Val>() <= 16);

/// The account of a failure, made at once and put into words only when somebody asks.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// A site refused a value
    Site {
        /// Which
        site: SiteId,
        /// The value
        value: Val,
        /// Positions and texts of the path's moving steps: a range of the run's steps
        steps: (u32, u32),
    },
    /// A condition was missed
    Missed {
        /// Whether it holds for the whole rule
        global: bool,
        /// Why it was missed
        cause: FaultId,
    },
    /// Two faults
    Both(FaultId, FaultId),
    /// A map lacks a key that an expression names
    UnknownKey(Text),
    /// A function or expression failed, in these words
    Failed(Text),
    /// As `Failed`, where Kyverno crashes: nothing forgives it
    Crashed(Text),
    /// A context entry could not be loaded
    Load(FaultId),
    /// A pattern that was only known at run time was missed
    Elsewhere {
        /// The path that is reported
        path: Text,
        /// What is said about it
        text: Text,
    },
}

/// A moving step of a fault's path, as it was when the fault was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// A position in a list
    Index(u32),
    /// A key
    Key(Text),
    /// No step: a scalar pattern made at run time
    Pattern(u32),
}

/// A key put in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordered {
    /// Index in the plan
    pub(crate) case: u32,
    /// The node that the key was expanded to
    pub(crate) node: Option<NodeId>,
    /// The key, expanded where that was possible
    pub(crate) key: Val,
}
