//! The 16-byte node and the bit layouts inside it.

/// Index of a node in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The index as a number.
    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) fn from_number(n: u32) -> Self {
        Self(n)
    }
}

pub(crate) const NO_NODE: u32 = u32::MAX;

const KEY_BITS: u32 = 28;
const KEY_MASK: u32 = (1 << KEY_BITS) - 1;
/// Keys from here on index the document's own key list.
pub(crate) const KEY_LOCAL: u32 = 1 << 27;
/// The member was overridden by a later one of the same key.
pub(crate) const KEY_DEAD: u32 = KEY_MASK - 1;
/// The node stands in no map.
pub(crate) const KEY_NONE: u32 = KEY_MASK;
/// How many symbols or own keys a document can tell apart.
pub(crate) const KEY_LIMIT: usize = (KEY_LOCAL as usize) - 2;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number that fits Go's int64
    Int,
    /// Any other number
    Float,
    /// A string
    Str,
    /// A list
    List,
    /// A map
    Map,
    /// A subtree that no program reaches, kept as text
    Raw,
    /// A float64 that was written as a whole number beyond int64, kept for printing it again
    Uint,
}

/// A slice of the input, or of the document's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextRef(u64);

const OWNED: u64 = 1 << 63;

impl TextRef {
    pub(crate) fn new(start: usize, len: usize, owned: bool) -> Self {
        debug_assert!(start < (1 << 31) && len <= u32::MAX as usize);
        Self(((start as u64) << 32) | (len as u64 & 0xffff_ffff) | if owned { OWNED } else { 0 })
    }

    pub(crate) fn owned(self) -> bool {
        self.0 & OWNED != 0
    }

    pub(crate) fn start(self) -> usize {
        ((self.0 & !OWNED) >> 32) as usize
    }

    pub(crate) fn end(self) -> usize {
        self.start() + (self.0 & 0xffff_ffff) as usize
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    tag_key: u32,
    /// Index after the subtree.
    pub(crate) end: u32,
    pub(crate) payload: u64,
}

const _: () = assert!(size_of::<Node>() == 16);

impl Node {
    pub(crate) const NULL: Self = Self { tag_key: KEY_NONE, end: 0, payload: 0 };

    #[inline]
    pub(crate) fn new(kind: Kind, key: u32, end: u32, payload: u64) -> Self {
        Self { tag_key: ((kind as u32) << KEY_BITS) | (key & KEY_MASK), end, payload }
    }

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        match self.tag_key >> KEY_BITS {
            1 => Kind::Bool,
            2 => Kind::Int,
            3 => Kind::Float,
            4 => Kind::Str,
            5 => Kind::List,
            6 => Kind::Map,
            7 => Kind::Raw,
            8 => Kind::Uint,
            _ => Kind::Null,
        }
    }

    #[inline]
    pub(crate) fn key(self) -> u32 {
        self.tag_key & KEY_MASK
    }

    pub(crate) fn set_key(&mut self, key: u32) {
        self.tag_key = (self.tag_key & !KEY_MASK) | (key & KEY_MASK);
    }

    /// Whether another node is this one, moved by `shift`.
    #[inline]
    pub(crate) fn is(self, other: Self, shift: u32) -> bool {
        self.tag_key == other.tag_key && self.payload == other.payload && self.end.wrapping_add(shift) == other.end
    }

    #[inline]
    pub(crate) fn text(self) -> TextRef {
        TextRef(self.payload)
    }

    pub(crate) fn from_text(t: TextRef) -> u64 {
        t.0
    }

    /// Children of a list or map.
    #[inline]
    pub(crate) fn count(self) -> u32 {
        (self.payload & 0xffff_ffff) as u32
    }
}
