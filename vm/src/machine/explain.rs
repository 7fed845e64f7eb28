//! Looking into faults, for those who put them into words.

use super::{Input, Machine};
use crate::document::{Document, Kind, NodeId};
use crate::ids::FaultId;
use crate::program::{Program, Site, Step};
use crate::scalar::Scalar;
use crate::value::{Fault, Moved, Val};

/// A fault, one level deep.
#[derive(Clone, Copy, Debug)]
pub enum FaultView<'v> {
    /// A site refused a value
    Site {
        /// The site
        site: &'v Site,
        /// The value
        value: Val,
        /// For [`path`](Machine::path)
        moved: &'v [Moved],
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
    UnknownKey(&'v str),
    /// A function or expression failed, in these words
    Failed(&'v str),
    /// A context entry could not be loaded
    Load(FaultId),
    /// A pattern that was made at run time was missed
    Elsewhere {
        /// The path that is reported
        path: &'v str,
        /// What is said about it
        text: &'v str,
    },
}

impl Machine {
    /// One fault of the last run.
    pub fn fault<'v>(&'v self, program: &'v Program, id: FaultId) -> Option<FaultView<'v>> {
        Some(match *self.memory.fault_at(id)? {
            Fault::Site { site, value, steps } => {
                FaultView::Site { site: program.site(site)?, value, moved: self.memory.steps_of(steps) }
            }
            Fault::Missed { global, cause } => FaultView::Missed { global, cause },
            Fault::Both(a, b) => FaultView::Both(a, b),
            Fault::UnknownKey(text) => FaultView::UnknownKey(self.memory.str(text)),
            Fault::Failed(text) | Fault::Crashed(text) => FaultView::Failed(self.memory.str(text)),
            Fault::Load(cause) => FaultView::Load(cause),
            Fault::Elsewhere { path, text } => {
                FaultView::Elsewhere { path: self.memory.str(path), text: self.memory.str(text) }
            }
        })
    }

    /// The text of a moving step.
    pub fn moved_text(&self, moved: &Moved) -> &str {
        match moved {
            Moved::Key(text) => self.memory.str(*text),
            Moved::Pattern(at) => self.patterns.get(*at as usize).map_or("", |made| &made.text),
            Moved::Index(_) => "",
        }
    }

    /// A path with `/` around each step.
    pub fn path(&self, path: &[Step], moved: &[Moved]) -> String {
        let mut moved = moved.iter();
        let mut out = String::from("/");
        for step in path {
            match step {
                Step::Key(key) => out.push_str(key),
                Step::Index(n) => out.push_str(&n.to_string()),
                Step::Walk(_) | Step::Text(_) => match moved.next() {
                    Some(Moved::Index(n)) => out.push_str(&n.to_string()),
                    Some(Moved::Key(text)) => out.push_str(self.memory.str(*text)),
                    Some(Moved::Pattern(_)) | None => {}
                },
                Step::Pattern(_) => continue,
            }
            out.push('/');
        }
        out
    }

    /// The node at a path, or the last one on the way that exists.
    pub fn node_near(&self, doc: &Document<'_>, root: NodeId, path: &[Step], moved: &[Moved]) -> NodeId {
        let mut moved = moved.iter();
        let mut at = root;
        for step in path {
            let index = |n: u32| doc.children(at).nth(n as usize).filter(|_| doc.kind(at) == Kind::List);
            let next = match step {
                Step::Key(key) => doc.get_str(at, key),
                Step::Index(n) => index(*n),
                Step::Walk(_) | Step::Text(_) => match moved.next() {
                    Some(Moved::Index(n)) => index(*n),
                    Some(Moved::Key(text)) => doc.get_str(at, self.memory.str(*text)),
                    Some(Moved::Pattern(_)) | None => None,
                },
                Step::Pattern(_) => continue,
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// The name of a value's Go type, as `%T` prints it.
    pub fn go_type(&self, program: &Program, input: &Input<'_>, value: Val) -> &'static str {
        match self.view(program, input, value).scalar() {
            Scalar::Null => "<nil>",
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) => "int64",
            Scalar::Float(_) => "float64",
            Scalar::Str(_) => "string",
            Scalar::List => "[]interface {}",
            Scalar::Map => "map[string]interface {}",
        }
    }
}
