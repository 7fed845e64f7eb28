//! The versions of an object while rules change it.

use kyvc_vm::document::{Buffers, Document};
use kyvc_vm::patch::equal;
use kyvc_vm::verdict::TrapKind;
use smallvec::SmallVec;
use typed_arena::Arena;

/// Where the versions of a request's object are kept until all of it is done.
pub type Versions<'d> = Arena<Document<'d>>;

/// What the versions that one rule makes may take, in bytes.
const LIMIT: usize = 64 << 20;

/// An object that a rule changes.
pub(super) struct Changing<'r> {
    arena: &'r Versions<'r>,
    /// The last version that is kept
    kept: &'r Document<'r>,
    /// A later one that only patches have seen
    own: Option<Document<'r>>,
    /// The versions that loops have started with
    starts: Vec<&'r Document<'r>>,
    /// The versions that expressions may have seen
    seen: SmallVec<[&'r Document<'r>; 2]>,
    /// Memory for the next version
    spare: Buffers,
    /// What the versions that are kept take
    bytes: usize,
}

impl<'r> Changing<'r> {
    pub(super) fn new(object: &'r Document<'r>, arena: &'r Versions<'r>) -> Self {
        Self {
            arena,
            kept: object,
            own: None,
            starts: Vec::new(),
            seen: SmallVec::new(),
            spare: Buffers::default(),
            bytes: 0,
        }
    }

    /// Another object is to be changed.
    pub(super) fn turn_to(&mut self, object: &'r Document<'r>) {
        self.kept = object;
        self.own = None;
        self.starts.clear();
    }

    /// The version of now.
    pub(super) fn now(&self) -> &Document<'r> {
        self.own.as_ref().unwrap_or(self.kept)
    }

    /// Memory for a version.
    pub(super) fn space(&mut self) -> Buffers {
        std::mem::take(&mut self.spare)
    }

    /// Takes a patched version.
    pub(super) fn renew(&mut self, doc: Document<'r>) {
        if let Some(old) = self.own.replace(doc) {
            self.spare = old.recycle();
        }
    }

    /// Keeps the version of now.
    pub(super) fn keep(&mut self) -> Result<&'r Document<'r>, TrapKind> {
        if let Some(doc) = self.own.take() {
            self.bytes += doc.bytes();
            if self.bytes > LIMIT {
                return Err(TrapKind::Memory);
            }
            self.kept = self.arena.alloc(doc);
        }
        Ok(self.kept)
    }

    /// A loop starts.
    pub(super) fn begin(&mut self) -> Result<(), TrapKind> {
        let start = self.keep()?;
        self.starts.push(start);
        Ok(())
    }

    /// A loop ends. Gives the version of now, where it is not as the loop has found it.
    pub(super) fn end(&mut self) -> Result<Option<&'r Document<'r>>, TrapKind> {
        let start = self.starts.pop().ok_or(TrapKind::Code)?;
        let now = self.now();
        let same = std::ptr::eq(now, start)
            || match (start.root(), now.root()) {
                (Some(a), Some(b)) => equal((start, a), (now, b)),
                (a, b) => a.is_none() && b.is_none(),
            };
        if same {
            self.own = None;
            self.kept = start;
            return Ok(None);
        }
        self.keep().map(Some)
    }

    /// Lets expressions see a version. Gives its number among those.
    pub(super) fn see(&mut self, doc: &'r Document<'r>) -> usize {
        self.seen.push(doc);
        self.seen.len() - 1
    }

    /// The versions that expressions may have seen.
    pub(super) fn seen(&self) -> &[&'r Document<'r>] {
        &self.seen
    }
}
