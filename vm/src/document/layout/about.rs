//! What programs are about, so that of an object only that is read which programs about it want.

use super::PathId;

/// What programs are for, or what a document is read for: some of a few uses, to which whoever makes the set gives their
/// meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uses(u8);

impl Uses {
    const COUNT: u8 = 3;
    /// Every use
    pub const ALL: Self = Self((1 << Self::COUNT) - 1);

    /// One of the uses, by its number from 0 to 2.
    pub const fn one(number: u8) -> Self {
        Self((1 << number) & Self::ALL.0)
    }

    /// These uses and others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether others are all among these.
    #[inline]
    pub const fn has_all(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    pub(crate) const fn has_any(self, others: Self) -> bool {
        others.0 & self.0 != 0
    }

    /// The uses as a number.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// The uses of a number.
    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        (bits <= Self::ALL.0).then_some(Self(bits))
    }
}

/// How much is read of the value at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// The node itself
    #[default]
    Node,
    /// Everything below it but what is [spared](super::LayoutBuilder::spare), unless a document is read for all uses
    Most,
    /// Everything below it
    All,
}

impl Want {
    pub(crate) const EACH: [Self; 3] = [Self::Node, Self::Most, Self::All];
}

/// What an object says of itself, which programs of a part all ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Texts {
    Names,
    Namespaces,
}

impl Texts {
    pub(crate) const BOTH: [Self; 2] = [Self::Names, Self::Namespaces];

    const fn bit(self) -> u8 {
        match self {
            Self::Names => 1,
            Self::Namespaces => 2,
        }
    }
}

/// Which objects a program is about, as far as that is known, and for which uses it is there.
#[derive(Clone, Copy, Debug)]
pub struct Concern<'k> {
    /// Objects of these kinds; otherwise of any
    pub kinds: Option<&'k [Box<str>]>,
    /// Objects of these names
    pub names: Option<&'k [Box<str>]>,
    /// Objects in these namespaces
    pub namespaces: Option<&'k [Box<str>]>,
    /// What the program is for
    pub uses: Uses,
}

impl<'k> Concern<'k> {
    /// Any object, for any use.
    pub const ALL: Self = Self { kinds: None, names: None, namespaces: None, uses: Uses::ALL };

    pub(crate) fn texts(&self) -> Option<(Texts, &'k [Box<str>])> {
        let names = self.names.map(|texts| (Texts::Names, texts));
        names.or(self.namespaces.map(|texts| (Texts::Namespaces, texts)))
    }
}

/// Where an object says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `kind`
    pub kind: PathId,
    /// `metadata.name`
    pub name: PathId,
    /// `metadata.generateName`, which counts where there is no name
    pub generate_name: PathId,
    /// `metadata.namespace`
    pub namespace: PathId,
}

impl Identity {
    pub(crate) fn paths(&self) -> [PathId; 4] {
        [self.kind, self.name, self.generate_name, self.namespace]
    }

    /// The first slot that has none of all that.
    pub(crate) fn end(&self) -> u32 {
        self.paths().iter().map(|path| path.number() + 1).max().unwrap_or_default()
    }
}

/// What an object is taken for, which it may not say itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topic<'q> {
    /// Its kind
    pub kind: &'q str,
    /// Its name
    pub name: &'q str,
    /// Its namespace
    pub namespace: &'q str,
}

/// The kind of the objects of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindNumber(u32);

impl KindNumber {
    /// Objects of any kind
    pub(crate) const ANY: Self = Self(0);
    /// Those of a kind that no program names
    pub(crate) const UNNAMED: Self = Self(1);

    /// The kind of a number among those that are named.
    pub(crate) fn named(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX - 2) + 2)
    }
}

/// What of a layout a document is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) kind: KindNumber,
    pub(crate) uses: Uses,
    /// The sorts of texts of which an object is known to have none that a program asks for
    pub(crate) without: u8,
}

impl Scope {
    /// Everything
    pub(crate) const ALL: Self = Self { kind: KindNumber::ANY, uses: Uses::ALL, without: 0 };

    pub(super) fn count(named: usize) -> usize {
        (named + 2) << (Uses::COUNT + 2)
    }

    pub(super) fn index(self) -> usize {
        (self.kind.0 as usize) << (Uses::COUNT + 2) | usize::from(self.uses.bits()) << 2 | usize::from(self.without)
    }

    /// Whether programs are in it that ask for texts of a sort.
    pub(crate) fn has(self, texts: Texts) -> bool {
        self.without & texts.bit() == 0
    }

    /// Less those programs.
    pub(crate) fn less(self, texts: Texts) -> Self {
        Self { without: self.without | texts.bit(), ..self }
    }
}
