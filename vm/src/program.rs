//! A verified program and its parts.

use crate::builtin::prepared::Prepared;
use crate::document::{Layout, Place, SpotId, Sym};
use crate::ids::{ConstId, EntryId, Pc, SiteId, UnitId};
use crate::op::Instr;
use crate::scalar::{Glob, ScalarPattern};
use crate::selector::{KindSelector, LabelSelector};
use crate::verdict::Ask;
use std::sync::Arc;

/// A constant.
#[derive(Clone, Debug)]
pub enum Const {
    /// `null`
    Null,
    /// A boolean
    Bool(bool),
    /// An int64
    Int(i64),
    /// A float64
    Float(f64),
    /// A string
    Str(Box<str>),
    /// A scalar pattern
    Pattern(Box<ScalarPattern>),
    /// Globs and exact strings, one of which must match
    Globs(Box<[Glob]>),
    /// Kind selectors, one of which must match
    Kinds(Box<[KindSelector]>),
    /// A label selector
    Selector(Box<LabelSelector>),
    /// Pairs of globs for the keys and values of a string map
    Pairs(Box<[(Glob, Glob)]>),
    /// Keys to expand against a map
    Keys(Box<[KeyPlan]>),
    /// Start, stop and step of a slice
    Bounds([Option<i64>; 3]),
    /// An expression that stands as a value
    Reference(Box<Reference>),
    /// A path whose values are counted, and the constant that is the scalar pattern for each of them
    Tested(SpotId, ConstId),
}

impl Const {
    /// Whether a register can hold it.
    pub fn is_value(&self) -> bool {
        use Const::{Bool, Float, Int, Null, Reference, Str};
        matches!(self, Null | Bool(_) | Int(_) | Float(_) | Str(_) | Reference(_))
    }
}

/// An expression that stands as a value, `&name`: nothing can be done with it but to show and to compare it. Functions
/// that take one get what it gives for each element instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// As Go's `%v` shows it
    pub shown: Box<str>,
    /// Its tree: two with the same are equal
    pub tree: Box<str>,
    /// The unit that evaluates it on the value in its first register; none where nothing does
    pub unit: Option<UnitId>,
}

/// A key of a map pattern that is put in order with its siblings only when their wildcards are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// What stands before the key in its anchor, such as `=(`; empty without an anchor. It counts in the order.
    pub prefix: Box<str>,
    /// The key; a glob where it has wildcards
    pub key: Glob,
    /// Whether the key comes before those that are not moved to the front
    pub front: bool,
}

/// Why a value is refused; what is said about it lives with the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// A map was expected
    NotMap,
    /// A list was expected
    NotList,
    /// A scalar does not satisfy its pattern
    Mismatch,
    /// A key must exist and not be null
    NotFound,
    /// A key must not exist
    Forbidden,
    /// The key of a condition does not exist
    ConditionAbsent,
    /// A list must hold a certain element
    NoElement,
    /// A list must hold a certain element, and the value is no list
    ElementOfNoList,
    /// The pattern of such an element must be a list
    PatternNotList,
    /// The pattern of such an element must be a list of maps
    PatternNotMaps,
    /// The pattern is an empty list
    PatternEmpty,
    /// The list is shorter than its pattern
    TooShort,
    /// A variable could not be resolved
    Unresolved,
    /// The text says it all
    Said,
    /// The text says what failed, and the value why
    Because,
    /// An alternative failed
    Failed,
    /// An alternative does not apply
    Skipped,
    /// An alternative could not be decided
    Undecided,
    /// As `Mismatch`; the pattern is the text in the last step of the path
    MismatchMade,
    /// The text says it all, with the type of the value in the place of `%T`
    Typed,
    /// An expression of the context failed, and the value says why
    Queried,
    /// An element of a loop failed, and the value says why; the text says in what
    Looped,
    /// An exception with this name is about it
    Excepted,
    /// As `Because`, and the value's account is told twice
    Twice,
    /// The change of an object failed, and the value says why
    Lost,
}

