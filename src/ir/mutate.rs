//! What a rule changes.

use super::{Conditions, Expr};
use kyvc_vm::document::Place;
use std::ops::Range;

/// What a rule changes.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// The object it is about
    Own(Change),
    /// Other objects
    Targets(Vec<Target>),
}

/// How an object is changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// By a patch
    Patch(Patch),
    /// By a patch for each element of lists
    ForEach(Vec<PatchLoop>),
    /// Nothing is said
    Nothing,
}

/// A patch.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The patch: a value to merge, as JSON text where it is constant, or a text with a list of operations
    pub value: Expr,
    /// Whether it is a list of operations
    pub operations: bool,
    /// Whether it has no variables in it
    pub constant: bool,
    /// What else has to have a value before anything is changed
    pub also: Vec<Expr>,
    /// Where it stands
    pub place: Place,
}

/// A patch for each element of a list.
#[derive(Clone, Debug)]
pub struct PatchLoop {
    /// The list
    pub list: Expr,
    /// The list as it is written
    pub text: String,
    /// How many loops there are around it
    pub depth: usize,
    /// Whether elements are taken from the last to the first
    pub descending: bool,
    /// The context entries that come with an element, by number
    pub context: Range<usize>,
    /// The context entries around it that have to be loaded again for an element
    pub again: Vec<usize>,
    /// What has to hold for an element
    pub preconditions: Option<Conditions>,
    /// What is done for an element
    pub change: Change,
    /// Where it stands
    pub place: Place,
}

/// Objects that are changed instead of the one a rule is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// What they are: a map with `apiVersion`, `kind`, `namespace`, `name` and `selector`
    pub selector: Expr,
    /// The context entries that come with each of them, by number
    pub context: Range<usize>,
    /// What has to hold for each of them
    pub preconditions: Option<Conditions>,
    /// How they are changed
    pub change: Change,
    /// Where it stands
    pub place: Place,
}
