//! The keys a program set knows, numbered.

/// A key that some program of the set names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub(crate) u32);

impl Sym {
    /// The symbol's number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The symbol of a number, as read from a program; the verifier checks its range.
    pub(crate) fn from_number(n: u32) -> Self {
        Self(n)
    }
}

/// An interner that is filled at link time and only read afterwards.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: Vec<Box<str>>,
    /// Open addressing; an entry is (hash tag, symbol + 1), 0 where free.
    table: Vec<(u32, u32)>,
}

impl Symbols {
    /// The symbol of a name, new or known.
    pub fn intern(&mut self, name: &str) -> Sym {
        if let Some(sym) = self.lookup(name) {
            return sym;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        if self.names.len() * 2 > self.table.len() {
            self.grow();
        } else {
            self.place(name, number);
        }
        Sym(number)
    }

    fn grow(&mut self) {
        let size = (self.names.len() * 4).next_power_of_two().max(16);
        self.table = vec![(0, 0); size];
        let names = std::mem::take(&mut self.names);
        for (i, name) in names.iter().enumerate() {
            self.place(name, u32::try_from(i).unwrap_or(u32::MAX));
        }
        self.names = names;
    }

    fn place(&mut self, name: &str, number: u32) {
        let hash = hash(name.as_bytes());
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(entry) = self.table.get_mut(at) {
            if entry.1 == 0 {
                *entry = (hash, number + 1);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// The symbol of a name, if it is known.
    #[inline]
    pub fn lookup(&self, name: &str) -> Option<Sym> {
        self.lookup_hashed(name, hash(name.as_bytes()))
    }

    #[inline]
    pub(crate) fn lookup_hashed(&self, name: &str, hash: u32) -> Option<Sym> {
        let mask = self.table.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let &(tag, number) = self.table.get(at)?;
            if number == 0 {
                return None;
            }
            if tag == hash && self.names.get(number as usize - 1).is_some_and(|n| **n == *name) {
                return Some(Sym(number - 1));
            }
            at = (at + 1) & mask;
        }
    }

    /// The name of a symbol.
    #[inline]
    pub fn name(&self, sym: Sym) -> &str {
        self.names.get(sym.0 as usize).map_or("", |n| n)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|n| &**n)
    }
}

/// Hashes length, first and last eight bytes. Keys inserted come from policies only, so nobody can flood the table
/// through a request; a request only looks up.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let (a, b) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(a), Some(b)) => (u64::from_le_bytes(*a), u64::from_le_bytes(*b)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(a), Some(b)) => (u64::from(u32::from_le_bytes(*a)), u64::from(u32::from_le_bytes(*b))),
            _ => (bytes.iter().fold(0, |h, &x| (h << 8) | u64::from(x)), 0),
        },
    };
    let h = (a ^ b.rotate_left(29) ^ (bytes.len() as u64).wrapping_mul(K)).wrapping_mul(K);
    ((h ^ (h >> 29)).wrapping_mul(K) >> 32) as u32
}