impl Reason {
    /// All reasons, in the order of their encoding.
    pub const ALL: [Reason; 25] = [
        Reason::NotMap,
        Reason::NotList,
        Reason::Mismatch,
        Reason::NotFound,
        Reason::Forbidden,
        Reason::ConditionAbsent,
        Reason::NoElement,
        Reason::ElementOfNoList,
        Reason::PatternNotList,
        Reason::PatternNotMaps,
        Reason::PatternEmpty,
        Reason::TooShort,
        Reason::Unresolved,
        Reason::Said,
        Reason::Because,
        Reason::Failed,
        Reason::Skipped,
        Reason::Undecided,
        Reason::MismatchMade,
        Reason::Typed,
        Reason::Queried,
        Reason::Looped,
        Reason::Excepted,
        Reason::Twice,
        Reason::Lost,
    ];
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`, of numbers
    Less,
    /// `<=`, of numbers
    LessOrEqual,
    /// `>`, of numbers
    Greater,
    /// `>=`, of numbers
    GreaterOrEqual,
}

impl Comparison {
    /// All comparisons, in the order of their encoding.
    pub const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];

    /// The comparison as expressions write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// A step of a path in a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key
    Key(Box<str>),
    /// The position of the walk in a register
    Walk(u8),
    /// A fixed position
    Index(u32),
    /// The text in a register
    Text(u8),
    /// No step, and the last one: the scalar pattern in a register, which the value does not satisfy
    Pattern(u8),
}

/// A place where a value is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Why
    pub reason: Reason,
    /// The path that is reported; equal ones of a program are one
    pub path: Arc<[Step]>,
    /// A text of the reason: the pattern as written, a key, a type name; equal ones of a program are one
    pub text: Arc<str>,
    /// Where the pattern stands in its policy
    pub place: Place,
}

/// A piece of code with an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What it is, for people
    pub name: Box<str>,
    /// First instruction
    pub start: Pc,
    /// The instruction after the last
    pub end: Pc,
    /// How many registers it uses
    pub registers: u16,
}

/// A context entry: a name that is bound when an expression first needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name that it binds
    pub name: Sym,
    /// The unit that gives its value
    pub unit: UnitId,
    /// What the host has to offer for the entry to be there at all
    pub needs: Option<Ask>,
    /// Whether its value takes the place of what the name was bound to; otherwise maps are merged
    pub replaces: bool,
    /// Whether loading it again gives the same, whatever names are bound then
    pub steady: bool,
}

/// From an instruction on, the code comes from this place in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// First instruction
    pub pc: Pc,
    /// Place in the policy
    pub place: Place,
}

/// The unverified parts of a program, as code generation or a file gives them.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Keys and paths
    pub layout: Layout,
    /// Code of all units
    pub code: Vec<Instr>,
    /// Constants
    pub consts: Vec<Const>,
    /// Failure sites
    pub sites: Vec<Site>,
    /// Pieces of code
    pub units: Vec<Unit>,
    /// Context entries
    pub entries: Vec<Entry>,
    /// Where code comes from, in the order of the code
    pub lines: Vec<Line>,
}

/// A program that may be run. Only [`verify`](crate::verify::verify) makes one.
#[derive(Debug)]
pub struct Program {
    pub(crate) parts: Parts,
    /// What functions have made of the constants, each at its place
    prepared: Vec<Prepared>,
}

impl Program {
    /// A program without code; its layout keeps everything.
    pub fn empty() -> Self {
        let parts = Parts {
            layout: Layout::everything(),
            code: Vec::new(),
            consts: Vec::new(),
            sites: Vec::new(),
            units: Vec::new(),
            entries: Vec::new(),
            lines: Vec::new(),
        };
        Self::of(parts)
    }

    /// Only for [`verify`](crate::verify::verify).
    pub(crate) fn of(parts: Parts) -> Self {
        let prepared = parts.consts.iter().map(|_| Prepared::default()).collect();
        Self { parts, prepared }
    }

    /// What functions have made of a constant.
    pub(crate) fn prepared(&self, id: ConstId) -> Option<&Prepared> {
        self.prepared.get(id.index())
    }

    /// Keys and paths, for flattening documents.
    pub fn layout(&self) -> &Layout {
        &self.parts.layout
    }

    /// The code.
    pub fn code(&self) -> &[Instr] {
        &self.parts.code
    }

    /// The constants.
    pub fn consts(&self) -> &[Const] {
        &self.parts.consts
    }

    /// The units.
    pub fn units(&self) -> &[Unit] {
        &self.parts.units
    }

    /// The context entries.
    pub fn entries(&self) -> &[Entry] {
        &self.parts.entries
    }

    /// The failure sites.
    pub fn sites(&self) -> &[Site] {
        &self.parts.sites
    }

    /// Where code comes from.
    pub fn lines(&self) -> &[Line] {
        &self.parts.lines
    }

    /// One unit.
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.parts.units.get(id.index())
    }

    /// One context entry.
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.parts.entries.get(id.index())
    }

    /// One constant.
    #[inline]
    pub fn constant(&self, id: ConstId) -> Option<&Const> {
        self.parts.consts.get(id.index())
    }

    /// One failure site.
    pub fn site(&self, id: SiteId) -> Option<&Site> {
        self.parts.sites.get(id.index())
    }
}
