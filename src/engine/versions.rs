//! The versions of an object while rules change it.

use kyvc_vm::document::{Buffers, Document};
use kyvc_vm::patch::same;
use kyvc_vm::verdict::TrapKind;
use smallvec::SmallVec;
use typed_arena::Arena;

/// Where the versions of a request's object are kept until all of it is done.
pub type Versions<'d> = Arena<Document<'d>>;

/// What the versions that one rule makes may take, in bytes.
const LIMIT: usize = 64 << 20;

/// What patches have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Changed {
    /// Nothing
    #[default]
    No,
    /// One of them has made another object
    Once,
    /// Several may have done so, and one the opposite of another
    Perhaps,
}

impl Changed {
    fn once_more(self) -> Self {
        if self == Self::No { Self::Once } else { Self::Perhaps }
    }
}

/// An object that a rule changes.
pub(super) struct Changing<'r> {
    arena: &'r Versions<'r>,
    /// The last version that is kept
    kept: &'r Document<'r>,
    /// A later one that only patches have seen
    own: Option<Document<'r>>,
    /// The versions that loops have started with
    starts: Vec<(&'r Document<'r>, Changed)>,
    /// What patches have done since the last of these
    changed: Changed,
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
            changed: Changed::No,
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
        self.changed = Changed::No;
    }

    /// The version of now.
    pub(super) fn now(&self) -> &Document<'r> {
        self.own.as_ref().unwrap_or(self.kept)
    }

    /// Memory for a version.
    pub(super) fn space(&mut self) -> Buffers {
        std::mem::take(&mut self.spare)
    }

    /// Takes a patched version; `certain` says that it differs from the one before by more than its spelling.
    pub(super) fn renew(&mut self, doc: Document<'r>, certain: bool) {
        self.changed = if certain { self.changed.once_more() } else { Changed::Perhaps };
        if let Some(old) = self.own.replace(doc) {
            self.spare = old.recycle();
        }
    }

    /// Makes the version of now one of which nothing was passed over.
    pub(super) fn read_whole(&mut self) -> Result<(), TrapKind> {
        let whole = self.now().read_whole().map_err(|_| TrapKind::Memory)?;
        self.own = Some(whole);
        Ok(())
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
        self.starts.push((start, std::mem::take(&mut self.changed)));
        Ok(())
    }

    /// A loop ends. Gives the version of now, where it is not as the loop has found it.
    pub(super) fn end(&mut self) -> Result<Option<&'r Document<'r>>, TrapKind> {
        let (start, before) = self.starts.pop().ok_or(TrapKind::Code)?;
        let now = self.now();
        let same = match self.changed {
            Changed::No => true,
            Changed::Once => false,
            Changed::Perhaps => std::ptr::eq(now, start) || same(start, now),
        };
        self.changed = match (same, before) {
            (true, before) => before,
            (false, Changed::No) => Changed::Once,
            (false, _) => Changed::Perhaps,
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
