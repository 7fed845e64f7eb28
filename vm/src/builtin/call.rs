//! What the code of a function sees: values of every origin alike, and ways to make new ones.

use super::prepared::Prepared;
use crate::document::Document;
use crate::machine::View;
use crate::machine::memory::Memory;
use crate::machine::print::Encoder;
use crate::program::Program;
use crate::value::{Fault, Text, Val};
use crate::verdict::TrapKind;

/// What functions take from outside. The machine itself has no clock, randomness, YAML or network.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// Nanoseconds since 1970 in UTC
    pub now: fn() -> i128,
    /// 64 random bits
    pub random: fn() -> u64,
    /// Why a text is no JSON, in Go's words
    pub check_json: fn(&str) -> Result<(), String>,
    /// A YAML text as JSON text, or why it is none
    pub yaml_to_json: fn(&str) -> Result<String, String>,
    /// Whether a host name's addresses are all public; an error where it cannot be resolved
    pub is_external_host: fn(&str) -> Result<bool, String>,
}

impl Default for Environment {
    /// An environment in which it is 1970, nothing is random, and nothing can be reached.
    fn default() -> Self {
        Self {
            now: || 0,
            random: || 4,
            check_json: |_| Ok(()),
            yaml_to_json: |_| Err("YAML cannot be read here".to_owned()),
            is_external_host: |_| Err("names cannot be resolved here".to_owned()),
        }
    }
}

/// Why a call gives no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What the policy is told, in Kyverno's words
    Error(String),
    /// Where Kyverno itself crashes, in our words: nothing forgives it
    Crash(String),
    /// A limit of the run
    Trap(TrapKind),
}

impl Failure {
    /// An error with this text.
    pub fn error(text: impl Into<String>) -> Self {
        Failure::Error(text.into())
    }
}

impl Failure {
    /// A failure with this text where Kyverno crashes.
    pub fn crash(text: impl Into<String>) -> Self {
        Failure::Crash(text.into())
    }
}

impl From<TrapKind> for Failure {
    fn from(kind: TrapKind) -> Self {
        Failure::Trap(kind)
    }
}

/// The arena and documents of the run, while a function is called.
#[derive(Debug)]
pub struct Call<'c, 'r> {
    pub(crate) memory: &'c mut Memory,
    pub(crate) program: &'r Program,
    pub(crate) documents: &'r [&'r Document<'r>],
    /// What comes from outside
    pub environment: &'r Environment,
    /// What the expression among the arguments gives for each element of the list among them, faults included; no value
    /// where there is no such expression
    pub(crate) keys: Val,
    /// Fuel that the function has taken, beyond what its arguments' sizes say
    pub(crate) spent: u64,
}

impl<'c, 'r> Call<'c, 'r> {
    /// A call without an expression among its arguments.
    pub(crate) fn new(
        memory: &'c mut Memory,
        program: &'r Program,
        documents: &'r [&'r Document<'r>],
        environment: &'r Environment,
    ) -> Self {
        Self { memory, program, documents, environment, keys: Val::Absent, spent: 0 }
    }
}

impl<'r> Call<'_, 'r> {
    /// Where a constant is, what was made of it.
    pub(super) fn prepared(&self, value: Val) -> Option<&'r Prepared> {
        match value {
            Val::Const(id) => self.program.prepared(id),
            _ => None,
        }
    }
}

impl Call<'_, '_> {
    /// What a value is.
    pub fn view(&self, value: Val) -> View<'_> {
        self.memory.view(self.program, self.documents, value)
    }

    /// About what it costs to go over a value once.
    pub(crate) fn size(&self, value: Val) -> u64 {
        match value {
            Val::Text(t) => u64::from(t.len / 16),
            Val::List(span) | Val::Maps(span) | Val::Map(span) => u64::from(span.len),
            Val::Node(doc, node) => match self.documents.get(usize::from(doc.0)) {
                Some(d) => d.size(node) as u64 / 16,
                None => 0,
            },
            _ => 0,
        }
    }

    /// Takes fuel beyond that.
    pub(crate) fn spend(&mut self, fuel: u64) {
        self.spent = self.spent.saturating_add(fuel);
    }

    /// Takes the fuel for something before it is done.
    pub(crate) fn afford(&self, cost: u64) -> Result<(), Failure> {
        if self.memory.labour(cost) { Ok(()) } else { Err(self.memory.limit_of_work().into()) }
    }

    /// The text of a string, empty for all else.
    pub fn str(&self, value: Val) -> &str {
        match self.view(value) {
            View::Str(s) => s,
            _ => "",
        }
    }

    /// A number as float64; `None` for all else.
    pub fn number(&self, value: Val) -> Option<f64> {
        match self.view(value) {
            View::Int(n) => Some(n as f64),
            View::Float(n) => Some(n),
            _ => None,
        }
    }

    /// How many elements or members a list or map has.
    pub fn len(&self, value: Val) -> usize {
        self.memory.len(self.documents, value)
    }

    /// The elements of a list; none for all else.
    pub fn elements(&self, value: Val) -> Vec<Val> {
        self.memory.elements(self.documents, value)
    }

    /// The elements of a list, one after the other; none for all else.
    pub fn items(&self, value: Val) -> impl Iterator<Item = Val> + '_ {
        self.memory.items(self.documents, value)
    }

    /// The element of a list at a position; `null` where there is none.
    pub fn element(&self, list: Val, at: u32) -> Val {
        match self.memory.index(self.documents, list, at) {
            Val::Absent => Val::Null,
            found => found,
        }
    }

    /// The start of a walk over a list, for [`TextWriter::next`].
    pub(crate) fn walk(&self, value: Val) -> Val {
        self.memory.walk(self.documents, value)
    }

    /// Whether a value is missing because a map lacks a key.
    pub fn is_unknown_key(&self, value: Val) -> bool {
        matches!(value, Val::Fault(id) if matches!(self.memory.fault_at(id), Some(Fault::UnknownKey(_))))
    }

    /// The first number in a value that JSON cannot spell.
    pub fn not_json(&self, value: Val) -> Option<f64> {
        self.memory.not_json(self.documents, value)
    }

    /// The members of a map, sorted by key; none for all else.
    pub fn entries(&self, value: Val) -> Vec<(String, Val)> {
        self.memory.entries(self.documents, value).into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
    }

    /// The member of a map under a key.
    pub fn member(&self, value: Val, key: &str) -> Option<Val> {
        self.memory.member(self.documents, value, key)
    }

    /// Whether two values are equal; an int64 never equals a float64.
    pub fn equal(&self, a: Val, b: Val) -> bool {
        self.memory.equal(self.program, self.documents, a, b)
    }

    /// A value as Go's `%v` prints it.
    pub fn go_value(&self, value: Val) -> String {
        let mut out = String::new();
        self.memory.go_value(self.program, self.documents, value, &mut out);
        out
    }

    /// A value as JSON, keys sorted, HTML characters escaped.
    pub fn json(&self, value: Val) -> String {
        let mut out = String::new();
        self.memory.json(self.program, self.documents, value, Encoder::Go, &mut out);
        out
    }

    /// Makes a string.
    pub fn make_str(&mut self, text: &str) -> Result<Val, Failure> {
        Ok(self.memory.write(|out| out.push_str(text))?)
    }

    /// Makes a string piece by piece, without a copy of its own.
    pub(crate) fn make_text(
        &mut self,
        make: impl FnOnce(&mut TextWriter<'_, '_>) -> Result<(), TrapKind>,
    ) -> Result<Val, Failure> {
        let start = self.memory.text_len();
        make(&mut TextWriter { memory: self.memory, program: self.program, documents: self.documents })?;
        Ok(self.memory.text_since(start)?)
    }

    /// The text of a string, in the memory of the run.
    pub(super) fn own_text(&mut self, value: Val) -> Result<Text, Failure> {
        match value {
            Val::Text(text) => Ok(text),
            _ => match self.make_text(|out| out.push(value))? {
                Val::Text(text) => Ok(text),
                _ => Err(TrapKind::Memory.into()),
            },
        }
    }

    /// A text that is added to the memory of the run.
    pub(super) fn new_text(&mut self, text: &str) -> Result<Text, Failure> {
        match self.memory.write(|out| out.push_str(text))? {
            Val::Text(text) => Ok(text),
            _ => Err(TrapKind::Memory.into()),
        }
    }

    /// Makes a list.
    pub fn make_list(&mut self, items: impl IntoIterator<Item = Val>) -> Result<Val, Failure> {
        Ok(self.memory.make_list(items)?)
    }

    /// Makes a map; the last of equal keys wins.
    pub fn make_map<K: AsRef<str>>(&mut self, members: impl IntoIterator<Item = (K, Val)>) -> Result<Val, Failure> {
        let mut own: Vec<(Text, Val)> = Vec::new();
        for (key, value) in members {
            own.push((self.new_text(key.as_ref())?, value));
        }
        Ok(self.memory.make_map(own)?)
    }

    /// Makes a value of a JSON text. Numbers without fraction and exponent become int64 where `ints` says so, and
    /// float64 otherwise.
    pub fn make_json(&mut self, text: &str, ints: bool) -> Result<Val, Failure> {
        self.memory.import_json(text, ints)
    }
}

/// Writes to the end of the run's text.
pub(crate) struct TextWriter<'w, 'r> {
    memory: &'w mut Memory,
    program: &'r Program,
    documents: &'r [&'r Document<'r>],
}

impl TextWriter<'_, '_> {
    /// The next element of a walk, and the walk after it.
    pub(crate) fn next(&self, walk: Val) -> Option<(Val, Val)> {
        self.memory.next(self.documents, walk)
    }

    /// Adds the text of a string.
    pub(crate) fn push(&mut self, value: Val) -> Result<(), TrapKind> {
        self.memory.push_text(self.program, self.documents, value)
    }
}
